"""When customers buy, as long as they are customers: the three purchase processes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kith_platform.simulator.seasons import Calendar, Floats

Ints = NDArray[np.int64]
NEVER = 1_000_000  # a day after every calendar


@dataclass(frozen=True)
class Purchases:
    """Purchases in order of customer and time, at most one a day; the first one of a customer is his joining.

    `who` numbers the customer from 0, `at` is the moment in days since the start.
    """

    who: Ints
    at: Floats

    @property
    def day(self) -> Ints:
        return np.floor(self.at).astype(np.int64)

    def where(self, kept: NDArray[np.bool_]) -> Purchases:
        return Purchases(self.who[kept], self.at[kept])


@dataclass(frozen=True)
class BgNbd:
    """Fader, Hardie and Lee (2005): rate ~ Gamma(r, α), leaving after a repeat purchase ~ Beta(a, b). Time in weeks."""

    r: float = 1.1
    alpha: float = 7.0
    a: float = 0.8
    b: float = 2.8


def joining(rng: np.random.Generator, customers: int, days: int) -> Floats:
    """The moment of each customer's first purchase: a third were there in the first quarter year, the rest come evenly."""
    early = rng.random(customers) < 0.33
    return np.where(early, rng.uniform(0, min(91, days / 4), customers), rng.uniform(0, days, customers))


def renewals(rng: np.random.Generator, calendar: Calendar, joined: Floats, rate: Floats, shape: int) -> Purchases:
    """Purchases with gaps ~ Gamma(shape, mean 1/rate) in own time; shape 1 is Poisson, 2 is more regular.

    `joined` and `rate` (purchases per day of own time) have one value per customer.
    """
    begin = calendar.own_time(joined)
    most = float((calendar.own_time(np.array([calendar.days]))[0] - begin).clip(0).max() * rate.max())
    gaps = rng.gamma(shape, 1.0 / (shape * rate)[:, None], (joined.size, int(most + 8 * np.sqrt(most) + 10)))
    gaps[:, 0] = 0.0
    at = calendar.moment(begin[:, None] + np.cumsum(gaps, axis=1))
    at[:, 0] = joined
    return _flatten(at, calendar.days)


def bgnbd(rng: np.random.Generator, calendar: Calendar, joined: Floats, process: BgNbd) -> tuple[Purchases, Ints, Floats, Floats]:
    """Purchases exactly as BG/NBD; also each customer's day of leaving, rate per day and chance to leave after a purchase."""
    rate = rng.gamma(process.r, 1.0 / process.alpha, joined.size) / 7.0
    drop = rng.beta(process.a, process.b, joined.size)
    last = rng.geometric(np.maximum(drop, 1e-9))  # the repeat purchase after which the customer is gone
    bought = renewals(rng, calendar, joined, np.maximum(rate, 1e-9), 1)
    nth = np.arange(bought.who.size) - np.searchsorted(bought.who, bought.who)
    left = np.full(joined.size, NEVER, dtype=np.int64)
    final = nth == last[bought.who]
    left[bought.who[final]] = bought.day[final] + 1
    return bought.where(nth <= last[bought.who]), left, rate, drop


def _flatten(at: Floats, days: int) -> Purchases:
    """Rows of moments to purchases: those within the data, the first of each day."""
    kept = at < days
    kept[:, 1:] &= np.floor(at[:, 1:]) > np.floor(at[:, :-1])
    who, column = np.nonzero(kept)
    return Purchases(who.astype(np.int64), at[who, column])
