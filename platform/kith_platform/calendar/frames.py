"""Business minutes in frames: a small table of days, joined by equality. The zone's work is done when the table is made."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.calendar.business import BusinessCalendar

if TYPE_CHECKING:
    import pyarrow as pa


def table(calendar: BusinessCalendar, first: dt.date, last: dt.date) -> pa.Table:
    """One row per UTC day from `first` to `last`: day, before (open minutes since the table's beginning), and the day's open
    spans from_1, to_1, from_2, … in minutes since midnight UTC, 0 and 0 where a day has fewer.

    Where rows reach beyond the table their minutes are null: give days to spare.
    """
    import pyarrow as pa

    days = list(calendar.by_utc_day(first, last))
    most = max((len(spans) for _day, spans in days), default=0) or 1
    before, total = [], 0.0
    for _day, spans in days:
        before.append(total)
        total += sum(end - start for start, end in spans)
    columns = {"day": pa.array([day for day, _spans in days], pa.date32()), "before": pa.array(before, pa.float64())}
    for place in range(most):
        pairs = [spans[place] if place < len(spans) else (0.0, 0.0) for _day, spans in days]
        columns[f"from_{place + 1}"] = pa.array([start for start, _end in pairs], pa.float64())
        columns[f"to_{place + 1}"] = pa.array([end for _start, end in pairs], pa.float64())
    return pa.table(columns)


def open_minutes(rows: ir.Table, calendar: ir.Table, start: str, end: str, name: str) -> ir.Table:
    """`rows` with `name`: open minutes (float64, whole seconds counted) from the UTC timestamp `start` to `end`.

    `calendar` is a `table`. Null where either is null or outside the calendar's days; negative where the end comes first.
    """
    marked = _elapsed(_elapsed(rows, calendar, start, "calendar_start"), calendar, end, "calendar_end")
    return marked.select(*rows.columns, **{name: marked.calendar_end - marked.calendar_start})


def _elapsed(rows: ir.Table, calendar: ir.Table, column: str, name: str) -> ir.Table:
    """`rows` with `name`: open minutes from the calendar's beginning to the instant."""
    days = calendar.rename({f"{name}_{one}": one for one in calendar.columns})
    joined = rows.left_join(days, rows[column].date() == days[f"{name}_day"])
    minute = (joined[column].epoch_seconds() % 86400).cast("float64") / 60.0
    passed = joined[f"{name}_before"]
    zero = ibis.literal(0.0)
    for place in range(1, (len(calendar.columns) - 2) // 2 + 1):
        opens, closes = joined[f"{name}_from_{place}"], joined[f"{name}_to_{place}"]
        passed = passed + ibis.greatest(ibis.least(minute, closes) - opens, zero)
    return joined.select(*rows.columns, **{name: passed})
