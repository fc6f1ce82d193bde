"""Targets: set for a period and people, kept in versions, and attained as the facts say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from kith_platform.facts.models import FxRate, OrderLine, Product, ReturnLine, SalesOrder, Target
from kith_platform.targets import service


@pytest.fixture
def sold(company: Any) -> dt.date:
    """Orders of yesterday: by Bo 300 and 50 euro at 1.2, by Ada 100 of which 30 came back, one cancelled. Gives the day."""
    day = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)

    def row(number: int) -> dict[str, Any]:
        return {"source": "shop", "external_id": str(number), "occurred_at": at, "occurred_on": day, "known_at": at}

    with company.scope() as session:
        session.add(FxRate(**row(1), currency_from="EUR", rate=Decimal("1.2")))
        tea = Product(source="shop", external_id="T1", name="Green tea", currency="USD")
        orders = [
            SalesOrder(**row(1), net=Decimal(300), currency="USD", rep="Bo", channel="web"),
            SalesOrder(**row(2), net=Decimal(50), currency="EUR", rep="Bo"),
            SalesOrder(**row(3), net=Decimal(100), currency="USD", rep="Ada", status="delivered"),
            SalesOrder(**row(4), net=Decimal(999), currency="USD", rep="Bo", status="cancelled"),
        ]
        session.add_all([tea, *orders])
        session.flush()
        session.add(OrderLine(**row(1), order_id=orders[0].id, product_id=tea.id, net=Decimal(120), currency="USD"))
        session.add(ReturnLine(**row(1), order_id=orders[2].id, net=Decimal(30), currency="USD"))
    return day


def test_targets_are_attained_by_what_the_facts_say(company: Any, sold: dt.date) -> None:
    company.deal([("proposal", 3, 9)], closed=1, status="won", won_amount=Decimal(80), rep="Bo", unit="North")
    start, end = service.period("month", sold.year, sold.month)

    def put(amount: str, **given: Any) -> Any:
        body = {"starts_on": str(start), "ends_on": str(end), "kind": "sales", "amount": amount, **given}
        return company.api("PUT", "targets", body)

    whole, bo, web = put("860"), put("600", rep="Bo"), put("500", channel="web")
    assert [float(one["actual"]) for one in (whole, bo, web)] == [430.0, 360.0, 300.0]
    assert [one["share"] for one in (whole, bo, web)] == [0.5, 0.6, 0.6]
    assert float(put("240", product="Green tea")["actual"]) == 120.0
    assert float(put("160", kind="won", unit="North")["actual"]) == 80.0
    assert put("160", unit="North")["actual"] is None  # orders name no team
    assert put("20", kind="new_customers")["actual"] is None
    euro = put("100", rep="Ada", currency="EUR")
    assert euro["share"] == pytest.approx(70 / 120)
    wrong = {"starts_on": "2026-02-01", "ends_on": "2026-01-01", "kind": "sales", "amount": "0", "product": "x"}
    refused = company.api("PUT", "targets", wrong, expect=422)
    assert {one["field"] for one in refused["errors"]} == {"ends_on", "amount", "product"}
    page = company.page("targets/", year=sold.year)
    for words in ("Whole company", "Bo · Net sales", "50%", "60%", "North"):
        assert words in page, words
    answer = company.client.get(f"/c/{company.tenant.slug}/targets/targets.csv?year={sold.year}")
    assert ",sales,Bo,,,600.0000,USD,," in answer.text


def test_a_changed_target_keeps_what_it_was(company: Any, client_for: Callable[..., Any]) -> None:
    assert "No targets for" in company.page("targets/")
    agent = client_for("agent")
    form = {
        "kind": "sales",
        "amount": "1000",
        "span": "quarter",
        "year": "2026",
        "quarter": "2",
        "month": "9",
        "rep": agent.email,
    }
    assert "Give a number above 0" in company.post("targets/new", expect=422, **{**form, "amount": "much"}).text
    assert "no such period" in company.post("targets/new", expect=422, **{**form, "year": "26"}).text
    for amount in ("1000", "1000", "1500"):
        company.post("targets/new", **{**form, "amount": amount})
    company.post("targets/new", **{**form, "rep": "", "span": "year"})
    with company.scope() as session:
        assert session.execute(select(func.count()).select_from(Target)).scalar_one() == 3  # the same amount again is none
    told = company.api("GET", "targets", start="2026-01-01", end="2026-12-31")["targets"]
    assert [(one["starts_on"], one["ends_on"], one["amount"], one["rep"]) for one in told] == [
        ("2026-04-01", "2026-06-30", "1500.0000", agent.email),
        ("2026-01-01", "2026-12-31", "1000.0000", None),
    ]
    page = company.page("targets/", year=2026)
    assert "1 former version" in page
    assert "Quarter 2 of 2026" in page
    mine = company.api("GET", "targets", client=agent, start="2026-01-01", end="2026-12-31")["targets"]
    assert [one["rep"] for one in mine] == [agent.email]  # the company's total is not for who sees only own customers
    company.post("targets/new", client=agent, expect=403, **form)


@pytest.mark.parametrize(
    ("span", "number", "days"),
    [
        ("month", 12, ("2026-12-01", "2026-12-31")),
        ("month", 2, ("2026-02-01", "2026-02-28")),
        ("quarter", 4, ("2026-10-01", "2026-12-31")),
        ("year", 1, ("2026-01-01", "2026-12-31")),
    ],
)
def test_periods_are_whole(span: str, number: int, days: tuple[str, str]) -> None:
    assert tuple(map(str, service.period(span, 2026, number))) == days
