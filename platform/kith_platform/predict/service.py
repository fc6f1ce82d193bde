"""Use cases of predictions: ask for a training, train, list, roll back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.predict import versions
from kith_platform.predict.models import ModelVersion

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job
    from kith_platform.predict.classify import Classification
    from kith_platform.predict.training import Evidence, Scored, Trained
    from kith_tenants.context import Actor

Trainer = Callable[["Evidence"], "Trained"]
# Evidence, the opened artefact of the version that serves (None: the rule serves), and its report.
Scorer = Callable[["Evidence", "bytes | None", "Mapping[str, Any]"], "Scored | None"]


@dataclass(frozen=True)
class Task:
    """A model that core trains for every tenant. `value` is what a score means: a probability or money."""

    key: str
    label: str
    answers: str
    value: str
    train: Trainer
    rescore: Scorer


def _classified(key: str, label: str, answers: str, asked: Callable[[], Classification]) -> Task:
    """A task that is answered yes or no, by the protocol of `classify`."""

    def train(evidence: Evidence) -> Trained:
        from kith_platform.predict import classify

        return classify.train(asked(), evidence)

    def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
        from kith_platform.predict import classify

        return classify.rescore(asked(), evidence, artefact, report)

    return Task(key, label, answers, "probability", train, rescore)


def _churn() -> Classification:
    from kith_platform.predict.churn import CHURN

    return CHURN


def _train_clv(evidence: Evidence) -> Trained:
    from kith_platform.predict import clv

    return clv.train(evidence.question, evidence.purchases())


def _rescore_clv(evidence: Evidence, artefact: bytes | None, _report: Mapping[str, Any]) -> Scored | None:
    from kith_platform.predict import clv

    return clv.rescore(evidence.question, artefact)


TASKS: Mapping[str, Task] = {
    task.key: task
    for task in (
        _classified("churn", N_("Leaving customers"), N_("Who will stop buying, and what is typical of it?"), _churn),
        Task(
            "clv",
            N_("Customer lifetime value"),
            N_("What is each customer worth in the next months?"),
            "money",
            _train_clv,
            _rescore_clv,
        ),
    )
}


def task_of(key: str) -> Task:
    """Raises Invalid for a model Kith does not have."""
    if key not in TASKS:
        raise Invalid(N_("There is no model '%(key)s'. Choose from: %(known)s."), key=key, known=", ".join(TASKS))
    return TASKS[key]


def ask_training(
    session: Session, actor: Actor | None, keys: Sequence[str] = (), *, as_of: dt.date | None = None, seed: int = 1
) -> Job:
    """Ask for a training of the named models, or of all. An active request for the same is returned instead."""
    from kith_platform.jobs import service as jobs

    chosen = [task_of(key).key for key in keys] or list(TASKS)
    args: dict[str, Any] = {"tasks": chosen, "as_of": as_of.isoformat() if as_of else None, "seed": seed}
    dedupe = f"{','.join(chosen)}:{as_of}"
    return jobs.ask(session, "predict.train", args, dedupe_key=dedupe, asked_by=actor.member_id if actor else None)


def overview(session: Session) -> list[tuple[Task, ModelVersion | None, ModelVersion | None]]:
    """Each task with its champion and its last training."""
    return [(task, versions.champion(session, key), versions.latest(session, key)) for key, task in TASKS.items()]
