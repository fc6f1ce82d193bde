"""New customers and sales growth (domain B2 3c, 4a)."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading
from kith_plugins.analytics_cem.rhythm import ONE_DAY, year_before

RETURN_DAYS = 14
UNIT = 10_000.0


def fresh(purchases: ir.Table, start: dt.date, end: dt.date) -> ir.Table:
    """One row: `buyers` ever before `end`, and `fresh`, those whose first purchase day lies in [start, end)."""
    known = purchases.filter(purchases.day < ibis.literal(end))
    own = known.group_by("customer_id").aggregate(first=known.day.min())
    return own.aggregate(buyers=own.count(), fresh=(own["first"] >= ibis.literal(start)).cast("int64").sum())


def _new(scope: MetricScope) -> Reading:
    row = scope.one(fresh(scope.buying.purchases, scope.period.start, scope.period.end))
    if not row["buyers"]:
        return Reading.none()
    open_ = scope.today < scope.period.end - ONE_DAY + dt.timedelta(days=RETURN_DAYS)
    return Reading(value=float(row["fresh"]), n=int(row["fresh"]), flags=("provisional",) if open_ else ())


def sales(ledger: ir.Table, start: dt.date, end: dt.date) -> ir.Table:
    """One row: net of [start, end) and of the same days a year before (ten-thousandths), and how many amounts had a rate."""
    one, two, three, four = (ibis.literal(day) for day in (year_before(start), year_before(end), start, end))
    rows = ledger.mutate(base=(ledger.day >= one) & (ledger.day < two), now=(ledger.day >= three) & (ledger.day < four))
    rows = rows.filter(rows.base | rows.now)
    return rows.aggregate(
        base=rows.net.sum(where=rows.base).cast("float64"),
        now=rows.net.sum(where=rows.now).cast("float64"),
        amounts=rows.amounts.sum().cast("int64"),
        covered=rows.covered.sum().cast("int64"),
    )


def _growth(scope: MetricScope) -> Reading:
    row = scope.one(sales(scope.buying.ledger, scope.period.start, scope.period.end))
    if row["now"] is None:
        return Reading.none()
    if row["base"] is None or row["base"] <= 0:
        return Reading.none("no_base")
    rows = ({"name": N_("Net sales"), "money": row["now"] / UNIT}, {"name": N_("A year before"), "money": row["base"] / UNIT})
    return Reading(
        value=(row["now"] - row["base"]) / row["base"], n=int(row["amounts"]), coverage=row["covered"] / row["amounts"], rows=rows
    )


METRICS = (
    Metric(
        key="cim.acq.new",
        name=N_("New customers"),
        unit="count",
        better="up",
        kind="outcome",
        words=N_("Customers whose first purchase lies in the period. Cancelled and fully returned orders are no purchases."),
        needs=("orders",),
        compute=_new,
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
        compute=_growth,
    ),
)
