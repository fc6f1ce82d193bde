"""Whether a customer spends, or uses, less than before (domain C4, s)."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import PlacementScope

WEEK, BLOCK = 7, 28
RECENT, BEFORE = 2.0, 8.0  # the last 2τ against the 6τ before


def trend(rows: ir.Table, own: ir.Table, day: dt.date) -> ir.Table:
    """customer_id, s, s_week_ago: spend of the last 2τ over the mean spend per 2τ of the 6τ before, on `day` and a week before.

    Null for who first bought less than 8τ ago, or spent nothing in the 6τ. `rows` are purchase days, `own` gives tau and first.
    """
    timed = own.select(buyer="customer_id", tau="tau", age=ibis.literal(day).delta(own["first"], unit="day"))
    timed = timed.filter(timed.age >= BEFORE * timed.tau)
    joined = rows.select("customer_id", "net", old=ibis.literal(day).delta(rows.day, unit="day"))
    joined = joined.join(timed, joined.customer_id == timed.buyer)
    joined = joined.filter(joined.old < BEFORE * joined.tau + WEEK)
    sums = {}
    for name, ago in (("s", 0), ("s_week_ago", WEEK)):
        old = joined.old - ago
        sums[f"{name}_recent"] = joined.net.sum(where=(old >= 0) & (old < RECENT * joined.tau))
        sums[f"{name}_before"] = joined.net.sum(where=(old >= RECENT * joined.tau) & (old < BEFORE * joined.tau))
    found = joined.group_by("customer_id").aggregate(long=(joined.age - WEEK >= BEFORE * joined.tau).any(), **sums)
    values = {name: _ratio(found[f"{name}_recent"], found[f"{name}_before"]) for name in ("s", "s_week_ago")}
    return found.select(
        "customer_id", s=values["s"], s_week_ago=ibis.ifelse(found.long, values["s_week_ago"], ibis.null("float64"))
    )


def usage(scope: PlacementScope) -> ir.Table:
    """customer_id, use, use_week_ago: active days of the last 28 over the mean of the three blocks of 28 days before."""
    events = scope.tables["events"]
    rows = events.filter(events.customer_id.notnull()).select("customer_id", on=events.occurred_on)
    rows = rows.mutate(old=ibis.literal(scope.day).delta(rows.on, unit="day"))
    counts = {}
    for name, ago in (("use", 0), ("use_week_ago", WEEK)):
        old = rows.old - ago
        counts[f"{name}_recent"] = rows.on.nunique(where=(old >= 0) & (old < BLOCK))
        counts[f"{name}_before"] = rows.on.nunique(where=(old >= BLOCK) & (old < 4 * BLOCK))
    found = rows.group_by("customer_id").aggregate(oldest=rows.old.max(), **counts)
    values = {}
    for name, ago in (("use", 0), ("use_week_ago", WEEK)):
        ratio = _ratio(found[f"{name}_recent"], found[f"{name}_before"])
        values[name] = ibis.ifelse(found.oldest - ago >= 4 * BLOCK - 1, ratio, ibis.null("float64"))
    return found.select("customer_id", **values)


def _ratio(recent: ir.Value, before: ir.Value) -> ir.Value:
    return recent.fill_null(0) / (before / 3.0).nullif(0.0)
