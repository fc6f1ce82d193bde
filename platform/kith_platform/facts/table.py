"""From a fact's declaration to its table. Bulk facts carry no foreign key: the load's own join proves the reference."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped
from sqlalchemy.types import TypeEngine

from kith_platform.sdk import facts as sdk
from kith_platform.sdk.facts import Fact, Kind
from kith_tenants.schema import CORE, Access, Base, Name, TenantRow

_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: Name,
    Kind.INTEGER: BigInteger(),
    Kind.NUMBER: Numeric(19, 4),
    Kind.MONEY: Numeric(19, 4),
    Kind.RATE: Numeric(20, 10),
    Kind.BOOLEAN: Boolean(),
    Kind.DATE: Date(),
    Kind.TIME: DateTime(timezone=True),
    Kind.REFERENCE: BigInteger(),
}


class FactRow(TenantRow):
    """What every fact's row has. `known_at` is never before `occurred_at`; `changed_at` is its transaction's start."""

    __abstract__ = True
    id: Mapped[int]
    source: Mapped[str]
    external_id: Mapped[str]
    occurred_at: Mapped[dt.datetime]
    occurred_on: Mapped[dt.date]
    known_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]
    import_id: Mapped[int | None]
    public_id: Mapped[uuid.UUID]


def schema_of(fact: Fact) -> str:
    return f"plugin_{fact.plugin}" if fact.plugin else CORE


@cache
def row_class(fact: Fact) -> type[Any]:
    """The mapped class of a fact; its `__table__` is the table. One class for one declaration."""
    table = Table(
        fact.name,
        Base.metadata,
        *_columns(fact),
        *_indexes(fact),
        schema=schema_of(fact),
        info={"access": Access(), "fact": fact},
    )
    return type(_class_name(fact), (TenantRow,), {"__table__": table, "__doc__": fact.label})


def _class_name(fact: Fact) -> str:
    return "".join(word.capitalize() for word in f"{fact.plugin}_{fact.name}".split("_"))


def _columns(fact: Fact) -> list[Column[Any]]:
    columns: list[Column[Any]] = [
        Column("tenant_id", Integer, primary_key=True, server_default=text(f"{CORE}.tenant_id()")),
        Column("id", BigInteger, Identity(always=True), primary_key=True),
    ]
    if fact.has_url:
        columns.append(Column("public_id", Uuid, nullable=False, server_default=text("uuidv7()")))
    columns += [Column("source", Name, nullable=False), Column("external_id", Name, nullable=False)]
    if fact.of_customer:
        columns.append(Column("record_id", BigInteger, nullable=True))
    if fact.occurred:
        columns += [
            Column("occurred_at", DateTime(timezone=True), nullable=False),
            Column("occurred_on", Date, nullable=False),
            Column("day_only", Boolean, nullable=False, server_default=text("false")),
        ]
    columns += [_declared(column) for column in fact.stored]
    if fact.money:
        columns.append(Column("currency", Name, nullable=False))
    if fact.name == "customer_record":
        columns += [
            Column("customer_id", BigInteger, nullable=True),
            Column("raw", JSONB, nullable=True),
            Column("attributes", JSONB, nullable=True),  # typed values of the company's own attributes, from `raw`
        ]
    return [
        *columns,
        Column("known_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("changed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("import_id", BigInteger, nullable=True),
    ]


def _declared(column: sdk.Column) -> Column[Any]:
    return Column(column.stored_as, _TYPES[column.kind], nullable=not column.required)


def _indexes(fact: Fact) -> list[Any]:
    name = fact.name
    found: list[Any] = [
        UniqueConstraint("tenant_id", "source", "external_id", name=f"uq_{name}_source_external_id"),
        Index(f"ix_{name}_changed_at", "changed_at", postgresql_using="brin"),
    ]
    if fact.has_url:
        found.append(UniqueConstraint("tenant_id", "public_id", name=f"uq_{name}_public_id"))
    if fact.of_customer:
        found.append(Index(f"ix_{name}_record_id", "tenant_id", "record_id"))
    if fact.name == "customer_record":
        found.append(Index("ix_customer_record_customer_id", "tenant_id", "customer_id"))
    if fact.name == "sales_order":
        # Home and period figures read a company's days.
        found.append(Index("ix_sales_order_occurred_on", "tenant_id", "occurred_on"))
    if fact.name == "order_line":
        found.append(Index("ix_order_line_order_id", "tenant_id", "order_id"))
    if fact.name == "ticket":
        found.append(Index("ix_ticket_occurred_at", "tenant_id", "occurred_at", "id"))
        found.append(_some("ix_ticket_unsolved", "resolved_at IS NULL", "occurred_at", "id"))
    if fact.name == "ticket_status":
        found.append(Index("ix_ticket_status_ticket_id", "tenant_id", "ticket_id"))
    if fact.name in ("activity", "survey_response"):
        found.append(_some(f"ix_{name}_ticket_id", "ticket_id IS NOT NULL", "ticket_id"))
    if fact.name == "commitment":
        found.append(_some("ix_commitment_due", "done_at IS NULL", "due_at", "id"))
    return found


def _some(name: str, rows: str, *columns: str) -> Index:
    """An index of the few rows that pages ask for: work that is open."""
    return Index(name, "tenant_id", *columns, postgresql_where=text(rows))
