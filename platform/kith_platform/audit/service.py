"""Writing and reading the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.audit.models import AuditEntry
from kith_tenants.context import Actor

PAGE = 50


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an action came from: the caller's address and the request's id (both empty for jobs and commands)."""

    address: str = ""
    request: str = ""


_NOWHERE = Origin()
origin: ContextVar[Origin | None] = ContextVar("kith_origin", default=None)


def record(session: Session, actor: Actor, action: str, subject: str = "", detail: Mapping[str, Any] | None = None) -> None:
    """Add one row in the caller's transaction: it stands exactly if the action does.

    `action` is `noun:verb` in the past or the permission used, `subject` `noun:public id`. `detail` must hold no secret
    and be JSON.
    """
    where = origin.get() or _NOWHERE
    session.add(
        AuditEntry(
            identity_id=actor.identity_id,
            token_id=actor.token_id,
            actor_name=actor.name,
            action=action,
            subject=subject,
            detail=dict(detail or {}),
            address=where.address,
            request=where.request,
        )
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows to show. Empty fields do not narrow; `until` is exclusive."""

    action: str = ""
    identity_id: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def page(session: Session, wanted: Filter, *, before: int | None = None, limit: int = PAGE) -> Sequence[AuditEntry]:
    """Rows newest first, older than row `before`; one more than `limit` when there are further ones."""
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit + 1)
    if wanted.action:
        # A range instead of LIKE: only leakproof comparisons reach the index under row level security.
        statement = statement.where(AuditEntry.action >= wanted.action, AuditEntry.action < wanted.action + "\U0010ffff")
    if wanted.identity_id is not None:
        statement = statement.where(AuditEntry.identity_id == wanted.identity_id)
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    return session.execute(statement).scalars().all()


def actions(session: Session) -> list[str]:
    """The kinds of action that occur, for the filter."""
    return list(session.execute(select(AuditEntry.action).distinct().order_by(AuditEntry.action)).scalars())
