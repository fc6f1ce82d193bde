"""The page of one customer tells of when its numbers are and how they come about; a customer can be erased from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, Event, SalesOrder
from kith_platform.jobs.models import Job
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_platform.segments.models import Segment, SegmentMember
from kith_tenants.tenant import TenantContext

People = Callable[..., list[int]]


@pytest.fixture
def page_of(runtime: Runtime, tenant: TenantContext, client_for: Callable[..., Any]) -> Callable[..., str]:
    """The page of a customer as a role sees it."""

    def read(customer: int, role: str = "owner") -> str:
        client = client_for(role)
        answer = client.get(f"/c/{client.slug}/customers/{public_id(runtime, tenant, customer)}")
        assert answer.status_code == 200
        return str(answer.text)

    return read


def public_id(runtime: Runtime, tenant: TenantContext, customer: int) -> Any:
    with runtime.doors.tenant_scope(tenant.id) as session:
        return session.get_one(Customer, (tenant.id, customer)).public_id


def bought(runtime: Runtime, tenant: TenantContext, customer: int, day: dt.date) -> None:
    at = dt.datetime.combine(day, dt.time(), dt.UTC)
    with runtime.doors.tenant_scope(tenant.id) as session:
        record = session.execute(select(CustomerRecord.id).where(CustomerRecord.customer_id == customer)).scalar_one()
        row = {"source": "shop", "external_id": f"O{day}", "record_id": record, "net": 40, "currency": "USD", "known_at": at}
        session.execute(insert(SalesOrder).values(occurred_at=at, occurred_on=day, **row))


def scored(runtime: Runtime, tenant: TenantContext, customer: int, as_of: dt.date) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        score = {"task": "clv", "value": 512.0, "band": 1, "tier": "rule", "version": 1, "reasons": [], "extra": {}}
        session.execute(insert(Score).values(customer_id=customer, as_of=as_of, **score))


def test_old_data_are_said_to_be_old_and_nothing_is_shown_as_nothing(
    runtime: Runtime, tenant: TenantContext, people: People, page_of: Callable[..., str]
) -> None:
    (customer,) = people(["Old"])
    bought(runtime, tenant, customer, dt.date(2011, 2, 12))
    scored(runtime, tenant, customer, dt.date(2011, 2, 28))
    page = page_of(customer)
    assert "The newest data are of Feb 28, 2011" in page
    assert "No order in the last 12 months." in page
    assert "$0" not in page
    assert "$40" in page
    assert "12 months from Feb 28, 2011" in page


def test_fresh_data_need_no_warning(runtime: Runtime, tenant: TenantContext, people: People, page_of: Callable[..., str]) -> None:
    (customer,) = people(["Fresh"])
    today = dt.datetime.now(dt.UTC).date()
    bought(runtime, tenant, customer, today - dt.timedelta(days=3))
    scored(runtime, tenant, customer, today - dt.timedelta(days=1))
    page = page_of(customer)
    assert "The newest data are of" not in page
    for anchor in ("net", "average", "last", "clv"):
        assert f'href="#how-{anchor}"' in page
        assert f'id="how-{anchor}"' in page


def test_who_is_in_a_segment_shows_it_and_who_is_in_none_is_told_so(
    runtime: Runtime, tenant: TenantContext, people: People, page_of: Callable[..., str]
) -> None:
    inside, outside = people(["In", "Out"])
    with runtime.doors.tenant_scope(tenant.id) as session:
        segment = Segment(name="Best of all", dynamic=True, rule={"all": []})
        session.add(segment)
        session.flush()
        session.add(SegmentMember(segment_id=segment.id, customer_id=inside))
    assert "Best of all" in page_of(inside)
    assert "In no segment." in page_of(outside)
    assert "Best of all" not in page_of(outside)


def test_nothing_known_gives_no_advice(people: People, page_of: Callable[..., str]) -> None:
    (customer,) = people(["New"])
    assert "Not known yet: the best next step stands here" in page_of(customer)


def test_a_customer_is_erased_from_its_page(
    runtime: Runtime, tenant: TenantContext, people: People, client_for: Callable[..., Any]
) -> None:
    gone, merged, stays = people(["Gone", "Merged", "Stays"])
    bought(runtime, tenant, gone, dt.date(2026, 2, 12))
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(update(Customer).where(Customer.id == merged).values(merged_into=gone))
    client = client_for("admin")
    address = f"/c/{client.slug}/customers/{public_id(runtime, tenant, gone)}"
    page = client.get(f"{address}/erase").text
    assert "Gone" in page
    assert "Order: 1" in page
    assert client.post(f"{address}/erase").status_code == 302
    assert client.get(address).status_code == 404
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert list(session.execute(select(Customer.id)).scalars()) == [stays]
        assert session.execute(select(Job.kind)).scalars().all() == ["customers.rewrite_files"]


def test_programs_erase_and_who_may_not_is_refused(
    runtime: Runtime, tenant: TenantContext, people: People, client_for: Callable[..., Any]
) -> None:
    (customer,) = people(["Gone"])
    head = {"X-Kith-Tenant": tenant.slug}
    address = f"/api/v1/customers/{public_id(runtime, tenant, customer)}"
    analyst = client_for("analyst")
    assert analyst.delete(address, headers=head).status_code == 403
    assert analyst.get(f"/c/{tenant.slug}/customers/{address.rpartition('/')[2]}/erase").status_code == 403
    admin = client_for("admin")
    assert admin.delete(address, headers=head).status_code == 204
    assert admin.get(address, headers=head).status_code == 404


def test_the_list_shows_the_columns_one_chose(people: People, client_for: Callable[..., Any]) -> None:
    people(["A"], email="a@example.org", city="Kyoto")
    client = client_for("owner")
    base = f"/c/{client.slug}/customers/"
    usual, chosen = client.get(base).text, client.get(f"{base}?columns=email&columns=place").text
    assert "Net, 12 months" in usual.partition("<tbody")[0].rpartition("<thead")[2]
    head = chosen.partition("<tbody")[0].rpartition("<thead")[2]
    assert "E-mail" in head
    assert "Net, 12 months" not in head
    assert "Kyoto" in chosen
    assert "Kyoto" not in usual.partition("<tbody")[2]


def test_one_minute_is_one_minute(runtime: Runtime, tenant: TenantContext, people: People, page_of: Callable[..., str]) -> None:
    (customer,) = people(["Quick"])
    at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    with runtime.doors.tenant_scope(tenant.id) as session:
        record = session.execute(select(CustomerRecord.id).where(CustomerRecord.customer_id == customer)).scalar_one()
        for name, minutes in (("short_visit", 1), ("long_visit", 12)):
            row = {"source": "web", "external_id": name, "name": name, "minutes": minutes, "record_id": record, "known_at": at}
            session.execute(insert(Event).values(occurred_at=at, occurred_on=at.date(), **row))
    page = page_of(customer)
    assert "1 minute<" in page or "1 minute " in page or "1 minute\n" in page
    assert "1 minutes" not in page
    assert "12 minutes" in page
