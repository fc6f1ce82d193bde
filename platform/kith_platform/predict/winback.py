"""Win-back (domain.md D7): who of those that left would come back within 90 days.

Asked of who left silently (C4.4) or ended a subscription by choice, 30 days to 24 months ago; who was let go for unpaid bills is
not asked. Label 1: a purchase, or a subscription that runs again, in the window. Contacts of the past enter as features; whether
a contact brings them back is uplift and needs a trial (D6). The rule to beat is how long they have been gone: D7's baseline is
prior margin times recency, of which only recency says something of the chance. Whom to write to first says `priority`.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_
from kith_platform.predict.contracts import ends
from kith_platform.predict.features.buying import rhythm
from kith_platform.predict.features.windows import age
from kith_platform.sdk.models import Model

if TYPE_CHECKING:
    from kith_platform.frames import Tables

HORIZON, SOONEST, LATEST, LEFT_RHO = 90, 30, 730, 3.0


def asked_of(tables: Tables, cutoff: dt.date) -> ir.Table:
    """customer_id of those who left by choice or in silence, SOONEST to LATEST days ago."""
    bound = ends(tables.subscription_events)
    standing = bound.group_by("customer_id").aggregate(
        running=bound.occurred_on.isnull().any(), last=bound.occurred_on.max(), unpaid=bound.unpaid.any()
    )
    days = age(standing["last"], cutoff)
    ended = standing.filter(~standing.running, ~standing.unpaid, days >= SOONEST, days <= LATEST)
    buyers = rhythm(tables.purchases)
    recency = age(buyers.last_day, cutoff)
    silent = buyers.filter(recency.cast("float64") > LEFT_RHO * buyers.tau, recency >= SOONEST, recency <= LATEST)
    silent = silent.select("customer_id").anti_join(standing, "customer_id")
    return ended.select("customer_id").union(silent)


def came(tables: Tables, start: dt.date, end: dt.date) -> ir.Table:
    """Who bought, or began a subscription again, in the window."""
    purchases, events = tables.purchases, tables.subscription_events
    bought = purchases.filter(purchases.day >= ibis.date(start), purchases.day < ibis.date(end)).select("customer_id")
    begun = events.filter(
        events.kind.isin(("started", "resumed")), events.occurred_on >= ibis.date(start), events.occurred_on < ibis.date(end)
    )
    return bought.union(begun.select("customer_id")).distinct().mutate(outcome=ibis.literal(1.0))


WINBACK = Model(
    key="winback",
    label=N_("Customers to win back"),
    answers=N_("Who of those that left would come back?"),
    chance=N_("Chance of coming back"),
    yes=N_("Typical of customers who come back:"),
    no=N_("Typical of customers who stay away:"),
    of_whom=N_("Who left by choice or in silence, 30 days to 24 months ago; not who was let go for unpaid bills."),
    counts=N_("A purchase, or a subscription that runs again."),
    begins_with="orders",
    horizon_days=HORIZON,
    asked_of=asked_of,
    came=came,
    rule_feature="recency",
    rule_edges=(90.0, 180.0, 365.0),
    prior=0.05,
    plain=("recency", "net_365", "purchase_days"),
)
