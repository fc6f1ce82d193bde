"""`python -m bench [NAME…]`: measure speed and memory against their budgets; a table on stdout, bench/results.json.

BENCH_SCALE=0.01 runs everything small, to see that it works.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from rows import SCALE, Row, Skipped, say  # noqa: E402

from kith_platform.jobs import resources  # noqa: E402

NAMES = (
    "bgnbd",
    "training",
    "import_",
    "snapshot",
    "placements",
    "metrics",
    "isolation",
    "pages",
    "segments",
    "idle",
    "duplicates",
    "forecasts",
    "features",
    "scoring",
)


def one(name: str) -> int:
    """Run one bench in this process; its rows, or why there are none, as JSON on stdout."""
    why = ""
    rows: list[Row] = []
    try:
        rows = importlib.import_module(name).measure()
    except Skipped as skipped:
        why = str(skipped)
    print(json.dumps({"rows": [asdict(row) for row in rows], "why": why}, ensure_ascii=False))
    return 0


def apart(name: str) -> tuple[list[Row], str]:
    """Run one bench in a process of its own: what one has loaded or cached is no gain of the next."""
    resources.tell_libraries(os.environ, resources.cores())  # as a worker does
    with subprocess.Popen([sys.executable, str(HERE), "--one", name], stdout=subprocess.PIPE, text=True) as child:
        try:
            told, _ = child.communicate()
        finally:
            child.terminate()  # where this one was told to stop: the bench stops its servers
    if child.returncode:
        return [], f"it failed (exit {child.returncode}); what it said stands above"
    answer = json.loads(told.splitlines()[-1])
    return [Row(**row) for row in answer["rows"]], answer["why"]


def table(rows: list[Row]) -> str:
    head = ("bench", "value", "reference", "ratio", "budget", "met")
    lines = [
        (
            row.name,
            f"{row.value:.3g} {row.unit}",
            "–" if row.reference is None else f"{row.reference:.3g} {row.unit}",
            "–" if row.ratio is None else f"{row.ratio:.3g}",
            row.budget,
            "yes" if row.met else "NO",
        )
        for row in rows
    ]
    widths = [max(len(line[place]) for line in [head, *lines]) for place in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in [head, *lines])


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"There is no bench {', '.join(unknown)}. There are: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    if SCALE != 1:
        say(f"at {SCALE:g} of the full size: this shows that the benches work, not whether budgets are met")
    rows: list[Row] = []
    left_out: dict[str, str] = {}
    for number, name in enumerate(wanted or NAMES, 1):
        print(f"› {name} ({number} of {len(wanted or NAMES)})", file=sys.stderr, flush=True)
        found, why = apart(name)
        rows += found
        if not found:
            left_out[name] = why
    (HERE / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(table(rows))
    for name, why in left_out.items():
        print(f"skipped {name}: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(one(sys.argv[2]) if sys.argv[1:2] == ["--one"] else main(sys.argv[1:]))
