"""The training job: one snapshot, every model asked for, each result in a transaction of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from kith_platform.guard import PluginFailed
from kith_platform.i18n import N_
from kith_platform.jobs import resources
from kith_platform.jobs.declared import JobRun, job
from kith_platform.predict import feature_sets, scores, versions
from kith_platform.predict.service import tasks as tasks_of
from kith_platform.predict.tasks import CUSTOMERS, Task
from kith_platform.refresh import service as refresh

if TYPE_CHECKING:
    from kith_platform.predict.training import Evidence, Trained


@job("predict.train", queue="train", max_attempts=3, label=N_("Training models"))
def train(run: JobRun) -> None:
    """Train the models named in the arguments. Safe to begin again: a task already kept by this job is not trained twice."""
    from kith_platform.frames import open_frames
    from kith_platform.snapshots import service as snapshots

    run.progress(0, 100, N_("Reading the company's data"))
    manifest = snapshots.take(run.runtime, run.tenant.id)
    with run.step() as session:
        known = tasks_of(session, run.runtime.plugins)
    wanted = [known[key] for key in run.args["tasks"] if key in known]  # a module may be off by now
    results: dict[str, Any] = {}
    opened = open_frames(run.runtime, run.tenant, manifest, threads=run.threads, memory_mb=run.memory_mb)
    with resources.seldom_collecting(), opened as frames:
        from kith_platform.predict.evidence import PurchaseDays
        from kith_platform.predict.training import Evidence, Question

        as_of = dt.date.fromisoformat(run.args["as_of"]) if run.args["as_of"] else frames.last_day
        question = Question(frames=frames, as_of=as_of, seed=int(run.args["seed"]), threads=run.threads)
        sets, warnings = feature_sets.usable(run, frames, question.cutoff)
        bought = cache(lambda: PurchaseDays.all(frames))
        evidence = Evidence(question, sets, bought, said=partial(said, run), most=run.memory_mb // 4)
        for number, task in enumerate(wanted):
            run.check()
            with run.step() as session:
                kept = versions.of_job(session, task.key, run.id)
            if kept is None:
                turn = replace(evidence, question=replace(question, progress=_progress(run, number, len(wanted))))
                kept = _train_one(run, task, turn, warnings, manifest)
            results[task.key] = versions.summary(kept)
    run.result({"models": results})
    with run.step(last=True) as session:
        refresh.ask_refresh(session)  # metrics that are built on scores


def said(run: JobRun, task: str) -> Mapping[int, float]:
    """`scores.serving` in a step of the job."""
    with run.step() as session:
        return scores.serving(session, task)


def _progress(run: JobRun, number: int, count: int) -> Any:
    def tell(done: int, message: str) -> None:
        run.check()
        run.progress((number * 100 + done) // count, 100, message)

    return tell


def _train_one(run: JobRun, task: Task, evidence: Evidence, warnings: Any, manifest: Any) -> Any:
    trained = trained_by(run, task, evidence)
    question = evidence.question
    # A day that was asked for stays: scores as of then are not moved on by the next refresh.
    groups, unlike = _fairness(run, task, trained)
    report = {**trained.report, "day_given": bool(run.args["as_of"]), "fairness": groups}
    trained = replace(trained, report=report, warnings=(*trained.warnings, *unlike, *warnings))
    with run.step() as session:
        row = versions.save(
            session,
            task.key,
            trained,
            as_of=question.as_of,
            watermark=manifest.read_at,
            snapshot=manifest.public_id.hex,
            seed=question.seed,
            key=run.runtime.model_key,
            job_id=run.id,
        )
        if trained.scored is not None:
            scores.keep(session, task.key, trained.scored, version=row.version, as_of=question.as_of, subject=task.subject)
    return row


def _fairness(run: JobRun, task: Task, trained: Trained) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """How those whom the scores put first are spread over the groups of sensitive attributes, and what to warn of."""
    from kith_platform.predict.guards import fairness

    if trained.scored is None or task.subject != CUSTOMERS:
        return [], []
    with run.step() as session:
        found = fairness.protected(session)
    scored = trained.scored  # first is who is first in line, by the number that ranks
    groups = fairness.judged(found, scored.customer_ids, scored.extra.get(scored.ranked, scored.values))
    return groups, fairness.warnings(groups)


def trained_by(run: JobRun, task: Task, evidence: Evidence) -> Trained:
    """The task's training. What a module gets wrong costs its own model and is said; no other model is touched."""
    from kith_platform.predict.training import Trained

    try:
        return task.train(guarded(run, task, evidence))
    except PluginFailed:
        return Trained(ships=False, verdict="module_failed", verdict_params={"module": task.plugin})


def guarded(run: JobRun, task: Task, evidence: Evidence) -> Evidence:
    """The evidence by which what a plugin brought is called behind the guard."""
    if not task.plugin:
        return evidence
    plugins = run.runtime.plugins
    return replace(evidence, call=lambda what, function: plugins.call(task.plugin, run.tenant.id, f"model {what}", function))
