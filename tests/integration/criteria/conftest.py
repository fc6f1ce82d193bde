"""A company that has bought and sold for a year and a half, refreshed once for all tests of this folder that only read."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, SalesOrder
from kith_platform.jobs import claim
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import JobRun
from kith_platform.modules import service as modules
from kith_platform.refresh.jobs import refresh
from kith_platform.refresh.service import ask_refresh
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def stock(runtime: Runtime, tenant: TenantContext) -> None:
    """Sixty customers who buy once to four times, the last in November 2025."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        modules.enable_defaults(session, runtime.plugins, tenant.industry)
        for number in range(60):
            person = session.execute(insert(Customer).values(name=f"Customer {number}").returning(Customer.id)).scalar_one()
            record = session.execute(
                insert(CustomerRecord)
                .values(
                    source="shop", external_id=f"C{number}", customer_id=person, known_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
                )
                .returning(CustomerRecord.id)
            ).scalar_one()
            for turn in range(1 + number % 4):
                at = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC) + dt.timedelta(days=7 * number + 30 * turn)
                session.execute(
                    insert(SalesOrder).values(
                        source="shop",
                        external_id=f"O{number}-{turn}",
                        record_id=record,
                        occurred_at=at,
                        occurred_on=at.date(),
                        known_at=at,
                        currency=tenant.currency,
                        net=20 + number,
                    )
                )


def run_refresh(runtime: Runtime, tenant: TenantContext) -> dict[str, str]:
    """One refresh job, run by this process: what each step did."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        asked = ask_refresh(session)
    with runtime.doors.tenant_scope(tenant.id) as session:
        held = claim.claim(session, asked.id, lease=300, unrouted=True)
    assert held is not None
    refresh(JobRun(runtime, tenant, held, pulse=runtime.doors, threads=1, memory_mb=512))
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        done = session.get_one(Job, (tenant.id, asked.id))
    return {step["name"]: step["state"] for step in (done.result or {})["steps"]}


@pytest.fixture(scope="module")
def stocked(runtime: Runtime) -> TenantContext:
    with runtime.doors.auth_scope() as session:
        made = registry.create(session, f"t-{uuid.uuid4().hex[:12]}", name="Tea House")
    stock(runtime, made)
    run_refresh(runtime, made)
    return made


@pytest.fixture
def api(client_for: Callable[..., Any], stocked: TenantContext) -> Callable[..., Any]:
    """`api("GET", "/criteria", role="viewer")` asks as a new member of the stocked company."""
    clients: dict[tuple[str, str, int], Any] = {}

    def ask(
        method: str, path: str, role: str = "owner", *, tenant: TenantContext = stocked, reach: str = "", **given: Any
    ) -> Any:
        key = (role, reach, tenant.id)
        if key not in clients:
            clients[key] = client_for(role, tenant=tenant, reach=reach)
        client = clients[key]
        answer = client.open(f"/api/v1{path}", method=method, headers={"X-Kith-Tenant": tenant.slug}, **given)
        answer.member = client
        return answer

    return ask
