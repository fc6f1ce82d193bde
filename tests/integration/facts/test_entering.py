"""What people write by hand becomes a fact like any other: dated in the company's zone, checked, in the next snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from kith_platform.audit.models import AuditEntry
from kith_platform.auth import permissions
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, Invalid
from kith_platform.facts.entering import change, enter, record_of
from kith_platform.facts.models import Benefit, CustomerRecord, Payment, SalesOrder, Ticket
from kith_platform.facts.table import row_class
from kith_platform.runtime import Runtime
from kith_platform.sdk.facts import Fact
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

BOSS = Actor(None, None, "Ada", "owner", permissions.of_role("owner"))
ORDER: Fact = SalesOrder.__table__.info["fact"]
TICKET: Fact = Ticket.__table__.info["fact"]
PAYMENT: Fact = Payment.__table__.info["fact"]


@pytest.fixture
def shanghai(new_tenant: Callable[..., TenantContext]) -> TenantContext:
    return new_tenant(timezone="Asia/Shanghai", currency="CNY")


def test_a_late_evening_in_utc_is_the_next_day_in_shanghai(runtime: Runtime, shanghai: TenantContext) -> None:
    before = dt.datetime.now(dt.UTC)
    with runtime.doors.tenant_scope(shanghai.id) as session:
        customer = customers.create(session, BOSS, {"name": "王小明"})
        late = dt.datetime(2026, 3, 1, 20, 30, tzinfo=dt.UTC)
        row = enter(session, BOSS, ORDER, {"ordered_at": late, "net": "12.50"}, customer=customer)
        on_paper = enter(session, BOSS, ORDER, {"ordered_at": "2026-03-01T20:30", "net": 3, "currency": "usd"})
        whole_day = enter(session, BOSS, ORDER, {"ordered_at": "2026-03-01"})
        assert (row.occurred_on, row.day_only, row.source) == (dt.date(2026, 3, 2), False, "kith")
        assert (row.net, row.currency) == (Decimal("12.5"), "CNY")
        assert row.known_at >= before
        assert row.record_id == customer.first_record_id
        assert on_paper.occurred_at == dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
        assert (on_paper.currency, on_paper.record_id) == ("USD", None)
        assert (whole_day.occurred_on, whole_day.day_only) == (dt.date(2026, 3, 1), True)
        assert whole_day.occurred_at == dt.datetime(2026, 2, 28, 16, tzinfo=dt.UTC)
        assert len({row.external_id, on_paper.external_id, whole_day.external_id}) == 3


def test_every_wrong_value_is_named_and_nothing_is_saved(runtime: Runtime, tenant: TenantContext) -> None:
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    with runtime.doors.tenant_scope(tenant.id) as session:
        with pytest.raises(Invalid) as refused:
            wrong = {"opened_at": tomorrow, "first_reply_at": "soon", "is_complaint": "maybe", "topic": "x" * 5000}
            enter(session, BOSS, TICKET, wrong)
        assert [one.field for one in refused.value.fields] == ["opened_at", "topic", "is_complaint", "first_reply_at"]
        with pytest.raises(Invalid) as money:
            enter(session, BOSS, ORDER, {"net": "1e99", "currency": "euros", "status": "lost in the post"})
        assert {one.field for one in money.value.fields} == {"net", "currency", "status"}
        with pytest.raises(Invalid) as empty:
            enter(session, BOSS, row_class(PAYMENT).__table__.info["fact"], {"amount": "  "})
        assert [one.field for one in empty.value.fields] == ["amount"]
        for far in ("0001-01-01", "9999-12-31T23:59-12:00", "31/02/2026"):
            with pytest.raises(Invalid):
                enter(session, BOSS, TICKET, {"opened_at": far})
        with pytest.raises(KeyError):
            enter(session, BOSS, TICKET, {"colour": "red"})
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert session.execute(select(func.count()).select_from(Ticket)).scalar() == 0


def test_shares_that_do_not_add_up_to_one_are_refused(runtime: Runtime, tenant: TenantContext) -> None:
    fact: Fact = Benefit.__table__.info["fact"]
    whole = {"initiative": "crm", "amount": 90, "grade": "A", "share_cim": "0.5", "share_cem": "0.3", "share_csm": "0.2"}
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert enter(session, BOSS, fact, whole).share_cem == Decimal("0.3")
        with pytest.raises(Invalid) as refused:
            enter(session, BOSS, fact, {**whole, "share_csm": "0.25"})
        assert [one.field for one in refused.value.fields] == ["share_cim"]


def test_what_is_due_may_lie_ahead_and_references_take_rows(runtime: Runtime, tenant: TenantContext) -> None:
    due = dt.datetime.now(dt.UTC) + dt.timedelta(hours=8)
    with runtime.doors.tenant_scope(tenant.id) as session:
        order = enter(session, BOSS, ORDER, {}, external_id="A-1")
        row = enter(session, BOSS, TICKET, {"subject": "  Broken cup ", "sla_due_at": due, "order": order})
        assert (row.subject, row.sla_due_at, row.order_id) == ("Broken cup", due, order.id)
        assert abs(row.occurred_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
        with pytest.raises(TypeError):
            enter(session, BOSS, TICKET, {"order": row})
        with pytest.raises(Conflict):
            enter(session, BOSS, ORDER, {}, external_id="A-1")
        assert enter(session, BOSS, ORDER, {}, external_id="A-2").id != order.id  # the refusal broke nothing


def test_a_change_is_seen_by_the_snapshot_and_kept_from_undo(runtime: Runtime, tenant: TenantContext) -> None:
    past = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)
    with runtime.doors.tenant_scope(tenant.id) as session:
        imported = {"source": "desk", "external_id": "7", "occurred_at": past, "occurred_on": past.date(), "import_id": 5}
        session.execute(insert(Ticket), [{**imported, "known_at": past, "changed_at": past, "subject": "Old"}])
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.execute(select(Ticket)).scalar_one()
        change(session, BOSS, row, {"topic": "delivery", "subject": ""}, action="ticket:changed")
        assert (row.topic, row.subject, row.import_id) == ("delivery", None, None)
        assert row.changed_at > past
        assert (row.occurred_at, row.known_at) == (past, past)
        change(session, BOSS, row, {"opened_at": "2025-02-01"})
        assert (row.occurred_on, row.known_at) == (dt.date(2025, 2, 1), row.occurred_at)
        with pytest.raises(Invalid):
            change(session, BOSS, row, {"opened_at": ""})
        entry = session.execute(select(AuditEntry).where(AuditEntry.action == "ticket:changed")).scalar_one()
        assert (entry.subject, entry.detail) == (f"ticket:{row.public_id}", {"fields": ["subject", "topic"]})


def test_no_empty_record_is_made_for_a_customer_of_a_file(runtime: Runtime, tenant: TenantContext) -> None:
    """An empty record would count as unfilled in the quality of the data."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        shop: Any = CustomerRecord(source="shop", external_id="1", name="Lin")
        session.add(shop)
        session.flush()
        customer = Customer(name="Lin", first_record_id=shop.id)
        session.add(customer)
        session.flush()
        shop.customer_id = customer.id
        session.flush()
        assert record_of(session, customer) == shop.id
        customers.change(session, BOSS, customer, {"name": "Lin Mei"})
        own = select(CustomerRecord.id).where(CustomerRecord.source == "kith")
        assert record_of(session, customer) == session.execute(own).scalar_one()
