"""What was promised to customers and what they want to reach: on pages, for programs, and only for who may see the customer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.audit.models import AuditEntry
from kith_platform.auth import permissions
from kith_platform.commitments import service as commitments
from kith_platform.customers import service as customers
from kith_platform.errors import Conflict, Forbidden, Invalid, NotFound
from kith_platform.outcomes import service as outcomes
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

BOSS = Actor(None, None, "Ada", "owner", permissions.of_role("owner"))
OTHER = Actor(9999, None, "Ben", "agent", permissions.of_role("agent"), Reach.OWN)
VIEWER = Actor(None, None, "Vi", "viewer", permissions.of_role("viewer"))
DAY = dt.timedelta(days=1)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_a_promise_is_open_until_it_is_kept_or_called_off(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        lin = customers.create(session, BOSS, {"name": "Lin"})
        late = commitments.create(session, BOSS, {"what": "Call back", "kind": "call_back", "due_at": now() - DAY}, lin)
        soon = commitments.create(session, BOSS, {"what": "Repair", "due_at": now() + DAY}, lin)
        off = commitments.create(session, BOSS, {"what": "Deliver", "due_at": now() + 2 * DAY}, lin)
        with pytest.raises(Invalid) as refused:
            commitments.create(session, BOSS, {"kind": "gift"}, lin)
        assert {one.field for one in refused.value.fields} == {"what", "kind", "due_at"}
        with pytest.raises(Invalid):
            commitments.done(session, BOSS, soon, now() - 5 * DAY)
        assert commitments.counts(session, BOSS) == {"open": 3, "overdue": 1, "mine": 0}
        commitments.change(session, BOSS, off, {"what": "Deliver two"})
        commitments.cancel(session, BOSS, off)
        commitments.done(session, BOSS, late)
        with pytest.raises(Conflict):
            commitments.done(session, BOSS, off)
        with pytest.raises(Forbidden):
            commitments.done(session, VIEWER, soon)

        def listed(actor: Actor, show: str) -> list[str]:
            return [row.what for row, _customer in commitments.page(session, actor, commitments.Filter(show)).rows]

        assert (listed(BOSS, "open"), listed(BOSS, "overdue"), listed(BOSS, "done")) == (["Repair"], [], ["Call back"])
        assert listed(BOSS, "all") == ["Deliver two", "Repair", "Call back"]
        assert listed(OTHER, "all") == []
        with pytest.raises(NotFound):
            commitments.get(session, OTHER, soon.public_id)
        kept = select(AuditEntry.action).where(AuditEntry.action.startswith("commitment:")).order_by(AuditEntry.id)
        did = session.execute(kept).scalars().all()
        assert did[-3:] == ["commitment:changed", "commitment:cancelled", "commitment:done"]
    with runtime.doors.tenant_scope(other_tenant.id) as session, pytest.raises(NotFound):
        commitments.get(session, BOSS, soon.public_id)


def test_a_goal_counts_once_it_is_confirmed_and_measured(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        lin = customers.create(session, BOSS, {"name": "Lin"})
        given = {"goal": "Fewer days to deliver", "measure": "days", "baseline": "10", "target": "6", "due_on": "2031-01-31"}
        row = outcomes.create(session, BOSS, given, lin)
        for wrong in ({**given, "target": "10.0"}, {**given, "goal": " "}, {**given, "baseline": "ten"}):
            with pytest.raises(Invalid):
                outcomes.create(session, BOSS, wrong, lin)
        assert outcomes.reached(row) is None
        with pytest.raises(Invalid):
            outcomes.confirm(session, BOSS, row, "  ")
        outcomes.confirm(session, BOSS, row, "Ms Lin")
        with pytest.raises(Invalid):
            outcomes.change(session, BOSS, row, {"target": 10})
        outcomes.change(session, BOSS, row, {"measure": "days a parcel"})
        assert (row.confirmed_at, row.confirmed_by) == (None, None)
        outcomes.confirm(session, BOSS, row, "Ms Lin")
        with pytest.raises(Invalid):
            outcomes.measure(session, BOSS, row, {"actual": ""})
        outcomes.measure(session, BOSS, row, {"actual": "7", "value": "500", "own_cost": "100", "currency": "CNY"})
        assert outcomes.reached(row) == Decimal("0.75")  # csm.outcome's own example
        assert (row.value, row.own_cost, row.currency, row.verified) == (500, 100, "CNY", None)
        assert row.measured_at is not None
        outcomes.measure(session, BOSS, row, {"actual": 0, "verified": True})
        assert outcomes.reached(row) == Decimal("1.2")
        with pytest.raises(Forbidden):
            outcomes.confirm(session, VIEWER, row, "me")
        assert outcomes.counts(session, BOSS) == {"running": 0, "due": 0, "unconfirmed": 0, "measured": 1}
        assert outcomes.page(session, OTHER, outcomes.Filter("all")).rows == []
        with pytest.raises(NotFound):
            outcomes.get(session, OTHER, row.public_id)
    with runtime.doors.tenant_scope(other_tenant.id) as session, pytest.raises(NotFound):
        outcomes.get(session, BOSS, row.public_id)


def test_the_customers_page_shows_what_is_open_and_leads_to_it(client_for: Callable[..., Any]) -> None:
    client = client_for("agent", reach="all")
    root = f"/c/{client.slug}"
    made = client.post("/api/v1/customers", json={"name": "Lin"}, headers={"X-Kith-Tenant": client.slug}).json["id"]
    assert "No commitments here" in client.get(f"{root}/commitments/").text
    assert "No goals here" in client.get(f"{root}/goals/").text
    for path in ("commitments", "goals"):
        assert client.get(f"{root}/{path}/of/{made}").status_code == 200
        assert client.post(f"{root}/{path}/of/{made}", data={"what": "", "goal": ""}).status_code == 422
    promise = {"what": "Call back <soon>", "kind": "call_back", "due_at": "2020-01-01T09:00"}
    assert client.post(f"{root}/commitments/of/{made}", data=promise).status_code == 302
    goal = client.post(f"{root}/goals/of/{made}", data={"goal": "Half the returns", "baseline": "10", "target": "5"})
    url = goal.headers["Location"]
    ticket = client.post(f"{root}/tickets/new?customer={made}", data={"subject": "Broken cup"})
    assert ticket.status_code == 302
    page = client.get(f"{root}/customers/{made}").text
    for words in ("Call back &lt;soon&gt;", "Half the returns", "Broken cup", "Open with this customer"):
        assert words in page
    kept = re.search(r'action="(/c/[^"]+/commitments/[^"]+/done)"', page)
    assert kept
    assert "Call back" in client.get(f"{root}/commitments/?show=overdue").text
    assert client.post(kept[1], data={"customer": made}).headers["Location"].endswith(f"{made}#open")
    assert client.post(kept[1]).status_code == 409
    assert "Kept late" in client.get(f"{root}/commitments/?show=done").text
    assert client.post(url + "/confirm", data={"confirmed_by": ""}).status_code == 422
    assert client.post(url + "/confirm", data={"confirmed_by": "Ms Lin"}).status_code == 302
    assert client.post(url + "/measure", data={"actual": "many"}).status_code == 422
    assert client.post(url + "/measure", data={"actual": "6", "value": "500.5", "verified": "1"}).status_code == 302
    page = client.get(url).text
    assert "80% of the way" in page
    assert "verified" in page
    assert 'value="500.5"' in page
    assert client.get(url + "/edit").status_code == 200
    assert client.post(url + "/edit", data={"goal": "A third", "baseline": "10", "target": "10"}).status_code == 422
    assert client.post(url + "/edit", data={"goal": "A third", "baseline": "10", "target": "7"}).status_code == 302
    assert "A third" in client.get(f"{root}/goals/?show=measured").text
    viewer = client_for("viewer")
    assert viewer.get(url).status_code == 200
    assert viewer.post(url + "/measure", data={"actual": "6"}).status_code == 403
    assert viewer.get(f"{root}/customers/{made}").status_code == 200


def test_programs_promise_and_measure(client_for: Callable[..., Any], other_tenant: TenantContext) -> None:
    client = client_for("agent", reach="all")
    headers = {"X-Kith-Tenant": client.slug}

    def post(path: str, given: dict[str, Any]) -> Any:
        return client.post(f"/api/v1/{path}", json=given, headers=headers)

    lin = post("customers", {"name": "Lin"}).json["id"]
    ticket = post("tickets", {"subject": "No light", "customer": lin}).json["id"]
    due = (now() + DAY).isoformat()
    made = post("commitments", {"what": "Repair", "due_at": due, "customer": lin, "ticket": ticket, "kind": "fix"})
    assert (made.status_code, made.json["customer_name"]) == (201, "Lin")
    assert post("commitments", {"what": "Repair", "due_at": due, "customer": ticket}).status_code == 422
    assert post("commitments", {"what": "Repair", "due_at": due, "customer": lin, "ticket": lin}).status_code == 422
    one = f"commitments/{made.json['id']}"
    assert client.patch(f"/api/v1/{one}", json={"rep": "Ada"}, headers=headers).json["rep"] == "Ada"
    assert post(f"{one}/done", {}).json["done_at"]
    assert post(f"{one}/cancelled", {}).status_code == 409
    assert len(client.get("/api/v1/commitments?show=done", headers=headers).json["commitments"]) == 1
    goal = post("outcomes", {"goal": "Half", "baseline": "10", "target": "6", "customer": lin})
    assert (goal.status_code, goal.json["reached"]) == (201, None)
    two = f"outcomes/{goal.json['id']}"
    assert client.patch(f"/api/v1/{two}", json={"target": "10"}, headers=headers).status_code == 422
    assert post(f"{two}/confirmation", {"confirmed_by": "Ms Lin"}).json["confirmed_by"] == "Ms Lin"
    assert post(f"{two}/measurement", {"actual": "7", "value": "500", "verified": True}).json["reached"] == 0.75
    (listed,) = client.get("/api/v1/outcomes?show=measured", headers=headers).json["outcomes"]
    assert (listed["value"], listed["verified"]) == ("500.0000", True)
    theirs = client_for("agent", tenant=other_tenant, reach="all")
    for path in (one, two):
        assert theirs.get(f"/api/v1/{path}", headers={"X-Kith-Tenant": theirs.slug}).status_code == 404
