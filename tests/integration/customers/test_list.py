"""The customer list: pages stay whole while customers come in, search finds people, row rights hold, counts are honest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, insert, select, text, update

from kith_platform.customers import listing
from kith_platform.customers.listing import Filter
from kith_platform.customers.models import Customer
from kith_platform.errors import BadRequest
from kith_platform.facts.models import CustomerRecord, Ticket
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.statistics import learn
from kith_tenants.tenant import TenantContext

People = Callable[..., list[int]]
Made = Callable[..., Actor]
DAY = dt.date(2026, 6, 1)


def score(session: Any, task: str, values: dict[int, float]) -> None:
    rows = [
        {"task": task, "customer_id": customer, "value": value, "band": 1 + place, "tier": "rule", "as_of": DAY, "version": 1}
        for place, (customer, value) in enumerate(sorted(values.items(), key=lambda one: -one[1]))
    ]
    session.execute(insert(Score), rows)


@pytest.mark.parametrize("sort", ["name", "-name", "created", "-created", "churn", "-clv"])
def test_walking_forward_and_back_shows_everybody_once(
    runtime: Runtime, tenant: TenantContext, people: People, actor: Made, sort: str
) -> None:
    ids = people([f"P{number:02}" for number in range(23)])
    with runtime.doors.tenant_scope(tenant.id) as session:
        for task in ("churn", "clv"):
            score(session, task, {one: (one % 7) / 10 for one in ids})  # many ties
    with runtime.doors.tenant_scope(tenant.id) as session:
        pages, after = [], ""
        while True:
            page = listing.page(session, actor(), sort=sort, after=after, limit=5)
            pages.append([row.id for row in page.customers])
            if page.next is None:
                break
            after = page.next
        assert sorted(one for page in pages for one in page) == sorted(ids)
        assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
        before = page.previous
        for expected in reversed(pages[:-1]):
            back = listing.page(session, actor(), sort=sort, before=before or "", limit=5)
            assert [row.id for row in back.customers] == expected
            before = back.previous
        assert before is None


def test_customers_who_come_in_meanwhile_neither_hide_nor_repeat_others(
    runtime: Runtime, tenant: TenantContext, people: People, actor: Made
) -> None:
    people(["B", "D", "F", "H"])
    with runtime.doors.tenant_scope(tenant.id) as session:
        first = listing.page(session, actor(), limit=2)
    people(["A", "C", "E"])
    with runtime.doors.tenant_scope(tenant.id) as session:
        second = listing.page(session, actor(), after=first.next or "", limit=5)
    assert [row.name for row in first.customers] == ["B", "D"]
    assert [row.name for row in second.customers] == ["E", "F", "H"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("王小", ["王小明"]),
        ("小明", ["王小明"]),
        ("王", ["王小明", "王芳"]),
        ("ada l", ["Ada Lovelace"]),
        ("LOVE", ["Ada Lovelace"]),
        ("lovelace ada", ["Ada Lovelace"]),
        ("912345", ["Zoë Müller"]),
        ("9123 4567", ["Zoë Müller"]),
        ("4567", ["Zoë Müller", "張偉"]),
        ("345", ["Zoë Müller", "張偉"]),
        ("86139", ["張偉"]),
        ("張偉", ["張偉"]),
        ("4568", []),
        ("zoe mul", ["Zoë Müller"]),
        ("nobody", []),
        ("!!", []),
        ("%", []),
    ],
)
def test_search_finds_people_by_what_one_types(
    runtime: Runtime, tenant: TenantContext, people: People, actor: Made, typed: str, found: list[str]
) -> None:
    people(["王小明", "王芳", "Ada Lovelace"])
    people(["Zoë Müller"], phone="+65 9123 4567")
    people(["張偉"], phone="+8613901234567")
    with runtime.doors.tenant_scope(tenant.id) as session:
        page = listing.page(session, actor(), Filter(q=typed))
        assert sorted(row.name for row in page.customers) == sorted(found)
        assert listing.count(session, actor(), Filter(q=typed)) == len(found)


def test_each_sees_own_customers_those_of_the_units_or_all(
    runtime: Runtime, tenant: TenantContext, people: People, actor: Made
) -> None:
    people(["Mine"], owner_id=7)
    people(["Unit"], owner_id=8, unit_id=3)
    people(["Other"], owner_id=8, unit_id=4)
    people(["Nobody's"])
    expected = {
        actor(Reach.OWN, member=7, units=(3,)): ["Mine"],
        actor(Reach.TEAM, member=7, units=(3,)): ["Mine", "Unit"],
        actor(Reach.TEAM, member=7): ["Mine"],
        actor(Reach.OWN, member=None): [],
        actor(Reach.ALL): ["Mine", "Nobody's", "Other", "Unit"],
    }
    with runtime.doors.tenant_scope(tenant.id) as session:
        for who, names in expected.items():
            assert [row.name for row in listing.page(session, who).customers] == names
            assert listing.count(session, who) == len(names)


def test_the_list_of_one_company_holds_nobody_of_another(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext, people: People, actor: Made
) -> None:
    people(["Ours"])
    people(["Theirs"], tenant=other_tenant)
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert [row.name for row in listing.page(session, actor()).customers] == ["Ours"]
        assert listing.page(session, actor(), Filter(q="theirs")).customers == []


def test_merged_and_test_customers_are_not_listed(runtime: Runtime, tenant: TenantContext, people: People, actor: Made) -> None:
    kept, gone = people(["Kept", "Gone"])
    people(["Internal"], is_test=True)
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(update(Customer).where(Customer.id == gone).values(merged_into=kept))
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert [row.name for row in listing.page(session, actor()).customers] == ["Kept"]
        assert listing.count(session, actor()) == 1


def test_filters_narrow_by_risk_value_country_owner_and_complaint(
    runtime: Runtime, tenant: TenantContext, people: People, actor: Made
) -> None:
    ids = people(["A", "B", "C"], country="SG")
    people(["D"], country="MY", owner_id=5)
    with runtime.doors.tenant_scope(tenant.id) as session:
        score(session, "churn", dict(zip(ids, (0.9, 0.3, 0.1), strict=True)))
        score(session, "clv", dict(zip(ids, (900.0, 300.0, 100.0), strict=True)))
        record = session.execute(select(CustomerRecord.id).where(CustomerRecord.customer_id == ids[2])).scalar_one()
        moment = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
        session.add(
            Ticket(
                source="desk", external_id="1", record_id=record, occurred_at=moment, occurred_on=moment.date(), is_complaint=True
            )
        )
    expected = [
        (Filter(risk="high"), "A"),
        (Filter(risk="medium"), "B"),
        (Filter(risk="low"), "C"),
        (Filter(worth="high"), "AB"),
        (Filter(worth="medium"), "C"),
        (Filter(country="MY"), "D"),
        (Filter(owner=5), "D"),
        (Filter(owner=0), "ABC"),
        (Filter(complaint=True), "C"),
        (Filter(risk="high", country="MY"), ""),
    ]
    with runtime.doors.tenant_scope(tenant.id) as session:
        for wanted, names in expected:
            assert "".join(row.name for row in listing.page(session, actor(), wanted).customers) == names, wanted
        assert listing.countries(session) == ["MY", "SG"]
        session.execute(delete(Score))
        assert listing.page(session, actor(), sort="-churn").customers == []


def test_a_count_beyond_the_cap_says_more_and_reads_no_further(
    runtime: Runtime, tenant: TenantContext, people: People, actor: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    people([f"P{number}" for number in range(6)])
    monkeypatch.setattr(listing, "COUNTED", 4)
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert listing.count(session, actor()) == 5


@pytest.mark.parametrize(("sort", "after"), [("salary", ""), ("name", "x"), ("name", "bnVsbA"), ("created", "WyJhIiwgMV0")])
def test_a_wrong_sort_or_page_key_is_refused_in_words(
    runtime: Runtime, tenant: TenantContext, actor: Made, sort: str, after: str
) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session, pytest.raises(BadRequest):
        listing.page(session, actor(), sort=sort, after=after)


@pytest.fixture
def crowd(runtime: Runtime, tenant: TenantContext) -> TenantContext:
    """Many customers, so that an index is worth taking."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(
            text(
                "INSERT INTO kith.customer (name, country, created_at) SELECT 'N' || n, 'C' || n % 50,"
                " now() - n * interval '1 min'"
                " FROM generate_series(1, 20000) n"
            )
        )
        session.execute(
            text(
                "INSERT INTO kith.score (task, customer_id, value, band, tier, as_of, version)"
                " SELECT 'churn', id, random(), 1, 'rule', current_date, 1 FROM kith.customer"
            )
        )
        session.execute(text("INSERT INTO kith.customer_token (token, customer_id) SELECT lower(name), id FROM kith.customer"))
    with runtime.doors.tenant_scope(tenant.id) as session:
        learn(session)
    return tenant


@pytest.mark.parametrize(
    ("wanted", "sort", "index"),
    [
        (Filter(), "name", "ix_customer_name"),
        (Filter(), "-created", "ix_customer_created_at"),
        (Filter(), "-churn", "ix_score_task_value"),
        (Filter(country="C7"), "name", "ix_customer_country"),
        (Filter(q="n777"), "name", "pk_customer_token"),
    ],
)
def test_pages_come_from_an_index_under_row_level_security(
    runtime: Runtime, crowd: TenantContext, actor: Made, wanted: Filter, sort: str, index: str
) -> None:
    with runtime.doors.tenant_scope(crowd.id) as session:
        after = listing.page(session, actor(), wanted, sort=sort, limit=3).next or ""
        plans: list[str] = []

        def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            if statement.startswith("SELECT kith.customer."):
                rows = cursor.connection.execute(f"EXPLAIN {statement}", parameters).fetchall()
                plans.append("\n".join(row[0] for row in rows))

        event.listen(Engine, "before_cursor_execute", explain)
        try:
            listing.page(session, actor(), wanted, sort=sort, after=after, limit=3)
        finally:
            event.remove(Engine, "before_cursor_execute", explain)
    assert len(plans) == 1
    assert index in plans[0], plans[0]
    assert "Seq Scan on customer" not in plans[0], plans[0]
