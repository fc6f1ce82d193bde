"""What is known of each import: its file, its counts, how far it came, and the mappings people saved."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Addressed, Numbered, TenantRow

DRAFT, WAITING, RUNNING, DONE, FAILED, CANCELLED = "draft", "waiting", "running", "done", "failed", "cancelled"
UNDOING, UNDONE = "undoing", "undone"


class Import(Addressed, TenantRow):
    """One file on its way in. Counts are lines of the file: read = inserted + updated + unchanged + duplicate + rejected.

    `table_name` is a fact's plural. `file_name` is what the user called the file, for display only. The place to go on from
    after a kill is (`next_byte`, `next_line`, `header_read`); it moves in the same transaction as a chunk's rows. `made` counts
    what became of other facts ({"customer_record": {"inserted": 3, …}}). `rejects` is the blob of rejected lines, "" for none.
    """

    __tablename__ = "import"
    __table_args__ = (UniqueConstraint("tenant_id", "public_id"),)

    table_name: Mapped[str]
    source: Mapped[str]
    file_name: Mapped[str]
    blob: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    mapping: Mapped[dict[str, Any]]
    dry_run: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(server_default=WAITING)
    read: Mapped[int] = mapped_column(server_default=text("0"))
    inserted: Mapped[int] = mapped_column(server_default=text("0"))
    updated: Mapped[int] = mapped_column(server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(server_default=text("0"))
    duplicate: Mapped[int] = mapped_column(server_default=text("0"))
    rejected: Mapped[int] = mapped_column(server_default=text("0"))
    made: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    next_byte: Mapped[int] = mapped_column(server_default=text("0"))
    next_line: Mapped[int] = mapped_column(server_default=text("1"))
    header_read: Mapped[bool] = mapped_column(server_default=text("false"))
    rejects: Mapped[str] = mapped_column(server_default="")
    notes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    job_id: Mapped[int | None]
    asked_by: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]


class ImportReject(Numbered, TenantRow):
    """A line that was not taken: why, and the line as it stood. `reason` is a key of problems, with its parameters."""

    __tablename__ = "import_reject"
    __table_args__ = (UniqueConstraint("tenant_id", "import_id", "line"),)

    import_id: Mapped[int]
    line: Mapped[int]
    reason: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    raw: Mapped[str]


class SavedMapping(Numbered, TenantRow):
    """The mapping last confirmed for files of one source, table and header."""

    __tablename__ = "saved_mapping"
    __table_args__ = (UniqueConstraint("tenant_id", "source", "table_name", "header"),)

    source: Mapped[str]
    table_name: Mapped[str]
    header: Mapped[str]  # sha256 of the header's names, or of the number of columns
    mapping: Mapped[dict[str, Any]]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
