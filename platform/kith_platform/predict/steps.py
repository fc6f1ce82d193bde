"""Scores as a step of every refresh: what serves says of everybody as of the newest day, without training again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from kith_platform.guard import PluginFailed
from kith_platform.i18n import N_
from kith_platform.predict import explain, feature_sets, scores, versions, watch
from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.jobs import guarded, said
from kith_platform.predict.models import CHAMPION, ModelVersion
from kith_platform.predict.service import tasks
from kith_platform.predict.tasks import Task
from kith_platform.predict.training import Evidence, Question
from kith_platform.refresh.graph import SNAPSHOT, Turn, step


def _also(turn: Turn) -> str:
    """Which versions serve."""
    with turn.run.step() as session:
        known = tasks(session, turn.run.runtime.plugins)
        found = [(key, versions.serving(session, key)) for key in known]
    return repr([(key, row.version, row.state) for key, row in found if row is not None])


@step("scores", inputs=(SNAPSHOT, "identity"), label=N_("Scoring customers"), also=_also)
def refresh_scores(turn: Turn) -> None:
    """Each task in a transaction of its own. Before its first training a task has nothing to say."""
    with turn.run.step() as session:
        known = tasks(session, turn.run.runtime.plugins)
    frames = turn.frames
    evidence = cache(lambda: _evidence(turn))
    for number, task in enumerate(known.values()):
        turn.run.check()
        turn.run.progress(number, len(known), N_("Scoring customers"))
        _judge(turn, task, evidence)
        _rescore(turn, task, evidence)
        with turn.run.step() as session:
            of_customers = task.subject == scores.CUSTOMERS  # whose scores of a month metrics read, too
            kept = (of_customers or task.matured) and scores.freeze(session, task.key, frames.last_day, task.subject)
            if kept and task.matured:
                watch.begin(session, task.key, scores.month_of(frames.last_day), task.subject)
    _leave_features(turn, evidence)


def _leave_features(turn: Turn, evidence: Callable[[], Evidence]) -> None:
    """What scores were made of, where too many customers are scored for each to have reasons stored."""
    customers = turn.manifest.tables.get("customer")
    if customers is None or not explain.many(customers.rows):
        return
    blobs, stamp = turn.run.runtime.blobs.of(turn.run.tenant.id), turn.manifest.public_id.hex
    explain.keep(blobs, turn.frames.last_day, lambda: evidence().matrix(evidence().question.cutoff), stamp=stamp)


def _evidence(turn: Turn) -> Evidence:
    run, frames = turn.run, turn.frames
    question = Question(frames=frames, as_of=frames.last_day, seed=0, threads=run.threads)
    sets, _warnings = feature_sets.usable(run, frames, question.cutoff)
    return Evidence(question, sets, cache(lambda: PurchaseDays.all(frames)), said=partial(said, run), most=run.memory_mb // 4)


def _judge(turn: Turn, task: Task, evidence: Callable[[], Evidence]) -> None:
    """What was said in months whose window is over, against what came; a model that came true too little serves no more."""
    if task.matured is None:
        return
    run = turn.run
    with run.step() as session:
        over = watch.due(session, task.key, turn.frames.last_day + dt.timedelta(days=1))
        said = [watch.said(session, month, task.subject) for month in over]
    if not over:
        return
    known = guarded(run, task, evidence())
    try:
        came = [task.matured(known, one) for one in said]
    except PluginFailed:
        return  # as below; the months wait
    with run.step() as session:
        watch.keep(session, task.key, zip(over, came, strict=True))


def _rescore(turn: Turn, task: Task, evidence: Callable[[], Evidence]) -> None:
    run = turn.run
    with run.step() as session:
        serving = versions.serving(session, task.key)
        if (
            serving is None
            or serving.report.get("day_given")
            or _is_scored(serving, scores.stand(session, task.key, task.subject), turn)
        ):
            return
        artefact = versions.artefact(session, serving, run.runtime.model_key) if serving.state == CHAMPION else None
    same = evidence()
    question = replace(same.question, seed=serving.seed)
    try:
        scored = task.rescore(guarded(run, task, replace(same, question=question)), artefact, serving.report)
    except PluginFailed:
        return  # the module's trouble is noted where its admin looks; its last scores stay, with their day
    if scored is None:
        return
    with run.step() as session:
        scores.hold(session, task.key)
        now = versions.serving(session, task.key)
        if now is None or (now.version, now.state) != (serving.version, serving.state):
            return  # another has come to serve meanwhile, and asked for a refresh of its own
        scores.keep(session, task.key, scored, version=serving.version, as_of=question.as_of, subject=task.subject)
        watch.look(session, now, scored, question.as_of)


def _is_scored(serving: ModelVersion, stand: scores.Stand | None, turn: Turn) -> bool:
    """Whether the scores are this version's, of this very snapshot: the training has just kept them."""
    return stand is not None and stand.version == serving.version and serving.snapshot == turn.manifest.public_id.hex
