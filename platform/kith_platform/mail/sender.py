"""Handing messages to an SMTP server, named by KITH_MAIL_URL: `smtp://user:password@host:587` or `smtps://host:465`."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

from kith_platform.auth.who import aware_now
from kith_platform.errors import KithError
from kith_platform.i18n import N_

SECONDS = 20
PORTS = {"smtp": 587, "smtps": 465}


class NotSent(KithError):
    """The server did not take the message. `final`: asking again is of no use."""

    status = 502
    code = "mail_not_sent"
    title = N_("The message was not sent")
    default = N_("The mail server did not take the message: %(reason)s")

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(None, reason=reason)
        self.final = final


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent. Neither `recipient` nor `subject` may hold a line break."""

    recipient: str
    subject: str
    body: str
    key: str  # the same for each try, so that a message sent twice can be told


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The message. Raises NotSent for a header with a line break: nobody smuggles in headers of their own."""
    if any(mark in text for text in (letter.recipient, letter.subject, sender) for mark in "\r\n\0"):
        raise NotSent("an address or the subject holds a line break", final=True)
    message = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2].strip(" >") or "localhost"
    message["From"], message["To"], message["Subject"] = sender, letter.recipient, letter.subject
    message["Date"] = format_datetime(aware_now())
    message["Message-ID"] = f"<{letter.key}@{domain}>" if letter.key else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, cte="base64")
    return message


def send(url: str, sender: str, letter: Letter) -> None:
    """Send one message. No transaction may be open meanwhile. Raises NotSent."""
    message = compose(letter, sender)
    try:
        with _connected(url) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _words in error.recipients.values())
        raise NotSent(f"{letter.recipient} was refused ({code})", final=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"{error.smtp_code} {error.smtp_error!r}", final=error.smtp_code >= 550) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(str(error) or type(error).__name__) from error


def _connected(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise NotSent("KITH_MAIL_URL must look like smtp://user:password@host:587")
    port = parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(parts.hostname, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(parts.hostname, port, timeout=SECONDS)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server
