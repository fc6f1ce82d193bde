"""Who stays (domain B3 `ret.*`): customers by their own rhythm, subscribers by their contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from kith_platform.sdk.staying import BY_CHOICE, BY_US
from kith_platform.sdk.types import N_, Metric, MetricScope, Reading


def active_at(scope: MetricScope) -> ir.Table:
    """customer_id of those active at the end of the scope's only period."""
    return scope.active().select("customer_id")


def ends(days: ir.Table) -> ir.Table:
    """Marks for the start and the end of each period: twice as many, the starts first in each pair."""
    starts = days.select(place=days.place * 2, end=days.start)
    return starts.union(days.select(place=days.place * 2 + 1, end=days.end))


def stayed(rows: ir.Table) -> ir.Table:
    """Per period from `standing` at its `ends`: `active` at the start; how many of those had `left` at the end, and how."""
    rows = rows.mutate(period=rows.place // 2, at_end=rows.place % 2 == 1)
    own = rows.group_by("period", "customer_id").aggregate(
        was=(rows.active & ~rows.at_end).any(),
        gone=(~rows.active & rows.at_end).any(),
        how=rows.how.max(where=rows.at_end),
    )
    own = own.filter(own.was)
    return own.group_by(place="period").aggregate(
        active=own.count(),
        left=own.gone.cast("int64").sum(),
        by_choice=(own.gone & (own.how == BY_CHOICE)).fill_null(False).cast("int64").sum(),
        by_us=(own.gone & (own.how == BY_US)).fill_null(False).cast("int64").sum(),
    )


def _rate(scope: MetricScope) -> list[Reading]:
    return scope.each(stayed(scope.staying(ends(scope.days))), reading)


def reading(row: Mapping[str, Any]) -> Reading:
    """The rate with how the others left."""
    silent = row["left"] - row["by_choice"] - row["by_us"]
    how = {N_("Left silently"): silent, N_("Left by choice"): row["by_choice"], N_("Ended by us"): row["by_us"]}
    rows = [{"name": name, "count": count} for name, count in how.items()]
    return Reading.share(row["active"] - row["left"], row["active"], rows=rows)


METRICS = (
    Metric(
        key="ret.rate",
        name=N_("Retention rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "One minus the customers who left in the period, divided by those active at its start. A subscriber leaves when "
            "the last subscription ends; anybody else when they are three of their own usual gaps late, and at least 30 days."
        ),
        needs=("orders|subscription_events",),
        over=_rate,
    ),
)
