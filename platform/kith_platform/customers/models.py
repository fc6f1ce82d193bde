"""Customers, their normalised identities, the attribute catalogue, and the search tokens of lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Computed, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_platform.customers import holdout
from kith_tenants.schema import Access, Addressed, Numbered, TenantRow, owned_by


class Customer(Addressed, TenantRow):
    """The surviving value per field of all records of one person or company.

    `merged_into` is set while this customer redirects to another. `owner_id` is the owning membership, `unit_id` its unit.
    `first_record_id` is the record the customer was made for. `attributes` are current values, for pages only. Whoever is
    `held_back` gets no campaign (`holdout`).
    """

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "first_record_id"),
        Index("ix_customer_name", "tenant_id", "name", "id"),
        Index("ix_customer_created_at", "tenant_id", "created_at", "id"),
        Index("ix_customer_country", "tenant_id", "country", "name", "id"),
        Index("ix_customer_owner_id", "tenant_id", "owner_id"),
        Index("ix_customer_contact_of", "tenant_id", "contact_of"),
        Index("ix_customer_changed_at", "changed_at", postgresql_using="brin"),
        owned_by("customer", "merged_into"),
        owned_by("customer", "contact_of"),
    )

    # An import numbers the customers it makes itself, so that their records are written once.
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True, sort_order=-19)
    name: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str] = mapped_column(server_default="person")
    email: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str] = mapped_column(server_default="")
    city: Mapped[str] = mapped_column(server_default="")
    country: Mapped[str] = mapped_column(server_default="")
    owner_id: Mapped[int | None]
    unit_id: Mapped[int | None]
    contact_of: Mapped[int | None]
    merged_into: Mapped[int | None]
    first_record_id: Mapped[int | None]
    is_test: Mapped[bool] = mapped_column(server_default=text("false"))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    held_back: Mapped[bool] = mapped_column(Computed(holdout.SQL, persisted=True))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class CustomerIdentity(Numbered, TenantRow):
    """A normalised way to know a customer again: kind is email or phone."""

    __tablename__ = "customer_identity"
    __table_args__ = (
        UniqueConstraint("tenant_id", "record_id", "kind", "value"),
        Index("ix_customer_identity_value", "tenant_id", "kind", "value"),
    )

    record_id: Mapped[int]
    kind: Mapped[str]
    value: Mapped[str]


class Attribute(Numbered, TenantRow):
    """A tenant's own field of its customers. `timing`: fixed (birth year), dated (with history) or current (undated).

    `choices` are the values of kind `choice`. `columns` names where values come from: [{"source", "column", "format"}], kept as
    the source wrote them in `customer_record.raw`. A sensitive one is a feature of models only where `in_models` says so, and
    `purpose` (what for) and `consent` (how the customers agreed) are recorded.
    `filled` customers have a value, `misfits` records one that is not of the kind, as counted at `counted_at`.
    """

    __tablename__ = "attribute"
    __table_args__ = (UniqueConstraint("tenant_id", "key"),)

    key: Mapped[str]
    label: Mapped[str]
    kind: Mapped[str]
    timing: Mapped[str] = mapped_column(server_default="current")
    sensitive: Mapped[bool] = mapped_column(server_default=text("false"))
    in_models: Mapped[bool] = mapped_column(server_default=text("true"))
    purpose: Mapped[str] = mapped_column(server_default="")
    consent: Mapped[str] = mapped_column(server_default="")
    choices: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    columns: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    filled: Mapped[int | None]
    misfits: Mapped[int | None]
    counted_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class CustomerToken(TenantRow):
    """One search token of one customer: a word, pinyin, a CJK bigram or a trigram of digits."""

    __tablename__ = "customer_token"
    __table_args__ = (
        Index("ix_customer_token_customer_id", "tenant_id", "customer_id"),
        {"info": {"access": Access(app="SELECT, INSERT, DELETE")}},
    )

    token: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)
