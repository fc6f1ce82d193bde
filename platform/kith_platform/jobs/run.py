"""What a running job holds: its tenant, its arguments, fenced transactions, progress, and the wish to stop."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kith_platform.jobs import claim

if TYPE_CHECKING:
    from kith_platform.jobs.claim import Claim
    from kith_platform.runtime import Runtime
    from kith_tenants.doors import Doors
    from kith_tenants.tenant import TenantContext

log = structlog.get_logger(__name__)

PROGRESS_SECONDS = 0.5  # between two writes of progress


class Fenced(Exception):
    """This attempt is no longer the job's: another one runs it, or it is over. Nothing of the step was kept."""


class Cancelled(Exception):
    """A person asked to stop this job."""


class HandedBack(Exception):
    """The worker is stopping: the job goes back to its queue and is begun again elsewhere."""


@dataclass
class Signals:
    """What the heartbeat and the process's signals tell the job; read between its steps."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    lost: threading.Event = field(default_factory=threading.Event)


class JobRun:
    """One attempt at one job. `threads` and `memory_mb` are what its engines may use."""

    def __init__(
        self,
        runtime: Runtime,
        tenant: TenantContext,
        held: Claim,
        *,
        pulse: Doors,
        threads: int,
        memory_mb: int,
        signals: Signals | None = None,
    ) -> None:
        self.runtime = runtime
        self.tenant = tenant
        self.id = held.job_id
        self.public_id: uuid.UUID = held.public_id
        self.kind = held.kind
        self.args = held.args
        self.attempt = held.attempt
        self.asked_by = held.asked_by
        self.threads = threads
        self.memory_mb = memory_mb
        self.signals = signals or Signals()
        self.finished = False
        self.outcome: dict[str, Any] = {}
        self._held = held
        self._pulse = pulse
        self._told_at = 0.0

    @contextmanager
    def step(self, *, last: bool = False) -> Iterator[Session]:
        """A short transaction of the tenant that commits only while this attempt holds the job.

        `last=True` also marks the job done, with its result, in the same transaction: an effect that cannot be repeated
        belongs there. Raises Fenced when the job is no longer this attempt's, HandedBack when the worker is stopping.
        """
        self._stop_if_told()
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            if not claim.hold(session, self._held):
                self.signals.lost.set()
                raise Fenced(f"job {self.id} is no longer attempt {self.attempt}'s")
            yield session
            if last:
                claim.finish(session, self._held, self.outcome)
        self.finished = self.finished or last

    def progress(self, done: int, total: int | None, message: str = "", **params: object) -> None:
        """Tell how far the job is. Written at once on a connection of its own, but not more often than each half second.

        `message` is a marked msgid, `params` its parameters (JSON values). A total of None means nobody knows.
        """
        now = time.monotonic()
        if now - self._told_at < PROGRESS_SECONDS and done != total:
            return
        self._told_at = now
        try:
            with self._pulse.tenant_scope(self.tenant.id) as session:
                claim.tell(session, self._held, done, total, message, params)
        except DBAPIError as error:  # the work matters, not the telling: the next step finds out
            log.warning("job.progress_failed", job=self.id, error=str(error.orig))

    def result(self, values: dict[str, Any]) -> None:
        """What the job's page and the command that waits show (JSON values); kept when the job is done."""
        self.outcome = values

    @property
    def cancelled(self) -> bool:
        return self.signals.cancelled.is_set()

    def check(self) -> None:
        """Call between pieces of work. Raises Cancelled, HandedBack or Fenced when the job should not go on."""
        if self.cancelled:
            raise Cancelled
        self._stop_if_told()

    def _stop_if_told(self) -> None:
        if self.signals.lost.is_set():
            raise Fenced(f"job {self.id} is no longer attempt {self.attempt}'s")
        if self.signals.stopping.is_set():
            raise HandedBack
