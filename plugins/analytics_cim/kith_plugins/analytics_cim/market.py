"""How fast leads and signals of the market are answered, and what competitors take (domain B2 2e)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk import survival
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import days_between
from kith_plugins.analytics_cim.funnel import until

CONTACTS = ("call", "mail", "meeting", "visit", "chat")
SOON = 15  # minutes
FEW = 30


def contacted(leads: ir.Table, activities: ir.Table, end: ir.Value) -> ir.Table:
    """Leads with `over`, when somebody first spoke or wrote to them or they were given up, else `end`; and `answered`."""
    ours = activities.filter(activities.lead_id.notnull(), activities.kind.isin(CONTACTS))
    ours = ours.filter(ours.direction.fill_null("out") == "out")
    first = ours.group_by(of_lead=ours.lead_id).aggregate(spoke_at=ours.occurred_at.min())
    rows = leads.left_join(first, leads.id == first.of_lead)
    at = ibis.least(ibis.coalesce(rows.first_contact_at, rows.spoke_at), ibis.coalesce(rows.spoke_at, rows.first_contact_at))
    contact_at = ibis.ifelse(at > rows.occurred_at, at, rows.occurred_at)
    rows = rows.mutate(contact_at=ibis.ifelse(at.notnull(), contact_at, ibis.null("timestamp('UTC')")))
    answered = rows.contact_at.notnull()
    over = ibis.coalesce(rows.contact_at, rows.disqualified_at, end)
    return rows.select("place", "rep", "channel", "occurred_at", over=over, answered=answered)


def _leads(scope: MetricScope) -> ir.Table:
    """Leads with the business minutes until their first contact, or −minutes − 1 so far."""
    rows = contacted(scope.happened("leads"), scope.frames.at(scope.today)["activities"], until(scope))
    rows = scope.open_minutes(rows, "occurred_at", "over", "minutes")
    return rows.mutate(minutes=ibis.ifelse(rows.answered, rows.minutes, -rows.minutes - 1.0))


LEADS = Rows(key="leads_answered", make=_leads)
MINUTES = Measure(key="minutes", fact=LEADS, aggregate=lambda rows: rows.minutes.collect())


def lead_minutes(values: Mapping[str, Any]) -> Reading:
    """The median after Kaplan and Meier; behind it the share answered within 15 minutes, and those never contacted."""
    ended, waiting = survival.signed(values["minutes"] or [])
    n = len(ended) + len(waiting)
    if not n:
        return Reading.none()
    rows = (
        {"name": N_("Answered within 15 minutes"), "share": sum(one <= SOON for one in ended) / n},
        {"name": N_("Never contacted"), "count": len(waiting)},
    )
    return _median(ended, waiting, rows)


def _median(ended: list[float], waiting: list[float], rows: tuple[dict[str, Any], ...]) -> Reading:
    n, middle = len(ended) + len(waiting), survival.median(ended, waiting)
    if middle is None:
        return Reading(value=None, n=n, reason="immature", rows=rows)
    return Reading(value=middle, n=n, flags=("low_confidence",) if n < FEW else (), rows=rows)


def _signals(scope: MetricScope) -> ir.Table:
    """Signals with the days until something was done, or −days − 1 so far."""
    rows = scope.happened("market_signals")
    acted = ibis.greatest(days_between(rows.occurred_at, rows.first_action_at), 0.0)
    waiting = -days_between(rows.occurred_at, until(scope)) - 1.0
    return rows.select("place", days=ibis.ifelse(rows.first_action_at.notnull(), acted, waiting))


SIGNALS = Rows(key="signals_answered", make=_signals)
DAYS = Measure(key="days", fact=SIGNALS, aggregate=lambda rows: rows.days.collect())


def signal_days(values: Mapping[str, Any]) -> Reading:
    """The median after Kaplan and Meier; behind it the signals without any action yet."""
    ended, waiting = survival.signed(values["days"] or [])
    if not ended and not waiting:
        return Reading.none()
    return _median(ended, waiting, ({"name": N_("Without any action yet"), "count": len(waiting)},))


def rival(reason: ir.Value, competitor: ir.Value) -> ir.Value:
    """Whether a loss went to a competitor: it names one, or its reason speaks of one."""
    said = reason.fill_null("").lower()
    speaks = said.contains("compet") | said.contains("better offer") | said.contains("better_offer")
    return (competitor.fill_null("") != "") | speaks | said.contains("竞争") | said.contains("競爭")


def lost(deals: ir.Table, leavings: ir.Table) -> ir.Table:
    """Deals lost and customers who left, with `known` (why) and `rival` (to a competitor), each 0 or 1."""
    rows = deals.filter(deals.status == "lost", ~deals.duplicate.fill_null(False))
    rows = rows.select("place", "customer_id", "product_id", "competitor", reason="loss_reason")
    rows = rows.union(leavings.select("place", "customer_id", "product_id", "competitor", "reason"))
    taken = rival(rows.reason, rows.competitor)
    known = taken | rows.reason.fill_null("").lower().notin(("", "unknown", "n/a", "-", "未知"))
    return rows.select("place", "customer_id", "product_id", known=known.cast("int64"), rival=taken.cast("int64"))


LOSSES = Rows(key="losses", make=lambda scope: lost(scope.happened("opportunities", at="closed_at"), scope.happened("leavings")))
LOSS = (
    Measure(key="losses", fact=LOSSES, aggregate=lambda rows: rows.count()),
    Measure(key="known", fact=LOSSES, aggregate=lambda rows: rows.known.sum()),
    Measure(key="rival", fact=LOSSES, aggregate=lambda rows: rows.rival.sum()),
)


def competitor_loss(values: Mapping[str, Any]) -> Reading:
    """To a competitor ÷ losses of which the reason is known; behind it the share of which it is not."""
    losses = values["losses"] or 0.0
    if not losses:
        return Reading.none()
    unknown = losses - values["known"]
    rows = ({"name": N_("Losses without a known reason"), "share": unknown / losses},)
    if not values["known"]:
        return Reading(value=None, reason="empty_denominator", rows=rows)
    return Reading.share(values["rival"], values["known"], rows=rows)


METRICS = (
    Metric(
        key="cim.rsp.lead_minutes",
        name=N_("Minutes to answer a lead"),
        unit="minutes",
        better="down",
        kind="process",
        words=N_(
            "Median opening minutes from a lead's creation to the first call, mail, meeting, visit or chat by a "
            "person. Leads that nobody has contacted count as waiting so far. Behind it: the share answered within 15 minutes."
        ),
        code="median(business minutes to first contact)",
        needs=("leads",),
        grains=("tenant", "rep", "channel"),
        measures=(MINUTES,),
        formula=lead_minutes,
    ),
    Metric(
        key="cim.rsp.signal_days",
        name=N_("Days to act on a market signal"),
        unit="days",
        better="down",
        kind="process",
        words=N_("Median days from a signal of the market to the first action. Signals without any count as waiting so far."),
        code="median(days to first action)",
        needs=("market_signals",),
        measures=(DAYS,),
        formula=signal_days,
    ),
    Metric(
        key="cim.rsp.competitor_loss",
        name=N_("Losses to competitors"),
        unit="ratio",
        better="down",
        kind="outcome",
        words=N_(
            "Deals lost and customers who left for a competitor, divided by those of which the reason is known. Behind it: the "
            "share without a known reason."
        ),
        code="competitor/known reason",
        needs=("opportunities|leavings",),
        grains=("tenant", "segment", "product"),
        measures=LOSS,
        formula=competitor_loss,
    ),
)
