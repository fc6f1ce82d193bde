"""Rows that programs send: each batch goes through the import, so it is checked, counted, undone and seen like a file."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.errors import Conflict, Forbidden
from kith_platform.i18n import N_
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.imports.mapping import Field
from kith_platform.imports.mapping import Mapping as Columns
from kith_platform.imports.models import Import
from kith_platform.jobs.models import Job
from kith_tenants.context import Actor, tenant_of

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

KNOWN = "known_at"


def take(
    session: Session,
    actor: Actor,
    runtime: Runtime,
    *,
    table: str,
    source: str,
    rows: Sequence[Mapping[str, Any]],
    key: str = "",
) -> tuple[Import, uuid.UUID | None]:
    """Ask for the import of rows of `table` (a plural). Each row has `id` and `customer` beside the fact's own columns.

    `key` is the sender's Idempotency-Key: the same rows under it are taken once. Returns the import and its job.
    Raises Forbidden; Conflict where the key stood for other rows.
    """
    if not actor.can("facts:write"):
        raise Forbidden
    name = f"api-{table}-{key or uuid.uuid4().hex}.csv"
    # What the sender said decides whether it is the same again; when it came does not.
    digest = hashlib.sha256(repr([sorted(row.items()) for row in rows]).encode()).hexdigest()
    known = _before(session, name)
    if known is not None:
        row, job = known
        if row.mapping.get("sent") != digest:
            raise Conflict(N_("This Idempotency-Key was used for other rows. Send the new rows under a new key."))
        return row, job
    blobs = runtime.blobs.of(tenant_of(session).id)
    fact = runtime.facts.by_plural(table)
    columns = [column for column in rows[0] if any(row.get(column) is not None for row in rows)]
    kept = uploads.keep_file(blobs, _file(rows, columns))
    seen = imports.look(session, runtime.facts, blobs, kept[0], table, source=source, mapping=_mapping(fact.name, table, columns))
    made, job_row = imports.start(session, actor, table=table, source=source, file_name=name, kept=kept, seen=seen)
    made.mapping = {**made.mapping, "sent": digest}
    session.flush()
    session.refresh(made)
    return made, job_row.public_id


def _before(session: Session, name: str) -> tuple[Import, uuid.UUID | None] | None:
    found = session.execute(
        select(Import, Job.public_id).outerjoin(Job, Job.id == Import.job_id).where(Import.file_name == name).limit(1)
    ).first()
    return (found[0], found[1]) if found else None


def _file(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> io.BytesIO:
    """The rows as a CSV file, with the time of receipt: what a live source tells was not known before."""
    now = dt.datetime.now(dt.UTC).isoformat()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*columns, KNOWN])
    writer.writerows([*(_plain(row.get(column)) for column in columns), now] for row in rows)
    return io.BytesIO(text.getvalue().encode())


def _plain(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _mapping(fact: str, table: str, columns: Sequence[str]) -> Columns:
    targets = {"id": "external_id"}
    fields = [Field(column, f"{fact}.{targets.get(column, column)}") for column in columns]
    return Columns(table=table, fields=(*fields, Field(KNOWN, f"{fact}.{KNOWN}")))
