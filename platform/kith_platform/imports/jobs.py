"""The import job: each chunk in one transaction with the place to go on from, so that a kill loses and doubles nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import secrets
import time
from dataclasses import asdict
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from kith_platform.attributes import service as attributes
from kith_platform.attributes.kinds import Definition, reading
from kith_platform.errors import KithError
from kith_platform.i18n import N_, mark_plural
from kith_platform.imports import ahead, dirt, layouts, returns, service, uploads
from kith_platform.imports.identity import Occurrences
from kith_platform.imports.load import Job, Loaded, grown, keep_rejects, load, prepare
from kith_platform.imports.loads import Context
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import CANCELLED, DONE, FAILED, RUNNING, UNDOING, Import, ImportReject
from kith_platform.imports.plan import CUSTOMER, independent
from kith_platform.imports.preview import dialect_of
from kith_platform.imports.problems import reason
from kith_platform.imports.reading import Chunk, Rejected, chunks
from kith_platform.imports.undo import begin, undo
from kith_platform.jobs.declared import Cancelled, Fenced, HandedBack, JobRun, job
from kith_platform.refresh.service import ask_refresh
from kith_tenants import statistics

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
LINES_READ = mark_plural("%(lines)s line read, %(rejected)s rejected", "%(lines)s lines read, %(rejected)s rejected", "lines")
DRY_REJECTS = 10_000  # rejected lines that a dry run keeps
COUNTS = ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")


class Broken(KithError):
    """An error of ours in a chunk: it would come again with each attempt."""

    code = "import_broken"
    default = N_(
        "Kith could not load the lines from %(line)s on (reference %(reference)s). What was loaded before is kept. "
        "Give your operator the reference; once mended, try again and the import goes on there."
    )


@job("imports.load", queue="import", max_attempts=5, label=N_("Import"))
def load_file(run: JobRun) -> None:
    """Load one file. Begun again after a kill it goes on behind the last committed chunk."""
    with run.step() as session:
        begin(session)
        row = session.execute(select(Import).where(Import.id == run.args["import"])).scalar_one()
        row.state = RUNNING
        session.flush()
    try:
        _load(run, row)
    except (Fenced, HandedBack, OperationalError, InterfaceError, MemoryError):
        raise  # somebody else goes on
    except Cancelled:
        _stopped(run, row, CANCELLED)
        raise
    except KithError:
        _stopped(run, row, FAILED)
        raise
    except Exception as error:
        reference = secrets.token_hex(4)
        log.exception("import.broken", reference=reference, id=row.id)
        line = _stopped(run, row, FAILED)
        raise Broken(line=line, reference=reference) from error


@job("imports.undo", queue="import", max_attempts=3, label=N_("Undoing an import"))
def undo_file(run: JobRun) -> None:
    """Take an import back, in one transaction. Raises NotUndoable where somebody built on it meanwhile."""
    run.progress(0, None, N_("Taking back what the import did"))
    try:
        with run.step(last=True) as session:
            row = session.execute(select(Import).where(Import.id == run.args["import"])).scalar_one()
            found = undo(session, run.runtime.facts, row)
            attributes.catch_up(session, row)
            ask_refresh(session, asked_by=row.asked_by)
            run.result(asdict(found))
    except KithError:
        with run.step() as session:
            session.execute(update(Import).where(Import.id == run.args["import"], Import.state == UNDOING).values(state=DONE))
        raise


def _load(run: JobRun, row: Import) -> None:
    started = time.monotonic()
    job_of = _job(run, row)
    if row.dry_run:
        row = _dry_run(run, row, job_of)
    else:
        begun = independent(job_of.mapping, job_of.facts)
        for chunk, ready in ahead.ready(run, row, job_of, begun=begun):
            with run.step() as session:
                done = load(session, chunk, ready, job_of, begun=begun)
                row = _advance(session, row, chunk, done)
            _tell(run, row, chunk)
            run.check()
    _finish(run, row, started, job_of.attributes)


def _stopped(run: JobRun, row: Import, state: str) -> int:
    """Write down that the import ended early, with what it rejected so far; the line from which it did not go on."""
    with run.step() as session:
        row = session.execute(
            update(Import).where(Import.id == row.id).values(state=state, finished_at=func.now()).returning(Import)
        ).scalar_one()
        if row.inserted or row.updated:
            ask_refresh(session, asked_by=row.asked_by)
    if row.rejected:
        blob = write_rejects(run, row)
        with run.step() as session:
            session.execute(update(Import).where(Import.id == row.id).values(rejects=blob))
    return row.next_line


def _job(run: JobRun, row: Import) -> Job:
    blobs = run.runtime.blobs.of(run.tenant.id)
    mapping = Mapping.from_json(row.mapping)
    dialect = dialect_of(partial(uploads.open_file, blobs, row.blob), mapping)
    facts = layouts.tables(run.runtime.facts)
    fills: tuple[Definition, ...] = ()
    if mapping.table == facts[CUSTOMER].plural and mapping.unmapped:
        with run.step() as session:
            fills = reading(session, row.source, [str(source) for source in mapping.unmapped])
    keys = tuple(one.key for one in fills)
    context = Context(run.tenant.id, row.id, row.source, run.tenant.timezone, run.tenant.currency, keys)
    return Job(mapping, dialect, facts, context, Occurrences(), fills)


def _advance(session: Session, row: Import, chunk: Chunk, done: Loaded) -> Import:
    """Add a chunk's counts and move the place to go on from, in the chunk's own transaction."""
    values = {
        "read": row.read + done.read,
        "inserted": row.inserted + done.counts.inserted,
        "updated": row.updated + done.counts.updated,
        "unchanged": row.unchanged + done.counts.unchanged,
        "duplicate": row.duplicate + done.counts.duplicate,
        "rejected": row.rejected + len(done.rejected),
        "made": Import.made.concat(grown(row.made, done.made)),  # beside what the loads ahead write there
        "next_byte": chunk.end.byte,
        "next_line": chunk.end.line,
        "header_read": chunk.end.header_read,
    }
    statement = update(Import).where(Import.id == row.id).values(values).returning(Import)
    return session.execute(statement, execution_options={"populate_existing": True}).scalar_one()


def _dry_run(run: JobRun, row: Import, job_of: Job) -> Import:
    """Everything as in earnest, in one transaction that is rolled back at the end."""
    opener = partial(uploads.open_file, run.runtime.blobs.of(run.tenant.id), row.blob)
    found: list[Rejected] = []
    with run.runtime.doors.tenant_scope(run.tenant.id) as session:
        inner = session.begin_nested()
        current = row
        for chunk in chunks(opener, job_of.dialect, rows=ahead.CHUNK_LINES):
            done = load(session, chunk, prepare(chunk, job_of, now=dt.datetime.now(dt.UTC)), job_of)
            current = _advance(session, current, chunk, done)
            found += done.rejected[: DRY_REJECTS - len(found)]
            _tell(run, current, chunk)
            run.check()
        counts = {key: getattr(current, key) for key in (*COUNTS, "made")}
        inner.rollback()
    with run.step() as session:
        session.execute(delete(ImportReject).where(ImportReject.import_id == row.id))
        keep_rejects(session, found, row.id)
        return session.execute(update(Import).where(Import.id == row.id).values(counts).returning(Import)).scalar_one()


def _tell(run: JobRun, row: Import, chunk: Chunk) -> None:
    """Lines read, and how many there will be by the bytes of those so far."""
    size = run.runtime.blobs.of(run.tenant.id).size(row.blob)  # of what is read, which may have come packed
    total = row.read if chunk.end.byte >= size else round(row.read * size / chunk.end.byte)
    run.progress(row.read, total, LINES_READ, lines=row.read, rejected=row.rejected)


def _linked(run: JobRun, row: Import) -> Import:
    """After all lines: the orders that returns undo may stand in any of them."""
    with run.step() as session:
        linked, orderless = returns.link(session, row.id)
        odd = {**row.made.get("dirt", {}), dirt.LINKED: linked, dirt.ORDERLESS: orderless}
        statement = update(Import).where(Import.id == row.id).values(made=Import.made.concat({"dirt": odd})).returning(Import)
        return session.execute(statement, execution_options={"populate_existing": True}).scalar_one()


def _finish(run: JobRun, row: Import, started: float, filled: tuple[Definition, ...]) -> None:
    if not row.dry_run and dirt.RETURNED in row.made.get("dirt", {}):
        row = _linked(run, row)
    name = write_rejects(run, row) if row.rejected else ""
    counts = {key: getattr(row, key) for key in COUNTS}
    run.result({**counts, "made": row.made, "rejects": name, "seconds": round(time.monotonic() - started, 3)})
    if not row.dry_run and row.inserted + row.updated >= statistics.FEW:
        with run.step() as session:
            statistics.learn(session)
    with run.step(last=True) as session:
        session.execute(update(Import).where(Import.id == row.id).values(state=DONE, rejects=name, finished_at=func.now()))
        if not row.dry_run:
            attributes.catch_up(session, row, filled)
        if not row.dry_run and (row.inserted or row.updated):
            ask_refresh(session, asked_by=row.asked_by)


def write_rejects(run: JobRun, row: Import) -> str:
    """The rejects as a file: line, reason, raw text. Returns its blob's name."""
    blob = f"{row.blob.rpartition('/')[0]}/rejects.csv"
    last = 0
    with run.runtime.blobs.of(run.tenant.id).open(blob, "wb") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")  # the mark lets spreadsheets see the encoding
        writer = csv.writer(text)
        writer.writerow(["line", "reason", "text"])
        while True:
            with run.runtime.doors.tenant_scope(run.tenant.id, read_only=True) as session:
                found = service.rejects(session, row, after=last)
            for one in found:
                writer.writerow([one.line, reason(one.reason, one.params), one.raw])
            if not found:
                break
            last = found[-1].line
        text.flush()
        text.detach()
    return blob
