"""A table that a company brought, and the questions asked of it or of an attribute."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Addressed, TenantRow, owned_by


class LabelledSet(Addressed, TenantRow):
    """A labelled table: its lines, in the file's order, lie as text in the blob (Parquet, columns by their names).

    `columns` says how each is read ({name, kind, format, sensitive, …}). `as_of_column` holds the day a line speaks of,
    `customer_column` the id in `source` of the customer whose line it is; "" for none. `sha256` is of the content.
    """

    __tablename__ = "labelled_set"
    __table_args__ = (UniqueConstraint("tenant_id", "public_id"), UniqueConstraint("tenant_id", "name"))

    name: Mapped[str]
    file_name: Mapped[str]
    columns: Mapped[list[Any]]
    lines: Mapped[int]
    blob: Mapped[str]
    sha256: Mapped[str]
    source: Mapped[str] = mapped_column(server_default="")
    as_of_column: Mapped[str] = mapped_column(server_default="")
    customer_column: Mapped[str] = mapped_column(server_default="")
    asked_by: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class OwnQuestion(Addressed, TenantRow):
    """What a company asks: which lines of a table, or which customers (`set_id` None), have the outcome.

    `outcome` is a column, the key of an attribute, or `event:` and a name; `test` what makes it a yes (">=100", "" where it
    has two values). Its models are versions of `task`. `keep` names columns that a person put back although they are suspect,
    `in_order` says that the lines stand in the order of time. `scored` is the blob of the scored lines, "" for none.
    """

    __tablename__ = "own_question"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "task"),
        owned_by("labelled_set", "set_id"),
    )

    set_id: Mapped[int | None]
    outcome: Mapped[str]
    test: Mapped[str] = mapped_column(server_default="")
    task: Mapped[str]
    keep: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    in_order: Mapped[bool] = mapped_column(server_default=text("false"))
    scored: Mapped[str] = mapped_column(server_default="")
    asked_by: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
