"""kill -9 in the middle of real imports and real trainings: each runs again, and leaves what an undisturbed one leaves.

`CHAOS_KILLS` sets how many kills a series has (20).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import random
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kill_series import kill_workers
from sample_processes import Site, look
from sqlalchemy import func, select

from kith_platform.demo.companies import ORDER
from kith_platform.facts.models import CustomerRecord, OrderLine, Product, SalesOrder
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.imports.models import Import, ImportReject
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.predict import service as predict
from kith_platform.predict.models import ModelVersion, Score
from kith_platform.runtime import Runtime
from kith_platform.simulator import simulate, write_csv
from kith_tenants.tenant import TenantContext

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
LINES = 100_000  # five chunks
Effect = dict[str, Any]


@pytest.fixture(scope="module")
def wide_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Order lines without ids of their own, some of them twice and far apart, some without a date."""
    dice = random.Random(7)
    start = dt.date(2024, 1, 1)
    lines = []
    for _ in range(LINES):
        order = dice.randrange(LINES // 5)
        day = start + dt.timedelta(days=order % 700)
        customer, product = f"C{order % 4_000:05}", f"P{dice.randrange(800):04}"
        lines.append(f"{customer},O{order:06},{product},{day},{dice.randrange(1, 4)},{dice.randrange(100, 9_999) / 100}")
    for place in dice.sample(range(LINES), 1_000):
        lines[place] = lines[(place + LINES // 2) % LINES]
    for place in dice.sample(range(LINES), 50):
        lines[place] = lines[place].replace("-", "?")
    path = tmp_path_factory.mktemp("wide") / "lines.csv"
    path.write_text("customer_id,order_id,product_id,order_date,quantity,net amount\n" + "\n".join(lines) + "\n")
    return path


def ask_import(runtime: Runtime, tenant: TenantContext, table: str, path: Path) -> Job:
    blobs = runtime.blobs.of(tenant.id)
    with path.open("rb") as stream:
        kept = uploads.keep_file(blobs, stream)
    with runtime.doors.tenant_scope(tenant.id) as session:
        seen = imports.look(session, runtime.facts, blobs, kept[0], table)
        return imports.start(session, None, table=table, source="file", file_name=path.name, kept=kept, seen=seen)[1]


def ask_training(runtime: Runtime, tenant: TenantContext) -> Job:
    with runtime.doors.tenant_scope(tenant.id) as session:
        return predict.ask_training(session, None)


def undisturbed(runtime: Runtime, job: Job) -> tuple[Job, float]:
    """Run the job here; its row afterwards, and how many seconds it took."""
    started = time.monotonic()
    run_job(runtime, job.tenant_id, job.id, unrouted=True)
    after = look(runtime, job.tenant_id, job.id)
    assert after.state == "done", (after.error, after.error_params)
    return after, time.monotonic() - started


def checksum(rows: Iterable[Any]) -> tuple[int, str]:
    """Number of rows and a hash of them all, in whatever order: ids of our own are not among them, since they differ."""
    values = sorted(map(str, rows))
    return len(values), hashlib.sha256("\n".join(values).encode()).hexdigest()


def imported(runtime: Runtime, job: Job) -> Effect:
    with runtime.doors.tenant_scope(job.tenant_id, read_only=True) as session:
        names = {
            row: {found.id: found.external_id for found in session.execute(select(row.id, row.external_id))}
            for row in (CustomerRecord, Product, SalesOrder)
        }
        order = (SalesOrder.external_id, SalesOrder.occurred_on, SalesOrder.net, SalesOrder.record_id)
        line = (OrderLine.external_id, OrderLine.quantity, OrderLine.net, OrderLine.order_id, OrderLine.product_id)
        row = session.execute(select(Import).where(Import.id == job.args["import"])).scalar_one()
        return {
            "counts": {key: getattr(row, key) for key in ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")},
            "made": row.made,
            "customers": checksum(names[CustomerRecord].values()),
            "orders": checksum((*own, names[CustomerRecord][who]) for *own, who in session.execute(select(*order))),
            "lines": checksum(
                (*own, names[SalesOrder][which], names[Product][what]) for *own, which, what in session.execute(select(*line))
            ),
            "rejects": checksum(session.execute(select(ImportReject.line, ImportReject.reason, ImportReject.raw))),
        }


def trained(runtime: Runtime, job: Job) -> Effect:
    with runtime.doors.tenant_scope(job.tenant_id, read_only=True) as session:
        rows = session.execute(select(ModelVersion).where(ModelVersion.job_id == job.id)).scalars().all()
        newest = session.execute(select(ModelVersion.task, func.max(ModelVersion.version)).group_by(ModelVersion.task)).all()
        scored = session.execute(select(Score.task, Score.version).distinct()).all()
        assert sorted(scored) == sorted(newest)
        serving = select(ModelVersion.task).where(ModelVersion.state == "champion").order_by(ModelVersion.task)
        return {
            "versions": sorted((row.task, row.sha256, row.verdict) for row in rows),
            "champions": list(session.execute(serving).scalars()),
            "scores": checksum(session.execute(select(Score.task, Score.customer_id, Score.value, Score.band))),
        }


def the_same(expected: Effect, effect: Callable[[Job], Effect], job: Job) -> None:
    found = effect(job)
    assert found == expected, {key: (expected[key], found[key]) for key in expected if expected[key] != found[key]}


def test_killed_imports_leave_what_an_undisturbed_one_leaves(
    runtime: Runtime, site: Site, new_tenant: Callable[..., TenantContext], wide_file: Path
) -> None:
    def ask(_number: int = 0) -> Job:
        return ask_import(runtime, new_tenant(), "orders", wide_file)

    first, seconds = undisturbed(runtime, ask())
    expected = imported(runtime, first)
    assert expected["counts"]["read"] == LINES
    assert expected["counts"]["rejected"] == 50
    check = partial(the_same, expected, partial(imported, runtime))
    seen = kill_workers(runtime, site, queue="import", ask=ask, check=check, longest=seconds, kills=KILLS)
    print(f"imports: {seen}; undisturbed {seconds:.1f} s; {expected['counts']}")  # noqa: T201


def test_killed_trainings_leave_exactly_one_version_of_each_model(
    runtime: Runtime, site: Site, tenant: TenantContext, tmp_path: Path
) -> None:
    company = simulate("retailer", regime="misspecified", customers=600, years=3.0, seed=7, ends_on=dt.date(2026, 6, 30))
    files = write_csv(company, tmp_path)
    for table in ORDER:
        if table in files:
            undisturbed(runtime, ask_import(runtime, tenant, table, files[table]))
    undisturbed(runtime, ask_training(runtime, tenant))  # the first one also takes the snapshot
    first, seconds = undisturbed(runtime, ask_training(runtime, tenant))
    expected = trained(runtime, first)
    assert [task for task, *_ in expected["versions"]] == sorted(predict.TASKS)
    check = partial(the_same, expected, partial(trained, runtime))
    seen = kill_workers(
        runtime, site, queue="train", ask=lambda _: ask_training(runtime, tenant), check=check, longest=seconds, kills=KILLS
    )
    print(f"trainings: {seen}; undisturbed {seconds:.1f} s")  # noqa: T201
