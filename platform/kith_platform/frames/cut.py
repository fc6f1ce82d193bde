"""What may be seen of a fact: the rules that keep the future, and another period, out."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.facts import Column, Fact, Kind

_INSTANT = "timestamp('UTC')"
TOLD_AT, TOLD_ON = "cut_at", "cut_on"  # variables of the engine, which are constants when it plans


@ibis.udf.scalar.builtin(name="getvariable", signature=(("string",), _INSTANT))  # type: ignore[untyped-decorator]
def _told_instant(variable: str) -> dt.datetime:  # type: ignore[empty-body]
    """The engine's."""


@ibis.udf.scalar.builtin(name="getvariable", signature=(("string",), "date"))  # type: ignore[untyped-decorator]
def _told_day(variable: str) -> dt.date:  # type: ignore[empty-body]
    """The engine's."""


def start_of(day: dt.date, zone: str) -> dt.datetime:
    """The instant, in UTC, at which a calendar day begins in a zone; where midnight is skipped, that of the jump."""
    return dt.datetime.combine(day, dt.time.min, ZoneInfo(zone)).astimezone(dt.UTC)


class History(ABC):
    """What was known before an instant, in Ibis."""

    @property
    @abstractmethod
    def at(self) -> ir.TimestampScalar:
        """The instant, UTC."""

    @property
    @abstractmethod
    def on(self) -> ir.DateScalar:
        """Its calendar day in the tenant's zone."""

    @property
    def history(self) -> bool:
        return True

    def rows(self, fact: Fact, rows: ir.Table) -> ir.Table:
        """Rows that had happened and were known, without what was filled in later or has no date of its own."""
        if fact.occurred is not None:
            # A day without a time has happened when it is over.
            rows = rows.filter(rows.occurred_at < self.at, rows.known_at < self.at, ~rows.day_only | (rows.occurred_on < self.on))
        late = {column.stored_as: self._known(fact, column, rows) for column in fact.stored if column.filled_at}
        undated = [column.stored_as for column in fact.stored if column.undated]
        return rows.mutate(**late).drop(*undated) if late else rows.drop(*undated)

    def _known(self, fact: Fact, column: Column, rows: ir.Table) -> ir.Value:
        said = fact.column(str(column.filled_at))
        known = rows[said.stored_as] < (self.on if said.kind is Kind.DATE else self.at)
        value = rows[column.stored_as]
        return ibis.ifelse(known, value, ibis.null(value.type()))


@dataclass(frozen=True)
class Before(History):
    """What was known before an instant. `day` is its calendar day in the tenant's zone: whole days before it have passed."""

    instant: dt.datetime
    day: dt.date

    @staticmethod
    def of(cutoff: dt.datetime | dt.date, zone: str) -> Before:
        """A date means its start in the zone. Raises ValueError for a time without a zone."""
        if not isinstance(cutoff, dt.datetime):
            return Before(start_of(cutoff, zone), cutoff)
        if cutoff.tzinfo is None:
            raise ValueError(f"the cutoff {cutoff} has no time zone; give an aware time, or a date for a day of the company")
        return Before(cutoff.astimezone(dt.UTC), cutoff.astimezone(ZoneInfo(zone)).date())

    @property
    def at(self) -> ir.TimestampScalar:
        return ibis.literal(self.instant, type=_INSTANT)

    @property
    def on(self) -> ir.DateScalar:
        return ibis.literal(self.day)


NEVER = Before(dt.datetime.min.replace(tzinfo=dt.UTC), dt.date.min)


@dataclass(frozen=True)
class BeforeTold(History):
    """What was known before a day that the engine is told when it runs: one expression for every day. Untold it sees nothing."""

    @property
    def at(self) -> ir.TimestampScalar:
        return _told_instant(TOLD_AT)

    @property
    def on(self) -> ir.DateScalar:
        return _told_day(TOLD_ON)


@dataclass(frozen=True)
class BeforeEach:
    """What was known before each of several days: a row as often as there are days before which it had happened, with `look`
    (the day) and `look_at` (its start, UTC). One question of many days costs one query.
    """

    cuts: tuple[Before, ...]

    @property
    def history(self) -> bool:
        return False

    @property
    def at(self) -> ir.TimestampScalar:
        """The last of them: what is derived of customers is told as of it."""
        return max(self.cuts, key=lambda cut: cut.instant).at

    @property
    def on(self) -> ir.DateScalar:
        return max(self.cuts, key=lambda cut: cut.day).on

    @property
    def looks(self) -> ir.Table:
        """look, look_at of each day."""
        days = pa.array([cut.day for cut in self.cuts], pa.date32())
        instants = pa.array([cut.instant for cut in self.cuts], pa.timestamp("us", "UTC"))
        return ibis.memtable(pa.table({"look": days, "look_at": instants}))

    def rows(self, fact: Fact, rows: ir.Table) -> ir.Table:
        """As `Before.rows`, for each day."""
        rows = rows.drop(*(column.stored_as for column in fact.stored if column.undated)).cross_join(self.looks)
        if fact.occurred is not None:
            rows = rows.filter(
                rows.occurred_at < rows.look_at, rows.known_at < rows.look_at, ~rows.day_only | (rows.occurred_on < rows.look)
            )
        return rows.mutate(**{one.stored_as: self._known(fact, one, rows) for one in fact.stored if one.filled_at})

    def _known(self, fact: Fact, column: Column, rows: ir.Table) -> ir.Value:
        said = fact.column(str(column.filled_at))
        since, value = rows[said.stored_as], rows[column.stored_as]
        known = since < (rows.look if said.kind is Kind.DATE else rows.look_at)
        return ibis.ifelse(known, value, ibis.null(value.type()))


@dataclass(frozen=True)
class Period:
    """Days [start, end) in the tenant's zone, with all that is known now. None is open. `at` is the start of `end`."""

    start: dt.date | None
    end: dt.date | None
    instant: dt.datetime | None

    @staticmethod
    def of(start: dt.date | None, end: dt.date | None, zone: str) -> Period:
        """Raises ValueError where the end is not after the start."""
        if start is not None and end is not None and end <= start:
            raise ValueError(f"the period [{start}, {end}) holds no day")
        return Period(start, end, None if end is None else start_of(end, zone))

    @property
    def at(self) -> ir.TimestampScalar | None:
        return None if self.instant is None else ibis.literal(self.instant, type=_INSTANT)

    @property
    def on(self) -> ir.DateScalar | None:
        return None if self.end is None else ibis.literal(self.end)

    @property
    def history(self) -> bool:
        return False

    def rows(self, fact: Fact, rows: ir.Table) -> ir.Table:
        if fact.occurred is None:
            return rows
        if self.start is not None:
            rows = rows.filter(rows.occurred_on >= ibis.literal(self.start))
        return rows if self.end is None else rows.filter(rows.occurred_on < ibis.literal(self.end))


Cut = Before | BeforeTold | BeforeEach | Period
