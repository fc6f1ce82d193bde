"""A company whose customers buy, and segments of them that are counted by this process."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from kith_platform.auth import permissions
from kith_platform.customers.figures import today
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, SalesOrder
from kith_platform.jobs import claim
from kith_platform.jobs import service as jobs
from kith_platform.jobs.run import JobRun
from kith_platform.refresh.graph import Turn
from kith_platform.runtime import Runtime
from kith_platform.segments import rebuilding, service, vocabulary
from kith_platform.segments.models import Segment, SegmentMember, SegmentMove
from kith_platform.snapshots import service as snapshots
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext


def actor(role: str = "owner", reach: Reach = Reach.ALL, member: int | None = None) -> Actor:
    return Actor(member, None, "Ada", role, permissions.of_role(role), reach)


class Company:
    """Customers by name; `rebuild()` brings all segments up to date and says how."""

    def __init__(self, runtime: Runtime, tenant: TenantContext) -> None:
        self.runtime, self.tenant = runtime, tenant
        self.ids: dict[str, int] = {}
        self._records: dict[str, int] = {}
        self._next = itertools.count(1)

    def scope(self) -> Any:
        return self.runtime.doors.tenant_scope(self.tenant.id)

    def customers(self, *names: str, **given: Any) -> None:
        with self.scope() as session:
            for name in names:
                new = insert(Customer).values(name=name, **given).returning(Customer.id)
                self.ids[name] = session.execute(new).scalar_one()
                row = {"source": "shop", "external_id": name, "customer_id": self.ids[name], "name": name}
                record = insert(CustomerRecord).values(known_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC), **row)
                self._records[name] = session.execute(record.returning(CustomerRecord.id)).scalar_one()
                first = update(Customer).where(Customer.id == self.ids[name]).values(first_record_id=self._records[name])
                session.execute(first)

    def buys(self, name: str, net: float = 10, ago: int = 0) -> None:
        with self.scope() as session:
            day = today(session) - dt.timedelta(days=ago)
            at = dt.datetime.combine(day, dt.time(), dt.UTC)
            dated = {"occurred_at": at, "occurred_on": day, "day_only": True, "known_at": at}
            row = {"source": "shop", "external_id": f"O{next(self._next)}", "record_id": self._records[name], "currency": "USD"}
            session.execute(insert(SalesOrder).values(net=net, **row, **dated))

    def segment(self, name: str, rule: dict[str, Any], *, dynamic: bool = True) -> Segment:
        with self.scope() as session:
            words = vocabulary.of_company(session, self.runtime.facts, self.runtime.plugins)
            return service.create(session, actor(), {"name": name, "rule": rule, "dynamic": dynamic}, words)

    def change(self, segment: Segment, **given: Any) -> Segment:
        with self.scope() as session:
            words = vocabulary.of_company(session, self.runtime.facts, self.runtime.plugins)
            row = service.get(session, segment.public_id)
            asked = {"name": row.name, "about": row.about, "dynamic": row.dynamic, "rule": row.rule, **given}
            return service.change(session, actor(), row, asked, words)

    def rebuild(self) -> dict[str, dict[str, Any]]:
        """Of each segment by name, how it was counted, its size, who came and left."""
        with self.scope() as session:
            asked = jobs.ask(session, "refresh.run", {}, dedupe_key=f"test-{next(self._next)}")
        with self.scope() as session:
            held = claim.claim(session, asked.id, lease=300, unrouted=True)
        assert held is not None
        run = JobRun(self.runtime, self.tenant, held, pulse=self.runtime.doors, threads=1, memory_mb=256)
        with closing(Turn(run, snapshots.take(self.runtime, self.tenant.id))) as turn:
            told = rebuilding.rebuild(turn)
        with run.step(last=True):  # a company's running jobs are few
            return {one["name"]: one for one in told}

    def members(self, segment: Segment) -> set[str]:
        with self.scope() as session:
            ids = set(session.execute(select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment.id)).scalars())
        return {name for name, number in self.ids.items() if number in ids}

    def moves(self, segment: Segment) -> list[tuple[str, bool, Any]]:
        names = {number: name for name, number in self.ids.items()}
        with self.scope() as session:
            asked = select(SegmentMove).where(SegmentMove.segment_id == segment.id).order_by(SegmentMove.id)
            rows = session.execute(asked).scalars()
            return [(names[row.customer_id], row.entered, row.why) for row in rows]


@pytest.fixture
def company(runtime: Runtime, tenant: TenantContext) -> Company:
    return Company(runtime, tenant)


@pytest.fixture(name="actor")
def _actor() -> Callable[..., Actor]:
    return actor
