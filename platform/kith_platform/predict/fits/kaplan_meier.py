"""Kaplan–Meier: how long something takes when some cases are still open.

Source: Kaplan & Meier (1958), "Nonparametric estimation from incomplete observations", JASA 53.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Survival:
    """The curve: at each distinct time of an event, the share still open just after it. Arrays of one length."""

    times: Floats
    share_open: Floats
    at_risk: Floats
    events: Floats


def survival(durations: ArrayLike, ended: ArrayLike, counts: ArrayLike | None = None) -> Survival:
    """The product-limit estimate. `ended` is False for cases still open at their duration (censored just after it).

    Arrays of one length, any time unit, `counts` cases per row. Raises ValueError for negative or missing durations.
    """
    time, event = np.asarray(durations, dtype=np.float64).ravel(), np.asarray(ended, dtype=bool).ravel()
    weights = np.ones(time.size) if counts is None else np.asarray(counts, dtype=np.float64).ravel()
    if not np.all(time >= 0):
        raise ValueError("Durations must be numbers from 0 upwards.")
    times, row = np.unique(time, return_inverse=True)
    events: Floats = np.bincount(row, weights * event, minlength=times.size).astype(np.float64)
    leaving = np.bincount(row, weights, minlength=times.size)
    at_risk = leaving[::-1].cumsum()[::-1]
    seen = events > 0
    at_risk, events = at_risk[seen], events[seen]
    return Survival(times[seen], np.cumprod(1.0 - events / at_risk), at_risk, events)


def median(durations: ArrayLike, ended: ArrayLike, counts: ArrayLike | None = None) -> float | None:
    """The first time by which half of the cases have ended; None where less than half ever did, or nothing is there."""
    curve = survival(durations, ended, counts)
    reached = np.flatnonzero(curve.share_open <= 0.5 + 1e-12)
    return float(curve.times[reached[0]]) if reached.size else None
