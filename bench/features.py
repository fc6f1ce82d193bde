"""Features of 1 M customers with 10 M orders at three cutoffs. Budget: 60 s and 6 GB on 2 cores."""

from __future__ import annotations

import datetime as dt
import resource
import tempfile
from pathlib import Path

from placements import DAY, made
from rows import SCALE, Row, say, seconds, size

from kith_platform.config import Settings
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames
from kith_platform.jobs.resources import memory_mb, threads
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.matrix import matrix_at

CUTOFFS = [DAY - dt.timedelta(days=days) for days in (0, 97, 194)]
SECONDS, GB = 60.0, 6.0


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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    said = "" if SCALE == 1 else f" at a scale of {SCALE:g}"
    what = f"features at {len(CUTOFFS)} cutoffs, {max(rows)} customers, {10 * customers} orders{said}"
    return [
        Row(name=what, value=took, unit="s", budget="≤ 60 s on 2 cores", met=took <= SECONDS),
        Row(name="its memory", value=peak, unit="GB", budget="≤ 6 GB", met=peak <= GB),
    ]
