"""Putting messages into the outboxes and reading them there; mail/postman.py and mail/jobs.py send them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.jobs import service as jobs
from kith_platform.mail import texts
from kith_platform.mail.models import QUEUED, AuthMail, OutboxMail
from kith_platform.mail.sealed import seal, unseal

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime


def to_person(session: Session, runtime: Runtime, kind: str, recipient: str, language: str, **params: object) -> AuthMail:
    """Queue a message to a person, through the auth door. The schedule process sends it."""
    subject, body = texts.written(kind, language, **params)
    mail = AuthMail(kind=kind, recipient=recipient, subject=subject, body=seal(runtime.secret_key, body))
    session.add(mail)
    return mail


def to_invited(session: Session, runtime: Runtime, kind: str, recipient: str, language: str, **params: object) -> OutboxMail:
    """Queue a message of the session's company; where mail is set up, a job sends it once the transaction commits."""
    subject, body = texts.written(kind, language, **params)
    mail = OutboxMail(
        kind=kind,
        recipient=recipient,
        subject=subject,
        body=seal(runtime.secret_key, body),
        status=QUEUED,
        public_id=uuid.uuid4(),
    )
    session.add(mail)
    session.flush()
    if runtime.settings.mail_url:
        jobs.ask(session, "mail.send", {"mail": mail.id}, dedupe_key=f"mail:{mail.id}")
    return mail


def body_of(runtime: Runtime, mail: AuthMail | OutboxMail) -> str | None:
    """What a message says; None when another installation's key sealed it."""
    return unseal(runtime.secret_key, mail.body)


def of_company(session: Session, limit: int = 100) -> list[OutboxMail]:
    """The newest messages of a company's outbox."""
    return list(session.execute(select(OutboxMail).order_by(OutboxMail.id.desc()).limit(limit)).scalars())


def operators(session: Session, limit: int = 100) -> list[AuthMail]:
    """The newest messages of the auth door's outbox, for `kith outbox`."""
    return list(session.execute(select(AuthMail).order_by(AuthMail.id.desc()).limit(limit)).scalars())
