"""Which version serves, as people decide it; and whether a training is under way."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import Forbidden, NotFound
from kith_platform.i18n import N_
from kith_platform.jobs.models import Job
from kith_platform.predict import versions
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.service import TASKS
from kith_platform.predict.tasks import Task
from kith_platform.refresh import service as refresh
from kith_tenants.context import Actor

TRAINING = "predict.train"


def task_of(key: str, known: Mapping[str, Task] = TASKS) -> Task:
    """The model an address names. Raises NotFound."""
    if key not in known:
        raise NotFound(N_("There is no model '%(key)s'. Choose from: %(known)s."), key=key, known=", ".join(known))
    return known[key]


def version(session: Session, task: str, public_id: uuid.UUID) -> ModelVersion:
    """A version of a task. Raises NotFound."""
    statement = select(ModelVersion).where(ModelVersion.public_id == public_id, ModelVersion.task == task)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("This model has no such version."))
    return found


def promote(session: Session, actor: Actor, task: str, public_id: uuid.UUID) -> ModelVersion:
    """Let a former champion serve again. Raises Forbidden, NotFound, or Conflict for a version that never served."""
    if not actor.can("models:train"):
        raise Forbidden
    row = version(session, task, public_id)
    versions.promote(session, row)
    refresh.ask_refresh(session)  # its scores take the place of the other version's
    record(session, actor, "model:promoted", f"model:{row.public_id}", {"task": task, "version": row.version})
    return row


def active_training(session: Session) -> Job | None:
    """The oldest training that waits or runs. Everybody who sees models may see it: it says nothing about customers."""
    statement = select(Job).where(Job.kind == TRAINING, Job.finished_at.is_(None)).order_by(Job.id).limit(1)
    return session.execute(statement).scalar_one_or_none()
