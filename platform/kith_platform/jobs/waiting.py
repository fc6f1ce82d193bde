"""Waiting for a job, as a command does: watch it, and run it when nobody else does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from kith_platform.jobs.declared import find
from kith_platform.jobs.models import DISPATCHED, QUEUED, RUNNING, Job
from kith_platform.servers.programs import environment

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

POLL_SECONDS = 0.2
LONGEST_PAUSE = 10.0  # seconds between two children

OnProgress = Callable[[Job], None]


def wait(
    runtime: Runtime, tenant_id: int, job_id: int, *, claim_after: float = 2.0, on_progress: OnProgress | None = None
) -> Job:
    """Wait until the job is over and return its row, whatever its state.

    A job that nobody claims within `claim_after` seconds, or whose holder is lost, is run by a child process of this one.
    `on_progress` gets the row whenever its progress or state changed.
    """
    child: subprocess.Popen[bytes] | None = None
    idle_since, pause = time.monotonic(), claim_after
    told: object = None
    try:
        while True:
            row, idle = _look(runtime, tenant_id, job_id)
            news = (row.state, row.progress_done, row.progress_total, row.progress_message)
            if on_progress is not None and news != told:
                told = news
                on_progress(row)
            if row.finished_at is not None:
                return row
            if not idle:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= pause and (child is None or child.poll() is not None):
                child = _start_child(runtime, tenant_id, row)
                # A child that comes back without the job found the tenant's limit reached: ask less often.
                idle_since, pause = time.monotonic(), min(2 * pause + 1, LONGEST_PAUSE)
            time.sleep(POLL_SECONDS)
    finally:
        _end(child)


def _look(runtime: Runtime, tenant_id: int, job_id: int) -> tuple[Job, bool]:
    """The row, and whether it is due but held by nobody."""
    idle = or_(
        and_(Job.state.in_((QUEUED, DISPATCHED)), Job.run_after <= func.now()),
        and_(Job.state == RUNNING, Job.lease_until < func.now()),
    )
    with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
        row, unheld = session.execute(select(Job, idle).where(Job.id == job_id)).one()
        return row, bool(unheld)


def _start_child(runtime: Runtime, tenant_id: int, row: Job) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kith_platform.jobs.child", str(tenant_id), str(row.id), find(row.kind).work.__module__]
    surroundings = {**os.environ, **environment(runtime.settings), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # Our standard output carries the command's answer: the child's lines are not for it.
    return subprocess.Popen(command, env=surroundings, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: S603


def _end(child: subprocess.Popen[bytes] | None) -> None:
    """The job is over, or the command is: a child that is still at work hands its job back."""
    if child is None:
        return
    try:
        child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        child.terminate()
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
