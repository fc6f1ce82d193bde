"""How healthy the relation with each customer is, and whether that tells who will leave (domain B4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.health import SIGNS, health
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_csm.windows import counted, windows

GREEN, AMBER = 75, 50
AHEAD, LOSSES, TELLS = 90, 30, 0.65  # days; losses below which it cannot be judged; what the AUC must reach

NAMES = {
    "adoption": N_("Adoption"),
    "outcome": N_("Goals"),
    "sentiment": N_("Sentiment"),
    "service": N_("Service"),
    "payment": N_("Payment"),
    "engagement": N_("Engagement"),
}
COLOURS = {"green": N_("Green"), "amber": N_("Amber"), "red": N_("Red")}


def colour(score: ir.Value) -> ir.Value:
    """green, amber or red; null without a score."""
    return ibis.cases((score.isnull(), ibis.null("string")), (score >= GREEN, "green"), (score >= AMBER, "amber"), else_="red")


def _told(scope: MetricScope, back: int) -> ir.Table:
    """Health at each period's end, or `back` days before, from one query for both."""
    tables = scope.frames.at(scope.today)
    both = (0, AHEAD)
    rows = scope.once("health", lambda: health(tables, lambda days: windows(scope, days, backs=both), scope.has))
    return rows.filter(rows.place % 2 == both.index(back)).mutate(place=rows.place // 2)


def _active(scope: MetricScope) -> ir.Table:
    """Health of the active customers at each period's end."""
    rows = _told(scope, 0)
    return rows.mutate(colour=colour(rows.health)).semi_join(scope.active(), ["place", "customer_id"])


def losses(rows: ir.Table) -> ir.Table:
    """Per place from health and `lost` (whether the customer left): lost, kept, and `auc`, how often one who stayed was healthier
    than one who left, ties half (Mann and Whitney, Ann. Math. Stat. 18, 1947, 50–60).
    """
    tied = rows.count().over(group_by=[rows.place, rows.health])
    below = ibis.rank().over(group_by=rows.place, order_by=rows.health)
    ranked = rows.mutate(rank=below + (tied + 1) / 2)
    own = ranked.group_by("place").aggregate(
        lost=ranked.lost.cast("int64").sum(),
        kept=(~ranked.lost).cast("int64").sum(),
        ranks=ranked["rank"].sum(where=~ranked.lost).cast("float64"),
    )
    pairs = own.lost * own.kept
    return own.mutate(auc=(own.ranks - own.kept * (own.kept + 1) / 2) / pairs.nullif(0))


def _forewarned(scope: MetricScope) -> Sequence[Reading]:
    window = windows(scope, backs=(AHEAD,))
    marks = window.select(place=window.place * 2, end="past").union(scope.days.select(place=scope.days.place * 2 + 1, end="end"))
    standing = scope.staying(marks)
    standing = standing.mutate(period=standing.place // 2, at_end=standing.place % 2 == 1, here=standing.active.fill_null(False))
    own = standing.group_by("period", "customer_id").aggregate(
        was=(standing.here & ~standing.at_end).any(), stayed=(standing.here & standing.at_end).any()
    )
    own = own.filter(own.was).select(own_place="period", own_id="customer_id", lost=~own.stayed)
    told = _told(scope, AHEAD)
    told = told.filter(told.health.notnull())
    rows = told.inner_join(own, [told.place == own.own_place, told.customer_id == own.own_id])
    return scope.each(losses(rows.select("place", "health", "lost")), tells)


def tells(row: Mapping[str, Any]) -> Reading:
    """The AUC; with fewer than thirty losses nothing can be said."""
    n = int(row["lost"] + row["kept"])
    if row["lost"] < LOSSES:
        return Reading.none("few_losses", n=n)
    if row["auc"] is None:
        return Reading.none(n=n)
    rows = ({"name": N_("Left"), "count": int(row["lost"])}, {"name": N_("Stayed"), "count": int(row["kept"])})
    return Reading(value=row["auc"], n=n, flags=("weak_health",) if row["auc"] < TELLS else (), rows=rows)


ACTIVE = Rows(key="health", make=_active, keep=True)


def _mean(name: str) -> Measure:
    return Measure(key=name, fact=ACTIVE, aggregate=lambda rows: rows[name].mean())


def _coloured(name: str) -> Measure:
    return Measure(key=name, fact=ACTIVE, aggregate=lambda rows: (rows.colour == name).fill_null(False).cast("int64").sum())


HEALTH = _mean("health")
KNOWN = Measure(key="known", fact=ACTIVE, aggregate=lambda rows: rows.health.count())
ALL = Measure(key="all", fact=ACTIVE, aggregate=lambda rows: rows.count())
PARTS = tuple(_mean(name) for name in SIGNS)
COUNTS = tuple(_coloured(name) for name in COLOURS)


def healthy(values: Mapping[str, Any]) -> Reading:
    """The mean over customers; behind it their colours and each sign's mean with its weight."""
    if not values["known"]:
        return Reading.none("few_signs" if values["all"] else "empty_denominator", n=int(values["all"] or 0))
    signs = tuple(
        {"name": NAMES[name], "number": values[name], "weight": sign.weight}
        for name, sign in SIGNS.items()
        if values[name] is not None
    )
    colours = tuple({"name": name, "count": int(values[key])} for key, name in COLOURS.items())
    return counted(values["health"], values["known"], rows=(*colours, *signs))


METRICS = (
    Metric(
        key="csm.health",
        name=N_("Health"),
        unit="score",
        better="up",
        kind="mixed",
        words=N_(
            "From 0 to 100 per active customer: 30% adoption (modules and seats in use), 20% goals reached, 15% answers to "
            "surveys, 15% tickets solved in time, 10% invoices paid in time, 10% weeks with contact or use. With less than 60% "
            "of the weight known there is no value; otherwise the known share it. Of the company, the mean. Green from 75, amber "
            "from 50."
        ),
        code=".30 adoption + .20 outcome + .15 sentiment + .15 service + .10 payment + .10 engagement",
        needs=("events|entitlements|outcomes|survey_responses|tickets|invoices|payments|activities",),
        grains=("tenant", "segment", "customer"),
        measures=(HEALTH, KNOWN, ALL, *PARTS, *COUNTS),
        formula=healthy,
    ),
    Metric(
        key="csm.health_valid",
        name=N_("Whether health tells who leaves"),
        unit="coefficient",
        better="up",
        kind="process",
        target=0.65,
        words=N_(
            "How often a customer who stayed was healthier, 90 days before the end of the period, than one who left in these 90 "
            "days: 0.5 is chance, 1 always (AUC). Needs at least 30 who left. Only what had happened by then counts."
        ),
        code="AUC(health at t − 90 d, lost by t)",
        needs=(
            "orders|subscription_events",
            "events|entitlements|outcomes|survey_responses|tickets|invoices|payments|activities",
        ),
        over=_forewarned,
    ),
)
