"""The schedule process: asks for the jobs whose time has come, and does the chores that belong to no company.

Any number of them may run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from kith_platform.jobs import schedules
from kith_platform.jobs.declared import UnknownJob, find, refusal
from kith_platform.runtime import Runtime
from kith_tenants.context import tenant_of

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0

Chore = Callable[[Runtime], object]


def run(runtime: Runtime, stop: threading.Event, chores: Sequence[Chore] = ()) -> None:
    """Tick until `stop` is set, and do each of `chores` once a second beside it. Goes on while servers are away."""
    # Each in a thread of its own: a mail server that does not answer must not delay schedules.
    beside = [threading.Thread(target=_repeat, args=(runtime, stop, chore), daemon=True) for chore in chores]
    for thread in beside:
        thread.start()
    _repeat(runtime, stop, tick)
    for thread in beside:
        thread.join(timeout=TICK_SECONDS)


def _repeat(runtime: Runtime, stop: threading.Event, chore: Chore) -> None:
    while not stop.is_set():
        try:
            chore(runtime)
        except Exception as error:
            log.warning("schedule.chore_failed", chore=chore.__name__, error=f"{type(error).__name__}: {error}")
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
