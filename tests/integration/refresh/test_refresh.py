"""A refresh does what changed, once, and misses no wish."""

from __future__ import annotations

import datetime as dt
from contextlib import closing

import pytest
from sqlalchemy import func, insert, select

from kith_platform.facts.models import SalesOrder
from kith_platform.jobs import child, claim
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import JobRun
from kith_platform.refresh import service
from kith_platform.refresh.graph import SNAPSHOT, Graph, Turn, step
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service as snapshots
from kith_platform.snapshots.models import Snapshot
from kith_tenants.tenant import TenantContext

NOON = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)


def buy(runtime: Runtime, tenant: TenantContext, number: int) -> None:
    row = {"source": "shop", "external_id": str(number), "currency": "USD", "net": number}
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(SalesOrder), [{**row, "occurred_at": NOON, "occurred_on": NOON.date(), "known_at": NOON}])


def ask(runtime: Runtime, tenant: TenantContext, *, full: bool = False) -> Job:
    with runtime.doors.tenant_scope(tenant.id) as session:
        return service.ask_refresh(session, full=full)


def look(runtime: Runtime, job: Job) -> Job:
    with runtime.doors.tenant_scope(job.tenant_id) as session:
        return session.execute(select(Job).where(Job.id == job.id)).scalar_one()


def generations(runtime: Runtime, tenant: TenantContext) -> int | None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        return session.execute(select(func.max(Snapshot.generation))).scalar()


@pytest.fixture
def run(runtime: Runtime, tenant: TenantContext) -> JobRun:
    """An attempt at a refresh job that this test makes itself."""
    asked = ask(runtime, tenant)
    with runtime.doors.tenant_scope(tenant.id) as session:
        held = claim.claim(session, asked.id, lease=60, unrouted=True)
    assert held is not None
    return JobRun(runtime, tenant, held, pulse=runtime.doors, threads=1, memory_mb=256)


def test_steps_run_only_when_their_inputs_changed(runtime: Runtime, tenant: TenantContext, run: JobRun) -> None:
    graph, ran = Graph(), list[str]()
    day = ["monday"]

    @step("orders", inputs=(SNAPSHOT,), label="Orders", graph=graph)
    def count(turn: Turn) -> str:
        ran.append("orders")
        tables = turn.frames.at(turn.today)
        return str(tables.run(tables.orders).num_rows)

    @step("report", inputs=("orders",), label="Report", graph=graph)
    def report(_turn: Turn) -> None:
        ran.append("report")

    @step("calendar", inputs=(), label="Calendar", also=lambda _turn: day[0], graph=graph)
    def calendar(_turn: Turn) -> None:
        ran.append("calendar")

    def go(*, full: bool = False) -> list[str]:
        ran.clear()
        with closing(Turn(run, snapshots.take(runtime, tenant.id))) as turn:
            service.go(turn, graph, full=full)
        return sorted(ran)

    buy(runtime, tenant, 1)
    assert go() == ["calendar", "orders", "report"]
    assert go() == []
    buy(runtime, tenant, 2)
    assert go() == ["orders", "report"]
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(SalesOrder.__table__.update().values(net=5, changed_at=func.now()))
    assert go() == ["orders"]  # as many orders as before: the report's input is the same
    day[0] = "tuesday"
    assert go() == ["calendar"]
    assert go(full=True) == ["calendar", "orders", "report"]


def test_a_step_that_failed_is_run_again(runtime: Runtime, tenant: TenantContext, run: JobRun) -> None:
    graph, problems = Graph(), [ValueError("no luck")]

    @step("shaky", inputs=(SNAPSHOT,), label="Shaky", graph=graph)
    def shaky(_turn: Turn) -> None:
        if problems:
            raise problems.pop()

    with closing(Turn(run, snapshots.take(runtime, tenant.id))) as turn:
        with pytest.raises(ValueError, match="no luck"):
            service.go(turn, graph)
        assert service.go(turn, graph) == [{"name": "shaky", "state": "done"}]
        assert service.go(turn, graph) == [{"name": "shaky", "state": "skipped"}]


def test_a_refresh_job_takes_a_snapshot_and_says_what_it_did(runtime: Runtime, tenant: TenantContext) -> None:
    buy(runtime, tenant, 1)
    asked = ask(runtime, tenant)
    done = jobs.wait(runtime, tenant.id, asked.id, claim_after=0.0)
    assert done.state == "done", done.error
    assert done.result is not None
    with runtime.doors.tenant_scope(tenant.id) as session:
        manifest = snapshots.latest(session)
    assert manifest is not None
    assert done.result["snapshot"] == manifest.public_id.hex


def test_asking_twice_is_one_job(runtime: Runtime, tenant: TenantContext) -> None:
    assert ask(runtime, tenant).id == ask(runtime, tenant, full=True).id


def test_a_wish_that_comes_while_a_refresh_runs_is_fulfilled_by_it(
    runtime: Runtime, tenant: TenantContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(runtime, tenant, 1)
    asked = ask(runtime, tenant)
    go = service.go
    rounds = []

    def late(turn: Turn, graph: Graph, *, full: bool = False) -> list[dict[str, str]]:
        rounds.append(full)
        if len(rounds) == 1:  # the snapshot is read already
            buy(runtime, tenant, 2)
            assert ask(runtime, tenant, full=True).id == asked.id
        return go(turn, graph, full=full)

    monkeypatch.setattr(service, "go", late)
    assert child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    assert look(runtime, asked).state == "done", look(runtime, asked).error
    assert rounds == [False, True]
    assert generations(runtime, tenant) == 2
    assert ask(runtime, tenant).id != asked.id


def test_nothing_new_means_no_new_snapshot_and_no_step(runtime: Runtime, tenant: TenantContext) -> None:
    buy(runtime, tenant, 1)
    results = []
    for _ in range(2):
        asked = ask(runtime, tenant)
        child.run_job(runtime, tenant.id, asked.id, unrouted=True)
        results.append(look(runtime, asked).result)
    assert generations(runtime, tenant) == 1
    assert {found["state"] for found in results[1]["steps"]} <= {"skipped"}
