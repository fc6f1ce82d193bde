"""What a question is answered from, and what is kept of its answer: the version, the scores, the lines with their chances."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import delete
from sqlalchemy.orm import Session

from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun
from kith_platform.labelled import events, material, store, training
from kith_platform.labelled.material import Material, Wanted
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.labelled.scoring import Scorer
from kith_platform.labelled.table import Floats, Ids
from kith_platform.predict import scores, versions
from kith_platform.predict.models import ModelVersion, Score
from kith_platform.predict.training import Progress, Scored, Trained
from kith_tenants.context import tenant_id_of

NO_QUESTION = N_("The question was deleted before it was answered.")


def question(session: Session, number: int, *, alone: bool = False) -> OwnQuestion:
    """The question of a job; `alone` until the transaction ends, so that what is kept of it is one version's. Raises NotFound."""
    key = (tenant_id_of(session), number)
    row = session.get(OwnQuestion, key, with_for_update=alone, populate_existing=alone)
    if row is None:
        raise NotFound(NO_QUESTION)
    return row


def of_event(run: JobRun, asked: OwnQuestion) -> ModelVersion:
    """An event is asked of customers as they were on former days; the others are of how things stand."""
    from kith_platform.frames import open_frames
    from kith_platform.snapshots import service as snapshots

    manifest = snapshots.take(run.runtime, run.tenant.id)
    seed, name = int(run.args["seed"]), asked.outcome.removeprefix(events.PREFIX)
    with open_frames(run.runtime, run.tenant, manifest, threads=run.threads, memory_mb=run.memory_mb) as frames:
        trained = events.train(events.evidence(run, frames, seed=seed, progress=telling(run)), name)
        as_of = frames.last_day
    report = {**trained.report, "splits": events.splits(trained), "yes": name, "no": "", "day_given": True}
    with run.step() as session:
        question(session, asked.id, alone=True)
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
        keep(session, row, trained.scored if trained.ships else None, as_of)
    return row


def of_lines(run: JobRun, asked: OwnQuestion, table: LabelledSet | None) -> ModelVersion:
    """Learn from the lines of a table, or from customers as they are, and keep what came of it."""
    found = material_of(run, asked, table, Wanted(asked.keep))
    tell, seed = telling(run), int(run.args["seed"])
    put = training.Asked(found.told.values, frozenset(asked.keep), asked.in_order, found.excluded)
    answered = training.answer(found.table, put, seed=seed, threads=run.threads, progress=tell)
    tell(90, N_("Writing down what came of it"))
    blob = written(run, asked, found, answered.chances, answered.part)
    with run.step() as session:
        there = question(session, asked.id, alone=True)
        row = _kept(session, run, asked, table, found, answered.trained, seed)
        keep(session, row, of_customers(found, answered.scorer), found.as_of)
        there.scored = blob
    forget(run, asked, blob)
    return row


def telling(run: JobRun) -> Progress:
    """What tells of the job how far it is, of 100."""

    def tell(done: int, message: str) -> None:
        run.check()
        run.progress(done, 100, message)

    return tell


def material_of(run: JobRun, asked: OwnQuestion, table: LabelledSet | None, wanted: Wanted) -> Material:
    """What the question is asked of, as it is now. Raises NotYesNo where the outcome is gone."""
    today = dt.datetime.now(tz=dt.UTC).date()
    if table is None:
        return _customers(run, asked, wanted)
    texts = store.load(run.runtime.blobs.of(run.tenant.id), table.blob)
    with run.step() as session:
        return material.of_set(session, table, texts, asked, wanted, zone=run.tenant.timezone, today=today)


def _customers(run: JobRun, asked: OwnQuestion, wanted: Wanted) -> Material:
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
        return material.of_customers(session, features, labels, definitions(session), asked, wanted, day)


def _kept(
    session: Session, run: JobRun, asked: OwnQuestion, table: LabelledSet | None, found: Material, trained: Trained, seed: int
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


def of_customers(found: Material, scorer: Scorer | None) -> Scored | None:
    """Scores of the lines' customers, the newest line of each; None where no model serves, or the lines are nobody's."""
    rows = material.last_lines(found.customers, found.table.days)
    return scorer.scored(found.table, rows, found.customers[rows]) if scorer is not None and rows.size else None


def keep(session: Session, row: ModelVersion, scored: Scored | None, as_of: dt.date) -> None:
    """The scores of a version that serves; without any, those of the version before go. The chance of all says nothing of
    anyone: where the version is no better, nothing serves."""
    if scored is not None:
        scores.keep(session, row.task, scored, version=row.version, as_of=as_of)
        return
    session.execute(delete(Score).where(Score.task == row.task))
    former = versions.champion(session, row.task)
    if former is not None and former.id != row.id:
        versions.retire(session, former)


def written(
    run: JobRun, asked: OwnQuestion, found: Material, chances: Floats, parts: Sequence[tuple[str, Ids]] | None = None
) -> str:
    """Every line with its chance as a file: line, customer, outcome, chance, and what the line was for ("" without `parts`). Its
    blob's name."""
    blob = f"labelled/questions/{asked.public_id.hex}/{run.id}.csv"
    part = np.full(found.table.lines, "unlabelled" if parts is not None else "", dtype=object)
    for name, rows in parts or ():
        part[rows] = name
    said = np.where(np.isnan(found.told.values), "", np.where(found.told.values == 1, found.told.yes, found.told.no))
    names = found.names.to_list() if found.names is not None else [""] * found.table.lines
    with run.runtime.blobs.of(run.tenant.id).open(blob, "wb") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(["line", "customer", "outcome", "chance", "part"])
        for at, chance in enumerate(chances):
            writer.writerow([at + 1, names[at] or "", said[at], "" if np.isnan(chance) else round(float(chance), 6), part[at]])
        text.flush()
        text.detach()
    return blob


def forget(run: JobRun, asked: OwnQuestion, blob: str) -> None:
    """Remove the file of the lines that `blob` takes the place of."""
    if asked.scored and asked.scored != blob:
        run.runtime.blobs.of(run.tenant.id).remove(asked.scored)
