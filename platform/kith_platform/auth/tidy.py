"""Forgetting what nobody needs any more: sessions long over, failed attempts of yesterday. A chore of the schedule process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kith_platform.auth import lockout, sessions

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

EVERY = 3600.0  # seconds


def tidier() -> Callable[[Runtime], None]:
    """A chore that may be called as often as you like and works once an hour."""
    due = 0.0

    def tidy(runtime: Runtime) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        due = time.monotonic() + EVERY
        with runtime.doors.auth_scope() as session:
            sessions.prune(session)
            lockout.prune(session)

    return tidy
