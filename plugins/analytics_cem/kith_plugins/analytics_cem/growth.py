"""New customers and sales growth (domain B2 3c, 4a)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import N_, Metric, MetricScope, Reading

RETURN_DAYS = 14
UNIT = 10_000.0


def fresh(purchases: ir.Table, days: ir.Table) -> ir.Table:
    """Per period: `buyers` ever before its end, and `fresh`, those whose first purchase day lies in it."""
    own = purchases.group_by("customer_id").aggregate(first=purchases.day.min())
    marks = days.select("place", "start", "end")
    rows = own.inner_join(marks, own["first"] < marks.end)
    return rows.group_by("place").aggregate(buyers=rows.count(), fresh=(rows["first"] >= rows.start).cast("int64").sum())


def _new(scope: MetricScope) -> list[Reading]:
    found = scope.each(
        fresh(scope.buying.purchases, scope.days), lambda row: Reading(value=float(row["fresh"]), n=int(row["fresh"]))
    )
    last = scope.today - dt.timedelta(days=RETURN_DAYS)
    ripe = [period.end - ONE_DAY <= last for period in scope.periods]
    return [
        one if done or one.value is None else replace(one, flags=("provisional",)) for one, done in zip(found, ripe, strict=True)
    ]


def sales(ledger: ir.Table, days: ir.Table) -> ir.Table:
    """Per period: net of it and of the same days a year before (ten-thousandths), and how many amounts had a rate."""
    rows = ledger.inner_join(days, [ledger.day >= days.year_start, ledger.day < days.end])
    rows = rows.mutate(base=rows.day < rows.year_end, now=rows.day >= rows.start)
    rows = rows.filter(rows.base | rows.now)
    return rows.group_by("place").aggregate(
        base=rows.net.sum(where=rows.base).cast("float64"),
        now=rows.net.sum(where=rows.now).cast("float64"),
        amounts=rows.amounts.sum().cast("int64"),
        covered=rows.covered.sum().cast("int64"),
    )


def _growth(scope: MetricScope) -> list[Reading]:
    return scope.each(sales(scope.buying.ledger, scope.days), grown)


def grown(row: Mapping[str, Any]) -> Reading:
    """The growth of one period; a base of nothing gives no value."""
    if row["now"] is None:
        return Reading.none()
    if row["base"] is None or row["base"] <= 0:
        return Reading.none("no_base")
    rows = ({"name": N_("Net sales"), "money": row["now"] / UNIT}, {"name": N_("A year before"), "money": row["base"] / UNIT})
    coverage = row["covered"] / row["amounts"] if row["amounts"] else None
    return Reading(value=(row["now"] - row["base"]) / row["base"], n=int(row["amounts"]), coverage=coverage, rows=rows)


METRICS = (
    Metric(
        key="cim.acq.new",
        name=N_("New customers"),
        unit="count",
        better="up",
        kind="outcome",
        words=N_("Customers whose first purchase lies in the period. Cancelled and fully returned orders are no purchases."),
        needs=("orders",),
        over=_new,
    ),
    Metric(
        key="cim.prf.sales_growth",
        name=N_("Sales growth"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Net sales of the period less those of the same days a year before, divided by the latter. Returns count on the day "
            "they came back; a year before without sales gives no value."
        ),
        needs=("orders",),
        over=_growth,
    ),
)
