"""Asking for jobs, looking at them, cancelling and trying again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sample_processes import effects, look

from kith_platform.errors import Conflict, NotFound
from kith_platform.jobs import child
from kith_platform.jobs import service as jobs
from kith_platform.jobs.declared import UnknownJob
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

Ask = Callable[..., Job]
ADMIN = Actor(1, 1, "Ada", "admin", frozenset())
AGENT = Actor(2, 2, "Bo", "agent", frozenset(), reach=Reach.OWN)


def run(runtime: Runtime, asked: Job) -> Job:
    assert child.run_job(runtime, asked.tenant_id, asked.id, unrouted=True)
    return look(runtime, asked.tenant_id, asked.id)


def test_a_job_runs_and_shows_its_progress_and_result(runtime: Runtime, ask: Ask) -> None:
    done = run(runtime, ask("sample.greet", who="Ada"))
    assert (done.state, done.result, done.attempt) == ("done", {"greeting": "Hello Ada"}, 1)
    assert (done.progress_done, done.progress_total, done.progress_message) == (1, 1, "Greeted %(who)s")
    assert done.progress_params == {"who": "Ada"}
    assert done.finished_at is not None


def test_no_commit_no_job(runtime: Runtime, tenant: TenantContext) -> None:
    def change_that_fails() -> None:
        with runtime.doors.tenant_scope(tenant.id) as session:
            jobs.ask(session, "sample.greet", {"who": "Ada"})
            raise RuntimeError("the change fails")

    with pytest.raises(RuntimeError, match="the change fails"):
        change_that_fails()
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert jobs.listing(session, ADMIN) == []


def test_a_kind_nobody_declared_is_refused_when_asked_for(ask: Ask) -> None:
    with pytest.raises(UnknownJob, match=r"sample\.nothing"):
        ask("sample.nothing")


def test_the_same_work_is_not_asked_for_twice_while_it_is_active(runtime: Runtime, tenant: TenantContext) -> None:
    def asked() -> Job:
        with runtime.doors.tenant_scope(tenant.id) as session:
            return jobs.ask(session, "sample.greet", {"who": "Ada"}, dedupe_key="Ada")

    first = asked()
    assert asked().id == first.id
    run(runtime, first)
    assert asked().id != first.id


def test_two_tenants_may_use_the_same_key(runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext) -> None:
    found = []
    for one in (tenant, other_tenant):
        with runtime.doors.tenant_scope(one.id) as session:
            found.append(jobs.ask(session, "sample.greet", {"who": "Ada"}, dedupe_key="k"))
    assert found[0].public_id != found[1].public_id


def test_a_foreseen_error_is_told_in_its_words_and_not_tried_again(runtime: Runtime, ask: Ask) -> None:
    failed = run(runtime, ask("sample.wrong"))
    assert (failed.state, failed.attempt) == ("failed", 1)
    assert failed.error % failed.error_params == "The file orders.csv has no header."
    assert failed.error_code == "invalid"


def test_an_unforeseen_error_is_tried_again_later_then_told_by_a_reference(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.broken")
    waiting = run(runtime, asked)
    assert waiting.state == "queued"
    assert waiting.run_after > waiting.started_at
    assert not child.run_job(runtime, asked.tenant_id, asked.id, unrouted=True)  # not due yet
    with runtime.doors.tenant_scope(asked.tenant_id) as session:
        session.get_one(Job, (asked.tenant_id, asked.id)).run_after = waiting.created_at
    failed = run(runtime, asked)
    assert (failed.state, failed.error_code, failed.attempt) == ("failed", "internal", 2)
    assert failed.error_params["reference"] in failed.error % failed.error_params
    assert "secret" not in failed.error % failed.error_params


def test_a_part_that_is_away_fails_with_its_words_when_attempts_are_used_up(runtime: Runtime, ask: Ask) -> None:
    failed = run(runtime, ask("sample.away"))
    assert (failed.state, failed.error_code) == ("failed", "unavailable")


def test_a_suspended_company_has_no_jobs_run(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    with runtime.doors.auth_scope() as session:
        registry.suspend(session, tenant.slug)
    refused = run(runtime, asked)
    assert (refused.state, refused.error_code) == ("failed", "job_refused")
    assert "suspended" in refused.error
    assert effects(runtime, tenant.id, asked.id) == 0


def test_a_job_of_a_module_that_is_off_is_refused(runtime: Runtime, ask: Ask) -> None:
    asked = ask("sample.of_plugin")
    refused = run(runtime, asked)
    assert (refused.state, refused.error_code) == ("failed", "module_off")
    assert effects(runtime, asked.tenant_id, asked.id) == 0


def test_a_waiting_job_is_cancelled_at_once(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.rows", rows=1)
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert jobs.cancel(session, ADMIN, asked.public_id).state == "cancelled"
    assert not child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    with runtime.doors.tenant_scope(tenant.id) as session, pytest.raises(Conflict, match="over already"):
        jobs.cancel(session, ADMIN, asked.public_id)


def test_a_failed_job_can_be_tried_again(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.wrong")
    run(runtime, asked)
    with runtime.doors.tenant_scope(tenant.id) as session:
        again = jobs.retry(session, ADMIN, asked.public_id)
        assert (again.state, again.error, again.finished_at) == ("queued", "", None)
    assert run(runtime, asked).attempt == 2
    done = ask("sample.greet", who="Ada")
    run(runtime, done)
    with runtime.doors.tenant_scope(tenant.id) as session, pytest.raises(Conflict, match="failed or was cancelled"):
        jobs.retry(session, ADMIN, done.public_id)


def test_a_job_is_not_tried_again_while_the_same_work_is_active(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        first = jobs.ask(session, "sample.wrong", {}, dedupe_key="k")
    run(runtime, first)
    with runtime.doors.tenant_scope(tenant.id) as session:
        jobs.ask(session, "sample.wrong", {}, dedupe_key="k")
    with runtime.doors.tenant_scope(tenant.id) as session, pytest.raises(Conflict, match="already waiting or running"):
        jobs.retry(session, ADMIN, first.public_id)


def test_who_sees_not_everybody_sees_only_own_jobs(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    others = ask("sample.greet", who="system")
    with runtime.doors.tenant_scope(tenant.id) as session:
        own = jobs.ask(session, "sample.greet", {"who": "Bo"}, asked_by=AGENT.member_id)
        assert [row.id for row in jobs.listing(session, AGENT)] == [own.id]
        assert [row.id for row in jobs.listing(session, ADMIN)] == [own.id, others.id]
        for verb in (jobs.get, jobs.cancel, jobs.retry):
            with pytest.raises(NotFound):
                verb(session, AGENT, others.public_id)


def test_a_list_is_paged_from_the_newest(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = [ask("sample.greet", who=str(number)) for number in range(5)]
    with runtime.doors.tenant_scope(tenant.id) as session:
        first = jobs.listing(session, ADMIN, limit=2)
        second = jobs.listing(session, ADMIN, limit=2, before=first[-1].public_id)
        assert [row.id for row in [*first, *second]] == [row.id for row in asked[::-1][:4]]
        assert jobs.listing(session, ADMIN, states=["done"]) == []


def test_another_company_cannot_see_or_touch_a_job(runtime: Runtime, other_tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.greet", who="Ada")
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        for verb in (jobs.get, jobs.cancel, jobs.retry):
            with pytest.raises(NotFound):
                verb(session, ADMIN, asked.public_id)
        with pytest.raises(NotFound):
            jobs.listing(session, ADMIN, before=uuid.uuid4())


def test_the_bell_rings_for_who_asked_until_looked_at(runtime: Runtime, tenant: TenantContext) -> None:
    def bell(who: Actor) -> list[tuple[str, str]]:
        with runtime.doors.tenant_scope(tenant.id) as session:
            return [(row.kind, row.state) for row in jobs.unseen(session, who)]

    def asked(kind: str, **args: Any) -> Job:
        with runtime.doors.tenant_scope(tenant.id) as session:
            return jobs.ask(session, kind, args, asked_by=ADMIN.member_id)

    first, second = asked("sample.greet", who="Ada"), asked("sample.wrong")
    assert bell(ADMIN) == []
    run(runtime, first)
    run(runtime, second)
    assert bell(ADMIN) == [("sample.wrong", "failed"), ("sample.greet", "done")]
    assert bell(AGENT) == []
    with runtime.doors.tenant_scope(tenant.id) as session:
        jobs.mark_seen(session, ADMIN)
    assert bell(ADMIN) == []
