"""Returns of initiatives from facts: entered, imported, in two currencies, claimed and proven, and who sees which rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from kith_platform.auth.who import system
from kith_platform.customers.models import Customer
from kith_platform.facts.models import Cost, CustomerRecord, FxRate
from kith_platform.modules import service as modules
from kith_platform.returns import service
from kith_platform.returns.figures import SHARES
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

Api = Callable[..., Any]
D = dt.date


@pytest.fixture
def ask(client_for: Callable[..., Any], tenant: TenantContext) -> Api:
    client = client_for("owner")

    def asked(method: str, path: str, **given: Any) -> Any:
        return client.open(f"/api/v1{path}", method=method, headers={"X-Kith-Tenant": tenant.slug}, **given)

    asked.client = client  # type: ignore[attr-defined]
    return asked


def cost(ask: Api, initiative: str, day: D, amount: float, **given: Any) -> Any:
    return ask(
        "POST",
        "/returns/costs",
        json={"initiative": initiative, "spent_on": day.isoformat(), "pool": "project", "amount": str(amount), **given},
    )


def benefit(ask: Api, initiative: str, day: D, amount: float, grade: str, shares: tuple[float, ...] = (1, 0, 0)) -> Any:
    split = dict(zip(SHARES, shares, strict=True))
    return ask(
        "POST",
        "/returns/benefits",
        json={"initiative": initiative, "gained_on": day.isoformat(), "amount": str(amount), "grade": grade, **split},
    )


def test_the_printed_return_comes_out_of_facts_and_only_a_and_b_are_proven(
    ask: Api, runtime: Runtime, tenant: TenantContext
) -> None:
    made = ask("POST", "/returns/initiatives", json={"name": "Call centre", "started_at": "2020-01-01", "code": "CC"})
    assert made.status_code == 201, made.text
    for year, amount in enumerate((100_000, 20_000, 20_000, 20_000)):
        assert cost(ask, "CC", D(2020 + year, 3, 5), amount).status_code == 201
    for year, amount, grade in ((1, 60_000, "A"), (2, 90_000, "B"), (3, 90_000, "D")):
        assert benefit(ask, "CC", D(2020 + year, 3, 20), amount, grade, (0.5, 0.3, 0.2)).status_code == 201
    one = ask("GET", f"/returns/{made.json['id']}").json
    assert one["cost"] == 160_000
    claimed, proven = one["claimed"], one["proven"]
    assert (claimed["roi"], round(claimed["npv"], 2)) == (0.5, 46_806.91)
    assert (claimed["benefit"], proven["benefit"]) == (240_000, 150_000)
    assert proven["roi"] == pytest.approx(-0.0625)
    assert claimed["payback_months"] == pytest.approx(23 + 60_000 / 70_000)  # −100, −60 after a year, +10 after two
    assert proven["payback_months"] == claimed["payback_months"]  # the unproven gain came later
    assert {key: round(amount) for key, amount in claimed["split"].items()} == {"cim": 120_000, "cem": 72_000, "csm": 48_000}
    assert {key: round(amount) for key, amount in proven["split"].items()} == {"cim": 75_000, "cem": 45_000, "csm": 30_000}

    ask("POST", "/returns/initiatives", json={"name": "Quick tea", "started_at": "2024-01-01", "code": "QT"})
    cost(ask, "QT", D(2024, 1, 10), 120)
    for month in (2, 3, 4):
        benefit(ask, "QT", D(2024, month, 28), 50, "A")
    page = ask("GET", "/returns?limit=1").json
    assert [found["name"] for found in page["initiatives"]] == ["Quick tea"]
    assert page["initiatives"][0]["claimed"]["payback_months"] == pytest.approx(2.4)
    rest = ask("GET", f"/returns?limit=1&after={page['next']}").json
    assert ([found["name"] for found in rest["initiatives"]], rest["next"]) == (["Call centre"], None)
    assert page["total"]["cost"] == 160_120
    assert page["total"]["claimed"]["roi"] == pytest.approx(240_150 / 160_120 - 1)
    assert page["discount_rate"] == 0.10

    with runtime.doors.tenant_scope(tenant.id) as session:
        modules.enable(session, system(), runtime.plugins, "analytics_cim")
        modules.save_settings(session, system(), runtime.plugins, "analytics_cim", {"discount_rate": "0"})
    undiscounted = ask("GET", f"/returns/{made.json['id']}").json
    assert undiscounted["claimed"]["npv"] == pytest.approx(80_000)
    client = ask.client  # type: ignore[attr-defined]
    shown = client.get(f"/c/{tenant.slug}/returns/{made.json['id']}?list=benefits")
    assert "Proven (A and B)" in shown.text
    assert "not agreed" in shown.text
    assert "50%" in shown.text


def test_what_does_not_fit_is_refused_at_its_field_and_nothing_typed_is_lost(
    ask: Api, tenant: TenantContext, client_for: Callable[..., Any]
) -> None:
    made = ask("POST", "/returns/initiatives", json={"name": "Call centre", "started_at": "2020-01-01", "code": "CC"}).json
    assert (
        ask("POST", "/returns/initiatives", json={"name": "Again", "started_at": "2020-01-01", "code": "CC"}).status_code == 409
    )
    wrong = benefit(ask, "CC", D(2021, 1, 1), 100, "A", (0.5, 0.3, 0.3))
    assert wrong.status_code == 422
    [told] = wrong.json["errors"]
    assert (told["field"], "these sum to 1.1" in told["message"]) == ("share_csm", True)
    assert benefit(ask, "nobody", D(2021, 1, 1), 100, "A").json["errors"][0]["field"] == "initiative"
    assert cost(ask, "CC", D(2999, 1, 1), 100).status_code == 422
    client = client_for("analyst")
    at = f"/c/{tenant.slug}/returns/{made['id']}"
    given = {"gained_on": "2021-01-01", "amount": "100", "grade": "B", "share_cim": "50%", "share_cem": "40%", "share_csm": "20%"}
    page = client.post(f"{at}/add/benefit", data=given)
    assert page.status_code == 422
    assert "these sum to 1.1" in page.text
    assert 'value="40%"' in page.text
    kept = client.post(f"{at}/add/benefit", data={**given, "share_csm": "10%"}, follow_redirects=True)
    assert "The benefit is in the books." in kept.text
    assert "50% / 40% / 10%" in kept.text
    assert client.get(f"{at}/add/cost").status_code == 200
    assert client.get(f"{at}/add/thing").status_code == 404
    assert client_for("agent").get(f"{at}/add/cost").status_code == 403


def test_amounts_in_another_currency_count_at_the_days_rate_or_are_told(
    ask: Api, runtime: Runtime, tenant: TenantContext
) -> None:
    ask("POST", "/returns/initiatives", json={"name": "Europe", "started_at": "2024-01-01", "code": "EU"})
    with runtime.doors.tenant_scope(tenant.id) as session:
        at = dt.datetime(2024, 1, 10, tzinfo=dt.UTC)
        session.execute(
            insert(FxRate).values(
                source="bank", external_id="1", occurred_at=at, occurred_on=at.date(), currency_from="EUR", rate="1.25"
            )
        )
    cost(ask, "EU", D(2024, 1, 12), 100, currency="EUR")
    cost(ask, "EU", D(2024, 1, 12), 75)
    cost(ask, "EU", D(2024, 1, 20), 999, currency="EUR")  # the last rate is ten days old
    benefit(ask, "EU", D(2024, 2, 1), 400, "A")
    [one] = ask("GET", "/returns").json["initiatives"]
    assert (one["cost"], one["claimed"]["roi"], one["coverage"]) == (200, 1.0, 0.75)


def test_costs_that_name_an_unknown_initiative_are_told(ask: Api, runtime: Runtime, tenant: TenantContext) -> None:
    at = dt.datetime(2024, 1, 10, tzinfo=dt.UTC)
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(
            insert(Cost).values(
                source="books",
                external_id="1",
                occurred_at=at,
                occurred_on=at.date(),
                pool="project",
                amount=5,
                currency="USD",
                initiative="GHOST",
            )
        )
    found = ask("GET", "/returns").json
    assert (found["unknown_initiatives"], found["total"]["cost"]) == (["GHOST"], 5)


def test_costs_of_a_customer_show_only_to_who_may_see_the_customer(
    ask: Api, runtime: Runtime, tenant: TenantContext, client_for: Callable[..., Any], other_tenant: TenantContext
) -> None:
    made = ask("POST", "/returns/initiatives", json={"name": "Care", "started_at": "2024-01-01", "code": "CARE"}).json
    agent = client_for("agent")
    at = dt.datetime(2024, 1, 10, tzinfo=dt.UTC)
    with runtime.doors.tenant_scope(tenant.id) as session:
        for number, owner in enumerate((agent.member_id, None, "company")):
            record = None
            if owner != "company":
                made_customer = insert(Customer).values(name=f"C{number}", owner_id=owner).returning(Customer.id)
                person = session.execute(made_customer).scalar_one()
                row = insert(CustomerRecord).values(source="shop", external_id=f"C{number}", customer_id=person)
                record = session.execute(row.returning(CustomerRecord.id)).scalar_one()
            session.execute(
                insert(Cost).values(
                    source="books",
                    external_id=str(number),
                    record_id=record,
                    occurred_at=at,
                    occurred_on=at.date(),
                    pool="service",
                    item=f"item {number}",
                    amount=10,
                    currency="USD",
                    initiative="CARE",
                )
            )
        listed = service.rows(session, system(), "costs", "CARE", limit=2)
        assert [row.item for row in listed] == ["item 2", "item 1", "item 0"]  # one more than asked: there are further ones
        further = service.rows(session, system(), "costs", "CARE", after=service.key_of(listed[1]))
        assert [row.item for row in further] == ["item 0"]
    page = f"/c/{tenant.slug}/returns/{made['id']}"
    mine, everybodys = agent.get(page).text, client_for("viewer").get(page).text
    assert [f"item {number}" in mine for number in range(3)] == [True, False, True]
    assert [f"item {number}" in everybodys for number in range(3)] == [True, True, True]
    assert "$30" in mine  # what the company spent is a number of the company's
    stranger = client_for("owner", tenant=other_tenant)
    answer = stranger.get(f"/api/v1/returns/{made['id']}", headers={"X-Kith-Tenant": other_tenant.slug})
    assert answer.status_code == 404
