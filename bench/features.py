"""Features of 1 M customers with 10 M orders at three cutoffs. Budget: 60 s and 6 GB on 2 cores.

And many looks at a small company: written once and told the day, against written anew for each (docs/adr/0007).
"""

from __future__ import annotations

import datetime as dt
import resource
import tempfile
from pathlib import Path

import ibis
from placements import DAY, made
from rows import SCALE, Row, alternating, say, seconds, size

from kith_platform.config import Settings
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames
from kith_platform.jobs.resources import memory_mb, threads
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.matrix import matrix_at

CUTOFFS = [DAY - dt.timedelta(days=days) for days in (0, 97, 194)]
SECONDS, GB = 60.0, 6.0
SMALL, LOOKS = 1_500, [DAY - dt.timedelta(days=days) for days in range(0, 360, 30)]


def measure() -> list[Row]:
    customers = size(1_000_000)
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as name:
        folder, settings = Path(name), Settings(home=Path(name))
        say(f"writing {customers} customers with {10 * customers} orders")
        manifest, blobs = made(folder, customers)
        use, memory = min(2, threads(settings, 1)), memory_mb(settings)
        say(f"features at {len(CUTOFFS)} cutoffs with {use} threads and {memory} MB")
        rows: list[int] = []

        def ours() -> None:
            with Frames(manifest, blobs, FactCatalogue(), threads=use, memory_mb=memory, scratch=folder / "scratch") as frames:
                rows.extend(matrix_at(frames, CORE_FEATURE_SETS, cutoff).ids.size for cutoff in CUTOFFS)

        took = seconds(ours)
        ours_small, anew = _small(folder / "small")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    said = "" if SCALE == 1 else f" at a scale of {SCALE:g}"
    what = f"features at {len(CUTOFFS)} cutoffs, {max(rows)} customers, {10 * customers} orders{said}"
    return [
        Row(name=what, value=took, unit="s", budget="≤ 60 s on 2 cores", met=took <= SECONDS),
        Row(name="its memory", value=peak, unit="GB", budget="≤ 6 GB", met=peak <= GB),
        Row(
            name=f"{len(LOOKS)} looks at {SMALL} customers, written once, against anew each",
            value=ours_small,
            unit="s",
            reference=anew,
            ratio=anew / ours_small,
            budget="≥ 2 × faster",
            met=anew >= 2 * ours_small,
        ),
    ]


def _small(folder: Path) -> tuple[float, float]:
    """Seconds of LOOKS at a company of SMALL customers: written once, and written anew for each."""
    say(f"{len(LOOKS)} looks at {SMALL} customers, written once and anew, in turns")
    manifest, blobs = made(folder, SMALL)
    wanted = [one for one in CORE_FEATURE_SETS if "orders" in one.needs]

    def look(*, views: bool) -> None:
        with Frames(manifest, blobs, FactCatalogue(), threads=1, memory_mb=512, scratch=folder / "scratch") as frames:
            for cutoff in LOOKS:
                if views:
                    matrix_at(frames, wanted, cutoff)
                    continue
                tables = frames.before(cutoff)
                for one in wanted:
                    tables.run(one.compute(tables, ibis.literal(cutoff)))

    return alternating(lambda: look(views=True), lambda: look(views=False))
