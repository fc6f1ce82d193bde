"""Who is bound by a subscription on a day, and how it ended: it decides leaving where there is a contract (domain.md C4, D1)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from kith_platform.predict.evidence import Floats, Ids
from kith_platform.sdk.staying import BY_CHOICE, BY_US

if TYPE_CHECKING:
    from kith_platform.frames import Tables

NON_PAYMENT = "non_payment"  # domain S15 as a reason code
RUNS, NOTICE, ENDED, UNPAID = 1.0, 0.5, 0.0, -1.0


def ends(events: ir.Table) -> ir.Table:
    """customer_id, occurred_on (day), `unpaid`, `notice` of each subscription by its last event; those that run have no day."""
    turn = ibis.row_number().over(
        group_by=[events.customer_id, events.subscription], order_by=[events.occurred_at.desc(), events.id.desc()]
    )
    last = events.filter(events.customer_id.notnull()).mutate(turn=turn)
    last = last.filter(last.turn == 0)
    over = last.kind.isin((BY_CHOICE, BY_US))
    unpaid = (last.kind == BY_US) | (last.reason == NON_PAYMENT).fill_null(False)
    return last.select(
        "customer_id",
        notice=(last.kind == "cancel_requested").fill_null(False),
        occurred_on=ibis.ifelse(over, last.occurred_on, ibis.null("date")),
        unpaid=over & unpaid,
    )


def stands(tables: Tables, day: dt.date | ir.DateScalar) -> ir.Table:
    """customer_id, running, notice, unpaid of each who ever had a subscription before `day`, for `standing`."""
    events = tables.subscription_events
    own = ends(events.filter(events.occurred_on < ibis.date(day)))
    return own.group_by("customer_id").aggregate(
        running=own.occurred_on.isnull().any(), notice=own.notice.any(), unpaid=own.unpaid.argmax(own.occurred_on)
    )


def standing(rows: pa.Table, customers: Ids) -> Floats:
    """How each of `customers` (ascending) stands by the `rows` of `stands`: RUNS with any subscription, NOTICE where its end was
    asked for, ENDED by choice, UNPAID, or NaN for who never had one.
    """
    running = rows["running"].to_numpy(zero_copy_only=False).astype(bool)
    unpaid = rows["unpaid"].fill_null(False).to_numpy(zero_copy_only=False).astype(bool)
    notice = rows["notice"].to_numpy(zero_copy_only=False).astype(bool)
    state = np.where(running, np.where(notice, NOTICE, RUNS), np.where(unpaid, UNPAID, ENDED))
    return _of(customers, rows, state)


def noted(tables: Tables, start: dt.date, end: dt.date, customers: Ids) -> Floats:
    """Of each of `customers` (ascending) what was noted of a leaving on the days start ≤ day < end: ENDED by choice, UNPAID where
    it was against the customer's will, NaN for nothing.
    """
    left = tables.leavings
    left = left.filter(left.customer_id.notnull(), left.occurred_on >= ibis.date(start), left.occurred_on < ibis.date(end))
    told = left.group_by("customer_id").aggregate(unpaid=(left.kind == "involuntary").fill_null(False).any())
    rows = tables.run(told)
    return _of(customers, rows, np.where(rows["unpaid"].to_numpy(zero_copy_only=False).astype(bool), UNPAID, ENDED))


def _of(customers: Ids, rows: pa.Table, state: Floats) -> Floats:
    """The states of the rows' customers, in the order of `customers`; NaN for who is not among them."""
    found = np.full(customers.size, np.nan)
    ids = rows["customer_id"].to_numpy().astype(np.int64)
    place = np.searchsorted(customers, ids)
    inside = np.isin(ids, customers)
    found[place[inside]] = state[inside]
    return found
