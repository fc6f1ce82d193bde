"""The calendar of a demo company: how much is bought on each day, for reasons no single customer has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Lunar feasts move; both lists are the public calendar, one day a year from 2018 to 2036.
_MID_AUTUMN = (
    "2018-09-24 2019-09-13 2020-10-01 2021-09-21 2022-09-10 2023-09-29 2024-09-17 2025-10-06 2026-09-25 2027-09-15 "
    "2028-10-03 2029-09-22 2030-09-12 2031-10-01 2032-09-19 2033-09-08 2034-09-27 2035-09-16 2036-10-04"
)
_NEW_YEAR = (
    "2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 "
    "2028-01-26 2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28"
)
BEYOND = 731  # the calendar goes on after the data's end, so that the truth can look ahead


@dataclass(frozen=True)
class Calendar:
    """Days 0 … days−1 of the data, then BEYOND more.

    `pace[d]` is how fast own time runs on day d (mean 1 over the data); `clock[d]` is the own time at the start of day d.
    A customer who buys every 30 days buys every 30 days of own time.
    """

    start: date
    days: int
    pace: Floats

    @property
    def clock(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self.pace)])

    def own_time(self, moments: Floats) -> Floats:
        """Own time at moments, both in days since the start (fractions are times of day)."""
        return np.asarray(np.interp(moments, np.arange(self.pace.size + 1.0), self.clock), dtype=np.float64)

    def moment(self, own_time: Floats) -> Floats:
        """The inverse of `own_time`; infinite beyond the calendar's end."""
        days = np.arange(self.pace.size + 1.0)
        return np.asarray(np.interp(own_time, self.clock, days, right=np.inf), dtype=np.float64)

    def day(self, when: date) -> int:
        """The number of a day; may be negative or beyond the data."""
        return (when - self.start).days


def flat(start: date, days: int) -> Calendar:
    """A calendar without season, promotion or trend."""
    return Calendar(start, days, np.ones(days + BEYOND))


def seasonal(start: date, days: int, *, feasts: float, weekend: float, trend: float) -> Calendar:
    """A calendar with week, year, feasts, two sales a year and a trend.

    `feasts` is the height of the feast peaks (.4 = forty per cent above the usual at the peak), `weekend` that of Saturdays
    and Sundays, `trend` the growth of the pace per year.
    """
    days_all = days + BEYOND
    dates = [start + timedelta(days=day) for day in range(days_all)]
    day = np.arange(days_all)
    of_year = np.array([each.timetuple().tm_yday for each in dates])
    pace = 1.0 + 0.03 * np.cos(2 * np.pi * (of_year - 340) / 365.25)
    for feast in f"{_MID_AUTUMN} {_NEW_YEAR}".split():
        before = (date.fromisoformat(feast) - start).days - day
        pace = pace + feasts * np.exp(-0.5 * ((before - 9) / 6.0) ** 2) * (before >= 0)
    sales = np.array([(each.month, each.day) in _SALE_DAYS for each in dates])
    pace = pace * np.where(sales, 1.0 + feasts, 1.0)
    pace = pace * np.where(np.array([each.weekday() >= 5 for each in dates]), 1.0 + weekend, 1.0)
    pace = pace * (1.0 + trend) ** ((day - days / 2) / 365.25)
    return Calendar(start, days, pace / pace[:days].mean())


_SALE_DAYS = {(6, day) for day in range(14, 21)} | {(11, day) for day in range(6, 13)}
