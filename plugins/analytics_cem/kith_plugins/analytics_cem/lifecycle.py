"""Lifecycle stage of each customer, by their own rhythm (domain C4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope
from kith_plugins.analytics_cem import spending
from kith_plugins.analytics_cem.buyers import paced
from kith_plugins.analytics_cem.contracts import CONTRACT, contracts, owing
from kith_plugins.analytics_cem.rhythm import AT_LEAST, LATE
from kith_plugins.analytics_cem.season import clock

DECLINING, LESS = 1.5, 0.7  # ρ beyond which, and s at or below which, a customer declines
MATURE_GAPS, STEADY = 3, 0.6
MATURE_CONTRACT = 180  # days a subscription runs until its customer is mature without purchases
NEWS = 365  # days for which coming back is worth a note
GONE = ("left", "left_vol", "left_inv")

STAGES = {
    "acquisition": N_("Acquisition"),
    "growth": N_("Growing"),
    "mature": N_("Mature"),
    "decline": N_("Declining"),
    "left": N_("Left silently"),
    "left_vol": N_("Left by choice"),
    "left_inv": N_("Ended by us"),
}
FLAGS = {"regenerated": N_("Came back"), "activated": N_("Activated"), "season": N_("Waiting for the season")}


def stages(scope: PlacementScope) -> ir.Table:
    """Everybody's facts of C4 and `stage` before any history: what the groups read, too. Computed once a day.

    Columns: customer_id, stage, waited, late (ρ), tau, s, last, left_on, reason, activated, resting, running.
    """
    return scope.once("stages", lambda: _stages(scope))


def _stages(scope: PlacementScope) -> ir.Table:
    own = scope.once("clock", lambda: clock(scope))
    spent = spending.trend(paced(scope), own, scope.day)
    rows = scope.people.select(person="customer_id")
    # What a company has no facts of is null for everybody, and costs nothing.
    parts: tuple[tuple[dict[str, dict[str, str]], Callable[[], ir.Table]], ...] = (
        ({}, lambda: own),
        ({}, lambda: spent),
        ({"events": {"use": "float64", "use_week_ago": "float64"}}, lambda: spending.usage(scope)),
        ({"subscription_events": CONTRACT}, lambda: contracts(scope)),
        ({"invoices": {"owes": "boolean"}}, lambda: owing(scope)),
        ({"events": {"activated": "boolean"}}, lambda: _activated(scope)),
    )
    for needs, make in parts:
        lacking = {name: kind for need, kinds in needs.items() if not scope.has(need) for name, kind in kinds.items()}
        if lacking:
            rows = rows.mutate(**{name: ibis.null(kind) for name, kind in lacking.items()})
            continue
        named = make().rename(joined_id="customer_id")
        rows = rows.left_join(named, rows.person == named.joined_id).drop("joined_id")
    return _judged(rows.rename(customer_id="person"), scope.day)


def _judged(rows: ir.Table, day: dt.date) -> ir.Table:
    """The first rule that fits."""
    bought = rows.purchase_days.notnull()
    running, bound = rows.running.fill_null(False), rows.running.notnull()
    late = rows.waited / rows.tau
    awake = ~rows.resting.fill_null(False)
    s, s_before = ibis.coalesce(rows.s, rows.use), ibis.coalesce(rows.s_week_ago, rows.use_week_ago)
    less = ((s <= LESS) & (s_before <= LESS)).fill_null(False)
    # Whoever buys after the contract's end is a customer again.
    over = bound & ~running & ~(rows["last"] > rows.over_on).fill_null(False)
    ended_by_us = over & (rows.ended == "ended").fill_null(False)
    unpaid = over & rows.owes.fill_null(False)
    silent = ~running & awake & ((late > LATE) & (rows.waited >= AT_LEAST)).fill_null(False)
    steady = (rows.gaps >= MATURE_GAPS) & (rows.variation <= STEADY)
    held = running & (rows.bound_days >= MATURE_CONTRACT).fill_null(False) & ~bought
    settled = (steady.fill_null(False) & (late <= DECLINING).fill_null(False)) | held
    stage = ibis.cases(
        (ended_by_us | unpaid, "left_inv"),
        (over, "left_vol"),
        (~bought & ~running, "acquisition"),
        (silent, "left"),
        (awake & ((late > DECLINING).fill_null(False) | less), "decline"),
        (settled & ~less, "mature"),
        else_="growth",
    )
    # ρ passes 3 on the day after three whole rhythms; a season's clock has stood still, so there the day is not known.
    crossing = (ibis.greatest((rows.tau * LATE).floor() + 1, float(AT_LEAST))).cast("int64")
    crossed = (rows["last"] + crossing.as_interval("D")).cast("date")
    left_on = ibis.cases(
        (stage == "left", ibis.ifelse(rows.season.isnull(), crossed, ibis.literal(day))),
        (stage.isin(("left_vol", "left_inv")), rows.over_on),
        else_=ibis.null("date"),
    )
    return rows.select(
        "customer_id",
        "last",
        "tau",
        stage=stage,
        waited=rows.waited,
        late=late,
        s=s,
        left_on=left_on,
        reason=ibis.ifelse(stage == "left", "unknown", ibis.ifelse(over, rows.reason, ibis.null("string"))),
        activated=rows.activated.fill_null(False),
        resting=rows.resting.fill_null(False),
        running=running,
    )


def lately(day: ir.Value, today: dt.date) -> ir.Value:
    """Whether somebody came back on the day, and not longer than a year ago."""
    return (ibis.literal(today).delta(day, unit="day") < NEWS).fill_null(False)


def _activated(scope: PlacementScope) -> ir.Table:
    """customer_id, activated: who registered and signed in, was verified, or asked for a quote."""
    events = scope.tables["events"]
    own = events.filter(events.customer_id.notnull()).group_by("customer_id")
    did = {
        short: events.name.isin(names).fill_null(False).any()
        for short, names in {
            "registered": ("account.registered",),
            "signed_in": ("account.logged_in",),
            "proved": ("account.verified", "quote.requested", "quote.sent"),
        }.items()
    }
    found = own.aggregate(**did)
    return found.select("customer_id", activated=(found.registered & found.signed_in) | found.proved)


def place(scope: PlacementScope) -> ir.Table:
    """Everybody, with what their last turn knew: who had left and bought again grows until the next purchase."""
    rows = stages(scope)
    if scope.before is None:
        back = ibis.literal(False)
        regenerated = ibis.null("date")
    else:
        old = scope.before.select(
            old_id="customer_id", old_stage="stage", old_last="last", old_back=scope.before.regenerated_on.cast("date")
        )
        rows = rows.left_join(old, rows.customer_id == old.old_id).drop("old_id")
        here = ~rows.stage.isin(GONE)
        bought = (rows["last"] > rows.old_last.cast("date")).fill_null(rows["last"].notnull())
        returned = here & rows.old_stage.isin(GONE).fill_null(False) & (bought | rows.running)
        since = ibis.ifelse(bought, rows["last"], ibis.literal(scope.day))
        regenerated = ibis.ifelse(returned, since, ibis.ifelse(here, rows.old_back, ibis.null("date")))
        back = (regenerated == rows["last"]).fill_null(False)
    stage = ibis.ifelse(back & (rows.stage == "mature"), "growth", rows.stage)
    rows = rows.mutate(stage=stage, regenerated_on=regenerated)
    flag = ibis.cases(
        (lately(rows.regenerated_on, scope.day), "regenerated"),
        ((rows.stage == "acquisition") & rows.activated, "activated"),
        (rows.resting, "season"),
        else_=ibis.null("string"),
    )
    return rows.select(
        "customer_id",
        "stage",
        "tau",
        "last",
        "left_on",
        "regenerated_on",
        late=rows.late,
        spending=rows.s,
        flag=flag,
        reason=rows.reason,
    )


LIFECYCLE = Placement(
    key="lifecycle",
    label=N_("Lifecycle"),
    answers=N_("Where in their life with you do customers stand, each by their own rhythm?"),
    columns=(
        PlacementColumn(name="stage", label=N_("Stage"), kind="text", labels=STAGES),
        PlacementColumn(name="late", label=N_("Lateness against the own rhythm"), kind="number"),
        PlacementColumn(name="tau", label=N_("Own rhythm"), kind="number", unit="days"),
        PlacementColumn(name="spending", label=N_("Spending against before"), kind="number", unit="percent"),
        PlacementColumn(name="last", label=N_("Last purchase"), kind="day"),
        PlacementColumn(name="left_on", label=N_("Left on"), kind="day"),
        PlacementColumn(name="reason", label=N_("Reason for leaving"), kind="text", labels={"unknown": N_("Unknown")}),
        PlacementColumn(name="flag", label=N_("Note"), kind="text", labels=FLAGS),
        PlacementColumn(name="regenerated_on", label=N_("Came back on"), kind="day"),
    ),
    needs=("orders|subscription_events",),
    compute=place,
    by_month=True,
    dated="left_on",
    map=PlacementMap(
        cells=tuple((code,) for code in STAGES),
        colours={code: "left" if code.startswith("left") else code for code in STAGES},
    ),
)
