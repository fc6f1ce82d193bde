"""`kith doctor` finds what is not well and says what to do."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert

from kith_platform.doctor.service import examine, orphans
from kith_platform.facts.models import OrderLine
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext


def test_an_installation_is_examined_and_rows_that_point_nowhere_are_counted(runtime: Runtime, tenant: TenantContext) -> None:
    now = dt.datetime(2025, 10, 1, tzinfo=dt.UTC)
    line = {"source": "shop", "external_id": "1", "order_id": 7, "occurred_at": now, "occurred_on": now.date(), "currency": "USD"}
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(OrderLine).values(line))
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        found = {words: count for words, count in orphans(session, runtime.facts) if count}
    assert found == {"order_lines without their sales_order": 1}
    checks = {one.name: one for one in examine(runtime.settings)}
    assert [name for name in ("servers", "roles", "migrations", "plugins") if not checks[name].ok] == []
    assert not checks["references"].ok
    assert f"{tenant.slug}: 1 order_lines without their sales_order" in checks["references"].found
    assert checks["references"].do
