"""The schedule process: asks for the jobs whose time has come, and sends the mail that belongs to no company.

Any number of them may run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from kith_platform.errors import KithError
from kith_platform.jobs import schedules
from kith_platform.jobs.declared import UnknownJob, find, refusal
from kith_platform.runtime import Runtime
from kith_tenants.context import tenant_of

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0

Chore = Callable[[Runtime], object]


def run(runtime: Runtime, stop: threading.Event, chores: Sequence[Chore] = ()) -> None:
    """Tick until `stop` is set. `chores` are done at each tick too. Goes on while PostgreSQL is away."""
    while not stop.is_set():
        for chore in (tick, *chores):
            try:
                chore(runtime)
            except (DBAPIError, RedisError, KithError, OSError) as error:
                log.warning("schedule.chore_failed", chore=chore.__name__, error=str(error))
        stop.wait(TICK_SECONDS)


def tick(runtime: Runtime) -> int:
    """Fire every schedule that is due; returns how many jobs were asked for."""
    with runtime.doors.dispatch_scope() as session:
        due = [(tenant_id, schedule_id) for tenant_id, schedule_id in session.execute(schedules.due())]
    return sum(_fire(runtime, tenant_id, schedule_id) for tenant_id, schedule_id in due)


def _fire(runtime: Runtime, tenant_id: int, schedule_id: int) -> bool:
    def may_run(kind: str) -> bool:
        try:
            return refusal(runtime, tenant_of(session), find(kind)) is None
        except UnknownJob:  # its plugin is not installed at the moment
            return False

    with runtime.doors.tenant_scope(tenant_id) as session:
        return schedules.fire(session, schedule_id, may_run=may_run) is not None
