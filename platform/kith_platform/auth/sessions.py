"""Signed-in browsers: rows in PostgreSQL, because Redis may be flushed. All functions take the auth door's session."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from kith_platform.auth.links import fingerprint
from kith_platform.auth.models import WebSession
from kith_platform.auth.who import aware_now

# Documented in docs/operate: a session ends after half an hour without a request, and after half a day in any case.
IDLE = dt.timedelta(minutes=30)
ABSOLUTE = dt.timedelta(hours=12)
PENDING = dt.timedelta(minutes=10)  # how long the second factor may take
GRACE = dt.timedelta(seconds=30)  # how long the former key serves requests that were under way
TOUCH = dt.timedelta(minutes=1)  # how old last_seen_at may get

OPEN, SECOND_FACTOR = "open", "second_factor"


def begin(
    session: Session, identity_id: int, *, stage: str = OPEN, address: str = "", user_agent: str = "", tenant: int | None = None
) -> tuple[str, WebSession]:
    """A new session and the key its cookie carries: 256 random bits, kept only as a hash."""
    key = secrets.token_urlsafe(32)
    row = WebSession(
        key_hash=fingerprint(key),
        identity_id=identity_id,
        stage=stage,
        active_tenant=tenant,
        data={},
        expires_at=aware_now() + (ABSOLUTE if stage == OPEN else PENDING),
        address=address,
        user_agent=user_agent[:400],
    )
    session.add(row)
    session.flush()
    return key, row


def find(session: Session, key: str) -> WebSession | None:
    """The live session a key opens; None when it was ended, is too old or was idle for too long."""
    now, digest = aware_now(), fingerprint(key)
    return session.execute(
        select(WebSession).where(
            or_(WebSession.key_hash == digest, and_(WebSession.former_hash == digest, WebSession.rotated_at > now - GRACE)),
            WebSession.revoked_at.is_(None),
            WebSession.expires_at > now,
            WebSession.last_seen_at > now - IDLE,
        )
    ).scalar_one_or_none()


def touch(row: WebSession) -> None:
    """Note that the session is in use, at most once a minute."""
    now = aware_now()
    if row.last_seen_at < now - TOUCH:
        row.last_seen_at = now


def rotate(row: WebSession) -> str:
    """Give the session a new key and return it."""
    key = secrets.token_urlsafe(32)
    row.former_hash, row.rotated_at, row.key_hash = row.key_hash, aware_now(), fingerprint(key)
    return key


def living(session: Session, identity_id: int) -> Sequence[WebSession]:
    """A person's open sessions, the latest used first."""
    now = aware_now()
    return (
        session.execute(
            select(WebSession)
            .where(
                WebSession.identity_id == identity_id,
                WebSession.stage == OPEN,
                WebSession.revoked_at.is_(None),
                WebSession.expires_at > now,
                WebSession.last_seen_at > now - IDLE,
            )
            .order_by(WebSession.last_seen_at.desc())
        )
        .scalars()
        .all()
    )


def end(
    session: Session, identity_id: int, *, one: uuid.UUID | None = None, but: int | None = None, row_id: int | None = None
) -> None:
    """End a person's sessions: `one` by public id, `row_id` by id, all but `but`, or all."""
    statement = update(WebSession).where(WebSession.identity_id == identity_id, WebSession.revoked_at.is_(None))
    if one is not None:
        statement = statement.where(WebSession.public_id == one)
    if row_id is not None:
        statement = statement.where(WebSession.id == row_id)
    if but is not None:
        statement = statement.where(WebSession.id != but)
    session.execute(statement.values(revoked_at=aware_now()))


def prune(session: Session) -> None:
    """Drop sessions that ended a month ago or longer."""
    session.execute(delete(WebSession).where(WebSession.expires_at < aware_now() - dt.timedelta(days=30)))
