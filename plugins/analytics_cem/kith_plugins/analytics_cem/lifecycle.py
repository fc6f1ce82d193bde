"""Lifecycle stage of each customer, by their own rhythm (domain C4)."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope, PlacementTurns
from kith_plugins.analytics_cem.standing import standing

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


def lately(day: ir.Value, today: dt.date) -> ir.Value:
    """Whether somebody came back on the day, and not longer than a year ago."""
    return (ibis.literal(today).delta(day, unit="day") < NEWS).fill_null(False)


def _activations(turns: PlacementTurns) -> ir.Table:
    """active_id, activated_on: since when somebody has registered and signed in, was verified, or asked for a quote."""
    events = turns.tables["events"]
    own = events.filter(events.customer_id.notnull()).group_by(active_id="customer_id")
    did = {
        short: events.occurred_on.min(where=events.name.isin(names).fill_null(False))
        for short, names in {
            "registered": ("account.registered",),
            "signed_in": ("account.logged_in",),
            "proved": ("account.verified", "quote.requested", "quote.sent"),
        }.items()
    }
    found = own.aggregate(**did)
    signed_in = found.registered.notnull() & found.signed_in.notnull()
    both = ibis.ifelse(signed_in, ibis.greatest(found.registered, found.signed_in), ibis.null("date"))
    rows = found.select("active_id", activated_on=ibis.least(both, found.proved))
    return rows.filter(rows.activated_on.notnull())


def everybody(scope: PlacementScope) -> ir.Table:
    """Everybody who is to be placed, with their standing where they have one, and `known`, the day their source names."""
    people, own = scope.people.rename(person="customer_id", known="since"), standing(scope).drop("turn")
    return people.left_join(own, people.person == own.customer_id).drop("customer_id").rename(customer_id="person")


def place(scope: PlacementScope) -> ir.Table:
    """Everybody, with what their last turn knew: who had left and bought again grows until the next purchase."""
    rows = everybody(scope)
    rows = rows.mutate(stage=rows.stage.fill_null("acquisition"), running=rows.running.fill_null(False))
    if scope.has("events"):
        active = scope.turns.keep("activations", lambda: _activations(scope.turns))
        rows = rows.left_join(active, rows.customer_id == active.active_id).drop("active_id")
        rows = rows.mutate(activated=(rows.activated_on <= scope.day).fill_null(False))
    else:
        rows = rows.mutate(activated=ibis.literal(False))
    rows = _returned(rows, scope)
    flag = ibis.cases(
        (lately(rows.regenerated_on, scope.day), "regenerated"),
        ((rows.stage == "acquisition") & rows.activated, "activated"),
        (rows.resting.fill_null(False), "season"),
        else_=ibis.null("string"),
    )
    return rows.select(
        "customer_id",
        "stage",
        "tau",
        "last",
        "left_on",
        "regenerated_on",
        "late",
        "reason",
        spending=rows.s,
        flag=flag,
    )


def _returned(rows: ir.Table, scope: PlacementScope) -> ir.Table:
    """With regenerated_on, the day on which somebody who had left came back; until they buy again they grow."""
    if scope.before is None:
        return rows.mutate(regenerated_on=ibis.null("date"))
    old = scope.before.select(
        old_id="customer_id", old_stage="stage", old_last="last", old_back=scope.before.regenerated_on.cast("date")
    )
    rows = rows.left_join(old, rows.customer_id == old.old_id).drop("old_id")
    here = ~rows.stage.isin(GONE)
    bought = (rows["last"] > rows.old_last.cast("date")).fill_null(rows["last"].notnull())
    returned = here & rows.old_stage.isin(GONE).fill_null(False) & (bought | rows.running)
    since = ibis.ifelse(bought, rows["last"], ibis.literal(scope.day))
    rows = rows.mutate(regenerated_on=ibis.ifelse(returned, since, ibis.ifelse(here, rows.old_back, ibis.null("date")))).view()
    back = (rows.regenerated_on == rows["last"]).fill_null(False)
    return rows.mutate(stage=ibis.ifelse(back & (rows.stage == "mature"), "growth", rows.stage))


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
