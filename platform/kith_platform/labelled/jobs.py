"""Jobs of labelled tables: loading a file, training a question, removing files."""

from __future__ import annotations

import csv
import io
import time
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.imports.preview import dialect_of
from kith_platform.imports.problems import reason
from kith_platform.imports.reading import Rejected
from kith_platform.imports.uploads import open_file
from kith_platform.jobs.declared import JobRun, job
from kith_platform.labelled import again, answering, events, questions, service, store
from kith_platform.labelled import columns as reading
from kith_platform.labelled.columns import Column
from kith_platform.labelled.models import LabelledSet
from kith_platform.predict import versions
from kith_platform.refresh import service as refresh
from kith_platform.segments import service as segments

REJECTS = 10_000  # rejected lines that are kept with their reason


@job(service.LOAD, queue="import", max_attempts=5, label=N_("Import of a labelled table"))
def load(run: JobRun) -> None:
    """Read a file into its table. The table changes in the last step alone, so a killed job begins again from nothing."""
    started = time.monotonic()
    args, blobs = run.args, run.runtime.blobs.of(run.tenant.id)
    dialect = dialect_of(partial(open_file, blobs, args["blob"]), encoding=args["encoding"])
    header = reading.names(dialect)

    def tell(lines: int) -> None:
        run.check()
        run.progress(lines, None, N_("%(lines)s lines read"), lines=lines)

    read = store.read(blobs, args["blob"], dialect, header, tell=tell)
    with run.step() as session:
        there = service.by_name(session, args["name"])
        before = (there.id, there.blob, there.lines) if there is not None else None
        if there is not None:
            service.same_columns(there, header, args["file_name"])
            session.expunge(there)
    kept = store.load(blobs, before[1]) if before else read.texts.clear()
    new = store.added(kept, read.texts)
    counts = {"read": read.lines, "inserted": new.height, "updated": 0, "unchanged": read.texts.height - new.height}
    counts |= {"duplicate": 0, "rejected": len(read.rejected)}
    rejects = _rejects(run, read.rejected)
    row: dict[str, Any] | None = None
    if new.height or before is None:
        row = _written(run, there, kept.vstack(new))
    run.result({**counts, "rejects": rejects, "seconds": round(time.monotonic() - started, 3), "table": args["name"]})
    with run.step(last=True) as session:
        if row is None:
            return
        if before is None:
            session.add(LabelledSet(name=args["name"], source=args["source"], asked_by=run.asked_by, **row))
            session.flush()
            return
        # Two files for one table at once: the one that comes second would lose the lines of the first.
        changed = update(LabelledSet).where(LabelledSet.id == before[0], LabelledSet.blob == before[1])
        done = session.execute(changed.values(**row, changed_at=func.now()).returning(LabelledSet.id)).scalar_one_or_none()
        if done is None:
            raise Changed(name=args["name"])


class Changed(NotFound):
    status = 409
    code = "changed_meanwhile"
    default = N_("The table %(name)s was changed or deleted by another import meanwhile. Import the file again.")


def _written(run: JobRun, there: LabelledSet | None, texts: Any) -> dict[str, Any]:
    """Keep the lines and say what they are; the values of the table's row."""
    args, zone = run.args, run.tenant.timezone
    blobs = run.runtime.blobs.of(run.tenant.id)
    run.progress(0, None, N_("Finding out what the columns are"))
    store.refuse_large(texts.height, texts.width)
    if there is None:
        found = [reading.guessed(name, texts[name], language=run.tenant.language, zone=zone) for name in texts.columns]
        as_of = _as_of(args["as_of_column"], found, texts, zone)
        whose = args["customer_column"] or reading.customer(found)
    else:
        found = [reading.counted(one, texts[one.name], zone=zone) for one in service.columns_of(there)]
        as_of, whose = args["as_of_column"] or there.as_of_column, args["customer_column"] or there.customer_column
    blob = f"labelled/{uuid.uuid4().hex}/lines.parquet"
    digest = store.write(blobs, blob, texts)
    return {
        "file_name": args["file_name"],
        "columns": [one.to_json() for one in found],
        "lines": texts.height,
        "blob": blob,
        "sha256": digest,
        "as_of_column": as_of,
        "customer_column": whose,
    }


def _as_of(given: str, found: list[Column], texts: Any, zone: str) -> str:
    """The as-of column. One that was given is read as days, whatever it looked like. Raises NotYesNo where it holds none."""
    if not given:
        return reading.as_of(found)
    at = next(number for number, one in enumerate(found) if one.name == given)
    found[at] = reading.as_days(found[at], texts[given], zone=zone)
    return given


def _rejects(run: JobRun, rejected: Sequence[Rejected]) -> str:
    """The rejected lines as a file: line, reason, text. Its blob's name, "" for none."""
    if not rejected:
        return ""
    blob = f"{run.args['blob'].rpartition('/')[0]}/rejects.csv"
    with run.runtime.blobs.of(run.tenant.id).open(blob, "wb") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(["line", "reason", "text"])
        writer.writerows([one.line, reason(one.reason, dict(one.params)), one.raw] for one in rejected[:REJECTS])
        text.flush()
        text.detach()
    return blob


@job(service.TRAIN, queue="train", max_attempts=3, label=N_("Answering a question of your own"))
def train(run: JobRun) -> None:
    """Train a question. Safe to begin again: a version that this job has kept already is not trained twice."""
    with run.step() as session:
        asked = answering.question(session, run.args["question"])
        kept = versions.of_job(session, asked.task, run.id)
        table = questions.table_of(session, asked)
        session.expunge_all()
    if kept is None:
        run.progress(0, 100, N_("Reading the lines"))
        if asked.outcome.startswith(events.PREFIX):
            kept = answering.of_event(run, asked)
        else:
            kept = answering.of_lines(run, asked, table)
    run.result({"question": questions.told(asked, kept)})
    with run.step(last=True) as session:
        _tell_segments(session, asked.task)


@job(service.USE, queue="train", max_attempts=3, label=N_("Using an earlier answer to a question again"))
def use(run: JobRun) -> None:
    """Score anew by a version that served before, and let it serve: both in one transaction. Safe to begin again."""
    with run.step() as session:
        asked = answering.question(session, run.args["question"])
        version = versions.numbered(session, asked.task, run.args["version"])
        artefact = versions.artefact(session, version, run.runtime.model_key)
        table = questions.table_of(session, asked)
        session.expunge_all()
    run.progress(0, 100, N_("Reading the lines"))
    if asked.outcome.startswith(events.PREFIX):
        again.event(run, asked, version, artefact)
    else:
        again.lines(run, asked, table, version, artefact)
    run.result({"question": questions.told(asked, version)})
    with run.step(last=True) as session:
        _tell_segments(session, asked.task)


def _tell_segments(session: Session, task: str) -> None:
    """Segments whose rules ask for the scores are counted again."""
    if segments.asking_of(session, task):
        refresh.ask_refresh(session)


@job(service.CLEAN, queue="default", max_attempts=5, label=N_("Removing files of a deleted table"))
def clean(run: JobRun) -> None:
    """Remove files that no row names any more."""
    for blob in run.args["blobs"]:
        run.runtime.blobs.of(run.tenant.id).remove(blob)
    with run.step(last=True):
        pass
