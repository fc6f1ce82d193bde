"""Segments, who is in them, who came and went, and how large they were."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, UniqueConstraint, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_platform.customers.models import Customer
from kith_tenants.schema import Access, Addressed, Numbered, TenantRow, owned_by

WAITING, READY, FAILED = "waiting", "ready", "failed"

# The few who do not count, so that a count need not look at everybody's row to leave them out.
Index(
    "ix_customer_gone",
    Customer.tenant_id,
    Customer.id,
    postgresql_where=or_(Customer.merged_into.is_not(None), Customer.is_test),
)


class Segment(Addressed, TenantRow):
    """A rule with a name. A dynamic one follows what happens; a static one keeps whom it found when it was filled.

    `version` counts the rules it had; `built_version` is the one its members fulfil. `as_of` is the moment the members are
    true for, `day` the company's day they were counted on, `generation` the snapshot they were last compared with, `seconds` how
    long that took. `problem` is a marked msgid: why the last count failed.
    """

    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("tenant_id", "public_id"), UniqueConstraint("tenant_id", "name"))

    name: Mapped[str]
    about: Mapped[str] = mapped_column(server_default="")
    dynamic: Mapped[bool]
    rule: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    built_version: Mapped[int | None]
    state: Mapped[str] = mapped_column(server_default=WAITING)
    problem: Mapped[str] = mapped_column(server_default="")
    problem_params: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    size: Mapped[int] = mapped_column(server_default=text("0"))
    as_of: Mapped[dt.datetime | None]
    day: Mapped[dt.date | None]
    generation: Mapped[int | None]
    seconds: Mapped[float | None]
    made_by: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class SegmentMember(TenantRow):
    """A customer in a segment since a moment. No foreign keys: a rebuild writes by the hundred thousand."""

    __tablename__ = "segment_member"
    __table_args__ = (
        Index("ix_segment_member_customer_id", "tenant_id", "customer_id", "segment_id"),
        {"info": {"access": Access(app="SELECT, INSERT, DELETE")}},
    )

    segment_id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class SegmentMove(Numbered, TenantRow):
    """A customer came into a segment or left it.

    `version` is the rule's; `why` holds the value of each of its conditions, in the order they are written, as they were at
    that moment; null where so many moved at once that nobody asked for each.
    """

    __tablename__ = "segment_move"
    __table_args__ = (
        Index("ix_segment_move_segment_id", "tenant_id", "segment_id", "id"),
        Index("ix_segment_move_customer_id", "tenant_id", "customer_id", "id"),
        {"info": {"access": Access(app="SELECT, INSERT, DELETE")}},
    )

    segment_id: Mapped[int]
    customer_id: Mapped[int]
    entered: Mapped[bool]
    version: Mapped[int]
    why: Mapped[list[Any] | None]
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class SegmentRule(TenantRow):
    """A rule that a segment has or had."""

    __tablename__ = "segment_rule"
    __table_args__ = (owned_by("segment", "segment_id", ondelete="CASCADE"),)

    segment_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[dict[str, Any]]
    made_by: Mapped[int | None]
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class SegmentSize(TenantRow):
    """How large a segment was at the end of a day, and how many came and went on it."""

    __tablename__ = "segment_size"
    __table_args__ = (owned_by("segment", "segment_id", ondelete="CASCADE"),)

    segment_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    size: Mapped[int]
    entered: Mapped[int] = mapped_column(server_default=text("0"))
    left: Mapped[int] = mapped_column(server_default=text("0"))


class SegmentSample(TenantRow):
    """A customer of the fixed sample of one in a hundred, by which counts over facts are estimated."""

    __tablename__ = "segment_sample"
    __table_args__ = {"info": {"access": Access(app="SELECT, INSERT, DELETE")}}  # noqa: RUF012

    customer_id: Mapped[int] = mapped_column(primary_key=True)


class SavedView(Addressed, TenantRow):
    """A member's way to look at the customer list: its filters, order and columns as the address has them.

    `shared` ones are offered to the whole company; only who made one changes it.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("tenant_id", "public_id"), UniqueConstraint("tenant_id", "member_id", "name"))

    member_id: Mapped[int]
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
