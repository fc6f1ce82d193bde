"""Use cases of imports: take a file in, look at it, confirm its mapping, start, list, save its mapping."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.auth.who import system
from kith_platform.blobs import TenantBlobs
from kith_platform.errors import Conflict, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.imports import layouts, saved
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import DONE, DRAFT, RUNNING, UNDOING, WAITING, Import, ImportReject
from kith_platform.imports.preview import Preview, preview
from kith_platform.imports.problems import FileProblem
from kith_platform.imports.uploads import SEVERAL, Kept, open_file, unpacked_beside
from kith_platform.sdk.templates import ImportTemplate
from kith_tenants.context import Actor, tenant_of

if TYPE_CHECKING:
    from kith_platform.facts.catalogue import FactCatalogue
    from kith_platform.jobs.models import Job

DEFAULT_SOURCE = "file"
STARTED = N_("This import was started already. Upload the file again to load it another way.")


class MissingColumns(Invalid):
    """The file lacks columns without which no row can be loaded."""

    code = "missing_columns"
    default = N_(
        "The file %(file)s has no column for %(missing)s. Its columns are: %(header)s. Name the column in the mapping, or add it."
    )


def read_part(session: Session, facts: FactCatalogue, blobs: TenantBlobs, row: Import, part: str) -> Import:
    """Give a draft another sheet of its workbook, or another file of its archive. Raises Conflict once it was started,
    FileProblem for one that is not there or cannot be read."""
    if row.state != DRAFT:
        raise Conflict(STARTED)
    folder = row.blob.rpartition("/")[0]
    kept = unpacked_beside(blobs, Kept(f"{folder}/source", row.sha256, row.size), f"{folder}/table-{uuid.uuid4().hex}", part)
    seen = look(session, facts, blobs, kept.blob, row.table_name, source=row.source)
    row.blob = kept.blob
    amend(row, seen)
    row.notes = _notes(kept, seen)
    session.flush()
    return row


def parts(row: Import) -> list[str]:
    """Sheets, or packed files, of which one was read: that first. Empty where there is but one."""
    told: dict[str, Any] = next((one["params"] for one in row.notes if one["code"] == "part_of_several"), {})
    return [told["part"], *told["others"].split(SEVERAL)] if told else []


def look(
    session: Session,
    facts: FactCatalogue,
    blobs: TenantBlobs,
    blob: str,
    table: str,
    *,
    source: str = DEFAULT_SOURCE,
    mapping: Mapping | None = None,
    template: ImportTemplate | None = None,
    encoding: str | None = None,
) -> Preview:
    """The file's preview by the given mapping or template, else the mapping saved for this source and header, else the guess.

    Raises FileProblem.
    """
    tenant = tenant_of(session)
    see = partial(
        preview,
        partial(open_file, blobs, blob),
        table,
        layouts.tables(facts),
        encoding=encoding,
        language=tenant.language,
        zone=tenant.timezone,
    )
    if mapping is not None:
        return see(mapping=mapping)
    if template is not None:
        return see(template=template)
    first = see()
    known = saved.mapping_of(session, source, table, first.dialect)
    return see(mapping=known) if known else first


def use_template(session: Session, facts: FactCatalogue, blobs: TenantBlobs, row: Import, template: ImportTemplate) -> Preview:
    """Give a draft the mapping and the table of a template. Raises Conflict once it was started."""
    if row.state != DRAFT:
        raise Conflict(STARTED)
    seen = look(session, facts, blobs, row.blob, template.table, source=row.source, template=template)
    row.table_name = template.table
    parts = [told for told in row.notes if told["code"] == "part_of_several"]
    row.notes = parts + [{"code": note.code, "params": dict(note.params)} for note in seen.notes]
    amend(row, seen)
    session.flush()
    return seen


def start(
    session: Session,
    actor: Actor | None,
    *,
    table: str,
    source: str,
    file_name: str,
    kept: Kept,
    seen: Preview,
    dry_run: bool = False,
) -> tuple[Import, Job]:
    """Ask for the import of a kept file by the mapping of its preview, and remember that mapping.

    Raises MissingColumns naming what is missing and the columns there are.
    """
    row = draft(session, actor, table=table, source=source, file_name=file_name, kept=kept, seen=seen)
    return begin(session, actor, row, seen, dry_run=dry_run)


def draft(session: Session, actor: Actor | None, *, table: str, source: str, file_name: str, kept: Kept, seen: Preview) -> Import:
    """Remember a kept file and how it looks, before anybody says that it is to be loaded."""
    row = Import(
        table_name=table,
        source=source,
        file_name=file_name[:255],
        blob=kept.blob,
        sha256=kept.sha256,
        size=kept.size,
        state=DRAFT,
        asked_by=actor.member_id if actor else None,
    )
    amend(row, seen)
    row.notes = _notes(kept, seen)
    session.add(row)
    session.flush()
    return row


def _notes(kept: Kept, seen: Preview) -> list[dict[str, Any]]:
    return [{"code": note.code, "params": dict(note.params)} for note in (*kept.notes, *seen.notes)]


def amend(row: Import, seen: Preview) -> None:
    """Give a draft the mapping of a preview. Raises Conflict once it was started."""
    if row.state not in (None, DRAFT):
        raise Conflict(STARTED)
    row.mapping = {**seen.guess.mapping.to_json(), "dialect": _dialect(seen.dialect)}
    if not row.notes:  # what the guess had to say stays true of the file
        row.notes = [{"code": note.code, "params": dict(note.params)} for note in seen.notes]


def begin(session: Session, actor: Actor | None, row: Import, seen: Preview, *, dry_run: bool = False) -> tuple[Import, Job]:
    """Load a draft by the mapping of its preview, or try it: a dry run leaves the draft as it is and has a row of its own.

    Raises MissingColumns, FileProblem where no column has a place, Conflict once it was started.
    """
    from kith_platform.jobs import service as jobs

    shown = ", ".join(str(name) for name in seen.header)
    if lacking := seen.guess.missing_required:
        raise MissingColumns(file=row.file_name, missing=", ".join(lacking), header=shown)
    if not seen.guess.mapping.fields:
        raise FileProblem("nothing_mapped", columns=shown)
    amend(row, seen)
    if dry_run:
        kept = Kept(row.blob, row.sha256, row.size)
        row = draft(session, actor, table=row.table_name, source=row.source, file_name=row.file_name, kept=kept, seen=seen)
        row.dry_run = True
    row.state = WAITING
    row.asked_by = actor.member_id if actor else None
    session.flush()
    job = jobs.ask(session, "imports.load", {"import": row.id}, dedupe_key=str(row.id), asked_by=row.asked_by)
    row.job_id = job.id
    if not dry_run:
        detail = {"file": row.file_name, "table": row.table_name, "source": row.source, "sha256": row.sha256}
        record(session, actor or system(), "import:started", f"import:{row.public_id}", detail)
    saved.keep(session, row.source, row.table_name, seen.dialect, seen.guess.mapping)
    session.flush()
    return row, job


def draft_of(session: Session, row: Import) -> Import | None:
    """The draft that a dry run was made of, while it is one."""
    found = select(Import).where(Import.blob == row.blob, Import.state == DRAFT, Import.id != row.id)
    return session.execute(found.order_by(Import.id).limit(1)).scalar_one_or_none()


def same_file(session: Session, row: Import) -> Import | None:
    """An earlier import of a file with the same content into the same table and source, that still stands."""
    alike = select(Import).where(Import.sha256 == row.sha256, Import.table_name == row.table_name, Import.source == row.source)
    done = alike.where(Import.state == DONE, ~Import.dry_run, Import.id != row.id)
    return session.execute(done.order_by(Import.id.desc()).limit(1)).scalar_one_or_none()


def ask_undo(session: Session, actor: Actor, row: Import, facts: FactCatalogue) -> Job:
    """Ask for an import to be taken back. Raises NotUndoable where it cannot be as things are."""
    from kith_platform.imports import undo
    from kith_platform.jobs import service as jobs

    undo.refuse(undo.preview(session, facts, row))
    row.state = UNDOING
    record(session, actor, "import:undone", f"import:{row.public_id}", {"file": row.file_name, "table": row.table_name})
    job = jobs.ask(session, "imports.undo", {"import": row.id}, dedupe_key=str(row.id), asked_by=actor.member_id)
    row.job_id = job.id
    session.flush()
    return job


def state(session: Session, row: Import) -> str:
    """The import's state; where its job ended without a word to it (cancelled while it waited, lost for good), what that
    means: it is cancelled or failed, or, where it was to be undone, done as before."""
    from kith_platform.jobs.models import Job

    if row.state not in (WAITING, RUNNING, UNDOING) or row.job_id is None:
        return row.state
    job = session.get(Job, (row.tenant_id, row.job_id))
    if job is None or job.finished_at is None:
        return row.state
    return DONE if row.state == UNDOING else job.state


def _dialect(found: Dialect) -> dict[str, Any]:
    keys = ("encoding", "delimiter", "quote", "has_header", "skip_blanks", "preamble")
    return {key: getattr(found, key) for key in keys}


def get(session: Session, public_id: uuid.UUID) -> Import:
    """Raises NotFound."""
    row = session.execute(select(Import).where(Import.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound(N_("There is no such import in this company."))
    return row


def listing(session: Session, *, before: int | None = None, most: int = 50) -> Sequence[Import]:
    """Imports, newest first; `before` is the id of the last one seen."""
    statement = select(Import).order_by(Import.id.desc()).limit(most)
    return session.execute(statement if before is None else statement.where(Import.id < before)).scalars().all()


def rejects(session: Session, row: Import, *, after: int = 0, most: int = 1000) -> Sequence[ImportReject]:
    """Rejected lines in the file's order."""
    statement = select(ImportReject).where(ImportReject.import_id == row.id, ImportReject.line > after)
    return session.execute(statement.order_by(ImportReject.line).limit(most)).scalars().all()


def refused(session: Session, row: Import) -> list[tuple[ImportReject, int]]:
    """The first line of each kind of rejection (reason and column), and how many lines were rejected so; the commonest first."""
    kind = (ImportReject.reason, ImportReject.params["of"].astext, ImportReject.params["column"].astext)
    counts = select(func.min(ImportReject.line).label("line"), func.count().label("lines"))
    kinds = counts.where(ImportReject.import_id == row.id).group_by(*kind).subquery()
    found = select(ImportReject, kinds.c.lines).join(kinds, ImportReject.line == kinds.c.line)
    ordered = found.where(ImportReject.import_id == row.id).order_by(kinds.c.lines.desc(), ImportReject.line)
    return [(one, lines) for one, lines in session.execute(ordered).all()]


def open_rejects(blobs: TenantBlobs, row: Import) -> BinaryIO:
    """The rejects file. Raises NotFound where nothing was rejected or the import is not over."""
    if not row.rejects:
        raise NotFound(N_("This import has no file of rejected lines."))
    return blobs.stream(row.rejects)
