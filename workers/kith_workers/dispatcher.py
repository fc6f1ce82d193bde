"""The dispatcher: hands ids of due jobs to RQ within each tenant's limits, and brings back what was lost.

The rows are the truth. Redis may be empty, flushed or away: then nothing is handed out, and nothing is lost. Any number of
dispatchers may run.
"""

from __future__ import annotations

import secrets
import threading
import time
from itertools import groupby

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.queue import Queue
from sqlalchemy.exc import DBAPIError

from kith_platform.jobs.models import QUEUES
from kith_platform.runtime import Runtime
from kith_workers import routing, safe_job
from kith_workers.routing import Routed

log = structlog.get_logger(__name__)

BUSY_SECONDS = 0.05  # between two looks, up to QUICK_SECONDS after something was handed out
QUICK_SECONDS = 2.0
IDLE_SECONDS = 0.5
AWAY_SECONDS = 1.0  # while a server does not answer


class Dispatcher:
    """One process's dispatcher. `run` loops; `hand_out` and `reconcile` are its two passes."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        redis = Redis.from_url(runtime.urls.redis, socket_timeout=5, socket_connect_timeout=5)
        self._redis = redis
        self._queues: dict[str, Queue] = {name: safe_job.queue(name, redis) for name in QUEUES}

    def run(self, stop: threading.Event) -> None:
        """Dispatch until `stop` is set. Goes on while PostgreSQL or Redis are away."""
        every = self._runtime.settings.job_reconcile_seconds
        reconciled = handed = time.monotonic() - every
        while not stop.is_set():
            try:
                if time.monotonic() - reconciled >= every:
                    self.reconcile()
                    reconciled = time.monotonic()
                handed = time.monotonic() if self.hand_out() else handed
                pause = BUSY_SECONDS if time.monotonic() - handed < QUICK_SECONDS else IDLE_SECONDS
            except (DBAPIError, RedisError) as error:
                log.warning("dispatcher.server_away", error=str(error))
                pause = AWAY_SECONDS
            stop.wait(pause)

    def hand_out(self) -> int:
        """Hand due jobs to RQ; returns how many. Raises RedisError before anything is marked when Redis is away."""
        self._redis.ping()
        with self._runtime.doors.dispatch_scope() as session:
            jobs = routing.hand_out(session)
        # A crash or an error between the commit and here loses messages, not jobs: see reconcile.
        for job in jobs:
            message = f"{job.tenant_id}-{job.job_id}-{job.attempt + 1}-{secrets.token_hex(4)}"
            safe_job.push(self._queues[job.queue], job.tenant_id, job.job_id, message)
        return len(jobs)

    def reconcile(self) -> None:
        """Queue again what a dead process held and what Redis forgot. Raises RedisError after the former."""
        with self._runtime.doors.dispatch_scope() as session:
            for tenant_id, job_id, state in routing.recover(session):
                log.warning("dispatcher.lease_over", tenant_id=tenant_id, job=job_id, now=state)
            waiting = routing.unclaimed(session, grace=2 * self._runtime.settings.job_reconcile_seconds)
        forgotten = self._forgotten(waiting)
        if forgotten:
            with self._runtime.doors.dispatch_scope() as session:
                for job in forgotten:
                    routing.take_back(session, job)
            log.warning("dispatcher.messages_lost", jobs=len(forgotten))

    def _forgotten(self, jobs: list[Routed]) -> list[Routed]:
        """Those whose message stands in no queue. One that is being claimed just now may be among them: no harm, the
        row is claimed once.
        """
        found: list[Routed] = []
        for name, some in groupby(sorted(jobs, key=lambda job: job.queue), key=lambda job: job.queue):
            ids = (message.split("-") for message in self._queues[name].get_job_ids())
            known = {(parts[0], parts[1]) for parts in ids if len(parts) == 4}
            found += [job for job in some if (str(job.tenant_id), str(job.job_id)) not in known]
        return found
