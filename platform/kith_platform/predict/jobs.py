"""The training job: one snapshot, every model asked for, each result in a transaction of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kith_platform.guard import PluginFailed
from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job
from kith_platform.modules import service as modules
from kith_platform.predict import scores, versions
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.service import Task, task_of
from kith_platform.sdk.types import FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Frames


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

        tables = frames.at(frames.last_day)
        purchases = PurchaseDays.of(tables.run(tables.purchases))
        as_of = dt.date.fromisoformat(run.args["as_of"]) if run.args["as_of"] else frames.last_day
        for number, task in enumerate(tasks):
            run.check()
            with run.step() as session:
                kept = versions.of_job(session, task.key, run.id)
            if kept is None:
                kept = _train_one(run, task, frames, purchases, as_of, manifest, number, len(tasks))
            results[task.key] = versions.summary(kept)
    run.result({"models": results})


def _train_one(
    run: JobRun, task: Task, frames: Any, purchases: Any, as_of: dt.date, manifest: Any, number: int, count: int
) -> Any:
    from kith_platform.predict.training import Question

    def tell(done: int, message: str) -> None:
        run.check()
        run.progress((number * 100 + done) // count, 100, message)

    question = Question(frames=frames, as_of=as_of, seed=int(run.args["seed"]), threads=run.threads, progress=tell)
    sets, warnings = _feature_sets(run, frames, question.cutoff)
    trained = task.train(question, purchases, sets)
    trained = replace(trained, warnings=(*trained.warnings, *warnings))
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


def _feature_sets(run: JobRun, frames: Frames, cutoff: dt.date) -> tuple[list[FeatureSet], list[dict[str, Any]]]:
    """Core's, and those of the modules this company has switched on; with a warning for each that cannot be computed.

    A module's feature set is tried once first, so that its error costs its own features and not the training.
    """
    with run.step() as session:
        on = modules.enabled(session, run.runtime.plugins)
    sets, warnings = list(CORE_FEATURE_SETS), list[dict[str, Any]]()
    tables = frames.before(cutoff)
    for plugin, found in run.runtime.plugins.brought("feature_sets", on):
        try:
            run.runtime.plugins.call(plugin, run.tenant.id, f"feature set {found.key}", _try, tables, found, cutoff)
            sets.append(found)
        except PluginFailed:
            warnings.append({"code": "features_left_out", "module": plugin, "set": found.key})
    return sets, warnings


def _try(tables: Any, found: FeatureSet, cutoff: dt.date) -> None:
    columns = tables.run(found.compute(tables, cutoff).limit(1)).column_names
    missing = {"customer_id", *(feature.name for feature in found.features)} - set(columns)
    if missing:
        raise ValueError(f"columns are missing: {', '.join(sorted(missing))}")
