"""The page on data quality: what it says, whom its links lead to, who may see what, and how it went."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, update

from kith_platform.auth.who import system
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.imports.models import DONE, Import
from kith_platform.quality import issues, service
from kith_platform.quality.models import QualityLift, QualityReading

TODAY = dt.date(2026, 6, 30)


@pytest.fixture
def shop(company: Any) -> Any:
    """Six customers: three share an address, one has none and never bought, one phone is no phone, one order is from tomorrow."""
    rows = [
        {"name": "Ada Okafor", "email": "desk@kith.example", "phone": "+44 20 7946 0001", "country": "GB"},
        {"name": "Bela Varga", "email": "desk@kith.example", "phone": "+36 1 555 0102", "country": "Hungary"},
        {"name": "Chen Wei", "email": "desk@kith.example", "phone": "+86 138 0013 8000", "country": "中国"},
        {"name": "Dora Lind", "email": None, "phone": "+46 8 555 0104", "country": "SE"},
        {"name": "Emil Brandt", "email": "emil@kith.example", "phone": "call me", "country": "Atlantis"},
        {"name": "Fay Moreno", "email": "fay@kith.example", "phone": "+34 91 555 0106", "country": "ES"},
    ]
    company.ids, company.of = company.people("shop", rows)
    for number, record in enumerate(company.of):
        if number != 3:
            company.fact("sales_order", record, TODAY, net=10)
    company.fact("sales_order", company.of[5], dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30), net=10)
    company.refresh()
    return company


def links(page: Any) -> dict[str, tuple[int, str]]:
    """Issue → (count, address) of the table of issues."""
    title = r'<div><a href="([^"]+)">([^<]+)</a></div>\s*<div[^>]*>[^<]*</div></th>'
    rows = re.findall(title + r'\s*<td class="end">([\d,]+) ', page.text)
    return {title: (int(count.replace(",", "")), url.replace("&amp;", "&")) for url, title, count in rows}


def test_each_issue_leads_to_as_many_customers_as_it_says(shop: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("owner")
    page = client.get(f"/c/{client.slug}/quality/")
    assert page.status_code == 200
    found = links(page)
    assert {title: count for title, (count, _url) in found.items()} == {
        "E-mail is missing": 1,
        "Phone cannot be right": 1,
        "Country cannot be right": 1,
        "An e-mail address shared by three customers or more": 3,
        "Customers without any order": 1,
        "Orders in the future": 1,
        "Duplicates wait for review": 2,
    }
    assert "2 pairs may be one customer" in client.get(found.pop("Duplicates wait for review")[1]).text
    for title, (count, url) in found.items():
        listed = client.get(url)
        assert listed.status_code == 200
        assert len(re.findall(r"<tr data-href", listed.text)) == count, title
        assert title in listed.text
    assert "Dora Lind" in client.get(found["E-mail is missing"][1]).text
    told = client.get("/api/v1/customers?quality=missing_email", headers={"X-Kith-Tenant": client.slug}).json
    assert [one["name"] for one in told["customers"]] == ["Dora Lind"]


def test_the_overview_links_to_formulas_and_says_of_when(shop: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("viewer")
    page = client.get(f"/c/{client.slug}/quality/")
    assert "Data up to" in page.text
    assert f"/c/{client.slug}/metrics/cim.dq.completeness" in page.text
    assert client.get(f"/c/{client.slug}/metrics/cim.dq.completeness").status_code == 200
    assert "23 of 24" in page.text  # filled of required fields
    assert "Save" not in page.text  # a viewer does not choose what is required


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "数据质量指数"), ("zh-TW", "資料品質指數")])
def test_the_page_speaks_chinese(shop: Any, client_for: Callable[..., Any], language: str, word: str) -> None:
    client = client_for("owner")
    client.set_cookie("kith_language", language)
    page = client.get(f"/c/{client.slug}/quality/").text
    assert word in page
    assert "What to mend" not in page


def test_before_the_first_refresh_the_page_says_what_will_stand_there(company: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("owner")
    assert "Not measured yet" in client.get(f"/c/{client.slug}/quality/").text


def test_mending_shows_in_the_trend_and_in_the_list(shop: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("owner")
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        # What was read today was read a week ago.
        session.execute(update(QualityReading).values(day=QualityReading.day - 7))
        session.execute(
            update(CustomerRecord)
            .where(CustomerRecord.id == shop.of[3])
            .values(email="dora@kith.example", changed_at=dt.datetime.now(dt.UTC))
        )
    shop.refresh()
    page = client.get(f"/c/{client.slug}/quality/")
    assert "E-mail is missing" not in page.text
    assert "24 of 24" in page.text
    assert "How it went" in page.text
    answer = client.get("/api/v1/quality/trend?source=shop&field=email", headers={"X-Kith-Tenant": client.slug}).json
    assert [round(point["value"], 4) for point in answer["lines"]["completeness"]] == [0.8333, 1.0]
    assert client.get(f"/c/{client.slug}/quality/?source=shop&field=email").status_code == 200


def test_who_sees_own_customers_alone_gets_counts_of_those(shop: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("agent", reach="own")
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        session.execute(update(Customer).where(Customer.id.in_(shop.ids[:2])).values(owner_id=client.member_id))
    found = links(client.get(f"/c/{client.slug}/quality/"))
    assert {title: count for title, (count, _url) in found.items()} == {"An e-mail address shared by three customers or more": 2}


def test_one_company_knows_nothing_of_anothers_quality(shop: Any, other_company: Any, client_for: Callable[..., Any]) -> None:
    other_company.people("shop", [{"name": "Gus Holm", "email": "gus@kith.example"}])
    other_company.refresh()
    client = client_for("owner", tenant=other_company.tenant)
    found = links(client.get(f"/c/{client.slug}/quality/"))
    assert {title: count for title, (count, _url) in found.items()} == {"Country is missing": 1, "Phone is missing": 1}
    answer = client.get("/api/v1/quality", headers={"X-Kith-Tenant": client.slug}).json
    assert (answer["customers"], answer["records"]) == (1, 1)
    assert client.get(f"/c/{shop.tenant.slug}/quality/").status_code == 404


def test_the_company_chooses_what_is_required(shop: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("admin")
    answer = client.post(f"/c/{client.slug}/quality/required", data={"fields": ["name", "city"]})
    assert answer.status_code == 302
    shop.refresh()
    assert "6 of 12" in client.get(f"/c/{client.slug}/quality/").text
    head = {"X-Kith-Tenant": client.slug}
    assert client.get("/api/v1/quality", headers=head).json["required"] == ["name", "city"]
    assert client.put("/api/v1/quality/required", json={"fields": ["shoe_size"]}, headers=head).status_code == 422
    assert client.put("/api/v1/quality/required", json={"fields": ["email"]}, headers=head).json == {"fields": ["email"]}
    assert client_for("viewer").post(f"/c/{client.slug}/quality/required", data={"fields": ["name"]}).status_code == 403


def test_rejected_lines_and_silent_sources_are_issues_until_mended(shop: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("owner")
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=120)
    made = {"table_name": "orders", "source": "till", "blob": "", "sha256": "", "size": 1, "mapping": {}, "state": DONE}
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        first = {**made, "file_name": "may.csv", "read": 40, "rejected": 3, "finished_at": long_ago}
        session.execute(insert(Import).values(first))
    found = links(client.get(f"/c/{client.slug}/quality/"))
    count, url = found["Lines of “may.csv” were not taken"]
    assert count == 3
    assert client.get(url).status_code == 200
    assert found["Nothing came from “till” any more"][0] == 120
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        now = dt.datetime.now(dt.UTC)
        session.execute(insert(Import).values({**made, "file_name": "rejects-orders.csv", "read": 3, "finished_at": now}))
    mended = client.get(f"/c/{client.slug}/quality/").text
    assert "may.csv" not in mended
    assert "Nothing came from" not in mended


def test_what_a_field_would_bring_is_said_with_its_interval_or_not_at_all(shop: Any, client_for: Callable[..., Any]) -> None:
    row = {"task": "churn", "version": 1, "customers": 1_000, "weight": 0.2}
    told = {"filled": 800, "score": 0.5, "gain": 0.01, "low": 0.005, "high": 0.015, "reason": ""}
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        session.add(QualityLift(field="survey_responses.score", **row, **told))
        session.add(QualityLift(field="orders.discount", **row, filled=5, reason="few"))
    page = client_for("viewer").get(f"/c/{shop.tenant.slug}/quality/").text
    assert "about 1.0 points (0.5 to 1.5)" in page
    assert "too few customers have it to tell" in page
    assert "not a promise" in page


def test_the_document_names_everything_once(shop: Any) -> None:
    with shop.runtime.doors.tenant_scope(shop.tenant.id) as session:
        found = service.document(session, system(), now=dt.datetime.now(dt.UTC))
    keys = [(one["metric"], one["source"], one["field"]) for one in found["measures"]]
    assert len(keys) == len(set(keys))
    assert found["index"] == pytest.approx(
        next(one["value"] for one in found["measures"] if one["metric"] == "index" and not one["source"])
    )
    assert all(issues.known(one["code"]) or one["unit"] != "customers" for one in found["issues"])
