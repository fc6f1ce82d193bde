"""Customers within a cut: one row per remaining customer, with what may be known of it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kith_platform.frames.cut import Cut
from kith_platform.frames.source import RECORD, Source
from kith_platform.snapshots.manifest import AttributeShape
from kith_platform.snapshots.shape import ARROW, ATTRIBUTE, CUSTOMER, attribute_type

_NOW = ("kind", "city", "country", "owner_id", "unit_id", "contact_of", "created_at")
_RECORD = ("birth_year", "gender", "entry_channel")


def customers(source: Source, cut: Cut, changes: ir.Table) -> ir.Table:
    """customer_id, public_id, since, birth_year, gender, entry_channel and attribute_<key>, for customers seen before the cut.

    A cut that knows all of today adds kind, city, country, owner_id, unit_id, contact_of, created_at. Before a cut-off `fixed`
    attributes are as they are, `dated` ones as `changes` had them, and `current` ones are absent. A customer is seen with its
    first fact, its `since`, or its record, whichever came first.
    """
    customer = source.live(CUSTOMER)
    customer = customer.filter(customer.merged_into.isnull(), ~customer.is_test)
    attributes = source.manifest.attributes
    shown = [f"{ATTRIBUTE}{found.key}" for found in attributes if not cut.history or found.timing == "fixed"]
    rows = customer.select("public_id", *(() if cut.history else _NOW), *shown, customer_id=customer.id)
    for more in (
        _records(source),
        *(_changed(changes, found) for found in attributes if cut.history and found.timing == "dated"),
    ):
        rows = _with(rows, more)
    return _seen(rows, source, cut).relocate("customer_id").drop("record_known")


def _with(rows: ir.Table, more: ir.Table) -> ir.Table:
    return rows.left_join(more, "customer_id").drop("customer_id_right")


def _records(source: Source) -> ir.Table:
    """Of each customer the earliest `since`, and per field what its first record that says anything says."""
    record = source.fact(RECORD)
    said = {name: record[name].argmin(record.record_id, where=record[name].notnull()) for name in _RECORD}
    return (
        record.filter(record.customer_id.notnull())
        .group_by("customer_id")
        .aggregate(since=record.since.min(), record_known=record.known_at.min(), **said)
    )


def _changed(changes: ir.Table, attribute: AttributeShape) -> ir.Table:
    """The attribute's last value in `changes` per customer, typed as the catalogue says."""
    own = changes.filter(changes.attribute == attribute.key, changes.customer_id.notnull())
    turn = ibis.row_number().over(group_by=own.customer_id, order_by=[own.occurred_at.desc(), own.id.desc()])
    last = own.mutate(turn=turn)
    last = last.filter(last.turn == 0)
    kind = ibis.schema({"value": "string"})["value"] if attribute_type(attribute.kind) == "string" else _ibis_type(attribute.kind)
    value = last.value if kind.is_string() else last.value.try_cast(kind)
    return last.select("customer_id", **{f"{ATTRIBUTE}{attribute.key}": value})


def _ibis_type(kind: str) -> ibis.DataType:
    return ibis.dtype(ARROW[attribute_type(kind)])


def _seen(rows: ir.Table, source: Source, cut: Cut) -> ir.Table:
    if cut.at is None:
        return rows
    first = source.first_seen
    traced = first.filter((first.known if cut.history else first.occurred) < cut.at)
    traced = _with(rows, traced.select("customer_id", traced=ibis.literal(True)))
    seen = traced.traced | (traced.since < cut.on) | (traced.record_known < cut.at)
    return traced.filter(seen.fill_null(False)).drop("traced")


def people(source: Source, cut: Cut) -> ir.Table:
    """customer_id, since of customers seen before the cut, by the rule of `customers`."""
    rows = source.appearances
    if cut.at is not None:
        seen = (rows.known if cut.history else rows.occurred) < cut.at
        rows = rows.filter((seen | (rows.since < cut.on)).fill_null(False))
    return rows.select("customer_id", "since")
