"""The training job: one snapshot, every model asked for, each result in a transaction of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import Any

from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job
from kith_platform.predict import feature_sets, scores, versions
from kith_platform.predict.service import Task, task_of
from kith_platform.refresh import service as refresh


@job("predict.train", queue="train", max_attempts=3, label=N_("Training models"))
def train(run: JobRun) -> None:
    """Train the models named in the arguments. Safe to begin again: a task already kept by this job is not trained twice."""
    from kith_platform.frames import open_frames
    from kith_platform.snapshots import service as snapshots

    run.progress(0, 100, N_("Reading the company's data"))
    manifest = snapshots.take(run.runtime, run.tenant.id)
    tasks = [task_of(key) for key in run.args["tasks"]]
    results: dict[str, Any] = {}
    with open_frames(run.runtime, run.tenant, manifest, threads=run.threads, memory_mb=run.memory_mb) as frames:
        from kith_platform.predict.evidence import PurchaseDays

        purchases = cache(lambda: PurchaseDays.all(frames))
        as_of = dt.date.fromisoformat(run.args["as_of"]) if run.args["as_of"] else frames.last_day
        for number, task in enumerate(tasks):
            run.check()
            with run.step() as session:
                kept = versions.of_job(session, task.key, run.id)
            if kept is None:
                kept = _train_one(run, task, frames, purchases, as_of, manifest, number, len(tasks))
            results[task.key] = versions.summary(kept)
    run.result({"models": results})
    with run.step(last=True) as session:
        refresh.ask_refresh(session)  # metrics that are built on scores


def _train_one(
    run: JobRun, task: Task, frames: Any, purchases: Any, as_of: dt.date, manifest: Any, number: int, count: int
) -> Any:
    from kith_platform.predict.training import Evidence, Question

    def tell(done: int, message: str) -> None:
        run.check()
        run.progress((number * 100 + done) // count, 100, message)

    question = Question(frames=frames, as_of=as_of, seed=int(run.args["seed"]), threads=run.threads, progress=tell)
    sets, warnings = feature_sets.usable(run, frames, question.cutoff)
    trained = task.train(Evidence(question, sets, purchases))
    # A day that was asked for stays: scores as of then are not moved on by the next refresh.
    report = {**trained.report, "day_given": bool(run.args["as_of"])}
    trained = replace(trained, report=report, warnings=(*trained.warnings, *warnings))
    with run.step() as session:
        row = versions.save(
            session,
            task.key,
            trained,
            as_of=as_of,
            watermark=manifest.read_at,
            snapshot=manifest.public_id.hex,
            seed=question.seed,
            key=run.runtime.model_key,
            job_id=run.id,
        )
        if trained.scored is not None:
            scores.keep(session, task.key, trained.scored, version=row.version, as_of=as_of)
    return row
