"""Outputs of the ten models that need no training (domain C2): engagement (M2), satisfaction and loyalty (M4), potential (M6),
preferred channel (M7), response (M10).
"""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope
from kith_plugins.analytics_cem import rfm
from kith_plugins.analytics_cem.lifecycle import GONE
from kith_plugins.analytics_cem.standing import standing

UNIT = 10_000.0
HALF_LIFE, LOOK_BACK = 30.0, 365  # days
PEERS = 0.75
PSEUDO = 2.0  # weight of the company's own rate in a channel nobody has much to say of

PROMOTER, CONTENT = 9, 4  # scores from which an answer on recommending (0 to 10), or on satisfaction (1 to 5), is a good one
LOYAL_DAYS = 2  # purchase days within W

ATTITUDES = {
    "both": N_("Satisfied and loyal"),
    "loyal": N_("Loyal, not satisfied"),
    "satisfied": N_("Satisfied, not loyal"),
    "neither": N_("Neither"),
}
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


def attitudes(scope: PlacementScope) -> ir.Table:
    """customer_id, satisfied: what the last answer on recommending or on satisfaction says."""
    answers = scope.tables["survey_responses"]
    answers = answers.filter(answers.customer_id.notnull(), answers.score.notnull(), answers.kind.isin(("nps", "csat")))
    good = ibis.ifelse(answers.kind == "nps", answers.score >= PROMOTER, answers.score >= CONTENT)
    return answers.group_by("customer_id").aggregate(satisfied=good.argmax(answers.occurred_at))


def responses(scope: PlacementScope) -> ir.Table:
    """customer_id, response: the share of contacts answered among buyers of the same RFM cell (the rule behind the model)."""
    touches = scope.tables["touches"]
    touches = touches.filter(touches.customer_id.notnull())
    told = touches.select(touched="customer_id", answered=_answered(touches).cast("float64"))
    cells = rfm.place(scope).select("customer_id", "cell")
    rates = told.join(cells, told.touched == cells.customer_id)
    rates = rates.group_by(rate_cell="cell").aggregate(response=rates.answered.mean())
    return cells.join(rates, cells.cell == rates.rate_cell).select("customer_id", "response")


def _answered(touches: ir.Table) -> ir.Value:
    return touches.clicked_at.notnull() | touches.opened_at.notnull() | touches.converted_at.notnull()


def place(scope: PlacementScope) -> ir.Table:
    """Everybody; what a company has no facts for stays empty."""
    rows = scope.people.select(person="customer_id")
    parts: dict[str, tuple[tuple[str, ...], str, Callable[[PlacementScope], ir.Table]]] = {
        "engagement": (("events",), "float64", engagement),
        "channel": (("touches",), "string", channels),
        "satisfied": (("survey_responses",), "boolean", attitudes),
        "response": (("touches", "orders"), "float64", responses),
    }
    for name, (needs, kind, make) in parts.items():
        if all(scope.has(need) for need in needs):
            found = make(scope).rename(joined_id="customer_id")
            rows = rows.left_join(found, rows.person == found.joined_id).drop("joined_id")
        else:
            rows = rows.mutate(**{name: ibis.null(kind)})
    rows = _bought(rows, scope)
    band = ibis.cases(
        (rows.engagement.isnull(), "none"),
        (rows.engagement >= 200 / 3, "high"),
        (rows.engagement >= 100 / 3, "medium"),
        else_="low",
    )
    attitude = ibis.cases(
        (rows.satisfied.isnull(), ibis.null("string")),
        (rows.satisfied & rows.loyal, "both"),
        (rows.satisfied, "satisfied"),
        (rows.loyal, "loyal"),
        else_="neither",
    )
    return rows.select("engagement", "gap", "channel", "response", customer_id="person", band=band, attitude=attitude)


def _bought(rows: ir.Table, scope: PlacementScope) -> ir.Table:
    """With gap, how far they are below the best quarter of buyers, and loyal: bought again lately and has not left."""
    if not scope.has("orders"):
        return rows.mutate(gap=ibis.null("float64"), loyal=ibis.literal(False))
    own = standing(scope)
    net = own.filter(own.purchased > 0)
    loyal = (net.purchased >= LOYAL_DAYS) & ~net.stage.isin(GONE)
    net = net.select(joined_id="customer_id", net=net.net / UNIT, loyal=loyal)
    net = net.cross_join(net.aggregate(peers=net.net.quantile(PEERS)))
    rows = rows.left_join(net, rows.person == net.joined_id)
    return rows.mutate(gap=ibis.greatest(rows.peers - rows.net, 0.0), loyal=rows.loyal.fill_null(False))


ENGAGEMENT = Placement(
    key="engagement",
    label=N_("Engagement"),
    answers=N_("Who is active with you, what more could they buy, and where do they answer?"),
    columns=(
        PlacementColumn(name="band", label=N_("Activity"), kind="text", labels=BANDS),
        PlacementColumn(name="engagement", label=N_("Engagement, 0 to 100"), kind="number"),
        PlacementColumn(name="gap", label=N_("Below the best quarter of buyers by"), kind="number", unit="money"),
        PlacementColumn(name="channel", label=N_("Answers most by"), kind="text"),
        PlacementColumn(name="response", label=N_("Contacts answered by customers like this"), kind="number", unit="percent"),
        PlacementColumn(name="attitude", label=N_("Satisfaction and loyalty"), kind="text", labels=ATTITUDES),
    ),
    needs=("events|touches|survey_responses",),
    compute=place,
    map=PlacementMap(cells=tuple((code,) for code in BANDS)),
)
