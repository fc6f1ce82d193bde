"""Leads: added, given away, contacted, qualified and converted; a known person is found, not doubled."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from kith_platform.audit.models import AuditEntry
from kith_platform.customers.models import Customer
from kith_platform.facts.models import Activity, CustomerRecord, Lead
from kith_tenants.tenant import TenantContext


def test_a_lead_becomes_a_customer_with_an_opportunity_in_one_step(company: Any) -> None:
    assert "No leads yet" in company.page("leads/")
    assert "Give a name, a company" in company.post("leads/new", expect=422, name=" ", channel="fair").text
    assert "is not an e-mail address" in company.post("leads/new", expect=422, email="nonsense").text
    where = company.post(
        "leads/new", name="Ida Berg", company="Berg Tools Ltd", email="ida@berg.example", estimate="1200.50", channel="fair"
    ).location
    lead = where.rpartition("/")[2]
    company.post(f"leads/{lead}/contact", kind="note", subject="Met at the fair")
    assert company.api("GET", f"leads/{lead}")["status"] == "new"  # a note is no contact
    company.post(f"leads/{lead}/contact", kind="call", subject="Wants two lathes", outcome="Call again")
    company.post(f"leads/{lead}/qualify")
    page = company.page(f"leads/{lead}")
    assert "Wants two lathes" in page
    assert "Qualified" in page
    done = company.post(
        f"leads/{lead}/convert", customer="", kind="company", opportunity="Two lathes", amount="1300", stage="proposal"
    )
    opportunity = company.api("GET", "opportunities/" + done.location.rpartition("/")[2])
    assert (opportunity["name"], opportunity["amount"], opportunity["stage"]) == ("Two lathes", "1300.0000", "proposal")
    assert [one["stage"] for one in opportunity["stages"]] == ["proposal"]
    assert opportunity["customer_name"] == "Berg Tools Ltd"
    told = company.api("GET", f"leads/{lead}")
    assert told["status"] == "converted"
    assert told["opportunities"] == [opportunity["id"]]
    assert None not in (told["first_contact_at"], told["qualified_at"], told["converted_at"])
    assert company.post(f"leads/{lead}/convert", expect=409, customer="")
    with company.scope() as session:
        record = session.execute(select(Lead.record_id)).scalar_one()
        assert set(session.execute(select(Activity.record_id)).scalars()) == {record}  # the calls are the customer's now
        actions = list(session.execute(select(AuditEntry.action).order_by(AuditEntry.id)).scalars())
    wanted = ["lead:created", "lead:contacted", "lead:contacted", "lead:qualified", "customer:created", "opportunity:created"]
    assert actions == [*wanted, "lead:converted"]


def test_a_known_person_is_found_however_the_address_is_written(company: Any, client_for: Callable[..., Any]) -> None:
    by_mail = company.customer(name="Wang Li", email="wang.li@example.com")
    by_phone = company.customer(name="Chen Wei", phone="+1 212 555 0134", kind="person")
    for given, expected in (
        ({"name": "Li Wang", "email": " Wang.Li@Example.COM"}, by_mail),
        ({"name": "W. Chen", "phone": "001 (212) 555-0134"}, by_phone),
    ):
        lead = company.api("POST", "leads", given, expect=201)
        assert [(one["customer"], one["certain"]) for one in lead["known"]] == [(str(expected), True)]
        done = company.api("POST", f"leads/{lead['id']}/converted", {"name": "More tea"}, expect=201)
        assert (done["customer"], done["found"]) == (str(expected), True)
    office = company.customer(name="Hill and Co", email="info@hill.example")
    lead = company.api("POST", "leads", {"name": "Somebody Else", "email": "info@hill.example"}, expect=201)
    assert [one["certain"] for one in lead["known"]] == [False]  # a box that several people read
    done = company.api("POST", f"leads/{lead['id']}/converted", {}, expect=201)
    assert done["customer"] != str(office)
    with company.scope() as session:
        assert len(session.execute(select(Customer.id)).all()) == 4

    agent = client_for("agent")
    company.own(by_mail, company.client.member_id)
    lead = company.api("POST", "leads", {"name": "Li Wang", "email": "wang.li@example.com"}, client=agent, expect=201)
    assert lead["rep"] == agent.email
    assert [(one["customer"], one["certain"]) for one in lead["known"]] == [(None, True)]
    assert "Somebody else looks after" in company.page(f"leads/{lead['id']}", agent)
    company.api("POST", f"leads/{lead['id']}/converted", {}, client=agent, expect=409)


def test_who_sees_only_own_ones_sees_those_given_to_them(
    company: Any, client_for: Callable[..., Any], other_tenant: TenantContext
) -> None:
    agent, viewer = client_for("agent"), client_for("viewer")
    for number in range(3):
        company.api("POST", "leads", {"company": f"Firm {number}", "rep": agent.email if number == 1 else None}, expect=201)
    mine = company.api("GET", "leads", client=agent)["leads"]
    assert [one["company"] for one in mine] == ["Firm 1"]
    every = company.api("GET", "leads")["leads"]
    assert [one["company"] for one in every] == ["Firm 2", "Firm 1", "Firm 0"]
    company.api("GET", f"leads/{every[0]['id']}", client=agent, expect=404)
    company.api("PUT", f"leads/{mine[0]['id']}/rep", {"rep": ""}, client=agent, expect=409)
    company.api("POST", "leads", {"name": "x"}, client=viewer, expect=403)
    company.post("leads/assign", rep=agent.email, ids=[every[0]["id"], every[2]["id"]])
    assert len(company.api("GET", "leads", client=agent)["leads"]) == 3
    stranger = client_for("owner", tenant=other_tenant)
    answer = stranger.get(f"/c/{other_tenant.slug}/leads/{mine[0]['id']}")
    assert answer.status_code == 404
    company.post(f"leads/{mine[0]['id']}/disqualify", client=agent, reason="", expect=422)
    company.post(f"leads/{mine[0]['id']}/disqualify", client=agent, reason="A student")
    assert "A student" in company.page(f"leads/{mine[0]['id']}")
    company.post(f"leads/{mine[0]['id']}/take-back", client=agent)
    assert company.api("GET", f"leads/{mine[0]['id']}")["status"] == "new"


def test_the_list_pages_by_keys_and_filters_by_its_address(company: Any) -> None:
    with company.scope() as session:
        now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
        session.add_all(
            Lead(
                source="crm",
                external_id=str(number),
                occurred_at=now + dt.timedelta(minutes=number // 3),
                occurred_on=now.date(),
                company=f"Firm {number:03}",
                channel="fair" if number % 2 else "web",
                status=None if number % 5 else "contacted",
                currency="USD",
            )
            for number in range(120)
        )
    seen: list[str] = []
    page, query = company.page("leads/"), re.compile(r'href="([^"]*after=[^"]*)" rel="next"')
    while True:
        seen += re.findall(r"(Firm \d+)</a>", page)
        found = query.search(page)
        if found is None:
            break
        page = company.client.get(found[1].replace("&amp;", "&")).text
    assert len(seen) == len(set(seen)) == 120
    assert seen[:3] == ["Firm 119", "Firm 118", "Firm 117"]
    fair = company.api("GET", "leads", channel="fair", status="contacted", limit=200)["leads"]
    assert len(fair) == 12
    assert len(company.api("GET", "leads", q="firm 01", limit=200)["leads"]) == 10
    company.api("GET", "leads", expect=400, after="nonsense")
    assert "120 leads" in page
    assert uuid.UUID(fair[0]["id"])
    with company.scope() as session:
        assert session.execute(select(CustomerRecord.id)).all() == []
