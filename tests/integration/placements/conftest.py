"""A company with facts in PostgreSQL, refreshed by the real job, whose placements are read back through the service."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import insert, select

from kith_platform.auth.who import system
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.jobs import claim
from kith_platform.jobs.run import JobRun
from kith_platform.modules import service as modules
from kith_platform.placements import service
from kith_platform.placements.models import PlacementFrozen, PlacementMove
from kith_platform.refresh.graph import SNAPSHOT, STEPS, Graph, Turn, load_all
from kith_platform.refresh.service import ask_refresh, go
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext


def _neighbour() -> ModuleType:
    """The company of the metrics' tests: pytest gives conftest modules no name to import them by."""
    path = Path(__file__).parents[1] / "metrics" / "conftest.py"
    spec = importlib.util.spec_from_file_location("metrics_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Company(_neighbour().Company):  # type: ignore[misc]
    """Besides: many customers and orders at once, and their places by the name a test gave them."""

    def people(self, names: Iterable[str], *, since: dt.date | None = None) -> dict[str, int]:
        """Customers with one record each; gives the records by name."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            rows = [{"name": name} for name in names]
            made = session.execute(insert(Customer).returning(Customer.id, Customer.name), rows).all()
            records = [
                {
                    "source": "shop",
                    "external_id": name,
                    "customer_id": one,
                    "since": since,
                    "known_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
                }
                for one, name in made
            ]
            found = session.execute(insert(CustomerRecord).returning(CustomerRecord.external_id, CustomerRecord.id), records)
            return {name: record for name, record in found}  # noqa: C416 - a result is no mapping

    def orders(self, record: int, days: Sequence[dt.date], nets: float | Sequence[float] = 10, **given: Any) -> None:
        """One order on each day."""
        amounts = [nets] * len(days) if isinstance(nets, (int, float)) else list(nets)
        row = self.runtime.facts.row("sales_order")
        rows = [
            {
                "source": "shop",
                "external_id": f"o-{next(self._next)}",
                "record_id": record,
                "occurred_at": dt.datetime.combine(day, dt.time(12), dt.UTC),
                "occurred_on": day,
                "known_at": dt.datetime.combine(day, dt.time(12), dt.UTC),
                "net": net,
                "currency": self.tenant.currency,
                **given,
            }
            for day, net in zip(days, amounts, strict=True)
        ]
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            session.execute(insert(row), rows)

    def refresh(self) -> dict[str, Any]:
        """A refresh job from the snapshot to the placements; the steps beside have tests of their own."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            asked = ask_refresh(session)
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            held = claim.claim(session, asked.id, lease=300, unrouted=True)
        assert held is not None
        run = JobRun(self.runtime, self.tenant, held, pulse=self.runtime.doors, threads=1, memory_mb=512)
        load_all()
        graph = Graph()
        graph.add(replace(next(step for step in STEPS.order() if step.name == "placements"), inputs=(SNAPSHOT,)))
        with closing(Turn(run, snapshots.take(self.runtime, self.tenant.id))) as turn:
            told = go(turn, graph)
        run.result({})
        with run.step(last=True):
            pass
        return {step["name"]: step["state"] for step in told}

    def set(self, **settings: str) -> None:
        """Settings of the module that brings the placements."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            modules.save_settings(session, system(), self.runtime.plugins, "analytics_cem", settings)

    def event(self, record: int, named: str, day: dt.date = dt.date(2025, 9, 30)) -> None:
        """Something the customer did."""
        row, at = self.runtime.facts.row("event"), dt.datetime.combine(day, dt.time(12), dt.UTC)
        given = {"source": "shop", "external_id": f"e-{next(self._next)}", "record_id": record, "name": named}
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            session.execute(insert(row).values(occurred_at=at, occurred_on=day, known_at=at, **given))

    def places(self, key: str) -> dict[str, dict[str, Any]]:
        """The kept columns of a placement by customer's name, with `code` and `sort`."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            names = dict(session.execute(select(Customer.id, Customer.name)).all())
            found = service.of_customers(session, list(names))
            return {
                name: {**own[key].details, "code": own[key].code, "sort": own[key].sort}
                for one, name in names.items()
                if key in (own := found[one])
            }

    def codes(self, key: str) -> dict[str, str]:
        return {name: place["code"] for name, place in self.places(key).items()}

    def limits(self, key: str) -> PlacementFrozen:
        """The thresholds of the latest quarter."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            found = service.limits(session, key)
        assert found is not None
        return found

    def moves(self, key: str, name: str) -> list[tuple[dt.date, str, str]]:
        """(day, from, to) of a customer, in order."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            rows = session.execute(
                select(PlacementMove.moved_on, PlacementMove.from_code, PlacementMove.to_code)
                .join(Customer, Customer.id == PlacementMove.customer_id)
                .where(Customer.name == name, PlacementMove.key == key)
                .order_by(PlacementMove.id)
            )
            return [tuple(row) for row in rows]


@pytest.fixture
def company(runtime: Runtime, tenant: TenantContext) -> Company:
    return Company(runtime, tenant)
