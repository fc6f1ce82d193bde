"""Sending a company's message once the transaction that wrote it has committed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.auth.who import aware_now
from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job
from kith_platform.mail.models import FAILED, SENDING, SENT, OutboxMail
from kith_platform.mail.sealed import unseal
from kith_platform.mail.sender import Letter, NotSent, send


@job("mail.send", queue="send", max_attempts=5, label=N_("Send a message"))
def send_one(run: JobRun) -> None:
    """Send `args["mail"]`. Begun again after a failure or a lost worker: better twice than never, with one Message-ID."""
    settings = run.runtime.settings
    with run.step() as session:
        mail = _mail(session, run.args["mail"])
        if mail.status == SENT or not settings.mail_url:
            return
        mail.status, mail.attempts = SENDING, mail.attempts + 1
        letter = Letter(mail.recipient, mail.subject, unseal(run.runtime.secret_key, mail.body) or "", mail.public_id.hex)
    problem = ""
    try:
        send(settings.mail_url, settings.mail_from, letter)
    except NotSent as error:
        if not error.final and run.attempt < 5:
            raise
        problem = str(error)
    with run.step(last=True) as session:
        mail = _mail(session, run.args["mail"])
        mail.status, mail.problem = (FAILED, problem) if problem else (SENT, "")
        mail.sent_at = None if problem else aware_now()


def _mail(session: Session, mail_id: int) -> OutboxMail:
    return session.execute(select(OutboxMail).where(OutboxMail.id == mail_id)).scalar_one()
