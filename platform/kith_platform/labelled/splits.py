"""Which lines teach, which set the model's settings and which judge it: by time where there is time, else at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
TIME, ORDER, RANDOM = "time", "order", "random"
TEACH, SET = 0.6, 0.8  # up to which share of the lines


@dataclass(frozen=True)
class Split:
    """Row numbers of three parts, none in two of them. `key`: by the as-of day, by the order of lines, or at random."""

    key: str
    train: Ids
    validation: Ids
    test: Ids

    @property
    def learnt(self) -> Ids:
        """Everything but the test."""
        return np.concatenate([self.train, self.validation])


def by_day(rows: Ids, days: Floats) -> Split | None:
    """Earlier days teach, later ones judge; no day is in two parts. None where there are fewer than three days."""
    order = rows[np.argsort(days[rows], kind="stable")]
    known = np.unique(days[order])
    if known.size < 3:
        return None
    ordered = days[order]
    first = int(np.searchsorted(ordered, ordered[int(TEACH * order.size)], "left"))
    first = first or int(np.searchsorted(ordered, known[0], "right"))
    second = int(np.searchsorted(ordered, ordered[int(SET * order.size)], "left"))
    if second <= first:
        second = int(np.searchsorted(ordered, ordered[first], "right"))
    if second >= order.size:
        return None
    return Split(TIME, order[:first], order[first:second], order[second:])


def by_order(rows: Ids) -> Split:
    """The first lines teach, the last judge."""
    first, second = int(TEACH * rows.size), int(SET * rows.size)
    return Split(ORDER, rows[:first], rows[first:second], rows[second:])


def at_random(rows: Ids, groups: Ids, *, seed: int) -> Split:
    """Parts drawn by lot. Lines of one group (a customer's; `groups` (n,) of all rows) stay together: a customer known from
    training is no test."""
    kinds = np.unique(groups[rows])
    place = np.empty(kinds.size)
    place[np.random.default_rng(seed).permutation(kinds.size)] = (np.arange(kinds.size) + 0.5) / kinds.size
    lot = place[np.searchsorted(kinds, groups[rows])]
    return Split(RANDOM, rows[lot < TEACH], rows[(lot >= TEACH) & (lot < SET)], rows[lot >= SET])
