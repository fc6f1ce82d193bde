"""The import job: each chunk in one transaction with the place to go on from, so that a kill loses and doubles nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kith_platform.i18n import N_
from kith_platform.imports import service
from kith_platform.imports.identity import Occurrences
from kith_platform.imports.load import Job, Loaded, load, prepare
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import DONE, RUNNING, Import, ImportReject
from kith_platform.imports.plan import Context
from kith_platform.imports.preview import dialect_of
from kith_platform.imports.problems import reason
from kith_platform.imports.reading import Chunk, Offset, chunks
from kith_platform.jobs.declared import JobRun, job

CHUNK_LINES = 20_000


@job("imports.load", queue="import", max_attempts=5, label=N_("Import"))
def load_file(run: JobRun) -> None:
    """Load one file. Begun again after a kill it goes on behind the last committed chunk."""
    with run.step() as session:
        row = session.execute(select(Import).where(Import.id == run.args["import"])).scalar_one()
        row.state = RUNNING
        session.flush()
    started = time.monotonic()
    job_of = _job(run, row)
    if row.dry_run:
        _dry_run(run, row, job_of)
    else:
        for chunk in _ahead(run, row, job_of):
            ready = prepare(chunk, job_of, now=dt.datetime.now(dt.UTC))
            with run.step() as session:
                done = load(session, chunk, ready, job_of)
                row = _advance(session, row, chunk, done)
            _tell(run, row, chunk, started)
            run.check()
    _finish(run, row, started)


def _job(run: JobRun, row: Import) -> Job:
    blobs = run.runtime.blobs.of(run.tenant.id)
    mapping = Mapping.from_json(row.mapping)
    dialect = dialect_of(partial(service.open_file, blobs, row.blob), mapping)
    context = Context(run.tenant.id, row.id, row.source, run.tenant.timezone, run.tenant.currency)
    return Job(mapping, dialect, {fact.name: fact for fact in run.runtime.facts}, context, Occurrences())


def _ahead(run: JobRun, row: Import, job_of: Job) -> Iterator[Chunk]:
    """The chunks that are still to be loaded. Those before are read, not loaded, where ids depend on the rows before."""
    opener = partial(service.open_file, run.runtime.blobs.of(run.tenant.id), row.blob)
    reached = Offset(row.next_byte, row.next_line, row.header_read)
    if reached.byte:
        for chunk in chunks(opener, job_of.dialect, rows=CHUNK_LINES):
            if chunk.start.byte >= reached.byte:
                break
            prepare(chunk, job_of, now=dt.datetime.now(dt.UTC))
    yield from chunks(opener, job_of.dialect, start=reached, rows=CHUNK_LINES)


def _advance(session: Session, row: Import, chunk: Chunk, done: Loaded) -> Import:
    """Add a chunk's counts and move the place to go on from, in the chunk's own transaction."""
    made = {name: dict(counts) for name, counts in row.made.items()}
    for name, counts in done.made.items():
        before = made.setdefault(name, {})
        for key, value in asdict(counts).items():
            before[key] = before.get(key, 0) + value
    values = {
        "read": row.read + done.read,
        "inserted": row.inserted + done.counts.inserted,
        "updated": row.updated + done.counts.updated,
        "unchanged": row.unchanged + done.counts.unchanged,
        "duplicate": row.duplicate + done.counts.duplicate,
        "rejected": row.rejected + len(done.rejected),
        "made": made,
        "next_byte": chunk.end.byte,
        "next_line": chunk.end.line,
        "header_read": chunk.end.header_read,
    }
    statement = update(Import).where(Import.id == row.id).values(values).returning(Import)
    return session.execute(statement, execution_options={"populate_existing": True}).scalar_one()


def _dry_run(run: JobRun, row: Import, job_of: Job) -> None:
    """Everything as in earnest, in one transaction that is rolled back at the end."""
    opener = partial(service.open_file, run.runtime.blobs.of(run.tenant.id), row.blob)
    started = time.monotonic()
    with run.runtime.doors.tenant_scope(run.tenant.id) as session:
        inner = session.begin_nested()
        found: list[Any] = []
        current = row
        for chunk in chunks(opener, job_of.dialect, rows=CHUNK_LINES):
            done = load(session, chunk, prepare(chunk, job_of, now=dt.datetime.now(dt.UTC)), job_of)
            current = _advance(session, current, chunk, done)
            found += done.rejected
            _tell(run, current, chunk, started)
            run.check()
        counts = {
            key: getattr(current, key) for key in ("read", "inserted", "updated", "unchanged", "duplicate", "rejected", "made")
        }
        inner.rollback()
    with run.step() as session:
        session.execute(update(Import).where(Import.id == row.id).values(counts))
        for name, value in counts.items():
            setattr(row, name, value)
        for one in found[:1000]:
            session.add(ImportReject(import_id=row.id, line=one.line, reason=one.reason, params=dict(one.params), raw=one.raw))


def _tell(run: JobRun, row: Import, chunk: Chunk, started: float) -> None:
    rate = row.read / max(time.monotonic() - started, 0.001)
    run.progress(chunk.end.byte, row.size, N_("%(lines)s lines read, %(rate)s a second"), lines=row.read, rate=round(rate))


def _finish(run: JobRun, row: Import, started: float) -> None:
    name = write_rejects(run, row) if row.rejected else ""
    counts = {key: getattr(row, key) for key in ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")}
    run.result({**counts, "made": row.made, "rejects": name, "seconds": round(time.monotonic() - started, 3)})
    with run.step(last=True) as session:
        session.execute(update(Import).where(Import.id == row.id).values(state=DONE, rejects=name, finished_at=func.now()))


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
                writer.writerow([one.line, reason(one.reason, **one.params), one.raw])
            if not found:
                break
            last = found[-1].line
        text.flush()
        text.detach()
    return blob
