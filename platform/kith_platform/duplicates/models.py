"""Pairs of records that may be one, what people said of them, every merge, and which source a field is believed from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Addressed, TenantRow

AUTOMATIC, HELD, REVIEW = "automatic", "held", "review"
MERGE, SPLIT = "merge", "split"


class DuplicatePair(TenantRow):
    """Two records that matching found alike, `left_id` the smaller. `weight` in bits of evidence; `why`: likeness per field.

    The kind `held` is certain too, but the customers have different owners.
    """

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        Index("ix_duplicate_pair_weight", "tenant_id", "kind", "weight", "left_id", "right_id"),
        Index("ix_duplicate_pair_right_id", "tenant_id", "right_id"),
    )

    left_id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    weight: Mapped[float]
    why: Mapped[str]
    found_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class DuplicateRun(TenantRow):
    """One row a tenant: what matching last compared. `fingerprint`: of all records in compared form and people's decisions."""

    __tablename__ = "duplicate_run"

    fingerprint: Mapped[str]
    records: Mapped[int]
    seconds: Mapped[float]
    ran_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class ToldApart(TenantRow):
    """Two records, `left_id` the smaller, that a person said belong to different customers: no refresh merges them."""

    __tablename__ = "told_apart"

    left_id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(primary_key=True)
    decided_by: Mapped[str] = mapped_column(server_default="")
    decided_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class CustomerMerge(Addressed, TenantRow):
    """One merge of `gone_id` into `survivor_id`, or one split of `gone_id` out of `survivor_id`; kept when it is undone.

    `moved` are the ids of the records that changed customers, `former` what both customers and those who pointed at them were.
    `by` is the person's name, empty where the refresh merged by itself; `why` the likeness that led to it.
    """

    __tablename__ = "customer_merge"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        Index("ix_customer_merge_survivor_id", "tenant_id", "survivor_id"),
        Index("ix_customer_merge_gone_id", "tenant_id", "gone_id"),
        {"info": {"access": Access(app="SELECT, INSERT, UPDATE")}},
    )

    kind: Mapped[str]
    survivor_id: Mapped[int]
    gone_id: Mapped[int]
    moved: Mapped[list[Any]]
    former: Mapped[dict[str, Any]]
    why: Mapped[str] = mapped_column(server_default="")
    weight: Mapped[float | None]
    by: Mapped[str] = mapped_column(server_default="")
    merged_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    undone_at: Mapped[dt.datetime | None]
    undone_by: Mapped[str] = mapped_column(server_default="")


class SurvivingRule(TenantRow):
    """Which of several records' values a field shows: trusted, recent or filled. `sources` in the order they are believed."""

    __tablename__ = "surviving_rule"

    field: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str]
    sources: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
