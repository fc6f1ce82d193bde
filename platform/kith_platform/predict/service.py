"""Use cases of predictions: ask for a training, train, list, roll back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.modules import service as modules
from kith_platform.predict import versions
from kith_platform.predict.core import CORE
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.tasks import CUSTOMERS, Task, of_model

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job
    from kith_platform.plugins import Plugins
    from kith_tenants.context import Actor

TASKS: Mapping[str, Task] = {task.key: task for task in CORE}  # what every company has; modules bring more


def tasks(session: Session, plugins: Plugins) -> Mapping[str, Task]:
    """What a company can train: core's, and those of the modules it has switched on."""
    brought = plugins.brought("models", modules.enabled(session, plugins))
    return {**TASKS, **{model.key: of_model(model, plugin) for plugin, model in brought}}


def of_customers(known: Mapping[str, Task]) -> Mapping[str, Task]:
    """Those that score customers, not rows of facts."""
    return {key: task for key, task in known.items() if task.subject == CUSTOMERS}


def task_of(key: str, known: Mapping[str, Task] = TASKS) -> Task:
    """Raises Invalid for a model that is not among `known`."""
    if key not in known:
        raise Invalid(N_("There is no model '%(key)s'. Choose from: %(known)s."), key=key, known=", ".join(known))
    return known[key]


def ask_training(
    session: Session,
    actor: Actor | None,
    keys: Sequence[str] = (),
    *,
    known: Mapping[str, Task] = TASKS,
    as_of: dt.date | None = None,
    seed: int = 1,
) -> Job:
    """Ask for a training of the named models, or of all that are `known`. An active request for the same is returned instead."""
    from kith_platform.jobs import service as jobs

    chosen = [task_of(key, known).key for key in keys] or list(known)
    args: dict[str, Any] = {"tasks": chosen, "as_of": as_of.isoformat() if as_of else None, "seed": seed}
    dedupe = f"{','.join(chosen)}:{as_of}"
    return jobs.ask(session, "predict.train", args, dedupe_key=dedupe, asked_by=actor.member_id if actor else None)


def overview(session: Session, known: Mapping[str, Task] = TASKS) -> list[tuple[Task, ModelVersion | None, ModelVersion | None]]:
    """Each task with its champion and its last training."""
    return [(task, versions.champion(session, key), versions.latest(session, key)) for key, task in known.items()]
