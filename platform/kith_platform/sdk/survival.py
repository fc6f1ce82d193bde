"""Medians of waiting times of which some have not ended yet (Kaplan and Meier, JASA 53, 1958, 457–481). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

HALF = 0.5


def median(ended: Sequence[float], open_: Sequence[float]) -> float | None:
    """The first time by which half have ended; None where half never have, so that it lies beyond the last time seen.

    `ended` are times that came to their end, `open_` those seen so far of the others; one unit, any order. Where both lie on
    the same time, what is open was still waiting. Without times, None.

    >>> median([10, 20, 30], [40, 50]), median([10], [20, 30]), median([], [])
    (30, None, None)
    """
    ends, left, share = Counter(ended), len(ended) + len(open_), 1.0
    gone = Counter(open_)
    for time in sorted({*ends, *gone}):
        share *= 1 - ends[time] / left
        if share <= HALF + 1e-12:  # a product of fractions may miss the half by the last bit
            return time
        left -= ends[time] + gone[time]
    return None


def signed(times: Sequence[float]) -> tuple[list[float], list[float]]:
    """(ended, open) of times kept in one list, as one aggregate collects them: t where it ended, −t − 1 where it is open.

    >>> signed([10, -41, 0, -1])
    ([10, 0], [40, 0])
    """
    return [one for one in times if one >= 0], [-one - 1 for one in times if one < 0]
