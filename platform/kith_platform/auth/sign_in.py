"""Signing in: password, then the second factor where the person has one. Takes the runtime, because nothing is open meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.auth import lockout, passwords, sessions
from kith_platform.auth.credentials import Counter, credentials_for
from kith_platform.auth.events import note
from kith_platform.auth.models import Identity, WebSession
from kith_platform.errors import FieldError, Invalid, NotSignedIn
from kith_platform.i18n import N_

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

WRONG = N_("The e-mail address or the password is not right. Check both, or ask for a new password.")
WRONG_CODE = N_("This code is not right, too old, or was used already. Wait for the next one and try again.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was begun. `key` goes into the cookie; `second_factor` says that a code is still owed."""

    key: str
    web: WebSession
    second_factor: bool


def with_password(
    runtime: Runtime, email: str, password: str, *, address: str = "", user_agent: str = "", former: int | None = None
) -> SignedIn:
    """Check an address and password. `former` is the session row this browser had, which ends.

    Known and unknown addresses take the same time and give the same answer. Raises Invalid, or TooMany while waiting.
    """
    known_as = passwords.email_of(email) or email.strip().lower()[:320]
    with runtime.doors.auth_scope() as session:
        lockout.count_attempt(session, known_as)
        kept = session.execute(select(Identity.id, Identity.password, Identity.active).where(Identity.email == known_as)).first()
    right = credentials_for(runtime.secret_key).verify(passwords.received(password), kept.password if kept else None)
    with runtime.doors.auth_scope() as session:
        if kept is None or not right or not kept.active:
            note(session, "sign_in:failed", kept.id if kept else None, user_agent=user_agent)
        else:
            return _begin(session, kept.id, address, user_agent, former)
    raise Invalid(fields=[FieldError("email", WRONG)])


def _begin(session: Session, identity_id: int, address: str, user_agent: str, former: int | None) -> SignedIn:
    identity = session.get_one(Identity, identity_id)
    owes = identity.second_factor_at is not None
    if former is not None:
        _end_row(session, former)
    stage = sessions.SECOND_FACTOR if owes else sessions.OPEN
    if not owes:
        lockout.forgive(session, identity.email)
        note(session, "sign_in:done", identity_id, user_agent=user_agent)
    key, row = sessions.begin(
        session, identity_id, stage=stage, address=address, user_agent=user_agent, tenant=_last(session, identity)
    )
    return SignedIn(key, row, owes)


def _last(session: Session, identity: Identity) -> int | None:
    """The company this person worked in last, or else the only one they have."""
    before = session.execute(
        select(WebSession.active_tenant)
        .where(WebSession.identity_id == identity.id, WebSession.active_tenant.is_not(None))
        .order_by(WebSession.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return before or (int(identity.tenants[0]) if len(identity.tenants) == 1 else None)


def _end_row(session: Session, row_id: int) -> None:
    row = session.get(WebSession, row_id)
    if row is not None:
        sessions.end(session, row.identity_id, row_id=row_id)


def with_code(runtime: Runtime, pending: WebSession, code: str) -> SignedIn:
    """Check a six-digit code or a recovery code for a session that owes it. Begins a fresh session with its own key.

    Raises Invalid, NotSignedIn when the session is gone, or TooMany while waiting.
    """
    with runtime.doors.auth_scope() as session:
        email = session.get_one(Identity, pending.identity_id).email
        lockout.count_attempt(session, email)
    with runtime.doors.auth_scope() as session:
        row = session.get(WebSession, pending.id, with_for_update=True)
        if row is None or row.revoked_at is not None:
            raise NotSignedIn
        identity = session.get_one(Identity, row.identity_id, with_for_update=True)
        by = _proof(runtime, identity, code)
        if by is None:
            note(session, "second_factor:failed", identity.id, user_agent=row.user_agent)
        else:
            lockout.forgive(session, identity.email)
            note(session, "sign_in:done", identity.id, user_agent=row.user_agent, second_factor=by)
            sessions.end(session, identity.id, row_id=row.id)
            key, fresh = sessions.begin(
                session, identity.id, address=row.address, user_agent=row.user_agent, tenant=row.active_tenant
            )
            return SignedIn(key, fresh, False)
    raise Invalid(fields=[FieldError("code", WRONG_CODE)])


def _proof(runtime: Runtime, identity: Identity, code: str) -> str | None:
    """How the code proves the person: `code`, `recovery_code` (which is used up), or not at all. The row is locked."""
    credentials = credentials_for(runtime.secret_key)
    if identity.second_factor is not None:
        counter = Counter(identity.last_counter)
        if credentials.verify_code(code, identity.second_factor, counter):
            identity.last_counter = counter.last
            return "code"
    kept = credentials.kept_form(code)
    if kept in identity.recovery_codes:
        identity.recovery_codes = [one for one in identity.recovery_codes if one != kept]
        return "recovery_code"
    return None


def sign_out(session: Session, web: WebSession) -> None:
    """End this browser's session, through the auth door."""
    sessions.end(session, web.identity_id, row_id=web.id)
    note(session, "sign_out", web.identity_id)
