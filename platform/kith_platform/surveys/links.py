"""What a survey's link carries, signed: company and survey, and for a personal one the customer. Nothing is stored for it.

And the proof a form carries that our page made it: links need no cookie, so there is no session to keep one in.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass

from itsdangerous import BadData, Signer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

PATH = "/s/"
ID = 16  # bytes of a UUID
OPEN_FOR = 24 * 3600  # seconds in which a page that was opened may be sent


@dataclass(frozen=True, slots=True)
class Link:
    """Public ids. Without a customer the answer is anonymous."""

    company: uuid.UUID
    survey: uuid.UUID
    customer: uuid.UUID | None = None


def token(secret: str, link: Link) -> str:
    """The link's last part."""
    ids = [one.bytes for one in (link.company, link.survey, link.customer) if one is not None]
    return _signer(secret).sign(base64_encode(b"".join(ids))).decode()


def read(secret: str, text: str) -> Link | None:
    """What a token carries; None where it is damaged or not ours."""
    try:
        raw = base64_decode(_signer(secret).unsign(text))
    except (BadData, ValueError):
        return None
    ids = [uuid.UUID(bytes=raw[at : at + ID]) for at in range(0, len(raw), ID)]
    return Link(*ids)


def proof(secret: str, text: str) -> str:
    """A fresh form's proof for the page of this token; carries a number of its own, by which sending twice is known."""
    return str(_forms(secret).dumps([_digest(text), secrets.token_hex(ID)]))


def proven(secret: str, text: str, given: str) -> str | None:
    """The form's own number; None where the proof is missing, too old or of another page."""
    try:
        digest, number = _forms(secret).loads(given, max_age=OPEN_FOR)
    except (BadData, ValueError, TypeError):
        return None
    return str(number) if digest == _digest(text) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:ID]


def _signer(secret: str) -> Signer:
    return Signer(secret, salt="kith.survey", key_derivation="hmac", digest_method=hashlib.sha256)


def _forms(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="kith.survey.form")
