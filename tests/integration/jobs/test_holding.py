"""One attempt at a time holds a job: claim, fence, heartbeat, and what becomes of a job whose holder is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sample_processes import effects, look, until
from sqlalchemy import text

from kith_platform.customers.models import Customer
from kith_platform.jobs import child, claim, pulse
from kith_platform.jobs import service as jobs
from kith_platform.jobs.claim import Claim
from kith_platform.jobs.declared import Cancelled, Fenced, HandedBack
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import JobRun
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor
from kith_tenants.doors import Doors
from kith_tenants.tenant import TenantContext
from kith_workers import routing

Ask = Callable[..., Job]
ADMIN = Actor(1, 1, "Ada", "admin", frozenset())


def take(runtime: Runtime, asked: Job, *, lease: float = 60) -> Claim | None:
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        return claim.claim(session, asked.id, lease=lease, unrouted=True)


def begin(runtime: Runtime, tenant: TenantContext, asked: Job, *, lease: float = 60) -> JobRun:
    held = take(runtime, asked, lease=lease)
    assert held is not None
    return JobRun(runtime, tenant, held, pulse=runtime.doors, threads=1, memory_mb=256)


def write(run: JobRun, name: str = "row") -> None:
    with run.step() as session:
        session.add(Customer(name=name, city=str(run.id)))


def lapse(runtime: Runtime, asked: Job) -> None:
    """As if the holder had been silent for longer than its lease."""
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        session.execute(text("UPDATE kith.job SET lease_until = now() - interval '1 s' WHERE id = :id"), {"id": asked.id})


def recover(runtime: Runtime) -> None:
    with runtime.doors.dispatch_scope() as session:
        routing.recover(session)


def test_a_job_is_held_once(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    assert take(runtime, asked) is not None
    assert take(runtime, asked) is None


def test_a_message_that_comes_twice_runs_the_job_once(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.rows", rows=2)
    assert child.run_job(runtime, asked.tenant_id, asked.id, unrouted=True)
    assert not child.run_job(runtime, asked.tenant_id, asked.id)
    assert not child.run_job(runtime, asked.tenant_id, asked.id, unrouted=True)
    assert effects(runtime, asked.tenant_id, asked.id) == 2


def test_a_worker_takes_only_what_was_handed_out(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    assert not child.run_job(runtime, asked.tenant_id, asked.id)
    assert look(runtime, asked.tenant_id, asked.id).attempt == 0


def test_an_attempt_that_lost_its_job_cannot_commit(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    stale = begin(runtime, tenant, asked)
    write(stale, "in time")
    lapse(runtime, asked)
    fresh = begin(runtime, tenant, asked)
    with pytest.raises(Fenced):
        write(stale, "too late")
    write(fresh, "by the new one")
    assert effects(runtime, tenant.id, asked.id) == 2
    # Nor can it end, report or hand back the job of the new one.
    with runtime.doors.tenant_scope(tenant.id) as session:
        claim.finish(session, stale._held, {"by": "stale"})
        claim.hand_back(session, stale._held)
        claim.tell(session, stale._held, 9, 9, "", {})
        assert claim.beat(session, stale._held, 60) is None
    row = look(runtime, tenant.id, asked.id)
    assert (row.state, row.attempt, row.progress_done, row.result) == ("running", fresh.attempt, 0, {})


def test_a_job_cannot_be_taken_away_in_the_middle_of_a_step(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    run = begin(runtime, tenant, asked)
    lapse(runtime, asked)
    with run.step() as session:
        recover(runtime)
        assert take(runtime, asked) is None
        session.add(Customer(name="row", city=str(asked.id)))
    assert effects(runtime, tenant.id, asked.id) == 1
    recover(runtime)
    assert look(runtime, tenant.id, asked.id).state == "queued"


def test_progress_and_heartbeat_do_not_wait_for_a_step(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    run = begin(runtime, tenant, asked)
    with run.step() as session:
        session.add(Customer(name="row", city=str(asked.id)))
        session.flush()
        run.progress(1, 2, "half")
        assert look(runtime, tenant.id, asked.id).progress_done == 1


def test_the_heartbeat_keeps_the_lease_and_hears_a_cancel(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    run = begin(runtime, tenant, asked, lease=1)
    doors = Doors(runtime.doors.urls, pool_size=1)
    first = look(runtime, tenant.id, asked.id).lease_until
    with pulse.beating(doors, tenant.id, run._held, run.signals, runtime.settings):
        until("the lease is longer", lambda: look(runtime, tenant.id, asked.id).lease_until > first)
        with runtime.doors.tenant_scope(tenant.id) as session:
            assert jobs.cancel(session, ADMIN, asked.public_id).state == "running"
        until("the job knows", lambda: run.cancelled)
        with pytest.raises(Cancelled):
            run.check()
    doors.dispose()


def test_the_heartbeat_tells_an_attempt_that_it_lost_its_job(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    run = begin(runtime, tenant, asked)
    lapse(runtime, asked)
    assert take(runtime, asked) is not None
    doors = Doors(runtime.doors.urls, pool_size=1)
    with pulse.beating(doors, tenant.id, run._held, run.signals, runtime.settings):
        until("the attempt knows", run.signals.lost.is_set)
    with pytest.raises(Fenced):
        run.check()
    doors.dispose()


def test_a_running_job_that_is_cancelled_stops_where_it_looks(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1000, seconds=0.1)
    worker = threading.Thread(target=child.run_job, args=(runtime, asked.tenant_id, asked.id), kwargs={"unrouted": True})
    worker.start()
    until("it runs", lambda: effects(runtime, asked.tenant_id, asked.id) > 0)
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        jobs.cancel(session, ADMIN, asked.public_id)
    worker.join(timeout=60)
    assert look(runtime, asked.tenant_id, asked.id).state == "cancelled"


def test_a_stopping_worker_hands_its_job_back_without_costing_it_an_attempt(
    runtime: Runtime, tenant: TenantContext, ask: Ask
) -> None:
    asked = ask("sample.rows", rows=1)
    run = begin(runtime, tenant, asked)
    run.signals.stopping.set()
    with pytest.raises(HandedBack):
        write(run)
    before = look(runtime, tenant.id, asked.id)
    with runtime.doors.tenant_scope(tenant.id) as session:
        claim.hand_back(session, run._held)
    after = look(runtime, tenant.id, asked.id)
    assert (after.state, after.max_attempts - after.attempt) == ("queued", before.max_attempts - before.attempt + 1)


def test_a_lost_job_runs_again_and_fails_when_it_is_lost_too_often(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.suicide")
    assert take(runtime, asked) is not None
    lapse(runtime, asked)
    recover(runtime)
    assert look(runtime, asked.tenant_id, asked.id).state == "queued"
    assert take(runtime, asked) is not None
    lapse(runtime, asked)
    recover(runtime)
    lost = look(runtime, asked.tenant_id, asked.id)
    assert (lost.state, lost.error_code) == ("failed", "worker_lost")
    assert "2 times in a row" in lost.error % lost.error_params
    assert take(runtime, asked) is None


def test_a_lost_job_that_was_to_be_cancelled_does_not_run_again(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    assert take(runtime, asked) is not None
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        jobs.cancel(session, ADMIN, asked.public_id)
    lapse(runtime, asked)
    recover(runtime)
    assert look(runtime, asked.tenant_id, asked.id).state == "cancelled"


def test_only_a_dead_holders_job_is_given_back(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    assert take(runtime, asked) is not None
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        claim.give_back(session, asked.id, "elsewhere:1")
    assert look(runtime, asked.tenant_id, asked.id).state == "running"
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        claim.give_back(session, asked.id, claim.worker_name())
    assert look(runtime, asked.tenant_id, asked.id).state == "queued"


def test_the_last_step_ends_the_job_together_with_its_effect(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.once")
    assert child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    row = look(runtime, tenant.id, asked.id)
    assert (row.state, row.result, effects(runtime, tenant.id, asked.id)) == ("done", {"by": 1}, 1)


def test_a_step_that_raises_keeps_nothing(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.once")
    run = begin(runtime, tenant, asked)

    def step() -> None:
        with run.step(last=True) as session:
            session.add(Customer(name="half", city=str(asked.id)))
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        step()
    assert (look(runtime, tenant.id, asked.id).state, effects(runtime, tenant.id, asked.id)) == ("running", 0)


def test_progress_is_not_written_more_often_than_pages_can_show(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    run = begin(runtime, tenant, ask("sample.rows", rows=1))
    run.progress(1, 1000)
    for number in range(2, 50):
        run.progress(number, 1000)
    assert look(runtime, tenant.id, run.id).progress_done == 1
    run.progress(1000, 1000)
    assert look(runtime, tenant.id, run.id).progress_done == 1000
