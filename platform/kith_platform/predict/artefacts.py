"""Sealing and opening a model's bytes. Nothing is parsed before its hash and its seal are right."""

from __future__ import annotations

import hashlib
import hmac

from kith_platform.errors import KithError
from kith_platform.i18n import N_

LARGEST = 64 * 1024 * 1024


class Tampered(KithError):
    """A model's bytes are not those that were trained, or belong to another company or task."""

    code = "tampered"
    default = N_(
        "The stored model %(task)s version %(version)s is not the one that was trained. It was not opened: train it again."
    )


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def seal(key: str, *, tenant: str, task: str, version: int, digest: str) -> str:
    """HMAC-SHA256 over whose model it is and its hash. `tenant` is the public id, so that a restored backup still opens."""
    message = "\0".join((tenant, task, str(version), digest)).encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def opened(data: bytes, key: str, *, tenant: str, task: str, version: int, digest: str, sealed: str) -> bytes:
    """The bytes, once they are proved to be what was sealed. Raises Tampered."""
    right = seal(key, tenant=tenant, task=task, version=version, digest=digest)
    if len(data) > LARGEST or sha256(data) != digest or not hmac.compare_digest(right, sealed):
        raise Tampered(task=task, version=version)
    return data
