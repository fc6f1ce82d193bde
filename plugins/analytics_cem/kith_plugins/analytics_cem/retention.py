"""Who stays (domain B3 `ret.*`): customers by their own rhythm, subscribers by their contract."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading
from kith_plugins.analytics_cem.rhythm import ONE_DAY, rhythm, usual_gap

BY_CHOICE, BY_US = "cancelled", "ended"


def contracts(events: ir.Table) -> ir.Table:
    """Per customer with a subscription: `running`, whether any runs after these events, and `how` the last one ended."""
    events = events.filter(events.customer_id.notnull())
    turn = ibis.row_number().over(
        group_by=[events.customer_id, events.subscription], order_by=[events.occurred_at.desc(), events.id.desc()]
    )
    last = events.mutate(turn=turn)
    last = last.filter(last.turn == 0)
    over = last.kind.isin((BY_CHOICE, BY_US)).fill_null(False)
    last = last.mutate(over=over)
    return last.group_by("customer_id").aggregate(
        running=(~last.over).any(), how=last.kind.argmax(last.occurred_at, where=last.over)
    )


def standing(purchases: ir.Table, events: ir.Table, end: dt.date, usual: float) -> ir.Table:
    """Per customer known before `end`: `active`, and `how` those who are not left (silent, cancelled, ended).

    A subscription decides where there is or was one; otherwise silence does.
    """
    silent = rhythm(purchases, end, usual)
    silent = silent.select("customer_id", quiet=silent.left)
    bound = contracts(events).rename(bound_id="customer_id")
    both = silent.outer_join(bound, silent.customer_id == bound.bound_id)
    active = ibis.ifelse(both.bound_id.notnull(), both.running, ~both.quiet)
    return both.select(
        customer_id=ibis.coalesce(both.customer_id, both.bound_id),
        active=active,
        how=ibis.ifelse(active, None, both.how.fill_null("silent")),
    )


def standing_on(scope: MetricScope, end: dt.date) -> ir.Table:
    """`standing` at the start of the day `end`."""
    events = scope.frames.at(end - ONE_DAY)["subscription_events"]
    return standing(scope.buying.purchases, events, end, usual_gap(scope.settings))


def stayed(before: ir.Table, after: ir.Table) -> ir.Table:
    """One row: `active` at the start; how many of those had `left` at the end, and of those by whom."""
    start = before.filter(before.active).select("customer_id")
    end = after.select(later="customer_id", gone=~after.active, how=after.how)
    rows = start.left_join(end, start.customer_id == end.later)
    gone = rows.gone.fill_null(False)
    return rows.aggregate(
        active=rows.count(),
        left=gone.cast("int64").sum(),
        by_choice=(gone & (rows.how == BY_CHOICE)).fill_null(False).cast("int64").sum(),
        by_us=(gone & (rows.how == BY_US)).fill_null(False).cast("int64").sum(),
    )


def _rate(scope: MetricScope) -> Reading:
    row = scope.one(stayed(standing_on(scope, scope.period.start), standing_on(scope, scope.period.end)))
    if not row["active"]:
        return Reading.none()
    silent = row["left"] - row["by_choice"] - row["by_us"]
    how = ({"name": N_("Left silently"), "count": silent}, {"name": N_("Left by choice"), "count": row["by_choice"]})
    return Reading.share(
        row["active"] - row["left"], row["active"], rows=(*how, {"name": N_("Ended by us"), "count": row["by_us"]})
    )


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
        compute=_rate,
    ),
)
