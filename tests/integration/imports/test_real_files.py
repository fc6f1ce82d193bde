"""Real files go through the import as a new user would bring them, and every line is accounted for."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, or_, select, update

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


def test_a_dirty_shop_file_is_taken_whole_and_told_kind_by_kind(
    runtime: Runtime, tenant: TenantContext, shared_data: Path
) -> None:
    """Online Retail: cancellations, adjustments, postage, lines of nobody. The figures are counted from the file with csv."""
    path = shared_data / "online_retail_2010-12_2011-02.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    result = import_file(runtime, tenant, "orders", path)
    assert balanced(result)
    assert (result["read"], result["rejected"]) == (len(lines), 0)
    back = [line for line in lines if int(line["Quantity"]) < 0]
    sold = [line for line in lines if int(line["Quantity"]) >= 0]
    dirt = result["made"]["dirt"]
    assert dirt["returned"] == len(back) == count(runtime, tenant, ReturnLine)
    assert dirt["no_customer"] == sum(not line["CustomerID"] for line in lines)
    assert dirt["no_price"] == sum(float(line["UnitPrice"]) == 0 or int(line["Quantity"]) == 0 for line in sold)
    assert dirt["no_product_name"] == sum(not line["Description"] for line in lines)
    assert dirt["no_article"] == sum(not any(sign.isdigit() for sign in line["StockCode"]) for line in lines)
    assert dirt["alike"] == len(lines) - len({tuple(line.values()) for line in lines})
    bought: dict[tuple[str, str], str] = {}
    for line in reversed(sold):
        if line["CustomerID"]:
            bought[line["CustomerID"], line["StockCode"]] = line["InvoiceDate"]  # the first time, in the end
    there = [line for line in back if bought.get((line["CustomerID"], line["StockCode"]), "9") <= line["InvoiceDate"]]
    assert dirt["linked"] == len(there) > 1000
    assert dirt["orderless"] == len(back) - len(there)
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        assert session.execute(select(func.min(OrderLine.quantity))).scalar_one() >= 0
        assert session.execute(select(func.count()).where(CustomerRecord.external_id.like("%.0"))).scalar_one() == 0
        anonymous = session.execute(select(func.count()).select_from(OrderLine).where(OrderLine.record_id.is_(None))).scalar_one()
        pair = select(func.count()).select_from(ReturnLine).join(SalesOrder, SalesOrder.id == ReturnLine.order_id)
        wrong = or_(SalesOrder.record_id != ReturnLine.record_id, SalesOrder.occurred_at > ReturnLine.occurred_at)
        assert session.execute(pair.where(wrong)).scalar_one() == 0, "a return belongs to an earlier order of the same customer"
    assert anonymous == sum(not line["CustomerID"] for line in sold)
