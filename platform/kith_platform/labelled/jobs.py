"""Jobs of labelled tables: loading a file, training a question, removing files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import delete, func, update

from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.imports.preview import dialect_of
from kith_platform.imports.problems import reason
from kith_platform.imports.reading import Rejected
from kith_platform.imports.uploads import open_file
from kith_platform.jobs.declared import JobRun, job
from kith_platform.labelled import columns as reading
from kith_platform.labelled import events, material, questions, service, store, training
from kith_platform.labelled.columns import Column
from kith_platform.labelled.material import Material
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.predict import scores, versions
from kith_platform.predict.models import ModelVersion, Score
from kith_platform.predict.training import Progress, Trained

REJECTS = 10_000  # rejected lines that are kept with their reason
NO_QUESTION = N_("The question was deleted before it was answered.")


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
        asked = session.get(OwnQuestion, (run.tenant.id, run.args["question"]))
        if asked is None:
            raise NotFound(NO_QUESTION)
        kept = versions.of_job(session, asked.task, run.id)
        table = questions.table_of(session, asked)
        session.expunge_all()
    if kept is None:
        run.progress(0, 100, N_("Reading the lines"))
        if asked.outcome.startswith(events.PREFIX):
            kept = _event(run, asked)
        else:
            kept = _answered(run, asked, table, _material(run, asked, table))
    run.result({"question": questions.told(asked, kept)})
    with run.step(last=True):
        pass


def _event(run: JobRun, asked: OwnQuestion) -> ModelVersion:
    """An event is asked of customers as they were on former days; the others are of how things stand."""
    from kith_platform.frames import open_frames
    from kith_platform.snapshots import service as snapshots

    manifest = snapshots.take(run.runtime, run.tenant.id)
    seed, name = int(run.args["seed"]), asked.outcome.removeprefix(events.PREFIX)
    with open_frames(run.runtime, run.tenant, manifest, threads=run.threads, memory_mb=run.memory_mb) as frames:
        trained = events.train(run, frames, name, seed=seed, progress=_tell(run))
        as_of = frames.last_day
    report = {**trained.report, "splits": events.splits(trained), "yes": name, "no": "", "day_given": True}
    with run.step() as session:
        row = versions.save(
            session,
            asked.task,
            replace(trained, report=report),
            as_of=as_of,
            watermark=manifest.read_at,
            snapshot=manifest.public_id.hex,
            seed=seed,
            key=run.runtime.model_key,
            job_id=run.id,
        )
        if trained.ships and trained.scored is not None:
            scores.keep(session, asked.task, trained.scored, version=row.version, as_of=as_of)
        else:
            session.execute(delete(Score).where(Score.task == asked.task))
    return row


def _tell(run: JobRun) -> Progress:
    def tell(done: int, message: str) -> None:
        run.check()
        run.progress(done, 100, message)

    return tell


def _material(run: JobRun, asked: OwnQuestion, table: LabelledSet | None) -> Material:
    today = dt.datetime.now(tz=dt.UTC).date()
    if table is None:
        return _customers(run, asked)
    texts = store.load(run.runtime.blobs.of(run.tenant.id), table.blob)
    with run.step() as session:
        return material.of_set(session, table, texts, asked, zone=run.tenant.timezone, today=today)


def _customers(run: JobRun, asked: OwnQuestion) -> Material:
    from kith_platform.attributes.kinds import definitions
    from kith_platform.frames import open_frames
    from kith_platform.predict import feature_sets
    from kith_platform.predict.matrix import matrix_at
    from kith_platform.snapshots import service as snapshots

    manifest = snapshots.take(run.runtime, run.tenant.id)
    with open_frames(run.runtime, run.tenant, manifest, threads=run.threads, memory_mb=run.memory_mb) as frames:
        day = frames.last_day
        sets, _warnings = feature_sets.usable(run, frames, day + dt.timedelta(days=1))
        sets = [one for one in sets if one.key != "attributes"]  # they come as they are today, and the outcome is one of them
        features = matrix_at(frames, sets, day + dt.timedelta(days=1))
    labels = {feature.name: feature.name for one in sets for feature in one.features}
    with run.step() as session:
        return material.of_customers(session, features, labels, definitions(session), asked, day)


def _answered(run: JobRun, asked: OwnQuestion, table: LabelledSet | None, found: Material) -> ModelVersion:
    tell = _tell(run)
    put = training.Asked(found.told.values, frozenset(asked.keep), asked.in_order, found.excluded)
    seed = int(run.args["seed"])
    answered = training.answer(found.table, put, seed=seed, threads=run.threads, progress=tell)
    tell(90, N_("Writing down what came of it"))
    blob = _scored_lines(run, asked, found, answered)
    with run.step() as session:
        row = _kept(session, run, asked, table, found, answered.trained, seed)
        _keep_scores(session, asked, found, answered, row)
        session.execute(update(OwnQuestion).where(OwnQuestion.id == asked.id).values(scored=blob))
    if asked.scored and asked.scored != blob:
        run.runtime.blobs.of(run.tenant.id).remove(asked.scored)
    return row


def _kept(
    session: Any, run: JobRun, asked: OwnQuestion, table: LabelledSet | None, found: Material, trained: Trained, seed: int
) -> ModelVersion:
    report = {**trained.report, "yes": found.told.yes, "no": found.told.no, "day_given": True}
    warnings = trained.warnings if table is not None else (*trained.warnings, {"code": "attribute_as_of_now"})
    return versions.save(
        session,
        asked.task,
        replace(trained, report=report, warnings=warnings),
        as_of=found.as_of,
        watermark=table.changed_at if table is not None else dt.datetime.now(tz=dt.UTC),
        snapshot=table.sha256 if table is not None else "",
        seed=seed,
        key=run.runtime.model_key,
        job_id=run.id,
    )


def _keep_scores(session: Any, asked: OwnQuestion, found: Material, answered: training.Answered, row: ModelVersion) -> None:
    """Scores of the lines' customers, the newest line of each. The chance of all says nothing of anyone: it is not kept."""
    rows = material.last_lines(found.customers, found.table.days)
    if answered.scorer is None or not answered.trained.ships or not rows.size:
        session.execute(delete(Score).where(Score.task == asked.task))
        return
    scored = answered.scorer.scored(found.table, rows, found.customers[rows])
    scores.keep(session, asked.task, scored, version=row.version, as_of=found.as_of)


def _scored_lines(run: JobRun, asked: OwnQuestion, found: Material, answered: training.Answered) -> str:
    """Every line with its chance as a file: line, customer, outcome, chance, and what the line was for."""
    blob = f"labelled/questions/{asked.public_id.hex}/{run.id}.csv"
    part = np.full(found.table.lines, "unlabelled", dtype=object)
    for name, rows in answered.part:
        part[rows] = name
    said = np.where(np.isnan(found.told.values), "", np.where(found.told.values == 1, found.told.yes, found.told.no))
    names = found.names.to_list() if found.names is not None else [""] * found.table.lines
    with run.runtime.blobs.of(run.tenant.id).open(blob, "wb") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(["line", "customer", "outcome", "chance", "part"])
        for at, chance in enumerate(answered.chances):
            writer.writerow([at + 1, names[at] or "", said[at], "" if np.isnan(chance) else round(float(chance), 6), part[at]])
        text.flush()
        text.detach()
    return blob


@job(service.CLEAN, queue="default", max_attempts=5, label=N_("Removing files of a deleted table"))
def clean(run: JobRun) -> None:
    """Remove files that no row names any more."""
    for blob in run.args["blobs"]:
        run.runtime.blobs.of(run.tenant.id).remove(blob)
    with run.step(last=True):
        pass
