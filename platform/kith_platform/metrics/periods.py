"""Months, what of them the data cover, and the periods a value is compared with (domain B0.2, B0.3)."""

from __future__ import annotations

import datetime as dt
import re

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.sdk.metrics import Period

MONTHS = 14  # this month and the 13 before
QUIET_DAYS = 7  # a month that is over counts as whole when its last so many days brought nothing


def month(day: dt.date, *, back: int = 0) -> Period:
    """The calendar month that holds `day`, or the one `back` months earlier."""
    count = day.year * 12 + day.month - 1 - back
    return Period(_first(count), _first(count + 1))


def _first(count: int) -> dt.date:
    return dt.date(count // 12, count % 12 + 1, 1)


def months(last: dt.date, count: int = MONTHS) -> list[Period]:
    """The month of `last` and those before it, oldest first."""
    return [month(last, back=back) for back in range(count - 1, -1, -1)]


def of_text(text: str) -> Period:
    """A year (2026), quarter (2026-Q3), month (2026-10), week (2026-W41), day (2026-10-05), or days (2026-10-01..2026-10-15, the
    last counted in). Raises Invalid.
    """
    try:
        period = _read(text)
    except (ValueError, OverflowError):
        period = None
    if period is None or period.days < 1:
        raise Invalid(
            N_(
                "'%(text)s' is no period. Give a month such as 2026-10, a quarter such as 2026-Q3, a year, "
                "a week such as 2026-W41, a day, or days such as 2026-10-01..2026-10-15."
            ),
            text=text,
        )
    return period


def _read(text: str) -> Period | None:
    if ".." in text:
        first, _, last = text.partition("..")
        return Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last) + dt.timedelta(days=1))
    if re.fullmatch(r"\d{4}", text):
        return Period(dt.date(int(text), 1, 1), dt.date(int(text) + 1, 1, 1))
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", text):
        count = int(found[1]) * 12 + 3 * (int(found[2]) - 1)
        return Period(_first(count), _first(count + 3))
    if found := re.fullmatch(r"(\d{4})-W(\d{2})", text):
        monday = dt.date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return Period(monday, monday + dt.timedelta(days=7))
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return month(dt.date.fromisoformat(f"{text}-01"))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = dt.date.fromisoformat(text)
        return Period(day, day + dt.timedelta(days=1))
    return None


def covered(period: Period, until: dt.date, today: dt.date) -> Period | None:
    """The part of the period that data reaching to `until` cover: partial where they end inside it; None before they begin.

    A period that is over by `today` is whole although nothing happened on its last few days.
    """
    after = until + dt.timedelta(days=1)
    if period.end <= after or (period.end <= today and (period.end - after).days < QUIET_DAYS):
        return period
    return Period(period.start, after, partial=True) if period.start < after else None


MOM, YOY = "mom", "yoy"


def compared(period: Period, part: Period) -> dict[str, Period]:
    """What the value of `period`, of which the data cover `part`, is compared with: `mom`, the month before (of a quarter or year
    the one before, of a week or day the one before), and `yoy`, the year before. Over a partial period, the same days.
    """
    count = _whole_months(period)
    if count:
        return {MOM: _earlier(period, part, count), YOY: _earlier(period, part, 12)}
    if period.days in {1, 7}:
        back = dt.timedelta(days=period.days)
        return {MOM: Period(part.start - back, part.end - back), YOY: before(part, months_back=12)}
    return {MOM: before(part, months_back=1), YOY: before(part, months_back=12)}


def _whole_months(period: Period) -> int:
    """How many calendar months the period is; 0 where it is not made of whole ones."""
    if period.start.day != 1 or period.end.day != 1:
        return 0
    return (period.end.year - period.start.year) * 12 + period.end.month - period.start.month


def _earlier(period: Period, part: Period, months_back: int) -> Period:
    whole = Period(_moved(period.start, months_back), _moved(period.end, months_back))
    if part.end == period.end:
        return whole
    return Period(whole.start, min(whole.start + dt.timedelta(days=part.days), whole.end))


def before(period: Period, *, months_back: int) -> Period:
    """The same days `months_back` months earlier; a whole month for a whole month. A day that month does not have is left out."""
    if period == month(period.start):
        return month(period.start, back=months_back)
    start = _moved(period.start, months_back)
    whole = month(period.start, back=months_back)
    if month(period.end - dt.timedelta(days=1)).start == month(period.start).start:
        return Period(start, min(start + dt.timedelta(days=period.days), whole.end))
    return Period(start, start + dt.timedelta(days=period.days))


def _moved(day: dt.date, months_back: int) -> dt.date:
    whole = month(day, back=months_back)
    return min(whole.start + dt.timedelta(days=day.day - 1), whole.end - dt.timedelta(days=1))


def year_before(day: dt.date) -> dt.date:
    """The same day twelve months earlier; of 29 February the 28th."""
    return _moved(day, 12)


def change(now: float | None, then: float | None) -> float | None:
    """(x − x₀)/|x₀|; null without either, or with base 0 (B0.3).

    >>> change(440, 400), change(1, 0)
    (0.1, None)
    """
    return None if now is None or not then else (now - then) / abs(then)
