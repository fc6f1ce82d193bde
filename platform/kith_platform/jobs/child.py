"""The process that runs one job: RQ's work-horse, or one started by a command as
`python -m kith_platform.jobs.child TENANT_ID JOB_ID [MODULE]`.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import func, select

from kith_platform import logs
from kith_platform.config import Settings
from kith_platform.errors import KithError, Unavailable
from kith_platform.i18n import N_
from kith_platform.jobs import claim, resources
from kith_platform.jobs.models import RUNNING, Job

if TYPE_CHECKING:
    from kith_platform.jobs.claim import Claim
    from kith_platform.jobs.run import JobRun, Signals
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext

log = structlog.get_logger(__name__)

ENTRY = "kith_platform.jobs.child.perform"  # the one function RQ may call
LONGEST_PAUSE = 300.0  # seconds between two attempts


class Broken(KithError):
    """An error nobody foresaw; the log has it under the reference."""

    code = "internal"
    default = N_(
        "Something went wrong inside Kith while this job ran (reference %(reference)s). What it saved before is kept. "
        "Retry it; if it fails again, give your operator the reference."
    )


class OutOfMemory(KithError):
    code = "out_of_memory"
    default = N_(
        "This job needed more than the %(megabytes)s MB of memory it was given. "
        "Let your operator give workers more (KITH_JOB_MEMORY_MB), then retry it."
    )


_inherited: list[Runtime] = []


def inherit(runtime: Runtime) -> None:
    """For RQ's parent: the runtime that its forked children start from."""
    _inherited[:] = [runtime]


def perform(tenant_id: int, job_id: int) -> None:
    """RQ's entry point, in the forked work-horse. What became of the job stands in its row, never in Redis."""
    runtime = _inherited[0]
    runtime.doors.dispose(close=False)  # the parent's connections: ours to forget, not to close
    resources.limit_memory(resources.memory_mb(runtime.settings))
    run_job(runtime, tenant_id, job_id)


def main(arguments: list[str]) -> int:
    """A command's child: claims the job and runs it; 0 also when somebody else has it."""
    from kith_platform.runtime import open_runtime

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command; it tells us by SIGTERM
    settings = Settings.from_environment()
    logs.configure(settings.log_level, as_json=settings.log_json)
    for module in arguments[2:]:
        import_module(module)
    runtime = open_runtime(settings)
    try:
        run_job(runtime, int(arguments[0]), int(arguments[1]), unrouted=True)
    finally:
        runtime.close()
    return 0


def run_job(runtime: Runtime, tenant_id: int, job_id: int, *, unrouted: bool = False) -> bool:
    """Claim the job, run it in this process and write down how it ended. False when it was not to be had.

    `unrouted` also takes a job that no dispatcher handed out. SIGTERM asks the job to stop and be handed back.
    """
    from kith_tenants.context import tenant_of

    with runtime.doors.tenant_scope(tenant_id) as session:
        held = claim.claim(session, job_id, lease=runtime.settings.job_lease_seconds, unrouted=unrouted)
        tenant = tenant_of(session)
    if held is None:
        return False
    logs.begin(job=str(held.job_id), kind=held.kind, attempt=str(held.attempt))
    logs.identify(tenant=tenant.slug, user=held.asked_by)
    _attempt(runtime, tenant, held)
    logs.end()
    return True


def _attempt(runtime: Runtime, tenant: TenantContext, held: Claim) -> None:
    from kith_platform.jobs.pulse import beating
    from kith_platform.jobs.run import JobRun, Signals
    from kith_tenants.doors import Doors

    signals = Signals()
    pulse = Doors(runtime.doors.urls, pool_size=1)
    run = JobRun(
        runtime,
        tenant,
        held,
        pulse=pulse,
        threads=resources.threads(runtime.settings, _busy(runtime)),
        memory_mb=resources.memory_mb(runtime.settings),
        signals=signals,
    )
    log.info("job.started")
    try:
        with _stop_when_told(signals), beating(pulse, tenant.id, held, signals, runtime.settings):
            _work(run, held)
    finally:
        pulse.dispose()


def _work(run: JobRun, held: Claim) -> None:
    """Call the declared function and turn its end into the row's state."""
    from kith_platform.jobs.declared import find, refusal
    from kith_platform.jobs.run import Cancelled, Fenced, HandedBack

    try:
        kind = find(held.kind)
        if (reason := refusal(run.runtime, run.tenant, kind)) is not None:
            raise reason
        kind.work(run)
    except Fenced:
        log.warning("job.fenced")
    except HandedBack:
        _settle(run, partial(claim.hand_back, held=held), "job.handed_back")
    except Cancelled:
        _settle(run, partial(claim.cancel, held=held), "job.cancelled")
    except Unavailable as error:
        _again_or_fail(run, held, error)
    except KithError as error:
        _settle(run, partial(claim.fail, held=held, error=error), "job.failed", code=error.code)
    except MemoryError:
        _settle(run, partial(claim.fail, held=held, error=OutOfMemory(megabytes=2 * run.memory_mb)), "job.out_of_memory")
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("job.broken", reference=reference)
        _again_or_fail(run, held, Broken(reference=reference))
    else:
        if not run.finished:
            _settle(run, partial(claim.finish, held=held, result=run.outcome), "job.done")


def _again_or_fail(run: JobRun, held: Claim, error: KithError) -> None:
    if held.attempt < held.max_attempts:
        after = min(5.0 * 2**held.attempt, LONGEST_PAUSE)
        _settle(run, partial(claim.try_again, held=held, after=after), "job.again", after=after)
    else:
        _settle(run, partial(claim.fail, held=held, error=error), "job.failed", code=error.code)


def _settle(run: JobRun, change: partial[None], event: str, **values: object) -> None:
    with run.runtime.doors.tenant_scope(run.tenant.id) as session:
        change(session)
    run.finished = True
    log.info(event, **values)


@contextmanager
def _stop_when_told(signals: Signals) -> Iterator[None]:
    """Take SIGTERM as the wish to stop at the next step."""
    if threading.current_thread() is not threading.main_thread():  # as in a test: nobody sends us signals
        yield
        return

    def told(_signal: int, _frame: FrameType | None) -> None:
        signals.stopping.set()

    former = signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _busy(runtime: Runtime) -> int:
    with runtime.doors.dispatch_scope() as session:
        return session.execute(
            select(func.count()).select_from(Job).where(Job.state == RUNNING, Job.finished_at.is_(None))
        ).scalar_one()


if __name__ == "__main__":
    resources.tell_libraries(os.environ, resources.threads(Settings.from_environment(), 1))
    sys.exit(main(sys.argv[1:]))
