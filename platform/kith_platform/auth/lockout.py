"""Slowing down guesses: from the fifth failure on, each doubles the wait, up to a quarter of an hour. Never for good.

Counted by e-mail address, known or not, so that a wait tells nobody whether an address has an account. Passwords, codes and
recovery codes count together. At most about 17 guesses an hour are looked at, far below 100.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.auth.models import SignInFailure
from kith_platform.auth.who import aware_now
from kith_platform.errors import TooMany
from kith_platform.i18n import mark_plural

FREE = 4  # failures without a wait
LONGEST = 900  # seconds
WAIT = mark_plural(
    "Too many attempts for this address. Wait %(seconds)s second and try again.",
    "Too many attempts for this address. Wait %(seconds)s seconds and try again.",
    "seconds",
)


def _key(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures.

    >>> [wait_after(n) for n in (1, 4, 5, 6, 13, 14, 99)]
    [0, 0, 2, 4, 512, 900, 900]
    """
    return 0 if failures <= FREE else min(2 ** min(failures - FREE, 20), LONGEST)


def count_attempt(session: Session, email: str) -> None:
    """Count an attempt as failed before it is looked at: a hundred at once are then a hundred failures, not one.

    `session` is the auth door's. Raises TooMany with the seconds left while the address waits.
    """
    now, key = aware_now(), _key(email)
    session.execute(insert(SignInFailure).values(email_hash=key, failures=0).on_conflict_do_nothing())
    row = session.execute(select(SignInFailure).where(SignInFailure.email_hash == key).with_for_update()).scalar_one()
    if row.locked_until is not None and row.locked_until > now:
        left = int((row.locked_until - now).total_seconds()) + 1
        raise TooMany(WAIT, retry_after=left, seconds=left)
    row.failures += 1
    row.last_at = now
    row.locked_until = now + dt.timedelta(seconds=wait_after(row.failures)) if row.failures > FREE else None


def forgive(session: Session, email: str) -> None:
    """The person proved who they are: start counting anew."""
    session.execute(delete(SignInFailure).where(SignInFailure.email_hash == _key(email)))


def prune(session: Session) -> None:
    """Forget addresses that were quiet for a day."""
    session.execute(delete(SignInFailure).where(SignInFailure.last_at < func.now() - dt.timedelta(days=1)))
