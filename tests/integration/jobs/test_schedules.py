"""Schedules ask for their job once each fire time, however many processes tick."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from sample_processes import Site, until
from sqlalchemy import select, text

from kith_platform.jobs import declared, schedules
from kith_platform.jobs.declared import JobKind, Refused
from kith_platform.jobs.models import Job, Schedule
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext
from kith_workers import schedule


def jobs_of(runtime: Runtime, tenant: TenantContext) -> list[Job]:
    with runtime.doors.tenant_scope(tenant.id) as session:
        return list(session.execute(select(Job).order_by(Job.id)).scalars())


def make_due(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(text("UPDATE kith.schedule SET next_at = now() - interval '3 h'"))


def put(runtime: Runtime, tenant: TenantContext, rule: dict[str, object], kind: str = "sample.greet") -> int:
    with runtime.doors.tenant_scope(tenant.id) as session:
        return schedules.put(session, kind, rule, args={"who": "Ada"})


def finish_all(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(text("UPDATE kith.job SET state = 'done', finished_at = now() WHERE finished_at IS NULL"))


def test_a_schedule_fires_once_when_many_tick_at_once(runtime: Runtime, tenant: TenantContext) -> None:
    put(runtime, tenant, {"every": 3600})
    for fired in (1, 2, 3):
        make_due(runtime, tenant)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(schedule.tick, [runtime] * 8))
        assert len(jobs_of(runtime, tenant)) == fired
        finish_all(runtime, tenant)
    assert {job.args["who"] for job in jobs_of(runtime, tenant)} == {"Ada"}


def test_times_missed_while_nobody_ticked_count_as_one(runtime: Runtime, tenant: TenantContext) -> None:
    put(runtime, tenant, {"every": 60})
    make_due(runtime, tenant)
    schedule.tick(runtime)
    schedule.tick(runtime)
    assert len(jobs_of(runtime, tenant)) == 1
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.execute(select(Schedule)).scalar_one()
        assert row.next_at > row.last_at
        assert session.execute(text("SELECT next_at > now() FROM kith.schedule")).scalar_one()


def test_a_schedule_does_not_pile_up_jobs_that_nobody_runs(runtime: Runtime, tenant: TenantContext) -> None:
    put(runtime, tenant, {"every": 60})
    for _ in range(3):
        make_due(runtime, tenant)
        schedule.tick(runtime)
    assert len(jobs_of(runtime, tenant)) == 1


def test_a_schedule_that_is_off_removed_or_of_an_unknown_kind_asks_for_nothing(runtime: Runtime, tenant: TenantContext) -> None:
    put(runtime, tenant, {"every": 60})
    put(runtime, tenant, {"every": 60}, kind="gone.kind")
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(text("UPDATE kith.schedule SET enabled = false WHERE kind = 'sample.greet'"))
    make_due(runtime, tenant)
    schedule.tick(runtime)
    with runtime.doors.tenant_scope(tenant.id) as session:
        schedules.remove(session, "sample.greet")
    schedule.tick(runtime)
    assert jobs_of(runtime, tenant) == []


def test_a_gate_skips_the_schedule_and_refuses_the_job(
    runtime: Runtime, tenant: TenantContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declared, "_gates", [])

    def closed(_runtime: Runtime, _tenant: TenantContext, kind: JobKind) -> Refused | None:
        return Refused("The module is off.") if kind.name == "sample.greet" else None

    declared.add_gate(closed)
    put(runtime, tenant, {"every": 60})
    make_due(runtime, tenant)
    schedule.tick(runtime)
    assert jobs_of(runtime, tenant) == []
    with runtime.doors.tenant_scope(tenant.id) as session:
        from kith_platform.jobs import service

        asked = service.ask(session, "sample.greet", {"who": "Ada"})
    from kith_platform.jobs import child

    assert child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    assert [(job.state, job.error) for job in jobs_of(runtime, tenant)] == [("failed", "The module is off.")]


def test_putting_a_schedule_again_changes_it(runtime: Runtime, tenant: TenantContext) -> None:
    assert put(runtime, tenant, {"every": 60}) == put(runtime, tenant, {"daily": "02:30"})
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert session.execute(select(Schedule.rule)).scalar_one() == {"daily": "02:30"}


def test_two_schedule_processes_give_one_job_each_time_and_stop_when_told(
    runtime: Runtime, tenant: TenantContext, site: Site
) -> None:
    processes = [site.start("schedule"), site.start("schedule")]
    put(runtime, tenant, {"every": 2})
    for fired in (1, 2):
        until("the job was asked for", lambda fired=fired: len(jobs_of(runtime, tenant)) >= fired)
        finish_all(runtime, tenant)
    keys = [job.dedupe_key for job in jobs_of(runtime, tenant)]
    assert len(keys) == len(set(keys))
    for process in processes:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
