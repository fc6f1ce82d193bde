"""One row per snapshot: when it was read and which files hold it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Addressed, TenantRow

WRITING, READY, DROPPED = "writing", "ready", "dropped"


class Snapshot(Addressed, TenantRow):
    """A manifest: `tables` lists, per table, columns and Parquet files in the tenant's own prefix of the blob store.

    `generation` counts the tenant's snapshots and is empty while files are being written; two runs that start from the same
    parent cannot both take the next number. `oldest_transaction` of `cluster` is the first transaction that was not yet over
    at the moment of reading: what older ones wrote is certainly in. A dropped snapshot keeps its row, for what refers to it.
    """

    __tablename__ = "snapshot"
    __table_args__ = (
        Index("uq_snapshot_generation", "tenant_id", "generation", unique=True),
        Index("ix_snapshot_state", "tenant_id", "state", "id"),
    )

    state: Mapped[str] = mapped_column(server_default=WRITING)
    generation: Mapped[int | None]
    parent_id: Mapped[int | None]
    read_at: Mapped[dt.datetime]
    cluster: Mapped[str] = mapped_column(Text(collation="C"))
    oldest_transaction: Mapped[int]
    timezone: Mapped[str]
    currency: Mapped[str]
    attributes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    tables: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    rows: Mapped[int] = mapped_column(server_default=text("0"))
    bytes: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
