"""Involuntary churn (domain.md D1b): whose service will end because bills stay unpaid.

Population at a cutoff: billed in the last 400 days or bound by a running subscription, and not ended yet. Label 1 in the window:
a subscription ended for non-payment or by us, a leaving noted as involuntary, or a bill that passes 90 days past due unpaid. Who
leaves by choice counts as neither: the two compete (cause-specific). The rule to beat is: ever more than 30 days late.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_
from kith_platform.predict.contracts import ends
from kith_platform.predict.features.paying import bills
from kith_platform.sdk.models import Model
from kith_platform.sdk.staying import BY_CHOICE, BY_US

if TYPE_CHECKING:
    from kith_platform.frames import Tables

HORIZON, PAST_DUE, BILLED = 120, 90, 400  # days


def asked_of(tables: Tables, cutoff: dt.date) -> ir.Table:
    """customer_id of those who are billed and whose service has not ended."""
    rows = bills(tables)
    billed = rows.filter(rows.occurred_on >= ibis.date(cutoff - dt.timedelta(days=BILLED)))
    events = tables.subscription_events
    bound = events.filter(events.kind.notin((BY_US, BY_CHOICE)))
    known = billed.select("customer_id").union(bound.select("customer_id")).distinct()
    written_off = rows.filter(rows.paid_on.isnull(), rows.due_on < ibis.date(cutoff - dt.timedelta(days=PAST_DUE)))
    gone = over(tables).select("customer_id").union(written_off.select("customer_id")).distinct()
    return known.anti_join(gone, "customer_id")


def over(tables: Tables) -> ir.Table:
    """customer_id, occurred_on (day) and `unpaid` of each end that was noted: of a last subscription, or as a leaving."""
    own = ends(tables.subscription_events)
    left = tables.leavings
    noted = left.select("customer_id", "occurred_on", unpaid=(left.kind == "involuntary").fill_null(False))
    return own.filter(own.occurred_on.notnull()).drop("notice").union(noted)


def came(tables: Tables, start: dt.date, end: dt.date) -> ir.Table:
    """customer_id and outcome: 1 where it ended unpaid in the window, null where the customer ended it by choice before that."""
    noted = over(tables)
    noted = noted.filter(noted.occurred_on >= ibis.date(start), noted.occurred_on < ibis.date(end))
    rows = bills(tables)
    first, last = (ibis.date(day - dt.timedelta(days=PAST_DUE)) for day in (start, end))
    overdue = rows.filter(rows.due_on >= first, rows.due_on < last)
    still = overdue.paid_on.isnull() | (overdue.paid_on.delta(overdue.due_on, unit="day") > PAST_DUE)
    unpaid = overdue.filter(still).select("customer_id", unpaid=ibis.literal(True))
    told = noted.select("customer_id", "unpaid").union(unpaid)
    by_customer = told.group_by("customer_id").aggregate(unpaid=told.unpaid.any())
    return by_customer.select("customer_id", outcome=ibis.ifelse(by_customer.unpaid, 1.0, ibis.null("float64")))


INVOLUNTARY = Model(
    key="involuntary",
    label=N_("Customers lost to unpaid bills"),
    answers=N_("Whose service will end because bills stay unpaid?"),
    chance=N_("Chance of ending unpaid"),
    yes=N_("Typical of customers who stop paying:"),
    no=N_("Typical of customers who pay:"),
    of_whom=N_("Who was billed in the last 400 days or has a running subscription, and whose service has not ended."),
    counts=N_(
        "A subscription ended for non-payment or by the company, or a bill passed 90 "
        "days past due. Who ends by choice counts as neither."
    ),
    begins_with="invoices",
    horizon_days=HORIZON,
    asked_of=asked_of,
    came=came,
    rule_feature="days_late_most",
    rule_edges=(30.0,),
    prior=0.02,
    plain=("days_late", "failed_payments_365", "bills_365"),
    senses=dict.fromkeys(("days_to_pay", "days_to_pay_ever", "days_late", "days_late_most", "failed_payments_180"), 1),
    adverse=True,
    saves=True,
)
