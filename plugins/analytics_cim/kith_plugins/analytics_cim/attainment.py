"""How far targets of sales are attained, and whether a running period keeps pace (domain B2 2b)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Period, Reading, Rows
from kith_plugins.analytics_cim.book import UNIT, sales, told

LEVELS = ("company", "unit", "rep")  # whose targets count where several are set, the first first
KINDS = ("sales", "won")
MONTH = 30.44  # days
COLUMNS = {
    "place": pa.int64(),
    "level": pa.string(),
    "rep": pa.string(),
    "unit": pa.string(),
    "kind": pa.string(),
    "start": pa.date32(),
    "end": pa.date32(),
    "starts_at": pa.timestamp("us", "UTC"),
    "ends_at": pa.timestamp("us", "UTC"),
    "due": pa.float64(),
    "whole": pa.float64(),
}


@dataclass(frozen=True)
class Target:
    """What was agreed for the days from `first` to `last`, both counted in. Money is in ten-thousandths."""

    kind: str
    rep: str | None
    unit: str | None
    first: dt.date
    last: dt.date
    amount: float

    @property
    def level(self) -> str:
        return "rep" if self.rep else "unit" if self.unit else "company"

    @property
    def whose(self) -> tuple[str, str | None]:
        return self.level, self.rep or self.unit


def newest(targets: ir.Table) -> ir.Table:
    """Of each target the row set last; those of a product or channel, and those not of money, are left out."""
    rows = targets.filter(targets.kind.isin(KINDS), targets.product_id.isnull(), targets.channel.isnull())
    same = [rows.kind, rows.rep, rows.unit, rows.occurred_on, rows.ends_on]
    turn = ibis.row_number().over(group_by=same, order_by=[ibis.coalesce(rows.set_at, rows.known_at).desc(), rows.id.desc()])
    rows = rows.mutate(turn=turn)
    return rows.filter(rows.turn == 0)


def targets(scope: MetricScope) -> list[Target]:
    """The company's targets of money that have begun, in its currency at the rate of their first day; not those "
    "without a rate."""
    rows = newest(scope.frames.at(scope.today)["targets"])
    rows = rows.select(
        "kind",
        "rep",
        "unit",
        "occurred_on",
        "ends_on",
        currency=rows.currency.fill_null(scope.tenant.currency),
        wanted=(rows.amount * UNIT).round().cast("int64"),
    )
    return [
        Target(row["kind"], row["rep"], row["unit"], row["occurred_on"], row["ends_on"], row["wanted"])
        for row in scope.rows(told(scope, rows, "wanted"))
        if row["wanted"] is not None
    ]


def parts(every: Iterable[Target], periods: Sequence[Period], scope: MetricScope) -> list[dict[str, Any]]:
    """Per period the targets that count in it: of each person, team or the company those of sales before those of won deals,
    and the shortest; with the part that falls due by working days, `due`, of the `whole`.
    """
    zone = ZoneInfo(scope.tenant.timezone)
    workdays = cache(scope.calendar.days)
    found: list[dict[str, Any]] = []
    for place, period in enumerate(periods):
        whose: dict[tuple[str, str | None], list[Target]] = defaultdict(list)
        for one in every:
            if one.first < period.end and one.last >= period.start:
                whose[one.whose].append(one)
        for several in whose.values():
            best = min(_rank(one) for one in several)
            for one in (one for one in several if _rank(one) == best):
                start, end, after = max(one.first, period.start), min(one.last + ONE_DAY, period.end), one.last + ONE_DAY
                days, all_days = workdays(start, end), workdays(one.first, after)
                part = days / all_days if all_days else (end - start).days / (after - one.first).days
                instants = (dt.datetime.combine(day, dt.time(), zone) for day in (start, end))
                values = (place, one.level, one.rep, one.unit, one.kind, start, end, *instants, one.amount * part, one.amount)
                found.append(dict(zip(COLUMNS, values, strict=True)))
    return found


def _rank(target: Target) -> tuple[int, int]:
    return KINDS.index(target.kind), round(((target.last - target.first).days + 1) / MONTH)


def _make(scope: MetricScope) -> ir.Table:
    """Rows of targets (due, whole) and of what was sold or won in their days (actual), by place, level, rep and unit."""
    found = parts(targets(scope), scope.periods, scope)
    table = ibis.memtable(pa.table({name: pa.array([row[name] for row in found], kind) for name, kind in COLUMNS.items()}))
    agreed = table.select(
        "place", "level", "rep", "unit", "due", "whole", actual=ibis.null("float64"), amounts=_ZERO, covered=_ZERO
    )
    sold, of_team, sales_targets = _sold(scope), table.level == "unit", table.filter(table.kind == "sales")
    done = [
        _actual(sales_targets.filter(~of_team), sold),
        _actual(sales_targets.filter(of_team), _by_team(sold, scope.teams)),
        _actual(table.filter(table.kind == "won"), _won(scope)),
    ]
    return ibis.union(agreed, *done)


_ZERO = ibis.literal(0, type="int64")


def _sold(scope: MetricScope) -> ir.Table:
    rows = sales(scope)
    rows = rows.group_by("day", by="rep").aggregate(net=rows.net.sum(), amounts=rows.amount.sum(), covered=rows.net.count())
    return rows.mutate(of_unit=ibis.null("string"))


def _by_team(sold: ir.Table, teams: ir.Table) -> ir.Table:
    """What was sold, once for each team of who sold it: orders name no team."""
    joined = sold.drop("of_unit").inner_join(teams, sold.by == teams.of_rep)
    return joined.mutate(of_unit=joined.team).drop("team", "of_rep")


def _won(scope: MetricScope) -> ir.Table:
    rows = scope.frames.at(scope.today)["opportunities"]
    rows = rows.filter(rows.status == "won", rows.closed_at.notnull(), ~rows.duplicate.fill_null(False))
    rows = rows.select(
        "currency",
        occurred_on=rows.closed_at.cast("date"),
        by="rep",
        of_unit="unit",
        at="closed_at",
        net=ibis.coalesce(rows.won_amount, rows.amount),
    )
    rows = told(scope, rows, "net")
    return rows.select("at", "by", "of_unit", "net", amounts="amount", covered=rows.net.notnull().cast("int64"))


def _actual(agreed: ir.Table, done: ir.Table) -> ir.Table:
    """What of `done` falls into each target's days and is of its person or team."""
    if "day" in done.columns:
        joined = agreed.inner_join(done, [done.day >= agreed.start, done.day < agreed.end])
    else:
        joined = agreed.inner_join(done, [done["at"] >= agreed.starts_at, done["at"] < agreed.ends_at])
    whose = ibis.cases(
        (joined.level == "company", ibis.literal(True)),
        (joined.level == "rep", joined.rep == joined.by),
        else_=joined.unit == joined.of_unit,
    )
    joined = joined.filter(whose.fill_null(False))
    return joined.select(
        "place",
        "level",
        "rep",
        "unit",
        due=ibis.null("float64"),
        whole=ibis.null("float64"),
        actual=joined.net.cast("float64"),
        amounts=joined.amounts.cast("int64"),
        covered=joined.covered.cast("int64"),
    )


TARGETS = Rows(key="targets", make=_make, keep=True)


def _sum(column: str, level: str) -> Measure:
    return Measure(key=f"{column}_{level}", fact=TARGETS, aggregate=lambda rows: rows[column].sum(where=rows.level == level))


MEASURES = tuple(_sum(name, level) for level in LEVELS for name in ("due", "whole", "actual", "amounts", "covered"))


def attained(values: Mapping[str, Any]) -> Reading:
    """Actual ÷ target, of the company's own target, else its teams', else its people's. In a running period the part of the
    target that the working days so far make: 1 is on pace; the share of the whole target is behind it.
    """
    for level in LEVELS:
        due, whole, actual, amounts, covered = (
            values[f"{name}_{level}"] or 0.0 for name in ("due", "whole", "actual", "amounts", "covered")
        )
        if due > 0:
            rows = (
                {"name": N_("Attained so far"), "money": actual / UNIT, "what": "actual"},
                {"name": N_("Target of these days"), "money": due / UNIT, "what": "due"},
                {"name": N_("Whole target"), "money": whole / UNIT, "what": "whole"},
                {"name": N_("Share of the whole target"), "share": actual / whole},
            )
            return Reading(value=actual / due, n=int(amounts), coverage=covered / amounts if amounts else None, rows=rows)
    return Reading.none()


METRICS = (
    Metric(
        key="cim.sal.attainment",
        name=N_("Target attainment"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Net sales (or deals won, where the target is one of these) divided by the target. In a running period, and where a "
            "target is longer than the period, by the part of it that the working days make: 1 is on pace. The newest version of "
            "a target counts; without one of the company those of its teams, else of its people."
        ),
        code="actual/(target·workdays elapsed/workdays)",
        needs=("targets", "orders|opportunities"),
        grains=("tenant", "rep", "unit"),
        measures=MEASURES,
        formula=attained,
        target=1.0,
    ),
)
