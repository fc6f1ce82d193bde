"""Subscriptions and unpaid invoices of each customer on a day, for the lifecycle (domain C4, rules 1 and 2)."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem import retention
from kith_plugins.analytics_cem.rhythm import ONE_DAY, mark

PAST_DUE = 90  # days
CONTRACT = {"running": "boolean", "ended": "string", "over_on": "date", "reason": "string", "bound_days": "int64"}


def contracts(scope: PlacementScope) -> ir.Table:
    """customer_id, running, ended, over_on (day), reason, bound_days, of everybody with a subscription up to the day."""
    events = scope.tables["subscription_events"]
    own = retention.contracts(events, mark(scope.day + ONE_DAY)).drop("place")
    events = events.filter(events.customer_id.notnull())
    over = events.kind.isin((retention.BY_CHOICE, retention.BY_US)).fill_null(False)
    told = events.group_by(bound_id="customer_id").aggregate(
        over_on=events.occurred_on.max(where=over),
        reason=events.reason.argmax(events.occurred_at, where=over & events.reason.notnull()),
        first=events.occurred_on.min(),
    )
    told = told.mutate(bound_days=ibis.literal(scope.day).delta(told["first"], unit="day")).drop("first")
    return own.join(told, own.customer_id == told.bound_id).drop("bound_id")


def owing(scope: PlacementScope) -> ir.Table:
    """customer_id, owes: who has an invoice that is unpaid more than 90 days past its due day."""
    invoices, payments = scope.tables["invoices"], scope.tables["payments"]
    late = ibis.literal(scope.day - dt.timedelta(days=PAST_DUE))
    due = invoices.filter(invoices.customer_id.notnull(), invoices.due_on < late)
    due = due.filter(due.status.isnull() | due.status.isin(("open", "written_off")))
    good = payments.filter(payments.succeeded.fill_null(True), payments.invoice_id.notnull())
    paid = good.group_by(paid_invoice="invoice_id").aggregate(paid=good.amount.sum())
    rows = due.left_join(paid, due.id == paid.paid_invoice)
    rows = rows.filter(rows.paid.fill_null(0) < rows.amount)
    return rows.group_by("customer_id").aggregate(owes=rows.count() > 0)
