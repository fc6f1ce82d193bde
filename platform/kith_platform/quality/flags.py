"""Whom each issue concerns, found for all customers at once from one snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.frames import Frames, Tables
from kith_platform.quality.fields import FIELDS
from kith_platform.quality.measures import COMPARED, Has, checks

if TYPE_CHECKING:
    import pyarrow as pa

MISSING, INVALID = "missing_", "invalid_"
DIFFERING, SHARED_EMAIL, SHARED_PHONE, NO_ORDER = "differing", "shared_email", "shared_phone", "no_order"
FUTURE_ORDERS, IMPOSSIBLE_DATES, NO_RATE, NO_AMOUNT = "future_orders", "impossible_dates", "no_rate", "no_amount"
SHARED_BY = 3  # so many customers with one address or number are no family any more
ALL_DAYS = dt.date(9998, 12, 31)


def found(frames: Frames, rows: ir.Table, required: Sequence[str], today: dt.date, has: Has) -> Iterator[tuple[str, pa.Array]]:
    """(issue, customer ids) of every issue. `rows` as of `measures.prepared`; `today` is the day on which the data were read."""
    tables = frames.at(frames.last_day)
    rows = rows.filter(rows.customer_id.notnull())
    own = tables.run(_fields(rows))
    for name in FIELDS:
        for issue in ([f"{MISSING}{name}"] if name in required else []) + [f"{INVALID}{name}"]:
            yield issue, own["customer_id"].filter(own[issue])
    for issue, customers in _others(frames, tables, rows, today, has):  # one at a time: a plan of all would need their memory
        yield issue, tables.run(customers.select("customer_id").distinct())["customer_id"]


def _fields(rows: ir.Table) -> ir.Table:
    """Per customer: which field no record fills, and which one a record fills with what cannot be."""
    said = {f"{MISSING}{name}": rows[f"{name}_valid"].count() == 0 for name in FIELDS}
    wrong = {f"{INVALID}{name}": (~rows[f"{name}_valid"]).any().fill_null(False) for name in FIELDS}
    return rows.group_by("customer_id").aggregate(**said, **wrong)


def _others(frames: Frames, tables: Tables, rows: ir.Table, today: dt.date, has: Has) -> Iterator[tuple[str, ir.Table]]:
    compared = checks(rows)
    yield DIFFERING, compared.filter(ibis.or_(*(compared[f"{name}_run"] & ~compared[f"{name}_passed"] for name in COMPARED)))
    yield SHARED_EMAIL, _shared(rows, rows.email_same, rows.email_valid)
    yield SHARED_PHONE, _shared(rows, rows.phone_same, rows.phone_valid)
    yield IMPOSSIBLE_DATES, _impossible(tables, rows, today, has)
    if not has("orders"):
        return
    orders = tables.orders.filter(tables.orders.customer_id.notnull())
    yield NO_ORDER, rows.select("customer_id").anti_join(orders, "customer_id")
    late = frames.at(ALL_DAYS).orders
    yield FUTURE_ORDERS, late.filter(late.customer_id.notnull(), late.occurred_on > ibis.literal(today))
    yield NO_AMOUNT, orders.filter(orders.net.isnull())
    priced = orders.filter(orders.net.notnull()).select("customer_id", "occurred_on", "currency", "net")
    told = tables.money(priced, "net")
    yield NO_RATE, told.filter(told.net.isnull())


def _shared(rows: ir.Table, value: ir.StringValue, valid: ir.BooleanValue) -> ir.Table:
    """Customers with an address or number that SHARED_BY customers or more have."""
    own = rows.filter(valid.fill_null(False)).select("customer_id", value=value)
    many = own.group_by("value").having(own.customer_id.nunique() >= SHARED_BY).aggregate(times=own.count())
    return own.semi_join(many, "value")


def _impossible(tables: Tables, rows: ir.Table, today: dt.date, has: Has) -> ir.Table:
    """Delivered before it was ordered, solved before it was opened, a customer from tomorrow on or before birth."""
    parts = [rows.filter((rows.since > ibis.literal(today)) | (rows.since.year() < rows.birth_year)).select("customer_id")]
    if has("orders"):
        orders = tables.orders
        parts.append(orders.filter(orders.delivered_on < orders.occurred_on).select("customer_id"))
    if has("tickets"):
        tickets = tables.tickets
        parts.append(tickets.filter(tickets.resolved_at < tickets.occurred_at).select("customer_id"))
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return every.filter(every.customer_id.notnull())
