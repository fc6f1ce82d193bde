"""What is known of an opportunity while it is open: its stage and pace, who was met, and how such ended before.

Its amount, expected day and stated chance may be changed at any time without saying when, so they are no features.
Nor is whom it is with: a customer is often entered with the win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.looks import age_at, beside, shares
from kith_platform.sdk.types import Feature

if TYPE_CHECKING:
    from kith_platform.frames import Tables

WON, LOST = "won", "lost"
MEETINGS = ("meeting", "visit")


def deals(each: Tables) -> ir.Table:
    """One row per opportunity and `look` of `each` (`frames.before_each`) at which it was open."""
    every = each.opportunities
    rows = every.filter(every.closed_at.isnull(), every.status.isnull() | every.status.notin((WON, LOST)))
    over = every.filter(every.closed_at.notnull(), every.status.isin((WON, LOST)))
    over = over.mutate(came=(over.status == WON).cast("int64"))
    found = rows.select(
        "id",
        "look",
        "rep",
        "channel",
        "product_id",
        deal_age=age_at(rows).cast("float64"),
        deal_from_lead=rows.lead_id.notnull().cast("float64"),
        deal_partner=rows.partner.notnull().cast("float64"),
    )
    found = beside(found, _pace(over), "look")
    found = found.mutate(deal_age_ratio=found.deal_age / found.usual.nullif(0.0))
    found = beside(found, _stages(each), "look", "id")
    stood = each.opportunity_stages.select("look", "stage", id="opportunity_id").distinct()
    stood = stood.inner_join(over.select("look", "id", "came"), ["look", "id"])
    found = beside(found, shares(stood, over, "stage", "deal_stage_share"), "look", "stage")
    for name, column in (("deal_rep_share", "rep"), ("deal_channel_share", "channel"), ("deal_product_share", "product_id")):
        found = beside(found, shares(over, over, column, name), "look", column)
    found = beside(found, _met(each), "look", "id")
    found = found.mutate(**{name: found[name].fill_null(0.0) for name in ("deal_activities", "deal_meetings")})
    return found.select("id", "look", *(feature.name for feature in FEATURES))


def _pace(over: ir.Table) -> ir.Table:
    """look and `usual`, the usual days from opening to a win."""
    won = over.filter(over.came == 1)
    won = won.mutate(took=won.closed_at.date().delta(won.occurred_on, unit="day"))
    return won.group_by("look").aggregate(usual=won.took.median().cast("float64"))


def _stages(each: Tables) -> ir.Table:
    """look, id, the stage it stands in and for how long, how often it moved and how often back."""
    rows = each.opportunity_stages
    key = [rows.look, rows.opportunity_id]
    earlier = rows.position.lag().over(ibis.window(group_by=key, order_by=[rows.occurred_at, rows.position, rows.id]))
    last = ibis.row_number().over(group_by=key, order_by=[rows.occurred_at.desc(), rows.position.desc(), rows.id.desc()])
    rows = rows.mutate(back=(rows.position < earlier).fill_null(False).cast("int64"), turn=last)
    moved = rows.group_by("look", id=rows.opportunity_id).aggregate(
        deal_moves=rows.count().cast("float64") - 1.0, deal_moves_back=rows.back.sum().cast("float64")
    )
    now = rows.filter(rows.turn == 0)
    now = now.select(
        "look",
        "stage",
        id="opportunity_id",
        deal_position=now.position.cast("float64"),
        deal_stage_age=age_at(now).cast("float64"),
    )
    return now.inner_join(moved, ["look", "id"])


def _met(each: Tables) -> ir.Table:
    """look, id, how many contacts and meetings there were, and how long ago the last."""
    rows = each.activities
    rows = rows.filter(rows.opportunity_id.notnull())
    return rows.group_by("look", id=rows.opportunity_id).aggregate(
        deal_activities=rows.count().cast("float64"),
        deal_meetings=rows.kind.isin(MEETINGS).fill_null(False).cast("int64").sum().cast("float64"),
        deal_activity_age=age_at(rows).min().cast("float64"),
    )


FEATURES = (
    Feature(
        name="deal_stage_share",
        label=N_("How often it is won from its stage"),
        sentence=N_("%(value)s of those that stood in its stage were won before."),
        unit="ratio",
        sense=1,
    ),
    Feature(
        name="deal_position", label=N_("Place of its stage"), sentence=N_("Stands in stage %(value)s."), unit="ratio", sense=1
    ),
    Feature(name="deal_age", label=N_("Age of the opportunity"), sentence=N_("Open for %(value)s."), unit="days"),
    Feature(
        name="deal_age_ratio",
        label=N_("Age against the usual time to a win"),
        sentence=N_("Open %(value)s times as long as a win usually takes."),
        unit="ratio",
    ),
    Feature(name="deal_stage_age", label=N_("Time in its stage"), sentence=N_("In its stage for %(value)s."), unit="days"),
    Feature(
        name="deal_moves",
        label=N_("Moves from stage to stage"),
        sentence=mark_plural("Moved %(value)s time.", "Moved %(value)s times.", "value"),
        unit="count",
    ),
    Feature(
        name="deal_moves_back",
        label=N_("Moves back"),
        sentence=mark_plural("Moved back %(value)s time.", "Moved back %(value)s times.", "value"),
        unit="count",
        sense=-1,
    ),
    Feature(
        name="deal_rep_share",
        label=N_("How often who is responsible wins"),
        sentence=N_("Who is responsible won %(value)s of the others before."),
        unit="ratio",
        sense=1,
    ),
    Feature(
        name="deal_channel_share",
        label=N_("How often those of its channel are won"),
        sentence=N_("%(value)s of those of its channel were won before."),
        unit="ratio",
        sense=1,
    ),
    Feature(
        name="deal_product_share",
        label=N_("How often those about its product are won"),
        sentence=N_("%(value)s of those about its product were won before."),
        unit="ratio",
        sense=1,
    ),
    Feature(name="deal_from_lead", label=N_("Came from a lead"), sentence=N_("Came from a lead."), unit="flag"),
    Feature(name="deal_partner", label=N_("With a partner"), sentence=N_("With a partner."), unit="flag"),
    Feature(
        name="deal_activities",
        label=N_("Contacts about it"),
        sentence=mark_plural("%(value)s contact about it.", "%(value)s contacts about it.", "value"),
        unit="count",
    ),
    Feature(
        name="deal_meetings",
        label=N_("Meetings and visits about it"),
        sentence=mark_plural("%(value)s meeting or visit about it.", "%(value)s meetings and visits about it.", "value"),
        unit="count",
    ),
    Feature(
        name="deal_activity_age",
        label=N_("Days since the last contact about it"),
        sentence=N_("Last contact about it %(value)s ago."),
        unit="days",
    ),
)
