"""Taking snapshots: nothing new costs nothing, deltas say the same as a full reading, tenants never mix."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
from sqlalchemy import func, insert, select

from kith_platform.facts.models import SalesOrder
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service
from kith_platform.snapshots.models import Snapshot
from kith_tenants.tenant import TenantContext

DAY = dt.date(2026, 3, 5)
NOON = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)


def order(number: str, **given: object) -> dict[str, object]:
    return {
        "source": "shop",
        "external_id": number,
        "occurred_at": NOON,
        "occurred_on": DAY,
        "known_at": NOON,
        "currency": "USD",
        "net": 10,
        **given,
    }


def add(runtime: Runtime, tenant: TenantContext, *rows: dict[str, object]) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(SalesOrder), list(rows))


def test_the_first_snapshot_holds_every_order(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, order("1"), order("2", net="-3.5"))
    taken = service.take(runtime, tenant.id)
    blobs = runtime.blobs.of(tenant.id)
    rows = [row for file in taken.tables["sales_order"].files for row in pq.read_table(blobs.path(file.name)).to_pylist()]
    assert sorted(row["net"] for row in rows) == [-35_000, 100_000]


def test_a_company_with_nothing_new_gets_the_same_snapshot_and_no_file(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, order("1"))
    first = service.take(runtime, tenant.id)
    again = service.take(runtime, tenant.id)
    assert again.id == first.id
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert session.execute(select(func.count()).select_from(Snapshot)).scalar() == 1
