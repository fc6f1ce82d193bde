"""What RQ may call: one function, and nothing else that a message can carry. Whoever can write to Redis could otherwise
run any function of Python.
"""

from __future__ import annotations

from typing import Any

from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from kith_platform.jobs.child import ENTRY

FAILURE_SECONDS = 24 * 60 * 60  # a refused message can be looked at for a day


class NotOurs(PermissionError):
    """A message in Redis asks for something that Kith did not put there."""


class SafeJob(Job):
    """An RQ job that is the entry point with a tenant's and a job's id, without callbacks, webhooks or repeats."""

    @property
    def func(self) -> Any:
        extras = (self._success_callback_name, self._failure_callback_name, self._stopped_callback_name, self.repeats_left)
        if self.func_name != ENTRY or self.instance is not None or any(extra is not None for extra in extras):
            raise NotOurs(f"{self.func_name!r} is not for workers of Kith to call")
        if self.kwargs or len(self.args) != 2 or not all(type(value) is int for value in self.args):
            raise NotOurs("the entry point takes a tenant's id and a job's")
        return super().func

    # RQ asks for these also where `func` was refused, the last one in the parent process.
    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None

    def send_webhooks(self, *_status: Any, **_more: Any) -> None:
        """None: RQ's webhooks follow redirects and send tracebacks."""


def queue(name: str, connection: Any) -> Queue:
    """The RQ queue of this name, speaking JSON and SafeJob."""
    return Queue(name, connection=connection, serializer=JSONSerializer, job_class=SafeJob)


def push(to: Queue, tenant_id: int, job_id: int, message_id: str) -> None:
    """Hand a job's id to RQ. It may come twice, late or never: the job's row decides."""
    to.enqueue_call(
        ENTRY,
        args=(tenant_id, job_id),
        timeout=-1,  # the lease decides how long a job may be silent
        result_ttl=0,
        failure_ttl=FAILURE_SECONDS,
        job_id=message_id,
        description="",
    )
