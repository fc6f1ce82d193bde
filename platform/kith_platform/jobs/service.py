"""What people and other parts do with jobs: ask, look, cancel, retry, wait."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.auth.models import Identity, Membership
from kith_platform.errors import Conflict, NotFound
from kith_platform.i18n import N_
from kith_platform.jobs.declared import find
from kith_platform.jobs.models import ACTIVE, CANCELLED, DONE, FAILED, QUEUED, RUNNING, Job
from kith_platform.jobs.waiting import wait
from kith_tenants.context import Actor, Reach

__all__ = ["active_count", "ask", "askers", "cancel", "get", "listing", "mark_seen", "retry", "unseen", "wait"]


def ask(
    session: Session,
    kind: str,
    args: dict[str, Any],
    *,
    dedupe_key: str | None = None,
    queue: str | None = None,
    asked_by: int | None = None,
    run_after: dt.datetime | None = None,
) -> Job:
    """Ask for a job in the caller's transaction: no commit, no job.

    `args` are JSON values, ids rather than rows. An active job of this kind with the same `dedupe_key` is returned instead
    of a second one. `asked_by` is the membership that sees its bell, None the system; `run_after` (aware) delays it.
    Raises UnknownJob.
    """
    declared = find(kind)
    values: dict[str, Any] = {
        "kind": kind,
        "queue": queue or declared.queue,
        "args": args,
        "max_attempts": declared.max_attempts,
        "dedupe_key": dedupe_key,
        "asked_by": asked_by,
    }
    if run_after is not None:
        values["run_after"] = run_after
    unless_active: dict[str, Any] = {"index_elements": ["tenant_id", "kind", "dedupe_key"], "index_where": text(ACTIVE)}
    new = insert(Job).values(values).on_conflict_do_nothing(**unless_active).returning(Job.id)
    active = select(Job).where(Job.kind == kind, Job.dedupe_key == dedupe_key, Job.finished_at.is_(None))
    while (job_id := session.execute(new).scalar_one_or_none()) is None:
        # The one that was in the way may end between the two statements; then there is room.
        if (found := session.execute(active).scalar_one_or_none()) is not None:
            return found
    return session.execute(select(Job).where(Job.id == job_id)).scalar_one()


def listing(
    session: Session,
    actor: Actor,
    *,
    states: Sequence[str] = (),
    before: uuid.UUID | None = None,
    limit: int = 50,
) -> list[Job]:
    """Jobs the actor may see, newest first; `before` is the public id of the last one of the page before."""
    statement = _visible(actor).order_by(Job.id.desc()).limit(limit)
    if states:
        statement = statement.where(Job.state.in_(states))
    if before is not None:
        statement = statement.where(Job.id < get(session, actor, before).id)
    return list(session.execute(statement).scalars())


def get(session: Session, actor: Actor, public_id: uuid.UUID) -> Job:
    """One job. Raises NotFound."""
    row = session.execute(_visible(actor).where(Job.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound(N_("There is no job %(id)s that you can see."), id=public_id)
    return row


def active_count(session: Session, actor: Actor) -> int:
    """How many jobs the actor may see wait or run."""
    active = _visible(actor).where(Job.finished_at.is_(None)).subquery()
    return session.execute(select(func.count()).select_from(active)).scalar_one()


def askers(session: Session, rows: Iterable[Job]) -> dict[int | None, str]:
    """Names of the members who asked for these jobs, by membership id. The system has none."""
    members = {row.asked_by for row in rows if row.asked_by is not None}
    if not members:
        return {}
    names = select(Membership.id, Identity.name, Identity.email).join(Identity, Identity.id == Membership.identity_id)
    found = session.execute(names.where(Membership.id.in_(members)))
    return {member: name or email.partition("@")[0] for member, name, email in found}


def cancel(session: Session, actor: Actor, public_id: uuid.UUID) -> Job:
    """Cancel a job: at once while it waits, otherwise as soon as it looks. Raises NotFound, Conflict when it is over."""
    row = _locked(session, actor, public_id)
    if row.finished_at is not None:
        raise Conflict(N_("This job is over already, so there is nothing to cancel."))
    row.cancel_requested = True
    if row.state != RUNNING:
        row.state, row.finished_at, row.seen = CANCELLED, func.now(), True
    record(session, actor, "job:cancelled", f"job:{row.public_id}", {"kind": row.kind})
    session.flush()
    session.refresh(row)
    return row


def retry(session: Session, actor: Actor, public_id: uuid.UUID) -> Job:
    """Queue a failed or cancelled job again. Raises NotFound, Conflict, UnknownJob when its plugin is gone."""
    row = _locked(session, actor, public_id)
    if row.state not in (FAILED, CANCELLED):
        raise Conflict(N_("Only a job that failed or was cancelled can be tried again."))
    row.state, row.finished_at, row.dispatched_at, row.run_after = QUEUED, None, None, func.now()
    row.max_attempts = row.attempt + find(row.kind).max_attempts
    row.error, row.error_params, row.error_code = "", {}, ""
    row.cancel_requested = row.seen = False
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        raise Conflict(N_("The same work is already waiting or running. Look at that job instead.")) from None
    record(session, actor, "job:retried", f"job:{row.public_id}", {"kind": row.kind})
    session.refresh(row)
    return row


def unseen(session: Session, actor: Actor) -> list[Job]:
    """The bell: what the actor asked for and has not looked at since it was done or failed, newest first (20 at most)."""
    over = _own(actor).where(Job.state.in_((DONE, FAILED)), ~Job.seen).order_by(Job.id.desc()).limit(20)
    return list(session.execute(over).scalars())


def mark_seen(session: Session, actor: Actor) -> None:
    """The actor has looked at the bell."""
    seen = update(Job).where(Job.asked_by == actor.member_id, Job.finished_at.is_not(None), ~Job.seen).values(seen=True)
    session.execute(seen, execution_options={"synchronize_session": False})


def _own(actor: Actor) -> Select[Job]:
    return select(Job).where(Job.asked_by == actor.member_id)


def _visible(actor: Actor) -> Select[Job]:
    # A job says little about customers, but its arguments and result may: who sees not everybody sees own jobs only.
    return select(Job) if actor.reach is Reach.ALL else _own(actor)


def _locked(session: Session, actor: Actor, public_id: uuid.UUID) -> Job:
    wanted = get(session, actor, public_id)
    # As a holder's own changes: waits for a claim that is just being made, not for the steps of one that runs.
    return session.execute(
        select(Job).where(Job.id == wanted.id).with_for_update(key_share=True), execution_options={"populate_existing": True}
    ).scalar_one()
