"""Time that is looked back over: windows that end before given days of a company's calendar. Ibis expressions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import ONE_DAY

INSTANT = pa.timestamp("us", "UTC")


def year_before(day: dt.date) -> dt.date:
    """The same day twelve months earlier; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def marks(past: Sequence[dt.date], zone: str, days: int = 0) -> ir.Table:
    """place, first and last (days), past (the day after), and the instants first_at and past_at at which first and past begin in
    the zone: windows of so many days that end before the days given; 0 days are twelve months.
    """
    first = [day - dt.timedelta(days=days) if days else year_before(day) for day in past]
    columns = {
        "place": pa.array(range(len(past)), pa.int64()),
        "first": pa.array(first, pa.date32()),
        "last": pa.array([day - ONE_DAY for day in past], pa.date32()),
        "past": pa.array(past, pa.date32()),
        "first_at": begins(zone, first),
        "past_at": begins(zone, past),
    }
    return ibis.memtable(pa.table(columns))


def within(rows: ir.Table, window: ir.Table) -> ir.Table:
    """The rows that happened in each window, with its columns."""
    return rows.inner_join(window, [rows.occurred_on >= window["first"], rows.occurred_on < window.past])


def within_at(rows: ir.Table, window: ir.Table, at: str) -> ir.Table:
    """The rows whose time column `at` lies in each window, with its columns."""
    return rows.inner_join(window, [rows[at] >= window.first_at, rows[at] < window.past_at])


def begins(zone: str, days: Sequence[dt.date]) -> pa.Array:
    """The instants at which days begin in the zone."""
    own = ZoneInfo(zone)
    return pa.array([dt.datetime.combine(day, dt.time(), own) for day in days], INSTANT)
