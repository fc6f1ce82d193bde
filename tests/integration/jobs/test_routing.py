"""The dispatcher: limits and fair turns, messages that Redis lost, and what workers refuse to call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis
from rq.callbacks import Callback
from rq.queue import Queue
from rq.serializers import JSONSerializer
from sample_processes import is_own_redis, look
from sqlalchemy import text

from kith_platform.jobs import child
from kith_platform.jobs.claim import LIMITS
from kith_platform.jobs.models import QUEUES, Job
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext
from kith_workers.dispatcher import Dispatcher
from kith_workers.worker import KithWorker

Ask = Callable[..., Job]


@pytest.fixture(autouse=True)
def _nothing_else_is_due(runtime: Runtime) -> Iterator[None]:
    """The dispatcher serves every tenant: earlier tests' jobs would take turns."""

    def clear() -> None:
        with runtime.doors.auth_scope() as session:
            tenants = session.execute(text("SELECT id FROM kith.tenant")).scalars().all()
        for tenant_id in tenants:
            with runtime.doors.tenant_scope(tenant_id) as session:
                session.execute(text("UPDATE kith.job SET finished_at = now(), state = 'cancelled' WHERE finished_at IS NULL"))
        assert is_own_redis(runtime)
        runtime.redis.flushall()

    clear()
    yield
    clear()


def messages(runtime: Runtime, queue: str = "send") -> list[tuple[int, int]]:
    """(tenant, job) of each message that waits in Redis."""
    waiting = Queue(queue, connection=runtime.redis, serializer=JSONSerializer).get_job_ids()
    return [(int(tenant), int(job)) for tenant, job, *_ in (message.split("-") for message in waiting)]


def test_a_tenant_is_handed_out_no_more_than_its_limit(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = [ask("sample.greet", who=str(number)) for number in range(5)]
    dispatcher = Dispatcher(runtime)
    assert dispatcher.hand_out() == LIMITS["send"] == 2
    assert dispatcher.hand_out() == 0
    assert messages(runtime) == [(tenant.id, job.id) for job in asked[:2]]
    assert child.run_job(runtime, tenant.id, asked[0].id)  # one slot is free again
    assert dispatcher.hand_out() == 1


def test_a_running_job_counts_towards_the_limit_until_its_lease_is_over(runtime: Runtime, ask: Ask) -> None:
    asked = [ask("sample.greet", who=str(number)) for number in range(3)]
    dispatcher = Dispatcher(runtime)
    dispatcher.hand_out()
    with runtime.doors.tenant_scope(asked[0].tenant_id) as session:
        session.execute(
            text("UPDATE kith.job SET state = 'running', lease_until = now() + interval '1 h' WHERE state = 'dispatched'")
        )
    assert dispatcher.hand_out() == 0
    with runtime.doors.tenant_scope(asked[0].tenant_id) as session:
        session.execute(text("UPDATE kith.job SET lease_until = now() - interval '1 s' WHERE state = 'running'"))
    dispatcher.reconcile()
    assert dispatcher.hand_out() == 2


def test_a_tenant_with_many_jobs_does_not_keep_another_waiting(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext, ask: Ask
) -> None:
    many = [ask("sample.greet", who=str(number)) for number in range(200)]
    one = ask("sample.greet", tenant_id=other_tenant.id, who="B")
    Dispatcher(runtime).hand_out()
    assert messages(runtime) == [(tenant.id, many[0].id), (other_tenant.id, one.id), (tenant.id, many[1].id)]


def test_queues_have_their_own_limits(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    from kith_platform.jobs import service as jobs

    with runtime.doors.tenant_scope(tenant.id) as session:
        for queue in QUEUES:
            for number in range(6):
                jobs.ask(session, "sample.greet", {"who": str(number)}, queue=queue)
    Dispatcher(runtime).hand_out()
    assert {queue: len(messages(runtime, queue)) for queue in QUEUES} == LIMITS


def test_many_dispatchers_at_once_keep_to_the_limit_and_hand_out_once(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    for number in range(40):
        ask("sample.greet", who=str(number))
    dispatchers = [Dispatcher(runtime) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        handed = list(pool.map(lambda number: dispatchers[number % 4].hand_out(), range(24)))
    assert sum(handed) == LIMITS["send"]
    assert len(messages(runtime)) == len(set(messages(runtime))) == LIMITS["send"]


def test_what_redis_forgot_is_handed_out_again_but_not_what_it_holds(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.greet", who="Ada")
    dispatcher = Dispatcher(runtime)
    dispatcher.hand_out()

    def age() -> None:
        with runtime.doors.tenant_scope(tenant.id) as session:
            session.execute(text("UPDATE kith.job SET dispatched_at = now() - interval '1 h' WHERE state = 'dispatched'"))

    age()
    dispatcher.reconcile()
    assert look(runtime, tenant.id, asked.id).state == "dispatched"  # a long queue is no loss
    assert is_own_redis(runtime)
    runtime.redis.flushall()
    dispatcher.reconcile()
    assert look(runtime, tenant.id, asked.id).state == "queued"
    assert dispatcher.hand_out() == 1
    assert messages(runtime) == [(tenant.id, asked.id)]


def test_while_redis_is_away_nothing_is_marked(runtime: Runtime, tenant: TenantContext, ask: Ask) -> None:
    asked = ask("sample.greet", who="Ada")
    nowhere = replace(runtime.urls, redis=f"unix://{runtime.settings.home}/nothing.sock")
    with pytest.raises(Exception, match=r"nothing\.sock"):
        Dispatcher(replace(runtime, urls=nowhere)).hand_out()
    assert look(runtime, tenant.id, asked.id).state == "queued"


def test_the_dispatcher_reads_no_more_than_where_jobs_go(runtime: Runtime) -> None:
    for column in ("args", "result", "kind", "error"):
        with pytest.raises(Exception, match="permission denied"), runtime.doors.dispatch_scope() as session:
            session.execute(text(f"SELECT {column} FROM kith.job"))
    with pytest.raises(Exception, match="permission denied"), runtime.doors.dispatch_scope() as session:
        session.execute(text("UPDATE kith.job SET attempt = 0"))


def run_messages(runtime: Runtime, queue: str = "send") -> None:
    KithWorker(runtime, queue).work(burst=True, logging_level="CRITICAL")


def raw(runtime: Runtime) -> Queue:
    """A queue as somebody who can write to Redis has it."""
    return Queue("send", connection=Redis.from_url(runtime.urls.redis), serializer=JSONSerializer)


def test_a_foreign_function_in_redis_is_not_called(runtime: Runtime, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    message = raw(runtime).enqueue_call("os.system", args=(f"touch {mark}",), timeout=60)
    run_messages(runtime)
    assert message.get_status() == "failed"
    assert not mark.exists()


@pytest.mark.parametrize("moment", ["on_success", "on_failure", "on_stopped"])
def test_a_callback_in_redis_is_not_called(runtime: Runtime, tenant: TenantContext, ask: Ask, moment: str) -> None:
    asked = ask("sample.greet", who="Ada")
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(text("UPDATE kith.job SET state = 'dispatched' WHERE id = :id"), {"id": asked.id})
    message = raw(runtime).enqueue_call(child.ENTRY, args=(tenant.id, asked.id), timeout=60, **{moment: Callback("os.abort")})
    run_messages(runtime)
    assert message.get_status() == "failed"
    assert look(runtime, tenant.id, asked.id).state == "dispatched"


@pytest.mark.parametrize("args", [(), (1,), ("1", "2"), (1, 2, 3), ([1], 2)])
def test_the_entry_point_with_other_arguments_is_not_called(runtime: Runtime, args: tuple[object, ...]) -> None:
    message = raw(runtime).enqueue_call(child.ENTRY, args=args, timeout=60)
    run_messages(runtime)
    assert message.get_status() == "failed"
