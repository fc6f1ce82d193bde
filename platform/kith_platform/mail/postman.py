"""Sending what lies in auth_mail: the schedule process calls `send_due` at each tick."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from kith_platform.auth.who import aware_now
from kith_platform.mail.models import FAILED, QUEUED, SENDING, SENT, AuthMail
from kith_platform.mail.sealed import seal, unseal
from kith_platform.mail.sender import Letter, NotSent, send

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

BATCH = 20
# Waits after each failed try; after the last the message is marked failed and stays in the outbox.
WAITS = (dt.timedelta(minutes=1), dt.timedelta(minutes=5), dt.timedelta(minutes=30), dt.timedelta(hours=2))
CLAIM = dt.timedelta(minutes=5)  # a message whose sender died is tried again after this


def send_due(runtime: Runtime) -> int:
    """Send the messages whose time has come; returns how many went out. Does nothing where no mail server is named."""
    if not runtime.settings.mail_url:
        return 0
    return sum(_deliver(runtime, mail) for mail in _claim(runtime))


def _claim(runtime: Runtime) -> list[AuthMail]:
    now = aware_now()
    due = (
        select(AuthMail)
        .where(AuthMail.status.in_((QUEUED, SENDING)), AuthMail.next_try_at <= now)
        .order_by(AuthMail.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    with runtime.doors.auth_scope() as session:
        claimed = list(session.execute(due).scalars())
        for mail in claimed:
            mail.status, mail.attempts, mail.next_try_at = SENDING, mail.attempts + 1, now + CLAIM
    return claimed


def _deliver(runtime: Runtime, mail: AuthMail) -> bool:
    body = unseal(runtime.secret_key, mail.body)
    letter = Letter(mail.recipient, mail.subject, body or "", mail.public_id.hex)
    status, problem, wait = SENT, "", None
    try:
        if body is None:
            raise NotSent("it was written under another key", final=True)
        send(runtime.settings.mail_url, runtime.settings.mail_from, letter)
    except NotSent as error:
        problem = str(error)
        last = error.final or mail.attempts > len(WAITS)
        status, wait = (FAILED, None) if last else (QUEUED, WAITS[mail.attempts - 1])
    with runtime.doors.auth_scope() as session:
        row = session.get_one(AuthMail, mail.id)
        row.status, row.problem = status, problem
        if wait is not None:
            row.next_try_at = aware_now() + wait
        if status == SENT:
            # The link has left: nothing is served by keeping it.
            row.sent_at, row.body = aware_now(), seal(runtime.secret_key, "")
    return status == SENT
