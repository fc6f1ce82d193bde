"""Outputs of the ten models that need no training (domain C2): engagement (M2), satisfaction and loyalty (M4), potential and
credit (M6), preferred channel and hour (M7), response (M10).
"""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope
from kith_plugins.analytics_cem import rfm
from kith_plugins.analytics_cem.lifecycle import GONE
from kith_plugins.analytics_cem.standing import standing

UNIT = 10_000.0
HALF_LIFE, LOOK_BACK = 30.0, 365  # days
PEERS = 0.75
PSEUDO = 2.0  # weight of the company's own rate in a channel nobody has much to say of
OVERDUE, PRIOR = 30, 20.0  # days, κ of the posterior mean
CLOCK = {"morning": (6, 12), "midday": (12, 14), "afternoon": (14, 18), "evening": (18, 23)}

PROMOTER, CONTENT = 9, 4  # scores from which an answer on recommending (0 to 10), or on satisfaction (1 to 5), is a good one
LOYAL_DAYS = 2  # purchase days within W

ATTITUDES = {
    "both": N_("Satisfied and loyal"),
    "loyal": N_("Loyal, not satisfied"),
    "satisfied": N_("Satisfied, not loyal"),
    "neither": N_("Neither"),
}
HOURS = {
    "morning": N_("Morning (6 to 12)"),
    "midday": N_("Midday (12 to 14)"),
    "afternoon": N_("Afternoon (14 to 18)"),
    "evening": N_("Evening (18 to 23)"),
    "night": N_("Night"),
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
    return _preferred(scope, "channel")


def hours(scope: PlacementScope) -> ir.Table:
    """customer_id, hour: the time of day at which contacts were answered most, told as the channel is."""
    return _preferred(scope, "hour")


def _preferred(scope: PlacementScope, what: str) -> ir.Table:
    touches = scope.tables["touches"]
    clock = touches.occurred_local.hour()
    bands = [((clock >= start) & (clock < end), name) for name, (start, end) in CLOCK.items()]
    told = {"channel": touches.channel, "hour": ibis.cases((touches.day_only, ibis.null("string")), *bands, else_="night")}[what]
    rows = touches.select("customer_id", answered=_answered(touches).cast("float64"), **{what: told})
    rows = rows.filter(rows.customer_id.notnull(), rows[what].notnull())
    rates = rows.group_by(known=what).aggregate(rate=rows.answered.mean())
    own = rows.group_by("customer_id", what).aggregate(sent=rows.count().cast("float64"), answered=rows.answered.sum())
    joined = own.join(rates, own[what] == rates.known)
    joined = joined.mutate(mean=(joined.answered + PSEUDO * joined.rate) / (joined.sent + PSEUDO))
    turn = ibis.row_number().over(group_by=joined.customer_id, order_by=[joined["mean"].desc(), joined[what]])
    best = joined.mutate(turn=turn)
    return best.filter(best.turn == 0).select("customer_id", what)


def risks(scope: PlacementScope) -> ir.Table:
    """customer_id, risk: the share of invoices due over 30 days ago that were not paid in full within these, as posterior mean
    (k + κ·prior)/(n + κ) with the company's own share as prior (domain D0, D9).
    """
    bills, payments = scope.tables["invoices"], scope.tables["payments"]
    bills = bills.filter(bills.customer_id.notnull(), bills.due_on.notnull(), bills.amount > 0)
    bills = bills.mutate(final=on_day(bills.due_on + ibis.interval(days=OVERDUE)))
    bills = bills.filter(bills.final < ibis.literal(scope.day), (bills.status != "cancelled").fill_null(True))
    paid = payments.filter(payments.invoice_id.notnull(), payments.succeeded.fill_null(True))
    paid = paid.select(of_id="invoice_id", paid_on="occurred_on", sum="amount")
    in_time = paid.inner_join(bills.select("id", "final"), [paid.of_id == bills.id, paid.paid_on <= bills.final])
    in_time = in_time.group_by("of_id").aggregate(paid=in_time["sum"].sum())
    rows = bills.left_join(in_time, bills.id == in_time.of_id)
    settled = (rows.paid >= rows.amount).fill_null(False) | (
        (rows.status == "paid") & (rows.status_at.cast("date") <= rows.final)
    ).fill_null(False)
    rows = rows.select("customer_id", late=(~settled).cast("float64"))
    own = rows.group_by("customer_id").aggregate(late=rows.late.sum(), bills=rows.count().cast("float64"))
    usual = own.late.sum().over() / own.bills.sum().over()
    return own.select("customer_id", risk=(own.late + PRIOR * usual) / (own.bills + PRIOR))


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
        "hour": (("touches",), "string", hours),
        "risk": (("invoices",), "float64", risks),
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
    return rows.select(
        "engagement", "gap", "channel", "hour", "response", "risk", customer_id="person", band=band, attitude=attitude
    )


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
        PlacementColumn(name="hour", label=N_("Answers most in the"), kind="text", labels=HOURS),
        PlacementColumn(name="risk", label=N_("Risk of paying over 30 days late"), kind="number", unit="percent"),
        PlacementColumn(name="response", label=N_("Contacts answered by customers like this"), kind="number", unit="percent"),
        PlacementColumn(name="attitude", label=N_("Satisfaction and loyalty"), kind="text", labels=ATTITUDES),
    ),
    needs=("events|touches|survey_responses|invoices",),
    compute=place,
    map=PlacementMap(cells=tuple((code,) for code in BANDS)),
)
