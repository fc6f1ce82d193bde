"""The heartbeat of a running job: a thread with a connection of its own that keeps the lease and listens for a cancel."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DBAPIError

from kith_platform.jobs import claim

if TYPE_CHECKING:
    from kith_platform.config import Settings
    from kith_platform.jobs.claim import Claim
    from kith_platform.jobs.run import Signals
    from kith_tenants.doors import Doors

log = structlog.get_logger(__name__)


@contextmanager
def beating(pulse: Doors, tenant_id: int, held: Claim, signals: Signals, settings: Settings) -> Iterator[None]:
    """Keep the lease while the block runs."""
    over = threading.Event()
    thread = threading.Thread(
        target=_beat, args=(pulse, tenant_id, held, signals, settings, over), name=f"pulse-{held.job_id}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(pulse: Doors, tenant_id: int, held: Claim, signals: Signals, settings: Settings, over: threading.Event) -> None:
    asked_at: float | None = None
    while not over.wait(settings.job_heartbeat_seconds):
        try:
            with pulse.tenant_scope(tenant_id) as session:
                answer = claim.beat(session, held, settings.job_lease_seconds)
        except DBAPIError as error:
            # The database may be restarting. If it stays away the lease ends and the fence holds this attempt off.
            log.warning("job.heartbeat_failed", job=held.job_id, error=str(error.orig))
            continue
        if answer is None and not over.is_set():
            signals.lost.set()
            return
        if answer:
            signals.cancelled.set()
            asked_at = asked_at or time.monotonic()
            if time.monotonic() - asked_at > settings.job_lease_seconds:
                # It does not look. Its open transaction is undone with its connection; who started us writes it off.
                log.warning("job.cancelled_by_force", job=held.job_id)
                os._exit(1)
