"""A company with facts in PostgreSQL, its modules on, and a refresh of its results."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.jobs import claim
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import JobRun
from kith_platform.metrics import service, store
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.now import compute_now
from kith_platform.refresh.jobs import refresh
from kith_platform.refresh.service import ask_refresh
from kith_platform.runtime import Runtime
from kith_platform.sdk.types import Period
from kith_platform.snapshots import service as snapshots
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

sys.path.insert(0, str(Path(__file__).parent))  # for vectors


class Company:
    """Rows go in by fact name; `compute()` computes metrics alone, `refresh()` everything; `value(key)` reads."""

    def __init__(self, runtime: Runtime, tenant: TenantContext, *only: str) -> None:
        from vectors import switch_on

        self.runtime, self.tenant = runtime, tenant
        self._next = itertools.count(1)
        with runtime.doors.tenant_scope(tenant.id) as session:
            switch_on(session, runtime.plugins, tenant, *only)

    def customer(self, **given: Any) -> int:
        """One customer with one record; gives the record's id."""
        number = next(self._next)
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            person = session.execute(
                insert(Customer).values(name=f"Customer {number}", **given).returning(Customer.id)
            ).scalar_one()
            known = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
            record = {"source": "shop", "external_id": f"C{number}", "customer_id": person, "known_at": known}
            return int(session.execute(insert(CustomerRecord).values(record).returning(CustomerRecord.id)).scalar_one())

    def fact(self, name: str, record: int | None, at: dt.datetime | dt.date, **given: Any) -> int:
        """One row that happened at an aware time or on a day of the company; gives its id."""
        zone = ZoneInfo(self.tenant.timezone)
        moment = at if isinstance(at, dt.datetime) else dt.datetime.combine(at, dt.time(12), zone)
        row = self.runtime.facts.row(name)
        values = {
            "source": "shop",
            "external_id": f"{name}-{next(self._next)}",
            "record_id": record,
            "occurred_at": moment,
            "occurred_on": moment.astimezone(zone).date(),
            "known_at": moment,
            **given,
        }
        if not self.runtime.facts[name].of_customer:
            values.pop("record_id")
        if self.runtime.facts[name].money and "currency" not in values:
            values["currency"] = self.tenant.currency
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            return int(session.execute(insert(row).values(**values).returning(row.id)).scalar_one())

    def compute(self, *asked: Period) -> None:
        """Metrics of a snapshot taken now."""
        snapshots.take(self.runtime, self.tenant.id)
        compute_now(self.runtime, self.tenant, *asked, told=lambda _done, _total: None)

    def refresh(self) -> dict[str, Any]:
        """One refresh job, run by this process: what each step did."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            asked = ask_refresh(session)
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            held = claim.claim(session, asked.id, lease=300, unrouted=True)
        assert held is not None
        refresh(JobRun(self.runtime, self.tenant, held, pulse=self.runtime.doors, threads=1, memory_mb=512))
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            done = session.execute(select(Job).where(Job.id == asked.id)).scalar_one()
        return {step["name"]: step["state"] for step in (done.result or {})["steps"]}

    def value(self, key: str, period: Period | None = None) -> MetricValue:
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            wanted = period or service.latest_period(session)
            assert wanted is not None
            return store.values(session, [key], [wanted])[key, wanted]


@pytest.fixture
def company(runtime: Runtime, tenant: TenantContext) -> Company:
    return Company(runtime, tenant)


@pytest.fixture(scope="module")
def company_in(runtime: Runtime) -> Callable[..., Company]:
    """Companies with only some modules, or a zone or currency of their own."""

    def make(*only: str, **given: str) -> Company:
        with runtime.doors.auth_scope() as session:
            made = registry.create(session, f"t-{uuid.uuid4().hex[:12]}", **{"name": "Another company", **given})
        return Company(runtime, made, *only)

    return make


@pytest.fixture(scope="module")
def vectors(runtime: Runtime, member_of: Callable[..., FlaskClient]) -> Callable[..., Any]:
    """Makes companies that a module's tests read together: see `vectors.Vectors`. `timezone=`, `currency=` as wanted."""
    from vectors import Vectors

    def make(*only: str, **given: str) -> Any:
        return Vectors(runtime, lambda tenant: member_of(tenant, "owner"), *only, **given)

    return make
