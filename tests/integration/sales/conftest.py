"""A company that works its sales in Kith: its members' browsers, and short ways to its own facts."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kith_platform.auth import permissions
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.facts.models import Opportunity, OpportunityStage
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext


@dataclass(frozen=True)
class Company:
    """One company with the browser of its owner."""

    runtime: Runtime
    tenant: TenantContext
    client: Any

    def scope(self, **options: Any) -> Any:
        return self.runtime.doors.tenant_scope(self.tenant.id, **options)

    @property
    def actor(self) -> Actor:
        return Actor(self.client.member_id, self.client.identity_id, "Ada", "owner", permissions.of_role("owner"), Reach.ALL)

    def page(self, path: str, client: Any = None, expect: int = 200, **query: Any) -> str:
        answer = (client or self.client).get(f"/c/{self.tenant.slug}/{path}", query_string=query)
        assert answer.status_code == expect, answer.text[:500]
        return str(answer.text)

    def post(self, path: str, client: Any = None, expect: int = 302, **data: Any) -> Any:
        answer = (client or self.client).post(f"/c/{self.tenant.slug}/{path}", data=data)
        assert answer.status_code == expect, f"{answer.status_code}: {answer.text[-3000:]}"
        return answer

    def api(self, method: str, path: str, body: Any = None, *, client: Any = None, expect: int = 200, **query: Any) -> Any:
        headers = {"X-Kith-Tenant": self.tenant.slug}
        who = client or self.client
        answer = who.open(f"/api/v1/{path}", method=method, json=body, headers=headers, query_string=query)
        assert answer.status_code == expect, f"{answer.status_code}: {answer.text[:1500]}"
        return answer.json

    def customer(self, **given: str) -> uuid.UUID:
        with self.scope() as session:
            return customers.create(session, self.actor, given).public_id

    def own(self, public_id: Any, member_id: int | None) -> None:
        """Give a customer to a member."""
        with self.scope() as session:
            session.query(Customer).filter_by(public_id=public_id).one().owner_id = member_id

    def deal(self, steps: list[tuple[str, int, float]], *, closed: float | None = None, **given: Any) -> None:
        """An opportunity out of a file: (stage, place, days ago) it entered, and how many days ago it was closed."""
        now = dt.datetime.now(dt.UTC)

        def when(days: float) -> dict[str, Any]:
            at = now - dt.timedelta(days=days)
            return {"source": "crm", "external_id": uuid.uuid4().hex, "occurred_at": at, "occurred_on": at.date(), "known_at": at}

        with self.scope() as session:
            closed_at = None if closed is None else now - dt.timedelta(days=closed)
            row = Opportunity(**when(steps[0][2]), **{"currency": "USD", "stage": steps[-1][0], "closed_at": closed_at, **given})
            session.add(row)
            session.flush()
            session.add_all(
                OpportunityStage(**when(days), opportunity_id=row.id, stage=stage, position=place) for stage, place, days in steps
            )


@pytest.fixture
def company(runtime: Runtime, tenant: TenantContext, client_for: Callable[..., Any]) -> Company:
    return Company(runtime, tenant, client_for("owner"))
