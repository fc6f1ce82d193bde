"""What a customer's subscriptions say: how long they run, what they cost, what changed.

Notice given is no feature: whoever gave it is not asked of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.windows import age, currency, within
from kith_platform.sdk.types import Feature, FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Tables


def contract(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """One row per customer with a subscription event before the cutoff."""
    events = tables.money(tables.subscription_events, "mrr")
    order = ibis.window(group_by=[events.customer_id, events.subscription], order_by=[events.occurred_at, events.id])
    rows = events.mutate(former=events.mrr.lag().over(order), former_plan=events.plan.lag().over(order))
    day = rows.occurred_on
    raised = within(day, cutoff, 180) & (rows.plan == rows.former_plan) & (rows.mrr > rows.former)
    told = rows.group_by("customer_id").aggregate(
        begun=day.min(),
        last_paid=rows.mrr.argmax(rows.occurred_at, where=rows.mrr > 0),
        upgrades=((rows.kind == "upgraded") & within(day, cutoff, 365)).cast("int64").sum(),
        downgrades=((rows.kind == "downgraded") & within(day, cutoff, 365)).cast("int64").sum(),
        raised=raised.fill_null(False).cast("int64").sum(),
        paused=((rows.kind == "paused") & within(day, cutoff, 180)).cast("int64").sum(),
        renews=rows.renews_on.argmax(rows.occurred_at, where=rows.renews_on.notnull()),
        seats=rows.seats.argmax(rows.occurred_at, where=rows.seats.notnull()),
    )
    used = tables.events
    used = used.filter(used.user.notnull(), within(used.occurred_on, cutoff, 28))
    people = used.group_by("customer_id").aggregate(people=used.user.nunique())
    told = told.left_join(people, "customer_id")
    return told.select(
        "customer_id",
        contract_days=age(told.begun, cutoff).cast("float64"),
        contract_monthly=currency(told.last_paid),
        upgrades_365=told.upgrades.cast("float64"),
        downgrades_365=told.downgrades.cast("float64"),
        contract_raised=(told.raised > 0).cast("float64"),
        contract_paused=(told.paused > 0).cast("float64"),
        contract_days_left=(-age(told.renews, cutoff)).cast("float64"),
        contract_seats=told.seats.cast("float64"),
        seats_used_share=told.people.cast("float64") / told.seats.cast("float64").nullif(0.0),
    )


CONTRACT = FeatureSet(
    key="contract",
    needs=("subscription_events",),
    compute=contract,
    features=(
        Feature(
            name="contract_days", label=N_("Age of the subscription"), sentence=N_("Has subscribed for %(value)s."), unit="days"
        ),
        Feature(name="contract_monthly", label=N_("Monthly fee"), sentence=N_("Pays %(value)s a month."), unit="money"),
        Feature(
            name="upgrades_365",
            label=N_("Upgrades in a year"),
            sentence=mark_plural(
                "Upgraded %(value)s time in the last 365 days.", "Upgraded %(value)s times in the last 365 days.", "value"
            ),
            unit="count",
        ),
        Feature(
            name="downgrades_365",
            label=N_("Downgrades in a year"),
            sentence=mark_plural(
                "Downgraded %(value)s time in the last 365 days.", "Downgraded %(value)s times in the last 365 days.", "value"
            ),
            unit="count",
            sense=1,
        ),
        Feature(
            name="contract_raised",
            label=N_("Price raised in 180 days"),
            sentence=N_("The same plan became dearer in the last 180 days."),
            unit="flag",
        ),
        Feature(
            name="contract_paused",
            label=N_("Paused in 180 days"),
            sentence=N_("Paused the subscription in the last 180 days."),
            unit="flag",
        ),
        Feature(
            name="contract_days_left",
            label=N_("Days until renewal"),
            sentence=N_("The subscription renews in %(value)s."),
            unit="days",
        ),
        Feature(
            name="contract_seats",
            label=N_("Seats"),
            sentence=mark_plural("Has %(value)s seat.", "Has %(value)s seats.", "value"),
            unit="count",
        ),
        Feature(
            name="seats_used_share",
            label=N_("Share of seats in use"),
            sentence=N_("%(value)s of the seats were in use in the last 28 days."),
            unit="ratio",
            sense=-1,
        ),
    ),
)
