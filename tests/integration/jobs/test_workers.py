"""Real processes of a site: killed, flushed, stopped, or not there at all. Each effect is there once."""

from __future__ import annotations

import signal
from collections.abc import Callable

import psutil
from sample_processes import Site, effects, is_own_redis, look, until

from kith_platform.jobs import claim
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

Ask = Callable[..., Job]
ADMIN = Actor(1, 1, "Ada", "admin", frozenset())


def is_over(runtime: Runtime, asked: Job) -> bool:
    return look(runtime, asked.tenant_id, asked.id).finished_at is not None


def wrote(runtime: Runtime, asked: Job, least: int) -> bool:
    return effects(runtime, asked.tenant_id, asked.id) >= least


def test_a_job_whose_worker_is_killed_is_finished_by_another_with_its_effect_once(runtime: Runtime, site: Site, ask: Ask) -> None:
    worker = site.working()
    asked = ask("sample.rows", rows=30, seconds=0.1)
    for kill in (1, 2):
        until("the job has written something", lambda kill=kill: wrote(runtime, asked, 5 * kill))
        site.kill(worker)  # with the work-horse
        worker = site.working()
    until("the job is over", lambda: is_over(runtime, asked))
    row = look(runtime, asked.tenant_id, asked.id)
    assert (row.state, row.attempt, effects(runtime, asked.tenant_id, asked.id)) == ("done", 3, 30)


def test_a_killed_child_gives_its_job_back_before_the_lease_ends(runtime: Runtime, site: Site, ask: Ask) -> None:
    worker = site.working()
    asked = ask("sample.rows", rows=20, seconds=0.1)
    until("the job has written something", lambda: wrote(runtime, asked, 3))
    held = look(runtime, asked.tenant_id, asked.id)
    for horse in psutil.Process(worker.pid).children():
        horse.send_signal(signal.SIGKILL)
    until("another attempt holds it", lambda: look(runtime, asked.tenant_id, asked.id).attempt == 2)
    again = look(runtime, asked.tenant_id, asked.id)
    assert held.lease_until is not None
    assert again.run_after < held.lease_until
    until("the job is over", lambda: is_over(runtime, asked))
    assert effects(runtime, asked.tenant_id, asked.id) == 20


def test_a_job_that_kills_its_process_fails_in_the_end_and_the_worker_lives(runtime: Runtime, site: Site, ask: Ask) -> None:
    worker = site.working()
    asked = ask("sample.suicide")
    until("the job is over", lambda: is_over(runtime, asked))
    assert look(runtime, asked.tenant_id, asked.id).error_code == "worker_lost"
    greeting = ask("sample.greet", who="Ada")
    until("the next job is done", lambda: is_over(runtime, greeting))
    assert worker.poll() is None


def test_a_job_that_takes_too_much_memory_is_told_so(runtime: Runtime, site: Site, ask: Ask) -> None:
    site.working()
    asked = ask("sample.greedy")
    until("the job is over", lambda: is_over(runtime, asked))
    row = look(runtime, asked.tenant_id, asked.id)
    assert (row.state, row.error_code) == ("failed", "out_of_memory")
    assert "KITH_JOB_MEMORY_MB" in row.error


def test_engines_work_in_the_child_of_a_parent_that_loaded_them(runtime: Runtime, site: Site, ask: Ask) -> None:
    site.working()
    worker = site.start("worker", "train")
    asked = [ask("sample.engines") for _ in range(2)]
    until("both are over", lambda: all(is_over(runtime, job) for job in asked))
    rows = [look(runtime, job.tenant_id, job.id) for job in asked]
    assert [(row.state, row.attempt, row.result["rows"]) for row in rows] == [("done", 1, 500)] * 2
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0


def test_redis_flushed_while_jobs_wait_loses_and_doubles_none(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext, site: Site, ask: Ask
) -> None:
    asked = [ask("sample.once", tenant_id=one.id) for _ in range(6) for one in (tenant, other_tenant)]
    site.working()
    for done in (1, 5):
        until("some are done", lambda done=done: sum(is_over(runtime, job) for job in asked) >= done)
        assert is_own_redis(runtime)
        runtime.redis.flushall()
    until("all are over", lambda: all(is_over(runtime, job) for job in asked))
    assert {look(runtime, job.tenant_id, job.id).state for job in asked} == {"done"}
    assert [effects(runtime, job.tenant_id, job.id) for job in asked] == [1] * len(asked)


def test_a_worker_told_to_stop_hands_its_job_back_and_ends(runtime: Runtime, site: Site, ask: Ask) -> None:
    worker = site.working()
    asked = ask("sample.rows", rows=60, seconds=0.1)
    until("the job has written something", lambda: wrote(runtime, asked, 3))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    row = look(runtime, asked.tenant_id, asked.id)
    assert row.state in ("queued", "dispatched")
    assert row.max_attempts == asked.max_attempts + 1
    site.working()
    until("it is finished elsewhere", lambda: is_over(runtime, asked))
    assert effects(runtime, asked.tenant_id, asked.id) == 60


def test_a_worker_told_to_stop_kills_a_job_that_does_not_listen_and_gives_it_back(runtime: Runtime, site: Site, ask: Ask) -> None:
    worker = site.working()
    asked = ask("sample.deaf")
    until("it runs", lambda: look(runtime, asked.tenant_id, asked.id).state == "running")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    assert look(runtime, asked.tenant_id, asked.id).state in ("queued", "dispatched")
    assert effects(runtime, asked.tenant_id, asked.id) == 0
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        jobs.cancel(session, ADMIN, asked.public_id)


def test_a_running_job_that_does_not_listen_is_cancelled_by_force(
    runtime: Runtime, tenant: TenantContext, site: Site, ask: Ask
) -> None:
    site.working()
    asked = ask("sample.deaf")
    until("it runs", lambda: look(runtime, tenant.id, asked.id).state == "running")
    with runtime.doors.tenant_scope(tenant.id) as session:
        jobs.cancel(session, ADMIN, asked.public_id)
    until("it is cancelled", lambda: look(runtime, tenant.id, asked.id).state == "cancelled")
    assert effects(runtime, tenant.id, asked.id) == 0


def test_a_command_that_waits_runs_the_job_itself_when_nobody_does(
    runtime: Runtime, tenant: TenantContext, site: Site, ask: Ask
) -> None:
    site.close()  # the tests before left theirs at work
    asked = ask("sample.rows", rows=5, seconds=0.2)
    seen: list[tuple[str, int]] = []
    row = jobs.wait(
        runtime, tenant.id, asked.id, claim_after=0.2, on_progress=lambda job: seen.append((job.state, job.progress_done))
    )
    assert (row.state, row.result["rows"], effects(runtime, tenant.id, asked.id)) == ("done", 5, 5)
    assert seen[0] == ("queued", 0)
    assert seen[-1] == ("done", 5)
    assert row.worker is not None


def test_a_command_that_waits_leaves_the_job_to_a_worker_that_is_there(
    runtime: Runtime, tenant: TenantContext, site: Site, ask: Ask
) -> None:
    worker = site.working()
    warm = ask("sample.greet", who="Ada")
    until("the site works", lambda: is_over(runtime, warm))
    asked = ask("sample.rows", rows=3, seconds=0.1)
    horses: set[int] = set()

    def notice(job: Job) -> None:
        if job.state == "running" and job.worker is not None:
            horses.add(psutil.Process(int(job.worker.rsplit(":")[-1])).ppid())

    assert jobs.wait(runtime, tenant.id, asked.id, claim_after=30, on_progress=notice).state == "done"
    assert horses == {worker.pid}


def test_a_command_that_waits_keeps_to_the_tenants_limit(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    others = [ask("sample.rows", rows=1) for _ in range(2)]
    for job in others:
        with runtime.doors.tenant_scope(tenant.id) as session:
            assert claim.claim(session, job.id, lease=60, unrouted=True) is not None
    asked = ask("sample.rows", rows=1)
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert claim.claim(session, asked.id, lease=60, unrouted=True) is None


def test_a_dispatcher_told_to_stop_ends(site: Site) -> None:
    site.working()
    dispatcher = next(one for one in site.started if one.args[2:] == ["dispatcher"] and one.poll() is None)
    dispatcher.send_signal(signal.SIGTERM)
    assert dispatcher.wait(timeout=60) == 0
