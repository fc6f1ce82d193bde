"""Up-sell (domain.md D5): who would move to a higher plan and keep it.

Asked of running subscriptions without notice, of customers who are well, where that is known (health of at least 50: B4's
csm.health, as far as it was known before the cutoff), and to whom more would not be extractive (S66: real value): where gains of
theirs were noted in the last year, these exceed their own costs and the price of a year on the next plan. Of what the next plan
adds to their gains nothing is known, so nothing is counted. Label 1: an upgrade in the window that is kept for 60 days, as far as
is known. The rule to beat is the use of at least 80 % of the seats.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_
from kith_platform.predict.contracts import ends
from kith_platform.sdk.health import SIGNS, health
from kith_platform.sdk.models import Model
from kith_platform.sdk.windows import marks

if TYPE_CHECKING:
    from kith_platform.frames import Tables

HORIZON, KEPT = 90, 60  # days
HEALTHY = 50.0  # of 100
YEAR, MONTHS = 365, 12


def asked_of(tables: Tables, cutoff: dt.date) -> ir.Table:
    """customer_id with a running subscription, no notice, no known bad health, and no known loss by more of it."""
    own = ends(tables.subscription_events)
    running = own.group_by("customer_id").aggregate(running=own.occurred_on.isnull().any(), notice=own.notice.any())
    bound = running.filter(running.running, ~running.notice).select("customer_id")
    gaining = bound.anti_join(losing(tables, cutoff), "customer_id")
    told = any(tables.any(plural) for sign in SIGNS.values() for plural in sign.needs)
    return gaining.anti_join(unwell(tables, cutoff), "customer_id") if told else gaining


def unwell(tables: Tables, cutoff: dt.date) -> ir.Table:
    """customer_id of those whose health before the cutoff is known and below HEALTHY.

    What may change without saying when, as the end of a licence or the state of a bill, counts as not known: a licence as one
    that runs, a bill as paid by the payments there are.
    """
    rows = health(tables.padded(), lambda days: marks([cutoff], tables.timezone, days), tables.any)
    return rows.filter(rows.health < HEALTHY).select("customer_id")


def losing(tables: Tables, cutoff: dt.date) -> ir.Table:
    """customer_id of those whose gains of a year are known and do not exceed their own costs and a year's price after an upgrade.

    The price is what they bought for, or a year's fees where these are more, and what the next plan costs beyond their own. A
    plan costs the median of the fees noted with it in the year; on the highest, or without fees, the price stays.
    """
    year = ibis.date(cutoff - dt.timedelta(days=YEAR))
    noted = tables.money(tables.outcomes, "value", "own_cost")
    noted = noted.filter(noted.occurred_on >= year, noted.value.notnull())
    gained = noted.group_by("customer_id").aggregate(gained=(noted.value - noted.own_cost.fill_null(0)).sum())
    bought = tables.purchases
    bought = bought.filter(bought.day >= year).group_by(buyer="customer_id").aggregate(paid=bought.net.sum())
    own = fees(tables, year)
    rows = gained.left_join(bought, gained.customer_id == bought.buyer)
    rows = rows.left_join(own, rows.customer_id == own.holder)
    price = ibis.greatest(rows.paid.fill_null(0), MONTHS * rows.fee.fill_null(0)) + MONTHS * rows.more.fill_null(0)
    return rows.filter(price > 0, rows.gained <= price).select("customer_id")


def fees(tables: Tables, year: ir.DateValue) -> ir.Table:
    """holder (customer id), fee (a month's, of the newest subscription event with one) and `more` that the next plan costs."""
    events = tables.money(tables.subscription_events, "mrr")
    paid = events.filter(events.customer_id.notnull(), events.mrr > 0)
    order = (paid.occurred_at.desc(), paid.id.desc())
    newest = paid.mutate(turn=ibis.row_number().over(group_by=paid.customer_id, order_by=order))
    newest = newest.filter(newest.turn == 0).select(holder="customer_id", fee="mrr")
    known = paid.filter(paid.occurred_on >= year, paid.plan.notnull())
    plans = known.group_by("plan").aggregate(costs=known.mrr.median().round().cast("int64"))
    dearer = newest.inner_join(plans, plans.costs > newest.fee)
    after = dearer.group_by(of_holder="holder").aggregate(more=(dearer.costs - dearer.fee).min())
    return newest.left_join(after, newest.holder == after.of_holder).drop("of_holder")


def came(tables: Tables, start: dt.date, end: dt.date) -> ir.Table:
    """Who upgraded in the window and did not step down or end within KEPT days, as far as is known."""
    events = tables.subscription_events
    up = events.filter(events.kind == "upgraded", events.occurred_on >= ibis.date(start), events.occurred_on < ibis.date(end))
    first = up.group_by("customer_id").aggregate(up_on=up.occurred_on.min())
    back = events.filter(events.kind.isin(("downgraded", "cancelled", "ended")))
    back = back.select(back_id="customer_id", back_on="occurred_on")
    both = first.left_join(back, first.customer_id == back.back_id)
    undone = (both.back_on >= both.up_on) & (both.back_on.delta(both.up_on, unit="day") <= KEPT)
    told = both.group_by("customer_id").aggregate(undone=undone.fill_null(False).any())
    return told.select("customer_id", outcome=ibis.ifelse(told.undone, 0.0, 1.0))


UPSELL = Model(
    key="upsell",
    label=N_("Customers ready for more"),
    answers=N_("Who would move to a higher plan and keep it?"),
    chance=N_("Chance of an upgrade"),
    yes=N_("Typical of customers who upgrade:"),
    no=N_("Typical of customers who keep their plan:"),
    of_whom=N_("Who has a running subscription, gave no notice, and is not known to lose by the deal."),
    counts=N_("A move to a higher plan that is kept for 60 days."),
    begins_with="subscription_events",
    horizon_days=HORIZON,
    asked_of=asked_of,
    came=came,
    rule_feature="seats_used_share",
    rule_edges=(0.8,),
    prior=0.03,
    plain=("seats_used_share", "usage_trend", "contract_days"),
    senses={"seats_used_share": 1},
)
