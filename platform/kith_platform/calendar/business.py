"""Business time: the minutes and days a company is open. Pure; instants are aware, in UTC where they are given back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

DAY = 24 * 60  # minutes of the clock's day
ONE_DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)

Hours = tuple[int, int, int]  # weekday (0 is Monday), opens, closes: minutes of the local clock's day, closes up to 1440
Span = tuple[dt.datetime, dt.datetime]

USUAL: tuple[Hours, ...] = tuple((weekday, 9 * 60, 17 * 60) for weekday in range(5))


@dataclass(frozen=True)
class BusinessCalendar:
    """`zone` is an IANA name, `closed` are the company's own days off. Raises ValueError for hours that cannot be kept."""

    zone: str = "UTC"
    hours: tuple[Hours, ...] = USUAL
    closed: frozenset[dt.date] = frozenset()

    def __post_init__(self) -> None:
        problem = wrong(self.hours)
        if problem or not self.hours:
            raise ValueError(f"these opening hours cannot be: {problem or 'never open'}")

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _by_weekday(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for weekday, opens, closes in sorted(self.hours):
            found.setdefault(weekday, []).append((opens, closes))
        return found

    @cached_property
    def day_minutes(self) -> float:
        """Open minutes of a usual working day: the week's, divided by the weekdays the company opens."""
        return sum(closes - opens for _weekday, opens, closes in self.hours) / len(self._by_weekday)

    def works(self, day: dt.date) -> bool:
        """Whether the company opens on this local day."""
        return day.weekday() in self._by_weekday and day not in self.closed

    def days(self, start: dt.date, end: dt.date) -> int:
        """Working days in [start, end)."""
        return sum(self.works(start + number * ONE_DAY) for number in range((end - start).days))

    def open(self, day: dt.date) -> Iterator[Span]:
        """When the company is open on this local day, in UTC and in order. A day of 23 or 25 hours has its real length."""
        if not self.works(day):
            return
        last: dt.datetime | None = None
        for opens, closes in self._by_weekday[day.weekday()]:
            start, end = self._instant(day, opens), self._instant(day, closes)
            # Hours inside the hour that a clock skips would be counted twice.
            start = start if last is None else max(start, last)
            if start < end:
                yield start, end
                last = end

    def _instant(self, day: dt.date, minute: int) -> dt.datetime:
        if minute == DAY:
            day, minute = day + ONE_DAY, 0
        return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), self._zone).astimezone(dt.UTC)

    def minutes(self, start: dt.datetime, end: dt.datetime) -> float:
        """Open minutes between two instants; negative where the end comes first."""
        if end < start:
            return -self.minutes(end, start)
        spans = self._spans(self._day(start), self._day(end))
        return sum(max((min(end, closes) - max(start, opens)) / MINUTE, 0.0) for opens, closes in spans)

    def add(self, start: dt.datetime, minutes: float) -> dt.datetime:
        """The instant at which the company has been open for `minutes` since `start`; `start` itself (in UTC) for none."""
        left = minutes * MINUTE
        start, day = start.astimezone(dt.UTC), self._day(start)
        if left <= dt.timedelta():
            return start
        while True:
            for opens, closes in self.open(day):
                begins = max(start, opens)
                if begins < closes and left <= closes - begins:
                    return begins + left
                left -= max(closes - begins, dt.timedelta())
            day += ONE_DAY

    def _day(self, instant: dt.datetime) -> dt.date:
        return instant.astimezone(self._zone).date()

    def _spans(self, first: dt.date, last: dt.date) -> Iterator[Span]:
        for number in range((last - first).days + 1):
            yield from self.open(first + number * ONE_DAY)

    def by_utc_day(self, first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, list[tuple[float, float]]]]:
        """Each UTC day from `first` to `last` with its open spans, as minutes since its midnight (0..1440), in order."""
        found: dict[dt.date, list[tuple[float, float]]] = {}
        for opens, closes in self._spans(first - ONE_DAY, last + ONE_DAY):
            for number in range((closes.date() - opens.date()).days + 1):
                midnight = dt.datetime.combine(opens.date() + number * ONE_DAY, dt.time(), dt.UTC)
                start, end = max((opens - midnight) / MINUTE, 0.0), min((closes - midnight) / MINUTE, float(DAY))
                if start < end:
                    found.setdefault(midnight.date(), []).append((start, end))
        for number in range((last - first).days + 1):
            day = first + number * ONE_DAY
            yield day, found.get(day, [])


def wrong(hours: Iterable[Hours]) -> str:
    """Why these hours cannot be kept, in English for programmers; empty where they can."""
    former: Hours | None = None
    for weekday, opens, closes in sorted(hours):
        if not (0 <= weekday <= 6 and 0 <= opens < closes <= DAY):
            return f"weekday {weekday}, {opens} to {closes}"
        if former and former[0] == weekday and former[2] > opens:
            return f"weekday {weekday}: {former[1]} to {former[2]} and {opens} to {closes} overlap"
        former = (weekday, opens, closes)
    return ""
