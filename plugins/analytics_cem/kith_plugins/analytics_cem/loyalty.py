"""Buying again: repeat rate and second purchase rate (domain B2 3b, B3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import ONE_DAY, mark, tenant_gap, usual_gap
from kith_platform.sdk.types import N_, Metric, MetricScope, Reading

SECOND_WITHIN = 90  # days, or twice the usual gap where that is longer


def repeat(purchases: ir.Table, days: ir.Table, usual: float) -> ir.Table:
    """Per period: `buyers` of the twelve months before its end, and `repeated`, those of them with two purchase days or more.

    Whoever bought for the first time less than one usual gap ago could not yet have come back, and is left out.
    """
    marks = days.select("place", "end", "year_end")
    known = purchases.inner_join(marks, purchases.day < marks.end)
    own = known.group_by("place", "customer_id").aggregate(
        end=known.end.min(), first=known.day.min(), days=(known.day >= known.year_end).cast("int64").sum()
    )
    segment = tenant_gap(purchases, days, usual)
    own = own.inner_join(segment, own.place == segment.gap_place)
    ripe = own.filter(own.days >= 1, own.end.delta(own["first"], unit="day") >= own.segment_gap)
    return ripe.group_by("place").aggregate(buyers=ripe.count(), repeated=(ripe.days >= 2).cast("int64").sum())


def _repeat(scope: MetricScope) -> list[Reading]:
    rows = repeat(scope.buying.purchases, scope.days, usual_gap(scope.settings))
    return scope.each(rows, lambda row: Reading.share(row["repeated"], row["buyers"]))


def second(purchases: ir.Table, days: ir.Table, today: dt.date, usual: float) -> ir.Table:
    """Per period over customers whose first purchase day lies in it: `fresh` of them, `matured` whose time to come back is
    over by `today`, `returned` of those who did within it.
    """
    turn = ibis.row_number().over(group_by=purchases.customer_id, order_by=purchases.day)
    rows = purchases.mutate(turn=turn)
    own = rows.group_by("customer_id").aggregate(first=rows.day.min(), second=rows.day.min(where=rows.turn == 1))
    own = own.cross_join(tenant_gap(purchases, mark(today + ONE_DAY), usual))
    within = ibis.greatest(own.segment_gap * 2.0, ibis.literal(float(SECOND_WITHIN)))
    ripe = ibis.literal(today).delta(own["first"], unit="day") >= within
    back = ripe & (own.second.delta(own["first"], unit="day") <= within)
    own = own.select("first", ripe=ripe, back=back.fill_null(False))
    marks = days.select("place", "start", "end")
    inside = own.inner_join(marks, [own["first"] >= marks.start, own["first"] < marks.end])
    return inside.group_by("place").aggregate(
        fresh=inside.count(), matured=inside.ripe.cast("int64").sum(), returned=inside.back.cast("int64").sum()
    )


def _second(scope: MetricScope) -> list[Reading]:
    return scope.each(second(scope.buying.purchases, scope.days, scope.today, usual_gap(scope.settings)), _second_reading)


def _second_reading(row: Mapping[str, Any]) -> Reading:
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
        over=_repeat,
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
        over=_second,
    ),
)
