"""Up-sell (domain.md D5): who would move to a higher plan and keep it.

Asked of running subscriptions without notice, of customers to whom more would not be extractive: whose noted gains of the last
year, where they are known, are not below what they paid in it (S66: real value). Label 1: an upgrade in the window that is kept
for 60 days, as far as is known. The rule to beat is the use of at least 80 % of the seats.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_
from kith_platform.predict.contracts import ends
from kith_platform.sdk.models import Model

if TYPE_CHECKING:
    from kith_platform.frames import Tables

HORIZON, KEPT = 90, 60  # days


def asked_of(tables: Tables, cutoff: dt.date) -> ir.Table:
    """customer_id with a running subscription, no notice, and no known loss by the deal."""
    own = ends(tables.subscription_events)
    running = own.group_by("customer_id").aggregate(running=own.occurred_on.isnull().any(), notice=own.notice.any())
    bound = running.filter(running.running, ~running.notice).select("customer_id")
    year = ibis.date(cutoff - dt.timedelta(days=365))
    gains = tables.money(tables.outcomes, "value")
    gained = gains.filter(gains.occurred_on >= year, gains.value.notnull())
    gained = gained.group_by("customer_id").aggregate(gained=gained.value.sum())
    paid = tables.purchases
    paid = paid.filter(paid.day >= year).group_by("customer_id").aggregate(paid=paid.net.sum())
    losing = gained.join(paid, "customer_id")
    return bound.anti_join(losing.filter(losing.gained < losing.paid), "customer_id")


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
