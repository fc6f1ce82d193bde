"""Real files go through the import as a new user would bring them, and every line is accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from kith_platform.facts.models import CustomerRecord, OrderLine, Product, ReturnLine, SalesOrder
from kith_platform.imports import service, uploads
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext


def import_file(runtime: Runtime, tenant: TenantContext, table: str, path: Path, **options: Any) -> dict[str, Any]:
    """Import a file and wait for it; the job's result."""
    blobs = runtime.blobs.of(tenant.id)
    with path.open("rb") as stream:
        kept = uploads.keep_file(blobs, stream)
    with runtime.doors.tenant_scope(tenant.id) as session:
        seen = service.look(session, runtime.facts, blobs, kept[0], table)
        _row, job = service.start(session, None, table=table, source="file", file_name=path.name, kept=kept, seen=seen, **options)
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(update(Job).where(Job.id == job.id).values(max_attempts=1))  # a failure shows at once
    done = jobs.wait(runtime, tenant.id, job.id, claim_after=0.0)
    assert done.state == "done", (done.error, done.error_params)
    return dict(done.result or {})


def balanced(result: dict[str, Any]) -> bool:
    return result["read"] == sum(result[key] for key in ("inserted", "updated", "unchanged", "duplicate", "rejected"))


def count(runtime: Runtime, tenant: TenantContext, row: Any) -> int:
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        return session.execute(select(func.count()).select_from(row)).scalar_one()


def test_cdnow_without_header_and_order_ids(runtime: Runtime, tenant: TenantContext, shared_data: Path) -> None:
    result = import_file(runtime, tenant, "orders", shared_data / "cdnow_sample.txt")
    assert balanced(result)
    assert (result["read"], result["inserted"], result["rejected"]) == (6919, 6919, 0)
    assert count(runtime, tenant, CustomerRecord) == 2357
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        ids = session.execute(select(CustomerRecord.external_id).order_by(CustomerRecord.external_id).limit(1)).scalar_one()
        net = session.execute(select(func.sum(SalesOrder.net))).scalar_one()
    assert ids == "00004", "ids with leading zeros stay text"
    assert float(net) == pytest.approx(242_080, rel=0.1)
    again = import_file(runtime, tenant, "orders", shared_data / "cdnow_sample.txt")
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, 6919)


def test_a_wide_file_makes_customers_products_orders_and_lines(
    runtime: Runtime, tenant: TenantContext, shared_data: Path
) -> None:
    result = import_file(runtime, tenant, "orders", shared_data / "completejourney" / "transactions_sample.csv")
    assert balanced(result)
    assert result["rejected"] == 0
    assert result["read"] == count(runtime, tenant, OrderLine) + result["duplicate"]
    assert count(runtime, tenant, Product) > 10_000
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        orders = session.execute(select(func.sum(SalesOrder.net))).scalar_one()
        lines = session.execute(select(func.sum(OrderLine.net))).scalar_one()
    assert orders == lines


def test_cancellations_become_returns(runtime: Runtime, tenant: TenantContext, shared_data: Path) -> None:
    result = import_file(runtime, tenant, "orders", shared_data / "online_retail_2010-12_2011-02.csv")
    assert balanced(result)
    assert count(runtime, tenant, ReturnLine) > 1000
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        assert session.execute(select(func.min(OrderLine.quantity))).scalar_one() >= 0
        assert session.execute(select(func.count()).where(CustomerRecord.external_id.like("%.0"))).scalar_one() == 0
