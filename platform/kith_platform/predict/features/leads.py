"""What is known of a lead while it is open: how it came, how fast and how often it was spoken with, and what became of those who
came the same way. Who looks after it is no feature: scores give leads to people.

What a lead's source fills in at any time without saying when (name, company, estimate) is no feature either, nor what its
customer does or did: that a lead has a customer is often entered when it converts, which would tell the end.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.looks import age_at, beside, shares
from kith_platform.predict.features.windows import currency
from kith_platform.sdk.types import Feature

if TYPE_CHECKING:
    from kith_platform.frames import Tables

OPEN_DAYS = 90  # a lead that was open so long has gone cold; so long a conversion counts
GOOD_DAYS, GOOD_PURCHASES = 180, 3  # who bought on so many days of so many since converting is a good customer


def leads(each: Tables, known: Tables) -> ir.Table:
    """One row per lead and `look` of `each` (`frames.before_each`) at which it was open, at most OPEN_DAYS old.

    `known` has what was known before the last look; of it only rows that happened before a look count there.
    """
    rows = each.leads
    rows = rows.filter(rows.converted_at.isnull(), rows.disqualified_at.isnull(), age_at(rows) < OPEN_DAYS)
    minutes = rows.first_contact_at.epoch_seconds() - rows.occurred_at.epoch_seconds()
    found = rows.select(
        "id",
        "look",
        "channel",
        "campaign",
        "product_id",
        lead_age=age_at(rows).cast("float64"),
        lead_response=minutes.cast("float64").clip(lower=0.0) / 60.0,
        lead_contacted=rows.first_contact_at.notnull().cast("float64"),
        lead_qualified=rows.qualified_at.notnull().cast("float64"),
    )
    came = _came(each)
    for name, column in (
        ("lead_channel_share", "channel"), ("lead_campaign_share", "campaign"), ("lead_product_share", "product_id")
    ):  # fmt: skip
        found = beside(found, shares(came, came, column, name), "look", column)
    good = _good(each, known)
    found = beside(found, shares(good, good, "channel", "lead_good_share"), "look", "channel")
    found = beside(found, _talks(each), "look", "id")
    found = found.mutate(lead_activities=found.lead_activities.fill_null(0.0))
    return found.select("id", "look", *(feature.name for feature in FEATURES))


def _came(each: Tables) -> ir.Table:
    """Leads whose OPEN_DAYS are over, with `came`, whether they converted in them."""
    rows = each.leads
    rows = rows.filter(age_at(rows) >= OPEN_DAYS)
    days = (rows.converted_at.epoch_seconds() - rows.occurred_at.epoch_seconds()) / 86_400
    return rows.mutate(came=(days <= OPEN_DAYS).fill_null(False).cast("int64"))


def _good(each: Tables, known: Tables) -> ir.Table:
    """look, channel, `came`: whether a customer whom a lead became, GOOD_DAYS or longer ago, became a good one."""
    rows = each.leads
    rows = rows.filter(rows.converted_at.notnull(), rows.customer_id.notnull())
    since = rows.converted_at.date()
    rows = rows.filter(rows.look.delta(since, unit="day") > GOOD_DAYS)
    rows = rows.select("look", "look_at", "channel", "customer_id", since=rows.converted_at.date())
    orders = known.orders.select("occurred_on", ordered=known.orders.known_at, buyer="customer_id")
    joined = rows.left_join(orders, rows.customer_id == orders.buyer)
    passed = joined.occurred_on.delta(joined.since, unit="day")
    soon = (passed >= 0) & (passed < GOOD_DAYS) & (joined.ordered < joined.look_at)
    days = joined.group_by("look", "channel", "customer_id").aggregate(days=joined.occurred_on.nunique(where=soon))
    return days.mutate(came=(days.days >= GOOD_PURCHASES).cast("int64"))


def _talks(each: Tables) -> ir.Table:
    """look, id, how often it was spoken with and how long ago last."""
    rows = each.activities
    rows = rows.filter(rows.lead_id.notnull())
    return rows.group_by("look", id=rows.lead_id).aggregate(
        lead_activities=rows.count().cast("float64"), lead_activity_age=age_at(rows).min().cast("float64")
    )


def worth(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """channel, customers, money: what customers who came by a lead brought in the 365 days after (currency units, net)."""
    rows = tables.leads
    people = rows.filter(rows.converted_at.notnull(), rows.customer_id.notnull())
    people = people.select("channel", "customer_id", since=people.converted_at.date())
    people = people.filter(people.since < ibis.date(cutoff - dt.timedelta(days=365)))
    bought = tables.purchases.rename(buyer="customer_id")
    joined = people.left_join(bought, people.customer_id == bought.buyer)
    year = (joined.day >= joined.since) & (joined.day.delta(joined.since, unit="day") < 365)
    return joined.group_by("channel").aggregate(
        customers=joined.customer_id.nunique(), money=currency(joined.net.sum(where=year).fill_null(0))
    )


FEATURES = (
    Feature(name="lead_age", label=N_("Age of the lead"), sentence=N_("Came %(value)s ago."), unit="days"),
    Feature(
        name="lead_response",
        label=N_("Minutes to the first contact"),
        sentence=mark_plural(
            "First contact %(value)s minute after it came.", "First contact %(value)s minutes after it came.", "value"
        ),
        unit="count",
        sense=-1,
        reads="leads.first_contact_at",
    ),
    Feature(name="lead_contacted", label=N_("Contacted"), sentence=N_("Contacted already."), unit="flag"),
    Feature(name="lead_qualified", label=N_("Qualified"), sentence=N_("Qualified already."), unit="flag", sense=1),
    Feature(
        name="lead_channel_share",
        label=N_("How often leads of its channel become customers"),
        sentence=N_("%(value)s of the leads of its channel became customers before."),
        unit="ratio",
        sense=1,
        reads="leads.channel",
    ),
    Feature(
        name="lead_campaign_share",
        label=N_("How often leads of its campaign become customers"),
        sentence=N_("%(value)s of the leads of its campaign became customers before."),
        unit="ratio",
        sense=1,
        reads="leads.campaign",
    ),
    Feature(
        name="lead_product_share",
        label=N_("How often leads asking for its product become customers"),
        sentence=N_("%(value)s of the leads that asked for its product became customers before."),
        unit="ratio",
        sense=1,
        reads="leads.product_id",
    ),
    Feature(
        name="lead_good_share",
        label=N_("How often customers of its channel become good ones"),
        sentence=N_("%(value)s of the customers who came by its channel became good ones."),
        unit="ratio",
    ),
    Feature(
        name="lead_activities",
        label=N_("Contacts so far"),
        sentence=mark_plural("%(value)s contact so far.", "%(value)s contacts so far.", "value"),
        unit="count",
    ),
    Feature(
        name="lead_activity_age",
        label=N_("Days since the last contact"),
        sentence=N_("Last contact %(value)s ago."),
        unit="days",
    ),
)
