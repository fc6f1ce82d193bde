"""When to look and when to judge: cutoffs of training, validation and test whose label windows never overlap (domain.md D0)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

GAP_DAYS = 7  # lead time to act between the cutoff and the first judged day
STEP_DAYS = 30
MOST_TRAINING_CUTOFFS = 12
LEAST_SPAN_DAYS = 90  # between cutoffs: questions of shorter windows are asked on the same days, whose features are shared
LEAST_HISTORY_DAYS = 90  # before the first cutoff, so that its features have something to look at


@dataclass
class HistoryTooShort(Exception):
    """The days from the first purchase to the end do not hold three disjoint label windows."""

    has: int
    needs: int


@dataclass(frozen=True)
class Calendar:
    """Cutoff days. Features at cutoff t know days < t; its label window is [t + gap, t + gap + horizon)."""

    gap: int
    horizon: int
    training: tuple[dt.date, ...]
    validation: dt.date
    test: dt.date
    end: dt.date

    def window(self, cutoff: dt.date) -> tuple[dt.date, dt.date]:
        start = cutoff + dt.timedelta(days=self.gap)
        return start, start + dt.timedelta(days=self.horizon)


def plan(first: dt.date, end: dt.date, horizon: int, *, gap: int = GAP_DAYS, least_span: int = LEAST_SPAN_DAYS) -> Calendar:
    """Place the cutoffs. `first` is the first purchase day, `end` the first day after the data, `horizon` in days.

    Test is the last cutoff whose window is over by `end`; validation's window is over by the test cutoff, and every training
    window by the validation cutoff (the embargo). Raises HistoryTooShort.
    """
    span = dt.timedelta(days=gap + max(horizon, least_span))
    test = end - span
    validation = test - span
    latest = validation - span
    earliest = first + dt.timedelta(days=LEAST_HISTORY_DAYS)
    if latest < earliest:
        raise HistoryTooShort(has=(end - first).days, needs=3 * span.days + LEAST_HISTORY_DAYS)
    count = min(MOST_TRAINING_CUTOFFS, (latest - earliest).days // STEP_DAYS + 1)
    training = tuple(latest - dt.timedelta(days=STEP_DAYS * back) for back in reversed(range(count)))
    return Calendar(gap=gap, horizon=horizon, training=training, validation=validation, test=test, end=end)
