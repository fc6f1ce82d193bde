"""What the tables of the company's own work are written from: its calendar of months, its customers' lives, its books so far.

Each noun draws from a random stream of its own, so that one more table changes no other.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import moments
from kith_platform.simulator.company import CompanyKind
from kith_platform.simulator.seasons import Floats

HISTORY = 26  # months told of the company's own work: a year, the year before, and this month
RECENT = 490  # days of what is written down many times a day: sixteen months


@dataclass(frozen=True)
class Month:
    """`begins` and `ends` (the day after its last) are days since the start, within the data."""

    first: date
    begins: int
    ends: int

    @property
    def share(self) -> float:
        """How much of a month of 30.4 days it is."""
        return (self.ends - self.begins) / 30.4


@dataclass(frozen=True)
class Firm:
    """`left` is each customer's first day gone; `mood` the resentment of customers on days; `zeal` purchases per day while a
    customer; `tables` those that tell of purchases and service."""

    kind: CompanyKind
    seed: int
    start: date
    days: int
    currency: str
    ids: NDArray[np.str_]
    joined: Ints
    left: Ints
    zeal: Floats
    mood: Callable[[Ints, Ints], Floats]
    tables: dict[str, pl.DataFrame]

    def stream(self, noun: str) -> np.random.Generator:
        """The random numbers of one noun."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{self.kind} {noun}".encode())])

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """The last months of the data, oldest first; the newest ends where the data do."""
        found: list[Month] = []
        after = self.start + timedelta(days=self.days)
        while after > self.start and len(found) < HISTORY:
            first = max((after - timedelta(days=1)).replace(day=1), self.start)
            found.append(Month(first.replace(day=1), (first - self.start).days, (after - self.start).days))
            after = first
        return tuple(reversed(found))

    @property
    def size(self) -> float:
        """Of the usual company: 1 from 2,000 customers on."""
        return min(self.ids.size / 2_000, 1.0)

    @property
    def since(self) -> int:
        """The first day of the oldest month told of."""
        return self.months[0].begins

    def alive(self, who: Ints, day: Ints | Floats) -> NDArray[np.bool_]:
        """Whether customers are customers on days."""
        return np.asarray((self.joined[who] <= day) & (day < self.left[who]))

    def living(self, rng: np.random.Generator, at: Floats) -> Ints:
        """A customer for each moment, drawn among those who are customers then (anybody where nobody is)."""
        who = rng.integers(0, self.ids.size, at.size)
        for _ in range(12):
            dead = ~self.alive(who, at)
            who[dead] = rng.integers(0, self.ids.size, int(dead.sum()))
        return who

    def office(self, at: Floats) -> Floats:
        """The same moments within office hours of working days: a weekend's belong to the Friday before."""
        day, part = np.divmod(np.asarray(at, dtype=np.float64), 1.0)
        late = np.maximum((day + self.start.weekday()) % 7 - 4, 0.0)
        return np.asarray(np.maximum(day - late, 0.0) + 0.14 + 0.58 * part)

    def often(self, rng: np.random.Generator, per_month: float, since: int | None = None) -> Floats:
        """Moments in office hours, in order; `per_month` of them in a month of a company of the usual size. They come more
        evenly than by chance alone, so that no month goes without what is rare."""
        begin = self.since if since is None else max(since, 0)
        count = rng.poisson(per_month * self.size * (self.days - begin) / 30.4)
        place = np.arange(count) + rng.uniform(-1.0, 2.0, count)
        return np.sort(self.office(begin + (self.days - begin) * np.mod(place / max(count, 1), 1.0)))

    def moments(self, table: str, column: str) -> Floats:
        """A column of times of a table as days since the start."""
        return moments(self.start, self.tables[table][column])

    def who(self, table: str) -> Ints:
        """The customers of a table's rows. Ids are in the order of customers."""
        return np.searchsorted(self.ids, self.tables[table]["customer_id"].to_numpy().astype(str))

    def only(self, at: Floats) -> Floats:
        """What has happened by the data's end; NaN for the rest."""
        return np.where(at < self.days, at, np.nan)
