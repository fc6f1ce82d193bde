"""What metrics look at, made for one computation over one snapshot and kept for all of its metrics."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.calendar.frames import open_minutes
from kith_platform.calendar.frames import table as calendar_days
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames, Tables
from kith_platform.frames.purchases import standing
from kith_platform.metrics.buying import buying
from kith_platform.metrics.periods import year_before
from kith_platform.sdk.metrics import Buying, MetricScope, Period, QualityReading
from kith_platform.sdk.rhythm import USUAL_GAP, mark
from kith_platform.sdk.staying import standing as left_or_not
from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:
    from kith_platform.calendar.business import BusinessCalendar

ROWS_AT_ONCE = 20_000_000
CALENDAR_BACK, CALENDAR_AHEAD = dt.timedelta(days=3660), dt.timedelta(days=732)  # of business minutes; beyond, none are told


class Sources:
    """Facts, scores and what else metrics read. `scores(model)` gives a model's scores as a table, or None, `row_scores(model)`
    those of a fact's rows; `quality()` what the refresh last read of the data's quality; `usual_gap` the days between two
    purchases of a company too small to tell.
    """

    def __init__(
        self,
        frames: Frames,
        tenant: TenantContext,
        facts: FactCatalogue,
        *,
        until: dt.date,
        calendar: BusinessCalendar,
        scores: Callable[[str], ir.Table | None],
        row_scores: Callable[[str], ir.Table | None] = lambda _model: None,
        frozen: Callable[[str], ir.Table | None] = lambda _model: None,
        quality: Callable[[], Sequence[QualityReading]] = tuple,
        usual_gap: float = USUAL_GAP,
        teams: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.frames, self.tenant, self.facts, self.until = frames, tenant, facts, until
        self.scores, self.row_scores, self.frozen = scores, row_scores, frozen
        self.calendar, self.quality, self.usual_gap = calendar, quality, usual_gap
        self._teams = teams or {}
        self._kept: dict[tuple[str, str, tuple[Period, ...]], ir.Table] = {}
        self._named: dict[tuple[str, str], ir.Table] = {}
        self._ends: dict[dt.date, ir.Table] = {}

    @cached_property
    def buying(self) -> Buying:
        return buying(self.frames, self.until, gaps=True)

    @cached_property
    def all(self) -> Tables:
        """Everything up to the last day the data cover."""
        return self.frames.at(self.until)

    @cached_property
    def _calendar_days(self) -> ir.Table:
        first, last = self.until - CALENDAR_BACK, self.until + CALENDAR_AHEAD
        return ibis.memtable(calendar_days(self.calendar, first, last))

    @cached_property
    def teams(self) -> ir.Table:
        pairs = [(unit, rep) for unit, people in self._teams.items() for rep in people]
        columns = {name: pa.array([pair[at] for pair in pairs], pa.string()) for at, name in enumerate(("team", "of_rep"))}
        return ibis.memtable(pa.table(columns))

    def any(self, plural: str) -> bool:
        """Whether there are rows of the fact."""
        table = self.frames.manifest.tables.get(self.facts.by_plural(plural).name)
        return table is not None and table.rows > 0

    @cached_property
    def at_once(self) -> int:
        """How many periods one query answers for: as many as memory bears, for each may repeat the rows of buying."""
        tables = self.frames.manifest.tables
        rows = tables["sales_order"].rows if "sales_order" in tables else 0
        return max(1, min(32, ROWS_AT_ONCE // max(rows, 1)))

    def scope(self, plugin: str, settings: Mapping[str, Any], periods: tuple[Period, ...]) -> MetricScope:
        """What a metric of the plugin may look at for these periods."""

        def once(name: str, make: Callable[[], ir.Table]) -> ir.Table:
            return self.keep(plugin, name, periods, make)

        return MetricScope(
            frames=self.frames,
            periods=periods,
            days=days_of(periods, self.tenant.timezone),
            tenant=self.tenant,
            today=self.until,
            settings=settings,
            buying=self.buying,
            scores=self.scores,
            row_scores=self.row_scores,
            has=self.any,
            once=once,
            named=lambda name, make: self.named(plugin, name, make),
            happened=lambda plural, at="": self.happened(plural, periods, at),
            known=self.known,
            sold=lambda: self.sold(periods),
            frozen=self.frozen,
            staying=self.staying,
            active=lambda: self.active(periods),
            calendar=self.calendar,
            open_minutes=lambda rows, start, end, name: open_minutes(rows, self._calendar_days, start, end, name),
            quality=self.quality,
            teams=self.teams,
        )

    def keep(self, whose: str, name: str, periods: tuple[Period, ...], make: Callable[[], ir.Table]) -> ir.Table:
        """Compute a table once for these periods."""
        key = (whose, name, periods)
        if key not in self._kept:
            self._kept[key] = ibis.memtable(self.all.run(make()))
        return self._kept[key]

    def named(self, whose: str, name: str, make: Callable[[], ir.Table]) -> ir.Table:
        """Write an expression once, whatever the periods."""
        key = (whose, name)
        if key not in self._named:
            self._named[key] = self.all.view(name, make())
        return self._named[key]

    def known(self, plural: str) -> ir.Table:
        """The fact's rows up to the last day, money in the tenant's currency, `had_<column>` where it has an amount at all."""
        return self._told(plural, self.all, self.all[plural])

    def happened(self, plural: str, periods: Sequence[Period], at: str = "") -> ir.Table:
        """The fact's rows of each period with its `place`, by the day they are dated with or by the time column `at`."""
        marks = days_of(periods, self.tenant.timezone)
        if at:
            rows = self.all[plural]
            rows = rows.filter(rows[at].notnull()).mutate(occurred_on=rows[at].cast("date"))
            rows, marks = self._told(plural, self.all, rows), marks.select("place", "starts_at", "ends_at")
            return rows.inner_join(marks, [rows[at] >= marks.starts_at, rows[at] < marks.ends_at]).drop("starts_at", "ends_at")
        tables = self.frames.during(min(one.start for one in periods), max(one.end for one in periods))
        rows, marks = self._told(plural, tables, tables[plural]), marks.select("place", from_day="start", to_day="end")
        inside = rows.inner_join(marks, [rows.occurred_on >= marks.from_day, rows.occurred_on < marks.to_day])
        return inside.drop("from_day", "to_day")

    def sold(self, periods: Sequence[Period]) -> ir.Table:
        """Orders of each period with its `place`, but for those whose last known status is void."""
        statuses = self.all["order_statuses"] if self.any("order_statuses") else None
        return standing(self.happened("orders", periods), statuses)

    def _told(self, plural: str, tables: Tables, rows: ir.Table) -> ir.Table:
        money = [column.stored_as for column in self.facts.by_plural(plural).money]
        if not money:
            return rows
        return tables.money(rows.mutate(**{f"had_{name}": rows[name].notnull() for name in money}), *money)

    def staying(self, marks: ir.Table) -> ir.Table:
        """Per mark and customer known before its `end`: place, customer_id, active, how."""
        if not self.frames.views:
            return self._standing(marks)
        ends = sorted(set(self.all.run(marks.select("end"))["end"].to_pylist()))
        rows = ibis.union(*map(self._standing_at, ends)) if len(ends) > 1 else self._standing_at(ends[0])
        return rows.inner_join(marks.select("place", "end"), "end").select("place", "customer_id", "active", "how")

    def _standing_at(self, end: dt.date) -> ir.Table:
        """end, customer_id, active, how: who stays on the eve of a day. Computed once for all that ask, day by day, for the rows
        of buying times all days would not fit into memory.
        """
        if end not in self._ends:
            rows = self._standing(mark(end)).mutate(end=ibis.literal(end)).drop("place")
            self._ends[end] = self.all.keep(f"standing_{end:%Y%m%d}", rows)
        return self._ends[end]

    def _standing(self, marks: ir.Table) -> ir.Table:
        events = self.all["subscription_events"] if self.any("subscription_events") else None
        return left_or_not(self.buying.purchases, events, marks, self.usual_gap)

    def active(self, periods: tuple[Period, ...]) -> ir.Table:
        """place, customer_id of those active at the end of each period."""

        def make() -> ir.Table:
            rows = self.staying(days_of(periods, self.tenant.timezone))
            return rows.filter(rows.active.fill_null(False)).select("place", "customer_id")

        return self.keep("", "active", periods, make)


def days_of(periods: Sequence[Period], zone: str = "UTC") -> ir.Table:
    """place, start, end, starts_at, ends_at, year_start, year_end: see `MetricScope.days`."""
    own = ZoneInfo(zone)
    days = {
        "start": [one.start for one in periods],
        "end": [one.end for one in periods],
        "year_start": [year_before(one.start) for one in periods],
        "year_end": [year_before(one.end) for one in periods],
    }
    columns = {"place": pa.array(range(len(periods)), pa.int64())}
    columns |= {name: pa.array(values, pa.date32()) for name, values in days.items()}
    for name, values in (("starts_at", days["start"]), ("ends_at", days["end"])):
        columns[name] = pa.array([dt.datetime.combine(day, dt.time(), own) for day in values], pa.timestamp("us", "UTC"))
    return ibis.memtable(pa.table(columns))
