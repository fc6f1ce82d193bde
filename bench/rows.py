"""What a bench says: one row, and how it is timed."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

SCALE = float(os.environ.get("BENCH_SCALE", "1"))  # share of the full size; only 1 says anything about a budget


@dataclass(frozen=True, kw_only=True)
class Row:
    """`value` in `unit`; `ratio` as the budget words it, against `reference` measured in the same run (unit as value's)."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    budget: str
    met: bool


class Skipped(RuntimeError):
    """This bench cannot be run here; the text says why."""


def size(full: int, *, least: int = 1_000) -> int:
    """How many rows of `full` this run takes."""
    return max(least, round(full * SCALE))


def say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median(work: Callable[[], object], *, runs: int = 3) -> float:
    """Median seconds of several runs."""
    return statistics.median(seconds(work) for _ in range(runs))


def alternating(ours: Callable[[], object], theirs: Callable[[], object], *, runs: int = 3) -> tuple[float, float]:
    """Median seconds of both, run in turns: what else the machine does falls on both. Once where the size says nothing."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs if SCALE == 1 else 1)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
