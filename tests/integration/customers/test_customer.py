"""One customer: found by its own address alone, seen whole, added, changed and given to owners."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from kith_platform.audit.models import AuditEntry
from kith_platform.auth.models import Membership
from kith_platform.customers import figures, listing, service, timeline
from kith_platform.customers.listing import Filter
from kith_platform.customers.models import Customer
from kith_platform.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from kith_platform.facts.models import CustomerRecord, OrderLine, Product, ReturnLine, SalesOrder, Ticket, Touch
from kith_platform.predict.leaving_words import REASONS
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

People = Callable[..., list[int]]
Made = Callable[..., Actor]


def record_of(session: Any, customer: int) -> int:
    return int(session.execute(select(CustomerRecord.id).where(CustomerRecord.customer_id == customer)).scalar_one())


def happened(number: int, days_ago: int, record: int, **given: Any) -> dict[str, Any]:
    moment = dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago)
    base = {
        "source": "shop",
        "external_id": str(number),
        "occurred_at": moment,
        "occurred_on": moment.date(),
        "record_id": record,
    }
    return base | given


@pytest.fixture
def buyer(runtime: Runtime, tenant: TenantContext, people: People) -> int:
    """A customer with three orders (one cancelled, one long ago), a return, a complaint and many contacts."""
    (customer,) = people(["王小明"], email="ming@example.org")
    with runtime.doors.tenant_scope(tenant.id) as session:
        record = record_of(session, customer)
        product = Product(source="shop", external_id="T1", name="Green tea", currency="USD")
        session.add(product)
        session.flush()
        money: dict[str, Any] = {"currency": "USD"}
        orders = [
            happened(1, 10, record, net=Decimal(100), status="delivered", **money),
            happened(2, 20, record, net=Decimal(999), status="cancelled", **money),
            happened(3, 700, record, net=Decimal(50), status=None, **money),
        ]
        for order in orders:
            session.execute(insert(SalesOrder), [order])
        first = session.execute(select(SalesOrder.id).where(SalesOrder.external_id == "1")).scalar_one()
        line = {"order_id": first, "product_id": product.id, "quantity": Decimal(2), "net": Decimal(100), **money}
        session.execute(insert(OrderLine), [happened(1, 10, record, **line)])
        session.execute(insert(ReturnLine), [happened(1, 5, record, order_id=first, net=Decimal(30), **money)])
        session.execute(insert(Ticket), [happened(1, 3, record, is_complaint=True, subject="Broken cup")])
        session.execute(insert(Touch), [happened(number, 30, record, campaign=f"c{number}") for number in range(45)])
    return customer


def test_figures_count_standing_orders_less_returns(runtime: Runtime, tenant: TenantContext, buyer: int) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        found = figures.of_customers(session, [buyer])[buyer]
    assert (found.orders, found.orders_year, found.net, found.average) == (2, 1, 70.0, 75.0)
    assert (found.complaints, found.elsewhere) == (1, 0)
    assert found.last == (dt.datetime.now(dt.UTC) - dt.timedelta(days=10)).date()


def test_the_timeline_tells_every_fact_once_newest_first(runtime: Runtime, tenant: TenantContext, buyer: int) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        records = [record_of(session, buyer)]
        told, after = [], ""
        while True:
            story = timeline.page(session, runtime.facts, records, after=after, limit=7)
            told += story.happenings
            if story.next is None:
                break
            after = story.next
        with pytest.raises(BadRequest):
            timeline.page(session, runtime.facts, records, after="nonsense")
        orders = timeline.page(session, runtime.facts, records, tab="orders").happenings
    assert len(told) == len({(one.kind, one.id) for one in told}) == 3 + 1 + 1 + 45
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)
    assert {one.kind for one in orders} == {"sales_order", "return_line"}
    bought = next(one for one in told if one.kind == "sales_order")
    assert [(line["product"], line["quantity"]) for line in bought.lines] == [("Green tea", 2.0)]


def test_the_page_of_a_customer_shows_figures_scores_and_what_happened(
    runtime: Runtime, tenant: TenantContext, buyer: int, client_for: Callable[..., Any]
) -> None:
    reasons = [{"feature": "recency", "value": 42.0, "effect": 0.9}, {"feature": "discount_share", "value": 0.25, "effect": 0.1}]
    with runtime.doors.tenant_scope(tenant.id) as session:
        base = {"customer_id": buyer, "band": 1, "tier": "rule", "as_of": dt.date(2026, 6, 1), "version": 1}
        session.execute(insert(Score), [{"task": "churn", "value": 0.62, "reasons": reasons, "extra": {}, **base}])
        session.execute(insert(Score), [{"task": "clv", "value": 512.4, "reasons": [], "extra": {"p_alive": 0.8}, **base}])
        public_id = session.get_one(Customer, (tenant.id, buyer)).public_id
    client = client_for("viewer")
    page = client.get(f"/c/{client.slug}/customers/{public_id}").text
    for words in (
        "王小明",
        "62%",
        "$512",
        "Typical of customers who leave:",
        "Last bought 42 days ago.",
        "25%",
        "Green tea",
        "Broken cup",
    ):
        assert words in page, words
    assert "because of" not in page
    client.set_cookie("kith_language", "zh_Hans")
    chinese = client.get(f"/c/{client.slug}/customers/{public_id}").text
    assert "42天" in chinese
    assert "Typical of" not in chinese


def test_the_page_says_both_chances_of_leaving_the_likeliest_reason_and_what_to_do_about_each(
    runtime: Runtime, tenant: TenantContext, buyer: int, client_for: Callable[..., Any]
) -> None:
    reasons = [{"feature": "recency", "value": 42.0, "effect": 0.9}]
    chances = {"price": 0.31, "moved": 0.2, "service_failure": 0.49}
    own = {**chances, "reason": list(REASONS).index("service_failure")}
    with runtime.doors.tenant_scope(tenant.id) as session:
        base = {"customer_id": buyer, "band": 1, "tier": "rule", "as_of": dt.date(2026, 6, 1), "version": 1}
        for task, value, extra in (("churn", 0.62, {}), ("involuntary", 0.3, {}), ("leaving_reason", 0.49, own)):
            session.execute(insert(Score), [{"task": task, "value": value, "reasons": reasons, "extra": extra, **base}])
        public_id = session.get_one(Customer, (tenant.id, buyer)).public_id
    client = client_for("analyst")
    url = f"/c/{client.slug}/customers/{public_id}"
    page = client.get(url).text
    for words in (
        "If they leave by choice, the likeliest reason is: bad service (49%).",
        "Typical of customers who leave for this reason:",
        "Chance of ending unpaid",
        "Recover the case first:",
        "offer a payment plan",
    ):
        assert words in page, words
    assert page.count("bad service") == 1, "not among the further predictions, too"
    told = client.get("/api/v1/scores?model=leaving_reason", headers={"X-Kith-Tenant": client.slug}).json["scores"]
    assert [(one["kind"], one["extra"]["price"]) for one in told] == [("service_failure", 0.31)]
    client.set_cookie("kith_language", "zh_Hant")
    chinese = client.get(url).text
    assert "如果主動離開，最可能的原因是：服務不好（49%）" in chinese
    assert "先補救" in chinese
    with runtime.doors.tenant_scope(tenant.id) as session:  # the shares of all: nobody has a reason of their own
        session.execute(update(Score).where(Score.task == "leaving_reason").values(extra=chances, value=0.49))
    client.set_cookie("kith_language", "en")
    page = client.get(url).text
    assert "The most frequent reason of past leavers is: bad service (49%)." in page
    assert "Recover the case first:" not in page


def test_list_and_page_ask_a_fixed_number_of_questions_however_many_customers(
    runtime: Runtime, tenant: TenantContext, people: People, client_for: Callable[..., Any], queries: Callable[[], Any]
) -> None:
    client = client_for("owner")
    url = f"/c/{client.slug}/customers/"
    people(["A", "B"])
    client.get(url)
    with queries() as few:
        client.get(url)
    people([f"P{number}" for number in range(40)])
    with queries() as many:
        assert client.get(url).status_code == 200
    assert len(many) == len(few) <= 20, "\n\n".join(many)


def test_a_customer_of_another_company_or_out_of_reach_is_not_found(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext, people: People, client_for: Callable[..., Any]
) -> None:
    people(["Theirs"], tenant=other_tenant)
    people(["Not mine"], owner_id=None)
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        foreign = session.execute(select(Customer.public_id)).scalar_one()
    with runtime.doors.tenant_scope(tenant.id) as session:
        unreachable = session.execute(select(Customer.public_id)).scalar_one()
    everybody, own = client_for("owner"), client_for("agent", reach="own")
    for client, public_id in ((everybody, foreign), (everybody, uuid.uuid4()), (own, unreachable)):
        base = f"/c/{client.slug}/customers/{public_id}"
        assert client.get(base).status_code == 404
        assert client.get(f"{base}/edit").status_code == 404
        assert client.post(f"{base}/edit", data={"name": "X"}).status_code == 404
        assert client.post(f"{base}/owner", data={"owner": ""}).status_code == 404
        assert client.get(f"/api/v1/customers/{public_id}", headers={"X-Kith-Tenant": client.slug}).status_code == 404


def test_a_merged_customer_leads_to_the_survivor(
    runtime: Runtime, tenant: TenantContext, people: People, client_for: Callable[..., Any]
) -> None:
    kept, gone = people(["Kept", "Gone"])
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(update(Customer).where(Customer.id == gone).values(merged_into=kept))
        ids = {row.id: row.public_id for row in session.execute(select(Customer)).scalars()}
    client = client_for("viewer")
    answer = client.get(f"/c/{client.slug}/customers/{ids[gone]}")
    assert answer.status_code == 301
    assert answer.location.endswith(str(ids[kept]))


def test_adding_and_changing_a_customer_is_found_again_and_audited(
    runtime: Runtime, tenant: TenantContext, client_for: Callable[..., Any], actor: Made
) -> None:
    client = client_for("agent", reach="own")
    wrong = client.post(f"/c/{client.slug}/customers/new", data={"name": "李雷", "email": "nonsense", "phone": "12"})
    assert wrong.status_code == 422
    assert "李雷" in wrong.text
    assert "nonsense" in wrong.text
    made = client.post(f"/c/{client.slug}/customers/new", data={"name": "李雷", "email": "li@example.org", "kind": "person"})
    assert made.status_code == 302
    assert client.get(made.location).status_code == 200  # who sees own customers only, sees the one just added
    client.post(f"{made.location}/edit", data={"name": "李雷", "email": "lei@example.org", "phone": "+65 8765 4321"})
    with runtime.doors.tenant_scope(tenant.id) as session:
        for typed in ("李雷", "lei@", "876543"):
            assert len(listing.page(session, actor(), Filter(q=typed)).customers) == 1, typed
        assert listing.page(session, actor(), Filter(q="li@example")).customers == []
        row = session.execute(select(Customer)).scalar_one()
        assert (row.email, row.owner_id) == ("lei@example.org", client.member_id)
        actions = [entry.action for entry in session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()]
        assert actions == ["customer:created", "customer:changed"]


def test_who_may_only_read_cannot_write(
    runtime: Runtime, tenant: TenantContext, people: People, actor: Made, client_for: Any
) -> None:
    (customer,) = people(["A"])
    viewer = actor(role="viewer")
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Customer, (tenant.id, customer))
        with pytest.raises(Forbidden):
            service.create(session, viewer, {"name": "B"})
        with pytest.raises(Forbidden):
            service.change(session, viewer, row, {"name": "B"})
        with pytest.raises(Forbidden):
            service.set_owner(session, viewer, row, None)
        with pytest.raises(Invalid):
            service.create(session, actor(), {"name": "  "})
    client = client_for("viewer")
    assert client.get(f"/c/{client.slug}/customers/new").status_code == 403


def test_owners_are_members_of_this_company(
    runtime: Runtime,
    tenant: TenantContext,
    other_tenant: TenantContext,
    people: People,
    actor: Made,
    client_for: Callable[..., Any],
) -> None:
    (customer,) = people(["A"])
    mine, foreign = client_for("agent"), client_for("agent", tenant=other_tenant)
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        stranger = session.execute(select(Membership.public_id).where(Membership.id == foreign.member_id)).scalar_one()
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Customer, (tenant.id, customer))
        member = session.execute(select(Membership.public_id).where(Membership.id == mine.member_id)).scalar_one()
        assert service.set_owner(session, actor(), row, member).owner_id == mine.member_id
        with pytest.raises(NotFound):
            service.set_owner(session, actor(), row, stranger)
        with pytest.raises(Conflict):
            service.set_owner(session, actor(Reach.OWN, member=mine.member_id), row, None)
        assert service.set_owner(session, actor(), row, None).owner_id is None


def test_selected_customers_change_owner_together(
    runtime: Runtime, tenant: TenantContext, people: People, client_for: Callable[..., Any]
) -> None:
    people(["A", "B", "C"])
    client = client_for("admin")
    page = client.get(f"/c/{client.slug}/customers/").text
    ids = re.findall(r'name="ids" value="([^"]+)"', page)[:2]
    with runtime.doors.tenant_scope(tenant.id) as session:
        member = session.execute(select(Membership.public_id).where(Membership.id == client.member_id)).scalar_one()
    assert client.post(f"/c/{client.slug}/customers/owner", data={"ids": ids, "owner": str(member)}).status_code == 302
    listed = client.get(f"/c/{client.slug}/customers/?owner=me").text
    assert len(re.findall(r'name="ids"', listed)) == 2


def test_reasons_of_an_own_question_are_for_who_may_see_what_is_sensitive(
    runtime: Runtime, tenant: TenantContext, buyer: int, client_for: Callable[..., Any]
) -> None:
    """They name columns of the company's own tables, which nobody can tell from sensitive ones afterwards."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        base = {"customer_id": buyer, "band": 1, "tier": "xgboost", "as_of": dt.date(2026, 6, 1), "version": 1, "extra": {}}
        for task, feature in (("custom:visits.left", "religion"), ("churn", "recency")):
            reasons = [{"feature": feature, "value": 1.0, "effect": 0.9}]
            session.execute(insert(Score), [{"task": task, "value": 0.6, "reasons": reasons, **base}])
        public_id = session.get_one(Customer, (tenant.id, buyer)).public_id
    seen = {}
    for role in ("viewer", "owner"):
        client = client_for(role)
        told = client.get(f"/api/v1/customers/{public_id}", headers={"X-Kith-Tenant": client.slug}).json["scores"]
        seen[role] = {task: [one["feature"] for one in score["reasons"]] for task, score in told.items()}
    assert seen["viewer"] == {"custom:visits.left": [], "churn": ["recency"]}
    assert seen["owner"] == {"custom:visits.left": ["religion"], "churn": ["recency"]}
