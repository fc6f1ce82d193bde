"""Days on which a company sells nothing: they stop every customer's clock (domain C4)."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import ONE_DAY, on_day
from kith_platform.sdk.types import PlacementTurns

DAY = r"\d{4}-\d{2}-\d{2}"
PERIOD = re.compile(rf"({DAY})(?:\s*(?:\.\.|–|—|to)\s*({DAY}))?")
LONGEST = 366  # days of a period in the setting; a longer one is a slip of the pen


def listed(text: str) -> Iterator[dt.date]:
    """Each day of the periods in the module's setting; what is no day is passed over.

    >>> [str(day) for day in listed("2026-02-16..2026-02-18, 2026-05-01")]
    ['2026-02-16', '2026-02-17', '2026-02-18', '2026-05-01']
    """
    for first, last in PERIOD.findall(text):
        try:
            start = dt.date.fromisoformat(first)
            end = dt.date.fromisoformat(last) if last else start
        except ValueError:
            continue
        yield from (start + number * ONE_DAY for number in range(min((end - start).days + 1, LONGEST)))


def closed(turns: PlacementTurns) -> list[dt.date]:
    """The days off in the company's calendar and those of the module's setting, up to the last turn, in order."""
    found = {*turns.calendar.closed, *listed(str(turns.settings.get("closed_days") or ""))}
    return sorted(day for day in found if day <= turns.days[-1])


@dataclass(frozen=True)
class Clock:
    """Open days, numbered: the eve of the first closed day is 0, days before it count backwards."""

    shut: list[dt.date]
    until: dt.date

    @property
    def eve(self) -> dt.date:
        return self.shut[0] - ONE_DAY

    def number(self, day: dt.date) -> int:
        """How many open days lie after the eve, up to the day."""
        return (day - self.eve).days - bisect_right(self.shut, day)

    def table(self) -> ir.Table:
        """clock_day, number, open of each day after the eve."""
        shut = set(self.shut)
        days = [self.eve + number * ONE_DAY for number in range(1, (self.until - self.eve).days + 1)]
        columns = {
            "clock_day": pa.array(days, pa.date32()),
            "number": pa.array([self.number(day) for day in days], pa.int64()),
            "open": [day not in shut for day in days],
        }
        return ibis.memtable(pa.table(columns))

    def numbered(self, rows: ir.Table, day: str) -> ir.Table:
        """`rows` with `number` of a day column."""
        table = self.table().drop("open")
        joined = rows.left_join(table, rows[day] == table.clock_day)
        before = joined[day].delta(ibis.literal(self.eve), unit="day")
        return joined.mutate(number=ibis.coalesce(joined.number, before)).drop("clock_day").view()

    def day(self, rows: ir.Table, number: str, name: str) -> ir.Table:
        """`rows` with the open day that has the number in a column; null where it lies after the last turn."""
        table = self.table()
        table = table.filter(table.open).select("clock_day", clock_number="number")
        joined = rows.left_join(table, rows[number] == table.clock_number)
        before = on_day(ibis.literal(self.eve) + ibis.least(joined[number], 0).as_interval("D"))
        found = ibis.ifelse(joined[number] <= 0, before, joined.clock_day)
        return joined.mutate(**{name: found}).drop("clock_day", "clock_number")


def clock(turns: PlacementTurns) -> Clock | None:
    """None where the company never closes."""
    shut = closed(turns)
    return Clock(shut, turns.days[-1]) if shut else None
