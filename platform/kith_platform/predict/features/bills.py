"""What is known of a bill when it is issued: its own terms and amount, and how its customer stood and paid before that week.

How the customer pays is told as in `paying`, but of all weeks at once: each bill is set against the earlier ones of the same
customer, with the payments that were known when its week began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features import paying
from kith_platform.predict.features.looks import age_at
from kith_platform.predict.features.paying import bills
from kith_platform.predict.features.windows import currency
from kith_platform.sdk.types import Feature

if TYPE_CHECKING:
    from kith_platform.frames import Tables

WEEK, YEAR = 7, 365  # days


def issued(tables: Tables, looks: ir.Table) -> ir.Table:
    """Bills of the seven days from each look on, with what was known of their customers before it: id, look and FEATURES.

    `looks` has look (a day) and look_at (its start). Bills of `tables` are those known before the last look at the latest.
    """
    rows = bills(tables)
    own = rows.cross_join(looks)
    passed = own.occurred_on.delta(own.look, unit="day")
    own = own.filter(passed >= 0, passed < WEEK)
    own = own.select(
        "id",
        "look",
        "look_at",
        "customer_id",
        "amount",
        bill_amount=currency(own.amount),
        bill_terms=own.due_on.delta(own.occurred_on, unit="day").cast("float64"),
        bill_month=own.occurred_on.month().cast("float64"),
    )
    asked = own.filter(own.customer_id.notnull()).select("customer_id", "look", "look_at").distinct()
    found = own.left_join(_billed(asked, rows), ["customer_id", "look"]).drop("customer_id_right", "look_right")
    found = found.left_join(_failed(asked, tables), ["customer_id", "look"])
    usual = found.total.cast("float64") / found.bill_number.nullif(0.0)
    found = found.mutate(bill_mean=usual / 10_000.0, bill_amount_ratio=found.amount.cast("float64") / usual.nullif(0.0))
    return found.select("id", "look", *(feature.name for feature in FEATURES))


def _billed(asked: ir.Table, rows: ir.Table) -> ir.Table:
    """customer_id, look, and the bills before the look: how many, how much is open, how late they were paid."""
    earlier = rows.select("occurred_on", "known_at", "due_on", "paid_on", "paid_known", of="amount", billed="customer_id")
    pairs = asked.inner_join(earlier, asked.customer_id == earlier.billed)
    pairs = pairs.filter(pairs.occurred_on < pairs.look, pairs.known_at < pairs.look_at)
    paid = ibis.ifelse((pairs.paid_on < pairs.look) & (pairs.paid_known < pairs.look_at), pairs.paid_on, ibis.null("date"))
    pairs = pairs.mutate(paid=paid, last=pairs.look - ibis.interval(days=1))
    until = ibis.coalesce(pairs.paid, pairs["last"])
    pairs = pairs.mutate(
        taken=until.delta(pairs.occurred_on, unit="day"),
        late=until.delta(pairs.due_on, unit="day").clip(lower=0),
        overdue=pairs.paid.isnull() & (pairs.due_on < pairs["last"]),
        counted=(pairs.due_on < pairs.look) & (pairs.look.delta(pairs.due_on, unit="day") <= YEAR),
    )
    due = pairs.counted.cast("int64").sum().cast("float64")
    return pairs.group_by("customer_id", "look").aggregate(
        bill_number=pairs.count().cast("float64"),
        bill_exposure=currency(pairs.of.sum(where=pairs.paid.isnull()).fill_null(0)),
        bill_since=age_at(pairs).max().cast("float64"),
        total=pairs.of.sum(),
        bills_365=due,
        days_to_pay=pairs.taken.sum(where=pairs.counted).cast("float64") / due.nullif(0.0),
        days_to_pay_most=pairs.taken.max(where=pairs.counted).cast("float64"),
        days_late=pairs.late.sum(where=pairs.counted).cast("float64") / due.nullif(0.0),
        days_late_most=pairs.late.max().cast("float64"),
        paid_late_share=(pairs.counted & (pairs.late > 0)).cast("int64").sum().cast("float64") / due.nullif(0.0),
        overdue_bills=pairs.overdue.cast("int64").sum().cast("float64"),
        overdue_money=currency(pairs.of.sum(where=pairs.overdue).fill_null(0)),
        overdue_days=pairs.late.max(where=pairs.overdue).cast("float64").fill_null(0.0),
    )


def _failed(asked: ir.Table, tables: Tables) -> ir.Table:
    """customer_id, look, and the payments that had failed before it."""
    payments, events = tables.payments, tables.subscription_events
    failed = payments.filter(~payments.succeeded.fill_null(True)).select("customer_id", "occurred_on", "known_at")
    bounced = events.filter(events.kind == "payment_failed").select("customer_id", "occurred_on", "known_at")
    tries = failed.union(bounced).rename(payer="customer_id")
    pairs = asked.inner_join(tries, asked.customer_id == tries.payer)
    pairs = pairs.filter(pairs.occurred_on < pairs.look, pairs.known_at < pairs.look_at)
    back = pairs.look.delta(pairs.occurred_on, unit="day")
    return pairs.group_by("customer_id", "look").aggregate(
        failed_payments_90=(back <= 90).cast("int64").sum().cast("float64"),
        failed_payments_365=(back <= YEAR).cast("int64").sum().cast("float64"),
        failed_payment_age=(back.min() - 1).cast("float64"),
    )


OWN = (
    Feature(name="bill_amount", label=N_("Amount of the bill"), sentence=N_("A bill of %(value)s."), unit="money"),
    Feature(name="bill_terms", label=N_("Days to pay"), sentence=N_("To be paid within %(value)s."), unit="days"),
    Feature(name="bill_month", label=N_("Month of the bill"), sentence=N_("Issued in month %(value)s."), unit="ratio"),
    Feature(
        name="bill_amount_ratio",
        label=N_("Amount against the customer's usual bill"),
        sentence=N_("%(value)s times the customer's usual bill."),
        unit="ratio",
    ),
    Feature(
        name="bill_exposure",
        label=N_("Money open before the bill"),
        sentence=N_("%(value)s was open before this bill."),
        unit="money",
    ),
    Feature(
        name="bill_number",
        label=N_("Bills before"),
        sentence=mark_plural("%(value)s bill before.", "%(value)s bills before.", "value"),
        unit="count",
    ),
    Feature(name="bill_since", label=N_("Time since the first bill"), sentence=N_("First billed %(value)s before."), unit="days"),
    Feature(name="bill_mean", label=N_("The customer's usual bill"), sentence=N_("Usually billed %(value)s."), unit="money"),
)
# Of `paying`, what is told here of all weeks at once: by the same names, so by the same words.
TOLD = (
    "bills_365", "days_to_pay", "days_to_pay_most", "days_late", "days_late_most", "paid_late_share", "overdue_bills",
    "overdue_money", "overdue_days", "failed_payments_90", "failed_payments_365", "failed_payment_age",
)  # fmt: skip
FEATURES = (*OWN, *(one for one in paying.FEATURES if one.name in TOLD))
