"""Who stays (domain B3 `ret.*`): customers by their own rhythm, subscribers by their contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading
from kith_plugins.analytics_cem.rhythm import rhythm, usual_gap

BY_CHOICE, BY_US, SILENT = "cancelled", "ended", "silent"


def contracts(events: ir.Table, marks: ir.Table) -> ir.Table:
    """Per mark and customer with a subscription: `running`, whether any runs after the events before `end`, and `how` the
    last one ended.
    """
    events = events.filter(events.customer_id.notnull())
    events = events.inner_join(marks.select("place", "end"), events.occurred_on < marks.end)
    turn = ibis.row_number().over(
        group_by=[events.place, events.customer_id, events.subscription], order_by=[events.occurred_at.desc(), events.id.desc()]
    )
    last = events.mutate(turn=turn)
    last = last.filter(last.turn == 0)
    last = last.mutate(over=last.kind.isin((BY_CHOICE, BY_US)).fill_null(False))
    return last.group_by("place", "customer_id").aggregate(
        running=(~last.over).any(), ended=last.kind.argmax(last.occurred_at, where=last.over)
    )


def standing(purchases: ir.Table, events: ir.Table | None, marks: ir.Table, usual: float) -> ir.Table:
    """Per mark and customer known before its `end`: `active`, and `how` those who are not left (silent, cancelled, ended).

    A subscription decides where there is or was one; otherwise silence does. `events` is None where there are none.
    """
    silent = rhythm(purchases, marks, usual).select("place", "customer_id", quiet="left")
    if events is None:
        return silent.select(
            "place", "customer_id", active=~silent.quiet, how=ibis.ifelse(silent.quiet, SILENT, ibis.null("string"))
        )
    bound = contracts(events, marks).rename(bound_place="place", bound_id="customer_id")
    both = silent.outer_join(bound, [silent.place == bound.bound_place, silent.customer_id == bound.bound_id])
    active = ibis.ifelse(both.bound_id.notnull(), both.running, ~both.quiet)
    how = ibis.ifelse(both.bound_id.notnull(), both.ended, SILENT)
    return both.select(
        place=ibis.coalesce(both.place, both.bound_place),
        customer_id=ibis.coalesce(both.customer_id, both.bound_id),
        active=active,
        how=ibis.ifelse(active, ibis.null("string"), how),
    )


def events_of(scope: MetricScope) -> ir.Table | None:
    """What happened with subscriptions up to the last day of data; None without any."""
    return scope.frames.at(scope.today)["subscription_events"] if scope.has("subscription_events") else None


def active_at(scope: MetricScope) -> ir.Table:
    """customer_id, active at the end of the scope's only period; computed once for all metrics."""

    def make() -> ir.Table:
        rows = standing(scope.buying.purchases, events_of(scope), scope.days, usual_gap(scope.settings))
        return rows.select("customer_id", "active")

    return scope.once("standing", make)


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
    rows = standing(scope.buying.purchases, events_of(scope), ends(scope.days), usual_gap(scope.settings))
    return scope.each(stayed(rows), reading)


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
