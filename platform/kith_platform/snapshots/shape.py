"""What of each table goes into a snapshot, and as what type.

Money crosses as int64 ten-thousandths: ADBC gives numeric as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, DateTime, Double, Table, Text, case, cast, func
from sqlalchemy.types import TypeEngine

from kith_platform.customers.models import Customer
from kith_platform.facts.table import row_class
from kith_platform.sdk.facts import Column, Fact, Kind
from kith_platform.snapshots.manifest import AttributeShape

TEXT, INTEGER, FLOAT, BOOLEAN, DATE, INSTANT, LOCAL = (
    "string",
    "int64",
    "double",
    "bool",
    "date32[day]",
    "timestamp[us, tz=UTC]",
    "timestamp[us]",
)
ARROW: dict[str, pa.DataType] = {
    TEXT: pa.string(),
    INTEGER: pa.int64(),
    FLOAT: pa.float64(),
    BOOLEAN: pa.bool_(),
    DATE: pa.date32(),
    INSTANT: pa.timestamp("us", tz="UTC"),
    LOCAL: pa.timestamp("us"),
}
MONEY_SCALE = 10_000
CUSTOMER = "customer"  # the table that is no fact
ATTRIBUTE = "attribute_"  # prefix of attribute columns

_KINDS = {
    Kind.TEXT: TEXT,
    Kind.INTEGER: INTEGER,
    Kind.NUMBER: FLOAT,
    Kind.MONEY: INTEGER,
    Kind.RATE: FLOAT,
    Kind.BOOLEAN: BOOLEAN,
    Kind.DATE: DATE,
    Kind.TIME: INSTANT,
    Kind.REFERENCE: INTEGER,
}
_ATTRIBUTE_KINDS: dict[str, tuple[str, str, TypeEngine[Any]]] = {
    Kind.INTEGER: (FLOAT, "float8", Double()),
    Kind.NUMBER: (FLOAT, "float8", Double()),
    Kind.MONEY: (FLOAT, "float8", Double()),
    Kind.RATE: (FLOAT, "float8", Double()),
    Kind.BOOLEAN: (BOOLEAN, "boolean", Boolean()),
    Kind.DATE: (DATE, "date", Date()),
    Kind.TIME: (INSTANT, "timestamptz", DateTime(timezone=True)),
}


@dataclass(frozen=True)
class Shape:
    """One table of the snapshot: (column, Arrow type) pairs and the expressions that fill them. `zone` is of local times.

    Numbers leave PostgreSQL as int64 ten-thousandths and become float64 here: its own cast goes through text, at three times
    the price.
    """

    name: str
    table: Table
    columns: tuple[tuple[str, str], ...]
    expressions: tuple[ColumnElement[Any], ...]
    zone: str
    scaled: frozenset[str] = frozenset()

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, ARROW[kind]) for name, kind in self.columns])

    def fit(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows as PostgreSQL gave them, as the schema has them."""
        columns = [
            pc.divide(column.cast(pa.float64()), float(MONEY_SCALE)) if name in self.scaled else column.cast(ARROW[kind])
            for (name, kind), column in zip(self.columns, batch.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def shapes_of(facts: Iterable[Fact], attributes: Sequence[AttributeShape], zone: str) -> list[Shape]:
    """Every table of a tenant's snapshot: its facts, and its customers with their attributes as typed columns."""
    return [*(fact_shape(fact, zone) for fact in facts), customer_shape(attributes)]


def attribute_type(kind: str) -> str:
    """The Arrow type an attribute of that kind crosses as: text unless it is a number, truth, day or time."""
    return _ATTRIBUTE_KINDS[kind][0] if kind in _ATTRIBUTE_KINDS else TEXT


def _shape(name: str, table: Table, parts: Sequence[tuple[str, str, ColumnElement[Any]]], zone: str = "") -> Shape:
    columns = tuple((column, kind) for column, kind, _ in parts)
    return Shape(name, table, columns, tuple(value.label(column) for column, _, value in parts), zone)


def fact_shape(fact: Fact, zone: str) -> Shape:
    """A fact's part: what identifies and dates a row, then its declared columns. `occurred_local` is in `zone`."""
    table: Table = row_class(fact).__table__
    parts: list[tuple[str, str, ColumnElement[Any]]] = [("id", INTEGER, table.c.id)]
    if fact.occurred is None or fact.named:  # people and things are named in results; what happened is only counted
        parts += [("source", TEXT, table.c.source), ("external_id", TEXT, table.c.external_id)]
    if fact.of_customer:
        parts.append(("record_id", INTEGER, table.c.record_id))
    if "customer_id" in table.c:
        parts.append(("customer_id", INTEGER, table.c.customer_id))
    if fact.occurred:
        local = case(
            (table.c.day_only, cast(table.c.occurred_on, DateTime)),
            else_=func.timezone(zone, table.c.occurred_at),
        )
        parts += [
            ("occurred_at", INSTANT, table.c.occurred_at),
            ("occurred_on", DATE, table.c.occurred_on),
            ("occurred_local", LOCAL, local),
            ("day_only", BOOLEAN, table.c.day_only),
        ]
    parts.append(("known_at", INSTANT, table.c.known_at))
    parts += [(column.stored_as, _KINDS[column.kind], _value(table, column)) for column in fact.stored]
    if fact.money:
        parts.append(("currency", TEXT, table.c.currency))
    scaled = frozenset(column.stored_as for column in fact.stored if column.kind is Kind.NUMBER)
    return replace(_shape(fact.name, table, parts, zone if fact.occurred else ""), scaled=scaled)


def _value(table: Table, column: Column) -> ColumnElement[Any]:
    value: ColumnElement[Any] = table.c[column.stored_as]
    if column.kind in {Kind.MONEY, Kind.NUMBER}:
        return cast(value * MONEY_SCALE, BigInteger)
    if column.kind is Kind.RATE:
        return cast(value, Double)
    return value


def customer_shape(attributes: Sequence[AttributeShape]) -> Shape:
    """Customers as they are now; a merged one names the customer it redirects to."""
    table: Table = Customer.__table__  # type: ignore[assignment]
    parts: list[tuple[str, str, ColumnElement[Any]]] = [("id", INTEGER, table.c.id)]
    parts.append(("public_id", TEXT, cast(table.c.public_id, Text)))
    parts += [(name, TEXT, table.c[name]) for name in ("kind", "city", "country")]
    parts += [(name, INTEGER, table.c[name]) for name in ("owner_id", "unit_id", "contact_of", "merged_into", "first_record_id")]
    parts += [("is_test", BOOLEAN, table.c.is_test), ("created_at", INSTANT, table.c.created_at)]
    parts += [(f"{ATTRIBUTE}{found.key}", attribute_type(found.kind), _attribute(table, found)) for found in attributes]
    return _shape(CUSTOMER, table, parts)


def _attribute(table: Table, attribute: AttributeShape) -> ColumnElement[Any]:
    said: ColumnElement[Any] = table.c.attributes[attribute.key].as_string()
    if attribute.kind not in _ATTRIBUTE_KINDS:
        return said
    _, name, kind = _ATTRIBUTE_KINDS[attribute.kind]
    return case((func.pg_input_is_valid(said, name), cast(said, kind)))  # one wrong value must not stop the company's snapshot
