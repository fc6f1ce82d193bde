"""Outputs of the ten models that need no training (domain C2): engagement (M2), potential (M6), preferred channel (M7)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope
from kith_plugins.analytics_cem.standing import standing

UNIT = 10_000.0
HALF_LIFE, LOOK_BACK = 30.0, 365  # days
PEERS = 0.75
PSEUDO = 2.0  # weight of the company's own rate in a channel nobody has much to say of

BANDS = {"high": N_("Active"), "medium": N_("Somewhat active"), "low": N_("Hardly active"), "none": N_("No visits known")}


def engagement(scope: PlacementScope) -> ir.Table:
    """customer_id, engagement (0–100): percentile of Σ ln(1 + events of a day)·2^(−age/30 days), over customers with events."""
    events = scope.tables["events"]
    rows = events.filter(events.customer_id.notnull()).select("customer_id", on=events.occurred_on)
    daily = rows.group_by("customer_id", "on").aggregate(times=rows.count().cast("float64"))
    daily = daily.mutate(age=ibis.literal(scope.day).delta(daily.on, unit="day").cast("float64"))
    daily = daily.filter(daily.age < LOOK_BACK)
    weighed = (daily.times + 1.0).ln() * (daily.age * (-1.0 / HALF_LIFE) * ibis.literal(2.0).ln()).exp()
    summed = daily.group_by("customer_id").aggregate(weight=weighed.sum())
    return summed.select("customer_id", engagement=summed.weight.percent_rank() * 100.0)


def channels(scope: PlacementScope) -> ir.Table:
    """customer_id, channel: where contacts were answered most, by posterior mean with the channel's own rate as prior."""
    touches = scope.tables["touches"]
    rows = touches.filter(touches.customer_id.notnull(), touches.channel.notnull())
    answered = rows.clicked_at.notnull() | rows.opened_at.notnull() | rows.converted_at.notnull()
    rows = rows.select("customer_id", "channel", answered=answered.cast("float64"))
    rates = rows.group_by(known="channel").aggregate(rate=rows.answered.mean())
    own = rows.group_by("customer_id", "channel").aggregate(sent=rows.count().cast("float64"), answered=rows.answered.sum())
    joined = own.join(rates, own.channel == rates.known)
    joined = joined.mutate(mean=(joined.answered + PSEUDO * joined.rate) / (joined.sent + PSEUDO))
    turn = ibis.row_number().over(group_by=joined.customer_id, order_by=[joined["mean"].desc(), joined.channel])
    best = joined.mutate(turn=turn)
    return best.filter(best.turn == 0).select("customer_id", "channel")


def place(scope: PlacementScope) -> ir.Table:
    """Everybody; what a company has no facts for stays empty."""
    rows = scope.people.select(person="customer_id")
    parts = {"engagement": ("events", "float64", engagement), "channel": ("touches", "string", channels)}
    for name, (need, kind, make) in parts.items():
        if scope.has(need):
            found = make(scope).rename(joined_id="customer_id")
            rows = rows.left_join(found, rows.person == found.joined_id).drop("joined_id")
        else:
            rows = rows.mutate(**{name: ibis.null(kind)})
    if scope.has("orders"):
        own = standing(scope)
        net = own.filter(own.purchased > 0).select(joined_id="customer_id", net=own.net / UNIT)
        net = net.cross_join(net.aggregate(peers=net.net.quantile(PEERS)))
        rows = rows.left_join(net, rows.person == net.joined_id)
        rows = rows.mutate(gap=ibis.greatest(rows.peers - rows.net, 0.0))
    else:
        rows = rows.mutate(gap=ibis.null("float64"))
    band = ibis.cases(
        (rows.engagement.isnull(), "none"),
        (rows.engagement >= 200 / 3, "high"),
        (rows.engagement >= 100 / 3, "medium"),
        else_="low",
    )
    return rows.select("engagement", "gap", "channel", customer_id="person", band=band)


ENGAGEMENT = Placement(
    key="engagement",
    label=N_("Engagement"),
    answers=N_("Who is active with you, what more could they buy, and where do they answer?"),
    columns=(
        PlacementColumn(name="band", label=N_("Activity"), kind="text", labels=BANDS),
        PlacementColumn(name="engagement", label=N_("Engagement, 0 to 100"), kind="number"),
        PlacementColumn(name="gap", label=N_("Below the best quarter of buyers by"), kind="number", unit="money"),
        PlacementColumn(name="channel", label=N_("Answers most by"), kind="text"),
    ),
    needs=("events|touches",),
    compute=place,
    map=PlacementMap(cells=tuple((code,) for code in BANDS)),
)
