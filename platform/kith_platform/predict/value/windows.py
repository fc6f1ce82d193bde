"""The days on which value is learned and judged: three windows of whole months that share no day (domain.md D0, D2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from kith_platform.predict.calendar import LEAST_HISTORY_DAYS, STEP_DAYS, Calendar, plan
from kith_platform.predict.evidence import Floats, Ids, Repeats, day_number
from kith_platform.predict.fits.clv import DAYS_PER_MONTH
from kith_platform.predict.training import Evidence
from kith_platform.predict.value.brought import Brought
from kith_platform.predict.value.subscriptions import Bound

MOST_MONTHS, LEAST_MONTHS = 12, 3
LEAST_LOOKS = 3  # cutoffs of training: one alone may stand in a season of its own
MOST_LOOKS = 6


def windows(first: dt.date, end: dt.date) -> Calendar | None:
    """The longest windows up to twelve months that the history from `first` to `end` permits three of; None below three months.

    There is no gap: what a customer brings counts from the first day on.
    """
    room = (end - first).days - LEAST_HISTORY_DAYS - (LEAST_LOOKS - 1) * STEP_DAYS
    months = min(MOST_MONTHS, int(room / 3 / DAYS_PER_MONTH))
    return plan(first, end, round(months * DAYS_PER_MONTH), gap=0) if months >= LEAST_MONTHS else None


def looks(calendar: Calendar) -> tuple[dt.date, ...]:
    """The cutoffs of training, spread over those of the calendar, its last among them."""
    every = -(-len(calendar.training) // MOST_LOOKS)
    return calendar.training[::-1][::every][::-1]


@dataclass(frozen=True)
class Look:
    """Customers as they were known at a day: their purchases in brief, who pays for a subscription, and all features."""

    day: int
    customers: Ids
    history: Repeats
    bound: Bound
    brought: Brought

    @staticmethod
    def at(evidence: Evidence, cutoff: dt.date) -> Look:
        return Look.of(Brought.known(evidence.question.frames, cutoff), cutoff)

    @staticmethod
    def of(brought: Brought, cutoff: dt.date) -> Look:
        day = day_number(cutoff)
        history = Repeats.at(brought.purchases, day)
        customers, bound = brought.customers(history, day)
        return Look(day, customers, history, bound, brought)


def rows_of(evidence: Evidence, cutoff: dt.date, customers: Ids, names: tuple[str, ...]) -> Floats:
    """Features of `customers` at a cutoff, (n, len(names)); missing where nothing is known."""
    matrix = evidence.matrix(cutoff)
    if not matrix.ids.size:
        return np.full((customers.size, len(names)), np.nan)
    place = np.minimum(np.searchsorted(matrix.ids, customers), matrix.ids.size - 1)
    known = matrix.ids[place] == customers
    return np.where(known[:, None], matrix.columns(names)[place], np.nan)
