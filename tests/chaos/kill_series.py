"""Killing workers at random moments of a job, again and again, and looking at what became of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from subprocess import Popen

from sample_processes import Site, look, until

from kith_platform.jobs.models import RUNNING, Job
from kith_platform.runtime import Runtime

PROMISE = 60.0  # seconds until a killed job runs again


@dataclass
class Series:
    """What a series saw: seconds from each kill until the job ran again."""

    kills: int = 0
    back_after: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        worst, mean = max(self.back_after), sum(self.back_after) / len(self.back_after)
        return f"{self.kills} kills; the job ran again after {mean:.1f} s on average, {worst:.1f} s at most"


def kill_workers(
    runtime: Runtime,
    site: Site,
    *,
    queue: str,
    ask: Callable[[int], Job],
    check: Callable[[Job], None],
    longest: float,
    kills: int = 20,
    seed: int = 20261121,
) -> Series:
    """Begin `kills` jobs, kill -9 the worker with its child at a random moment of each, and let a new worker finish them.

    `ask(n)` asks for the n-th job, which runs on `queue`; `check(job)` looks at its effect once it is over; `longest` is
    about how many seconds the job runs undisturbed. A job that is over before its kill is not counted. Asserts the promise,
    that each job is done, and what `check` asserts.
    """
    dice = random.Random(seed)
    seen = Series()
    site.start("dispatcher")
    worker = site.start("worker", queue)
    number = 0
    while seen.kills < kills:
        job = ask(number)
        number += 1
        until("the job runs", lambda job=job: look(runtime, job.tenant_id, job.id).attempt > 0)
        time.sleep(dice.uniform(0, longest))
        before = look(runtime, job.tenant_id, job.id)
        if before.state == RUNNING:
            worker = _kill(runtime, site, worker, queue, before, seen)
        until("the job is over", lambda job=job: look(runtime, job.tenant_id, job.id).finished_at is not None, 600)
        after = look(runtime, job.tenant_id, job.id)
        assert after.state == "done", (after.error, after.error_params)
        check(after)
    return seen


def _kill(runtime: Runtime, site: Site, worker: Popen[bytes], queue: str, before: Job, seen: Series) -> Popen[bytes]:
    site.kill(worker)
    killed = time.monotonic()
    fresh = site.start("worker", queue)  # as supervisor does
    row = look(runtime, before.tenant_id, before.id)
    if row.finished_at is None:  # it may have been done in the moment of the kill
        until("it runs again", lambda: look(runtime, row.tenant_id, row.id).attempt > row.attempt, PROMISE)
        seen.kills += 1
        seen.back_after.append(time.monotonic() - killed)
    return fresh
