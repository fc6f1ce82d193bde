"""What a demo company agrees with itself: criteria whose targets are better than where it began, signed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from kith_platform.criteria.models import SIGNED, SuccessCriterion
from kith_platform.demo.agree import agree
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.now import compute_now
from kith_platform.runtime import Runtime
from kith_platform.sdk.metrics import Period
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


def test_what_is_signed_changes_the_indices_alone_and_they_come_out_as_in_one_computation(
    runtime: Runtime, new_tenant: Callable[..., TenantContext], client_for: Callable[..., Any]
) -> None:
    tenant = new_tenant()
    client_for("owner", tenant=tenant)
    stock(runtime, tenant)
    first = run_refresh(runtime, tenant)
    assert (first["metrics"], first["indices"]) == ("done", "done")
    unsigned, rest = indices(runtime, tenant), len(readings(runtime, tenant))
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert agree(session, runtime.plugins)
    again = run_refresh(runtime, tenant)
    assert (again["metrics"], again["indices"]) == ("skipped", "done")
    signed = indices(runtime, tenant)
    assert signed.keys() == unsigned.keys()
    assert signed != unsigned
    assert len(readings(runtime, tenant)) == rest
    # Computed with all other metrics in one run, they are the same to the last digit, in what stands behind them, too.
    periods = sorted({(start, end) for _key, start, end in signed})
    compute_now(runtime, tenant, *(Period(*one) for one in periods), told=lambda _done, _total: None)
    whole = indices(runtime, tenant)
    assert {place: whole[place] for place in signed} == signed
    run = run_refresh(runtime, tenant)
    assert (run["metrics"], run["indices"]) == ("skipped", "skipped")


def readings(runtime: Runtime, tenant: TenantContext) -> dict[tuple[str, Any, Any], tuple[Any, ...]]:
    """The company's stored values by key and period."""
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        rows = session.execute(select(MetricValue).where(MetricValue.grain == "tenant")).scalars().all()
        return {
            (row.key, row.period_start, row.period_end): (row.value, row.n, row.reason, row.flags, row.coverage, row.rows)
            for row in rows
        }


def indices(runtime: Runtime, tenant: TenantContext) -> dict[tuple[str, Any, Any], tuple[Any, ...]]:
    """Those of metrics above others."""
    return {place: said for place, said in readings(runtime, tenant).items() if place[0].split(".")[1] == "index"}
