"""A worker: takes ids of one queue from RQ and runs each job in a forked child.

The parent loads the heavy libraries so that children start at once, and never calls them: DuckDB, Polars and xgboost hang
or break in a child whose parent has used them.
"""

from __future__ import annotations

import os
import signal
import threading
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog
from redis import Redis
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import Worker
from sqlalchemy.exc import DBAPIError

from kith_platform.jobs import child, claim, resources
from kith_platform.jobs.declared import load_all
from kith_platform.runtime import Runtime
from kith_workers.safe_job import SafeJob

log = structlog.get_logger(__name__)

ENGINES = ("numpy", "pyarrow", "duckdb", "polars", "ibis.backends.duckdb", "scipy.optimize", "xgboost")
HEAVY = {"interactive": ENGINES, "default": ENGINES, "train": ENGINES, "import": ("pyarrow",), "send": ()}


def work(runtime: Runtime, queue: str, *, burst: bool = False) -> None:
    """Run jobs of one queue until SIGTERM or SIGINT. `burst` stops when the queue is empty."""
    resources.tell_libraries(os.environ, resources.threads(runtime.settings, 1))
    for library in HEAVY[queue]:
        if find_spec(library.partition(".")[0]) is not None:
            import_module(library)
    load_all()
    child.inherit(runtime)
    runtime.doors.dispose()  # a fork should find no open connection
    KithWorker(runtime, queue).work(burst=burst, logging_level=runtime.settings.log_level.upper())


class KithWorker(Worker):
    """RQ's forking worker on exactly one queue: only then does RQ not lose what it pops.

    Children that end badly give their job back at once. On SIGTERM the running job is asked to stop at its next step and
    is handed back; one that does not within half a lease is killed and given back.
    """

    def __init__(self, runtime: Runtime, queue: str) -> None:
        super().__init__(
            [queue],
            connection=Redis.from_url(runtime.urls.redis),
            serializer=JSONSerializer,
            job_class=SafeJob,
            default_result_ttl=0,
            worker_ttl=30,
            maintenance_interval=10,
            job_monitoring_interval=5,
            log_job_description=False,
        )
        self._runtime = runtime
        self._ended: tuple[int | None, int | None] = (None, None)

    def execute_job(self, job: Job, queue: Queue) -> None:
        self._ended = (None, None)
        try:
            super().execute_job(job, queue)
        finally:
            pid, status = self._ended
            if not self.is_horse and pid and status:
                self._give_back(job, pid)

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        pid, status, usage = super().wait_for_horse()
        self._ended = (pid, status)
        return pid, status, usage

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)  # not its group, which for a moment after the fork is ours
            killer = threading.Timer(self._runtime.settings.job_lease_seconds / 2, self._end_horse, args=(self.horse_pid,))
            killer.daemon = True
            killer.start()

    def _end_horse(self, pid: int) -> None:
        if self.horse_pid == pid:
            self.kill_horse()

    def _give_back(self, job: Job, pid: int) -> None:
        """The child died: its job need not wait for its lease to end."""
        tenant_id, job_id = job.args
        log.warning("worker.child_died", job=job_id, tenant_id=tenant_id, pid=pid)
        try:
            with self._runtime.doors.tenant_scope(tenant_id) as session:
                claim.give_back(session, job_id, claim.worker_name(pid), stopping=self._stop_requested)
        except DBAPIError:
            log.exception("worker.give_back_failed", job=job_id)  # the dispatcher does it when the lease is over
        finally:
            self._runtime.doors.dispose()
