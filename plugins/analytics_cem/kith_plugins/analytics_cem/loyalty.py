"""Buying again: repeat rate and second purchase rate (domain B2 3b, B3)."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading
from kith_plugins.analytics_cem.rhythm import tenant_gap, usual_gap, year_before

SECOND_WITHIN = 90  # days, or twice the usual gap where that is longer


def repeat(purchases: ir.Table, end: dt.date, usual: float) -> ir.Table:
    """One row: `buyers` of the twelve months before `end`, and `repeated`, those of them with two purchase days or more.

    Whoever bought for the first time less than one usual gap ago could not yet have come back, and is left out.
    """
    known = purchases.filter(purchases.day < ibis.literal(end))
    start = ibis.literal(year_before(end))
    own = known.group_by("customer_id").aggregate(first=known.day.min(), days=(known.day >= start).cast("int64").sum())
    own = own.cross_join(tenant_gap(purchases, end, usual))
    ripe = own.filter(own.days >= 1, ibis.literal(end).delta(own["first"], unit="day") >= own.segment_gap)
    return ripe.aggregate(buyers=ripe.count(), repeated=(ripe.days >= 2).cast("int64").sum())


def _repeat(scope: MetricScope) -> Reading:
    row = scope.one(repeat(scope.buying.purchases, scope.period.end, usual_gap(scope.settings)))
    return Reading.share(row["repeated"], row["buyers"])


def second(purchases: ir.Table, start: dt.date, end: dt.date, today: dt.date, usual: float) -> ir.Table:
    """One row over customers whose first purchase day lies in [start, end): `fresh` of them, `matured` whose time to come back
    is over by `today`, `returned` of those who did within it.
    """
    turn = ibis.row_number().over(group_by=purchases.customer_id, order_by=purchases.day)
    rows = purchases.mutate(turn=turn)
    own = rows.group_by("customer_id").aggregate(first=rows.day.min(), second=rows.day.min(where=rows.turn == 1))
    own = own.filter(own["first"] >= ibis.literal(start), own["first"] < ibis.literal(end))
    own = own.cross_join(tenant_gap(purchases, today + dt.timedelta(days=1), usual))
    within = ibis.greatest(own.segment_gap * 2.0, ibis.literal(float(SECOND_WITHIN)))
    ripe = ibis.literal(today).delta(own["first"], unit="day") >= within
    back = ripe & (own.second.delta(own["first"], unit="day") <= within)
    counted = own.mutate(ripe=ripe, back=back.fill_null(False))
    return counted.aggregate(
        fresh=counted.count(), matured=counted.ripe.cast("int64").sum(), returned=counted.back.cast("int64").sum()
    )


def _second(scope: MetricScope) -> Reading:
    period = scope.period
    row = scope.one(second(scope.buying.purchases, period.start, period.end, scope.today, usual_gap(scope.settings)))
    if row["fresh"] and not row["matured"]:
        return Reading.none("immature", n=row["fresh"])
    waiting = row["fresh"] > (row["matured"] or 0)
    return Reading.share(row["returned"], row["matured"], flags=("provisional",) if waiting else ())


METRICS = (
    Metric(
        key="cim.loy.repeat",
        name=N_("Repeat purchase rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Customers with at least two purchase days in the last twelve months, divided by those with at least one. "
            "Customers whose first purchase is less than one usual gap ago are left out."
        ),
        needs=("orders",),
        compute=_repeat,
        trailing=True,
    ),
    Metric(
        key="cem.second_purchase",
        name=N_("Second purchase rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Of the customers who bought for the first time in this period, the share who bought again within 90 days, "
            "or within two usual gaps where that is longer. Customers whose time is not over are left out."
        ),
        needs=("orders",),
        compute=_second,
    ),
)
