"""Whether a customer spends, or uses, less than before (domain C4, s)."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import PlacementTurns

WEEK, BLOCK = 7, 28
RECENT, BEFORE = 2.0, 8.0  # the last 2τ against the 6τ before
LESS = 0.7  # s at or below which a customer declines
A_WEEK = dt.timedelta(days=WEEK)


def trend(rows: ir.Table, turns: PlacementTurns) -> ir.Table:
    """`buyers` with s, spend of the last 2τ over the mean spend per 2τ of the 6τ before, and s_week_ago, the same a week before.

    Null for who first bought less than 8τ ago, or spent nothing in the 6τ; a week before is looked at where s is low.
    """
    day = turns.turn(rows)
    rows = rows.mutate(
        since_recent=_back(day, RECENT * rows.tau),
        since_before=_back(day, BEFORE * rows.tau),
        age=day.delta(rows["first"], unit="day"),
    ).view()
    rows = _summed(rows, rows.age >= BEFORE * rows.tau, ibis.literal(0), turns)
    rows = rows.mutate(s=_ratio(rows)).view()
    rows = _summed(rows, (rows.s <= LESS) & (rows.age - WEEK >= BEFORE * rows.tau), ibis.literal(WEEK), turns)
    return rows.mutate(s_week_ago=_ratio(rows)).drop("since_recent", "since_before", "age", "recent", "whole")


def less(s: ir.Value, s_week_ago: ir.Value) -> ir.Value:
    """Spending, or using, less than before on two checks a week apart."""
    return ((s <= LESS) & (s_week_ago <= LESS)).fill_null(False)


def _back(day: ir.Value, days: ir.Value) -> ir.Value:
    """The day of which what comes after is younger than so many days."""
    return on_day(day - days.ceil().cast("int64").as_interval("D"))


def _summed(rows: ir.Table, asked: ir.Value, ago: ir.Value, turns: PlacementTurns) -> ir.Table:
    """With recent and whole, what was spent in the last 2τ and 8τ, so many days ago; null for whom nobody asks."""
    sums = {}
    for name, after in (("recent", rows.since_recent), ("whole", rows.since_before)):
        since, until = on_day(after - ago.as_interval("D")), on_day(turns.turn(rows) - ago.as_interval("D"))
        spent = rows.bought.map(lambda one, since=since, until=until: _amount(one, (one.day > since) & (one.day <= until))).sums()
        sums[name] = ibis.ifelse(asked, spent.fill_null(0.0), ibis.null("float64"))
    return rows.mutate(**sums).view()


def _amount(one: ir.StructValue, counts: ir.Value) -> ir.Value:
    return ibis.ifelse(counts, one.net.cast("float64"), 0.0)


def _ratio(rows: ir.Table) -> ir.Value:
    return rows.recent / ((rows.whole - rows.recent) / 3.0).nullif(0.0)


def usage(turns: PlacementTurns) -> ir.Table:
    """customer_id, turn, use, use_week_ago: active days of the last 28 over the mean of the three blocks of 28 days before."""
    rows = turns.spread(turns.keep("active", lambda: _active(turns)))
    day = turns.turn(rows)
    oldest = day.delta(rows.active.mins(), unit="day")
    values = {}
    for name, ago in (("use", 0), ("use_week_ago", WEEK)):

        def within(young: int, old: int, ago: int = ago) -> ir.Value:
            latest, end = (on_day(day - ibis.interval(days=back + ago)) for back in (young, old))
            return rows.active.filter(lambda one: (one <= latest) & (one > end)).length()

        ratio = within(0, BLOCK) / (within(BLOCK, 4 * BLOCK) / 3.0).nullif(0.0)
        values[name] = ibis.ifelse(oldest - ago >= 4 * BLOCK - 1, ratio, ibis.null("float64"))
    return rows.filter(oldest >= 0).select("customer_id", "turn", **values)


def _active(turns: PlacementTurns) -> ir.Table:
    """customer_id, active: the days on which somebody did something."""
    events = turns.tables["events"]
    rows = events.filter(events.customer_id.notnull()).select("customer_id", on=events.occurred_on).distinct()
    return rows.group_by("customer_id").aggregate(active=rows.on.collect())
