"""Single-use links by mail: choosing a password, confirming an address. Only the SHA-256 of a link's secret is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kith_platform.auth.models import AuthLink, Identity
from kith_platform.auth.who import aware_now
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.mail import service as mail

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

RESET, WELCOME, CHANGE_EMAIL = "reset", "welcome", "change_email"
_LASTS = {RESET: dt.timedelta(hours=1), WELCOME: dt.timedelta(days=7), CHANGE_EMAIL: dt.timedelta(days=1)}
_PATHS = {RESET: "reset", WELCOME: "reset", CHANGE_EMAIL: "confirm-email"}


def fingerprint(secret: str) -> str:
    """What is kept of a random 256-bit secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_link(session: Session, runtime: Runtime, identity: Identity, kind: str, *, email: str = "", company: str = "") -> None:
    """Mail the person a link of this kind; older ones of the kind stop working. `session` is the auth door's."""
    now = aware_now()
    address = email or identity.email
    session.execute(
        update(AuthLink)
        .where(AuthLink.identity_id == identity.id, AuthLink.kind == kind, AuthLink.used_at.is_(None))
        .values(used_at=now)
    )
    secret = secrets.token_urlsafe(32)
    link = AuthLink(
        kind=kind, identity_id=identity.id, email=address, token_hash=fingerprint(secret), expires_at=now + _LASTS[kind]
    )
    session.add(link)
    url = f"{runtime.settings.public_url.rstrip('/')}/{_PATHS[kind]}/{secret}"
    mail.to_person(session, runtime, kind, address, identity.language, email=address, link=url, company=company)


def opened(session: Session, secret: str, kinds: tuple[str, ...]) -> AuthLink:
    """The link a secret belongs to, locked. Raises Invalid when it is unknown, used or too old."""
    link = session.execute(
        select(AuthLink).where(AuthLink.token_hash == fingerprint(secret), AuthLink.kind.in_(kinds)).with_for_update()
    ).scalar_one_or_none()
    if link is None or link.used_at is not None or link.expires_at <= aware_now():
        raise Invalid(N_("This link was used already or is too old. Ask for a new one."))
    return link
