"""Who holds a job: claim with a lease, the fence, heartbeat, progress, and how an attempt ends.

Locks: a step holds its row FOR KEY SHARE, which lets heartbeats and progress pass (they change no key), while everything
that takes the job away from its holder locks FOR UPDATE first and so waits for the step, or skips the row.
All functions take a session of the job's tenant and leave the commit to the caller. Times are the database's.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from kith_platform.errors import KithError
from kith_platform.i18n import N_
from kith_platform.jobs.models import CANCELLED, DISPATCHED, DONE, FAILED, QUEUED, RUNNING, Job
from kith_tenants.context import tenant_id_of

# How many jobs of one tenant may be handed out or running at once, per queue.
LIMITS = {"interactive": 4, "default": 2, "import": 2, "train": 1, "send": 2}

LOST = N_(
    "The process that ran this job ended before it was done, %(attempts)s times in a row. "
    "Often that is a lack of memory. Retry it, or give workers more memory (KITH_JOB_MEMORY_MB)."
)
LOST_CODE = "worker_lost"


@dataclass(frozen=True)
class Claim:
    """One attempt's right to a job."""

    job_id: int
    public_id: uuid.UUID
    kind: str
    args: dict[str, Any]
    attempt: int
    max_attempts: int
    asked_by: int | None


def worker_name(pid: int | None = None) -> str:
    """`host:pid` of a process of this machine, this one by default."""
    return f"{socket.gethostname()}:{pid or os.getpid()}"


def from_now(seconds: float) -> ColumnElement[dt.datetime]:
    return func.now() + dt.timedelta(seconds=seconds)


def claim(session: Session, job_id: int, *, lease: float, unrouted: bool = False) -> Claim | None:
    """Take the job for this process, for `lease` seconds. None when it is not to be had: a message that came twice, a
    job that is over or held.

    A worker takes what the dispatcher handed out. `unrouted` also takes what nobody handed out yet, or what its holder
    lost; then the tenant's limit is asked here, since no dispatcher did.
    """
    state = Job.state == DISPATCHED
    if unrouted:
        lock_routing(session)
        state = or_(state, _due(), _lease_over())
    row = session.execute(select(Job).where(Job.id == job_id, state).with_for_update(skip_locked=True)).scalar_one_or_none()
    if row is None or (unrouted and row.state == QUEUED and not _room(session, row)):
        return None
    if row.state == RUNNING and (row.cancel_requested or row.attempt >= row.max_attempts):
        lose(row)
        return None
    row.state, row.attempt, row.worker = RUNNING, row.attempt + 1, worker_name()
    row.started_at, row.lease_until = func.now(), from_now(lease)
    session.flush()
    return Claim(row.id, row.public_id, row.kind, dict(row.args), row.attempt, row.max_attempts, row.asked_by)


def lock_routing(session: Session) -> None:
    """One at a time decides who gets a slot: a dispatcher's pass, or a command that claims for itself."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('kith.jobs.routing'))"))


def _due() -> ColumnElement[bool]:
    return and_(Job.state == QUEUED, Job.run_after <= func.now())


def _lease_over() -> ColumnElement[bool]:
    return and_(Job.state == RUNNING, Job.lease_until < func.now())


def _room(session: Session, row: Job) -> bool:
    busy = select(func.count()).where(
        Job.tenant_id == tenant_id_of(session),
        Job.queue == row.queue,
        Job.finished_at.is_(None),
        Job.state.in_((DISPATCHED, RUNNING)),
        Job.id != row.id,
    )
    return session.execute(busy).scalar_one() < LIMITS[row.queue]


def hold(session: Session, held: Claim) -> bool:
    """The fence: whether the job is still this attempt's. True keeps it so until the transaction ends."""
    # Not FOR SHARE: that would make the job's own progress wait for the job's own step.
    own = select(Job.id).where(_mine(held)).with_for_update(read=True, key_share=True)
    return session.execute(own).first() is not None


def beat(session: Session, held: Claim, lease: float) -> bool | None:
    """Keep the job for another `lease` seconds. Whether a person asked to cancel it; None when it is no longer ours."""
    kept = update(Job).where(_mine(held)).values(lease_until=from_now(lease)).returning(Job.cancel_requested)
    return session.execute(kept, execution_options={"synchronize_session": False}).scalar_one_or_none()


def tell(session: Session, held: Claim, done: int, total: int | None, message: str, params: dict[str, Any]) -> None:
    """Write progress."""
    _change(session, held, progress_done=done, progress_total=total, progress_message=message, progress_params=params)


def finish(session: Session, held: Claim, result: dict[str, Any]) -> None:
    """The attempt succeeded."""
    _change(session, held, state=DONE, finished_at=func.now(), lease_until=None, result=result)


def cancel(session: Session, held: Claim) -> None:
    """The attempt stopped because a person asked."""
    _change(session, held, state=CANCELLED, finished_at=func.now(), lease_until=None)


def fail(session: Session, held: Claim, error: KithError) -> None:
    """The attempt failed with words for people; it is not tried again."""
    _change(
        session,
        held,
        state=FAILED,
        finished_at=func.now(),
        lease_until=None,
        error=error.message,
        error_params={name: _plain(value) for name, value in error.params.items()},
        error_code=error.code,
    )


def try_again(session: Session, held: Claim, after: float) -> None:
    """The attempt failed; the job is queued again, to begin `after` seconds from now."""
    _change(session, held, state=QUEUED, run_after=from_now(after), lease_until=None, worker=None)


def hand_back(session: Session, held: Claim) -> None:
    """The worker stops: the job is queued again at once. That is no fault of the job's, so it loses no attempt."""
    _change(session, held, state=QUEUED, run_after=func.now(), lease_until=None, worker=None, max_attempts=Job.max_attempts + 1)


def give_back(session: Session, job_id: int, worker: str, *, stopping: bool = False) -> None:
    """Queue again what the dead process `worker` held. The caller has seen that process end."""
    mine = (Job.id == job_id, Job.state == RUNNING, Job.worker == worker)
    row = session.execute(select(Job).where(*mine).with_for_update()).scalar_one_or_none()
    if row is not None:
        row.max_attempts += stopping
        lose(row)


def lose(row: Job) -> None:
    """Queue a job again whose holder is gone; end it when it was to be cancelled or was begun often enough.

    The row is locked FOR UPDATE.
    """
    row.lease_until = None
    if row.cancel_requested:
        row.state, row.finished_at = CANCELLED, func.now()
    elif row.attempt < row.max_attempts:
        row.state, row.run_after, row.worker = QUEUED, func.now(), None
    else:
        row.state, row.finished_at = FAILED, func.now()
        row.error, row.error_params, row.error_code = LOST, {"attempts": row.attempt}, LOST_CODE


def _mine(held: Claim) -> ColumnElement[bool]:
    return and_(Job.id == held.job_id, Job.attempt == held.attempt, Job.state == RUNNING)


def _change(session: Session, held: Claim, **values: Any) -> None:
    statement = update(Job).where(_mine(held)).values(values)
    session.execute(statement, execution_options={"synchronize_session": False})


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
