"""How a customer pays: how long bills stay open, how late, what failed, what is overdue now. Of no use where nobody is billed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.windows import age, currency, within
from kith_platform.sdk.types import Feature, FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Tables

VOID = ("cancelled",)


def bills(tables: Tables) -> ir.Table:
    """One row per invoice that stands: id, customer_id, occurred_on (issue), due_on, amount (int64 ten-thousandths of the
    tenant's currency), and paid_on, the day on which the money that came reached its amount; null while it has not. known_at
    and paid_known say since when either was known.
    """
    invoices, payments = tables.invoices, tables.payments
    standing = invoices.filter(invoices.status.isnull() | invoices.status.notin(VOID), invoices.due_on.notnull())
    came = payments.filter(payments.succeeded.fill_null(True), payments.invoice_id.notnull())
    order = ibis.window(group_by=came.invoice_id, order_by=[came.occurred_at, came.id], preceding=None, following=0)
    running = came.select("invoice_id", "occurred_on", "known_at", so_far=came.amount.sum().over(order))
    joined = running.join(standing.select("id", "amount"), running.invoice_id == standing.id)
    whole = joined.filter(joined.so_far >= joined.amount)
    settled = whole.group_by("invoice_id").aggregate(
        paid_on=whole.occurred_on.min(), paid_known=whole.known_at.argmin(whole.occurred_on)
    )
    told = standing.left_join(settled, standing.id == settled.invoice_id)
    said = ibis.ifelse(told.status == "paid", told.status_at.date(), ibis.null("date"))  # where payments are not brought
    told = told.mutate(paid_on=ibis.coalesce(told.paid_on, said), paid_known=ibis.coalesce(told.paid_known, told.status_at))
    told = told.select("id", "customer_id", "occurred_on", "known_at", "due_on", "amount", "currency", "paid_on", "paid_known")
    return tables.money(told, "amount")


def paying(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """One row per customer who was billed, or whose payment failed, before the cutoff."""
    rows = bills(tables)
    now = ibis.date(cutoff - dt.timedelta(days=1))
    open_ = rows.paid_on.isnull()
    until = ibis.coalesce(rows.paid_on, now)
    taken = until.delta(rows.occurred_on, unit="day")
    late = until.delta(rows.due_on, unit="day").clip(lower=0)
    rows = rows.mutate(taken=taken, late=late, overdue=open_ & (rows.due_on < now), year=within(rows.due_on, cutoff, 365))
    counted = rows.year & (rows.due_on <= now)
    billed = rows.group_by("customer_id").aggregate(
        bills_365=counted.cast("int64").sum().cast("float64"),
        days_to_pay=rows.taken.sum(where=counted).cast("float64") / counted.cast("int64").sum().cast("float64").nullif(0.0),
        days_to_pay_ever=rows.taken.sum().cast("float64") / rows.count().cast("float64"),
        days_to_pay_most=rows.taken.max(where=counted).cast("float64"),
        days_late=rows.late.sum(where=counted).cast("float64") / counted.cast("int64").sum().cast("float64").nullif(0.0),
        days_late_most=rows.late.max().cast("float64"),
        paid_late_share=(counted & (rows.late > 0)).cast("int64").sum().cast("float64")
        / counted.cast("int64").sum().cast("float64").nullif(0.0),
        overdue_bills=rows.overdue.cast("int64").sum().cast("float64"),
        overdue_money=currency(rows.amount.sum(where=rows.overdue).fill_null(0)),
        overdue_days=rows.late.max(where=rows.overdue).cast("float64").fill_null(0.0),
    )
    payments = tables.payments
    failed = payments.filter(~payments.succeeded.fill_null(True)).select("customer_id", "occurred_on")
    events = tables.subscription_events
    bounced = failed.union(events.filter(events.kind == "payment_failed").select("customer_id", "occurred_on"))
    tries = bounced.group_by("customer_id").aggregate(
        failed_payments_180=within(bounced.occurred_on, cutoff, 180).cast("int64").sum().cast("float64"),
        failed_payments_365=within(bounced.occurred_on, cutoff, 365).cast("int64").sum().cast("float64"),
        last_failed=bounced.occurred_on.max(),
    )
    tries = tries.mutate(failed_payment_age=age(tries.last_failed, cutoff).cast("float64")).drop("last_failed")
    joined = billed.outer_join(tries, "customer_id")
    return joined.select(
        *(feature.name for feature in FEATURES), customer_id=joined.customer_id.fill_null(joined.customer_id_right)
    )


FEATURES = (
    Feature(
        name="bills_365",
        label=N_("Bills due in a year"),
        sentence=mark_plural("%(value)s bill fell due in 365 days.", "%(value)s bills fell due in 365 days.", "value"),
        unit="count",
    ),
    Feature(
        name="days_to_pay",
        label=N_("Days from bill to payment"),
        sentence=N_("Bills of the last 365 days were paid after %(value)s on average."),
        unit="days",
        sense=1,
    ),
    Feature(
        name="days_to_pay_ever",
        label=N_("Days from bill to payment, ever"),
        sentence=N_("All bills were paid after %(value)s on average."),
        unit="days",
        sense=1,
    ),
    Feature(
        name="days_to_pay_most",
        label=N_("Longest time from bill to payment"),
        sentence=N_("The slowest bill of the last 365 days took %(value)s."),
        unit="days",
    ),
    Feature(
        name="days_late",
        label=N_("Mean delay of payment"),
        sentence=N_("Bills of the last 365 days were paid %(value)s after they fell due on average."),
        unit="days",
        sense=1,
    ),
    Feature(
        name="days_late_most",
        label=N_("Longest delay of payment"),
        sentence=N_("Once paid %(value)s after a bill fell due."),
        unit="days",
        sense=1,
    ),
    Feature(
        name="paid_late_share",
        label=N_("Bills paid late"),
        sentence=N_("%(value)s of the bills of a year were paid late."),
        unit="ratio",
        sense=1,
    ),
    Feature(
        name="overdue_bills",
        label=N_("Bills overdue now"),
        sentence=mark_plural("%(value)s bill is overdue.", "%(value)s bills are overdue.", "value"),
        unit="count",
        sense=1,
    ),
    Feature(name="overdue_money", label=N_("Money overdue now"), sentence=N_("%(value)s is overdue."), unit="money"),
    Feature(
        name="overdue_days",
        label=N_("Age of the oldest overdue bill"),
        sentence=N_("The oldest overdue bill has been due for %(value)s."),
        unit="days",
        sense=1,
    ),
    Feature(
        name="failed_payments_180",
        label=N_("Failed payments in 180 days"),
        sentence=mark_plural(
            "%(value)s payment failed in the last 180 days.", "%(value)s payments failed in the last 180 days.", "value"
        ),
        unit="count",
        sense=1,
    ),
    Feature(
        name="failed_payments_365",
        label=N_("Failed payments in a year"),
        sentence=mark_plural("%(value)s payment failed in 365 days.", "%(value)s payments failed in 365 days.", "value"),
        unit="count",
        sense=1,
    ),
    Feature(
        name="failed_payment_age",
        label=N_("Days since a payment failed"),
        sentence=N_("A payment failed %(value)s ago."),
        unit="days",
    ),
)

PAYING = FeatureSet(key="paying", needs=("invoices", "payments", "subscription_events"), compute=paying, features=FEATURES)
