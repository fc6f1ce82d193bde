"""The time a metric looks back over, to the end of each period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import MetricScope, Reading

FEW = 30
UNIT = 10_000.0  # money in frames is ten-thousandths
INSTANT = pa.timestamp("us", "UTC")


def year_before(day: dt.date) -> dt.date:
    """The same day twelve months earlier; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def windows(scope: MetricScope, days: int = 0, *, backs: tuple[int, ...] = (0,)) -> ir.Table:
    """place, first and last (days), past (the day after), and the instants first_at and past_at at which first and past begin in
    the company's zone: the last `days` days of each period, or its last twelve months. With several `backs` each period has a
    window so many days earlier for each of them, at the places of its own times their number.
    """
    past = [one.end - dt.timedelta(days=back) for one in scope.periods for back in backs]
    return marks(past, scope.tenant.timezone, days)


def marks(past: Sequence[dt.date], zone: str, days: int = 0) -> ir.Table:
    """The same of windows that end before the days given; 0 days are twelve months."""
    first = [day - dt.timedelta(days=days) if days else year_before(day) for day in past]
    columns = {
        "place": pa.array(range(len(past)), pa.int64()),
        "first": pa.array(first, pa.date32()),
        "last": pa.array([day - ONE_DAY for day in past], pa.date32()),
        "past": pa.array(past, pa.date32()),
        "first_at": _begins(zone, first),
        "past_at": _begins(zone, past),
    }
    return ibis.memtable(pa.table(columns))


def within(rows: ir.Table, window: ir.Table) -> ir.Table:
    """The rows that happened in each window, with its columns."""
    return rows.inner_join(window, [rows.occurred_on >= window["first"], rows.occurred_on < window.past])


def within_at(rows: ir.Table, window: ir.Table, at: str) -> ir.Table:
    """The rows whose time column `at` lies in each window, with its columns."""
    return rows.inner_join(window, [rows[at] >= window.first_at, rows[at] < window.past_at])


def day_ends(scope: MetricScope, first: dt.date, last: dt.date) -> ir.Table:
    """day, begins_at and over_at of each of the company's days from `first` to `last`."""
    days = [first + number * ONE_DAY for number in range((last - first).days + 1)]
    columns = {
        "day": pa.array(days, pa.date32()),
        "begins_at": _begins(scope.tenant.timezone, days),
        "over_at": _begins(scope.tenant.timezone, [day + ONE_DAY for day in days]),
    }
    return ibis.memtable(pa.table(columns))


def _begins(zone: str, days: Sequence[dt.date]) -> pa.Array:
    own = ZoneInfo(zone)
    return pa.array([dt.datetime.combine(day, dt.time(), own) for day in days], INSTANT)


def counted(value: float | None, n: float | None, *, reason: str = "empty_denominator", **more: object) -> Reading:
    """A reading that is no share, of n cases; few are flagged. Without cases or a value there is none."""
    if not n or value is None:
        return Reading.none(reason, n=int(n or 0))
    return Reading(value=value, n=int(n), flags=("low_confidence",) if n < FEW else (), **more)  # type: ignore[arg-type]
