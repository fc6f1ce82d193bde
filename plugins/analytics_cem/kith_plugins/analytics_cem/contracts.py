"""Subscriptions and unpaid invoices of each customer on a day, for the lifecycle (domain C4, rules 1 and 2)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk import staying
from kith_platform.sdk.rhythm import ONE_DAY, on_day
from kith_platform.sdk.types import PlacementTurns

PAST_DUE = 90  # days
CONTRACT = {"running": "boolean", "ended": "string", "over_on": "date", "reason": "string", "bound_days": "int64"}


def contracts(turns: PlacementTurns) -> ir.Table:
    """customer_id, turn, running, ended, over_on (day), reason, bound_days, of everybody with a subscription up to the turn."""
    events = turns.tables["subscription_events"]
    places = pa.array(range(len(turns.days)), pa.int64())
    ends = pa.array([day + ONE_DAY for day in turns.days], pa.date32())
    marks = ibis.memtable(pa.table({"place": places, "end": ends}))
    own = staying.contracts(events, marks)
    events = events.filter(events.customer_id.notnull()).join(marks, events.occurred_on < marks.end)
    over = events.kind.isin((staying.BY_CHOICE, staying.BY_US)).fill_null(False)
    told = events.group_by(bound_place="place", bound_id="customer_id").aggregate(
        end=events.end.min(),
        over_on=events.occurred_on.max(where=over),
        reason=events.reason.argmax(events.occurred_at, where=over & events.reason.notnull()),
        first=events.occurred_on.min(),
    )
    rows = own.join(told, [own.place == told.bound_place, own.customer_id == told.bound_id])
    turn = on_day(rows.end - ibis.interval(days=1))
    return rows.select(
        "customer_id", "running", "ended", "over_on", "reason", turn=turn, bound_days=turn.delta(rows["first"], unit="day")
    )


def owing(turns: PlacementTurns) -> ir.Table:
    """customer_id, turn, owes: who has an invoice that is unpaid more than 90 days past its due day."""
    invoices, payments = turns.tables["invoices"], turns.tables["payments"]
    due = invoices.filter(
        invoices.customer_id.notnull(), invoices.status.isnull() | invoices.status.isin(("open", "written_off"))
    )
    due = turns.spread(due.select("id", "customer_id", "due_on", "amount", "occurred_on"))
    late = on_day(due.turn - ibis.interval(days=PAST_DUE))
    due = due.filter(due.occurred_on <= due.turn, due.due_on < late)
    good = payments.filter(payments.succeeded.fill_null(True), payments.invoice_id.notnull())
    good = turns.spread(good.select("occurred_on", "invoice_id", "amount"))
    good = good.filter(good.occurred_on <= good.turn)
    paid = good.group_by(paid_turn="turn", paid_invoice="invoice_id").aggregate(paid=good.amount.sum())
    rows = due.left_join(paid, [due.id == paid.paid_invoice, due.turn == paid.paid_turn])
    rows = rows.filter(rows.paid.fill_null(0) < rows.amount)
    return rows.group_by("customer_id", "turn").aggregate(owes=rows.count() > 0)
