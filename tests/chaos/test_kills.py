"""kill -9, a flushed Redis, servers that go away: every job is done, and its effect is there once."""

from __future__ import annotations

from collections.abc import Callable

from kill_series import kill_workers
from sample_processes import Site, effects, is_own_redis, look, until

from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_platform.servers.embedded import Embedded
from kith_tenants.tenant import TenantContext

Ask = Callable[..., Job]


def all_over(runtime: Runtime, asked: list[Job]) -> bool:
    return all(look(runtime, job.tenant_id, job.id).finished_at is not None for job in asked)


def assert_done_once(runtime: Runtime, asked: list[Job]) -> None:
    assert {look(runtime, job.tenant_id, job.id).state for job in asked} == {"done"}
    assert [effects(runtime, job.tenant_id, job.id) for job in asked] == [1] * len(asked)


def test_twenty_kills_of_a_long_job(runtime: Runtime, site: Site, ask: Ask) -> None:
    def once_each(job: Job) -> None:
        assert effects(runtime, job.tenant_id, job.id) == 100

    seen = kill_workers(
        runtime,
        site,
        queue="send",
        ask=lambda _: ask("sample.rows", rows=100, seconds=0.05),
        check=once_each,
        longest=6,
    )
    print(seen)  # noqa: T201


def test_a_hundred_jobs_survive_a_flushed_redis(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext, site: Site, ask: Ask
) -> None:
    asked = [ask("sample.once", tenant_id=one.id) for _ in range(50) for one in (tenant, other_tenant)]
    site.working()
    for done in (1, 20, 50, 80):
        until(
            "some are done",
            lambda done=done: sum(look(runtime, job.tenant_id, job.id).state == "done" for job in asked) >= done,
            600,
        )
        assert is_own_redis(runtime)
        runtime.redis.flushall()
    until("all are over", lambda: all_over(runtime, asked), 600)
    assert_done_once(runtime, asked)


def test_jobs_asked_for_while_redis_is_away_are_done_when_it_is_back(runtime: Runtime, site: Site, ask: Ask) -> None:
    servers = Embedded(runtime.settings, durable=False)
    assert servers.valkey is not None
    site.working()
    before = ask("sample.once")
    until("the site works", lambda: all_over(runtime, [before]))
    servers.valkey.stop()
    asked = [ask("sample.once") for _ in range(50)]
    servers.valkey.start()

    def over() -> bool:
        site.working()  # a worker that gave up is started again, as supervisor does
        return all_over(runtime, asked)

    until("all are over", over, 600)
    assert_done_once(runtime, [before, *asked])


def test_jobs_survive_a_restart_of_postgresql(runtime: Runtime, site: Site, ask: Ask) -> None:
    servers = Embedded(runtime.settings, durable=False)
    assert servers.postgres is not None
    site.working()
    asked = [ask("sample.rows", rows=1, seconds=0.5) for _ in range(12)]
    until("some are done", lambda: sum(look(runtime, job.tenant_id, job.id).state == "done" for job in asked) >= 3)
    servers.postgres.stop()
    servers.postgres.start()

    def over() -> bool:
        site.working()
        return all_over(runtime, asked)

    until("all are over", over, 600)
    assert_done_once(runtime, asked)
