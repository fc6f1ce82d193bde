"""What a demo company agrees with itself: criteria whose targets are better than where it began, signed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from kith_platform.criteria.models import SIGNED, SuccessCriterion
from kith_platform.demo.agree import agree
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

from .conftest import run_refresh, stock


def test_a_demo_company_is_judged_by_what_it_could_reach(
    runtime: Runtime, new_tenant: Callable[..., TenantContext], client_for: Callable[..., Any]
) -> None:
    tenant = new_tenant()
    client_for("owner", tenant=tenant)
    stock(runtime, tenant)
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert agree(session, runtime.plugins) == 0  # nothing is known yet
    run_refresh(runtime, tenant)
    with runtime.doors.tenant_scope(tenant.id) as session:
        signed = agree(session, runtime.plugins)
        assert agree(session, runtime.plugins) == 0  # once
        rows = {row.key: row for row in session.execute(select(SuccessCriterion)).scalars()}
        assert len(rows) == signed > 5
        assert {row.state for row in rows.values()} == {SIGNED}
        repeat = rows["cim.loy.repeat"]
        assert repeat.baseline < repeat.target <= 1
        assert f"{repeat.baseline_month:%Y-%m}" == "2024-12"  # the first of the twelve before November 2025
