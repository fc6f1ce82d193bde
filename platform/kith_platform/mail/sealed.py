"""Message texts at rest: encrypted, because a reset or invitation link in a stolen copy of the database would still open."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken


@lru_cache
def _fernet(secret_key: str) -> Fernet:
    derived = hmac.new(secret_key.encode(), b"mail", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(secret_key: str, text: str) -> str:
    """Encrypt a text with the installation's key."""
    return _fernet(secret_key).encrypt(text.encode()).decode()


def unseal(secret_key: str, sealed: str) -> str | None:
    """The text again; None when it was sealed with another installation's key."""
    try:
        return _fernet(secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None
