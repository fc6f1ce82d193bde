"""Demand as a person meets it: files brought in, a refresh, the pages, the API, the command."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from known_companies import Customer
from sqlalchemy import select

from kith_platform.audit.models import AuditEntry
from kith_platform.cli import root
from kith_platform.cli.forecasts import forecast
from kith_platform.facts.models import Product
from kith_platform.forecasts import service, steps
from kith_platform.forecasts.models import DemandForecast
from kith_platform.refresh.service import ask_refresh

START = dt.date(2022, 12, 26)  # a Monday
WEEKS = 156


def sold() -> pl.DataFrame:
    """Three years: a seasonal tea, an even one, a kettle returned as often as sold, a teapot asked for in some weeks, one new."""
    rng = np.random.default_rng(4)
    rows = []
    for week in range(WEEKS):
        day = START + dt.timedelta(weeks=week, days=2)
        high = 2.2 if day.month in (11, 12) else 0.7 if day.month in (6, 7) else 0.9
        units = {
            "T-1": rng.poisson(60 * high),
            "T-2": 25,
            "K-1": 3,
            "P-1": 9 * (rng.random() < 0.15),
            "N-1": 5 * (week == WEEKS - 1),
        }
        rows += [(f"{product}-{week}", day, product, count) for product, count in units.items() if count]
    names = {"T-1": "Winter tea", "T-2": "Green tea", "K-1": "Kettle", "P-1": "Teapot", "N-1": "New cup"}
    return pl.DataFrame(rows, schema=["order_id", "date", "product_id", "quantity"], orient="row").with_columns(
        customer_id=pl.lit("C-1"), amount=pl.col("quantity") * 4.0, description=pl.col("product_id").replace_strict(names),
        category=pl.when(pl.col("product_id").str.starts_with("T")).then(pl.lit("Tea")).otherwise(pl.lit("Ware")),
    )  # fmt: skip


@pytest.fixture(scope="module")
def company(shop: Callable[[str], Customer]) -> Customer:
    """The files are in, and one refresh is done."""
    made = shop("tea")
    rows = sold()
    bring(made, "orders", rows)
    back = rows.filter(pl.col("product_id") == "K-1").with_columns(returned_at=pl.col("date") + pl.duration(days=20))
    back = back.filter(pl.col("returned_at") < START + dt.timedelta(weeks=WEEKS)).with_columns(
        return_id=pl.col("order_id"), quantity=pl.col("quantity") + 1
    )
    bring(made, "returns", back.select("return_id", "returned_at", "order_id", "product_id", "customer_id", "quantity"))
    made.run(partial(ask_refresh))
    return made


def bring(company: Customer, table: str, rows: pl.DataFrame) -> None:
    path: Path = company.folder / f"{table}.csv"
    rows.write_csv(path)
    company.load(table, path)


def stored(company: Customer) -> dict[str, DemandForecast]:
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        numbers = {row[0]: row[1] for row in session.execute(select(Product.id, Product.external_id))}
        rows = session.execute(select(DemandForecast)).scalars().all()
        session.expunge_all()
    return {numbers.get(row.product_id or 0, row.scope): row for row in rows}


def test_a_refresh_forecasts_what_was_brought(company: Customer) -> None:
    found = stored(company)
    assert set(found) == {"T-1", "T-2", "K-1", "P-1", "N-1", "company", "family:Tea", "family:Ware"}
    tea = found["T-1"]
    assert (tea.code, tea.grain, tea.reason, len(tea.history)) == ("AX", "week", "better", WEEKS - 2)
    assert tea.mase is not None
    assert tea.mase < 1
    assert [place + 1 for place, one in enumerate(tea.season) if one >= 1.2] == [11, 12]
    assert found["T-2"].points[0] == [25, 25, 25]
    assert found["K-1"].reason == "nothing_sold" or found["K-1"].points[0][1] < 1, "returns come off"
    assert found["P-1"].grain == "month"
    assert found["N-1"].reason == "too_short"
    assert sum(found[one].history[-2] for one in ("T-1", "T-2")) == found["family:Tea"].history[-2]


def test_sales_of_a_week_that_is_not_over_forecast_nothing_again(company: Customer) -> None:
    bring(company, "orders", sold().filter(pl.col("product_id") == "T-1").tail(1).with_columns(order_id=pl.lit("more")))
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        before = service.run(session)
        assert before is not None
        made_at = before.made_at
    done = company.run(partial(ask_refresh))
    assert ("forecasts", "done") in {(one["name"], one["state"]) for one in (done.result or {})["steps"]}
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        after = service.run(session)
        assert after is not None
        assert after.made_at == made_at


def test_what_is_entered_on_the_page_changes_the_advice(company: Customer, member_of: Callable[..., Any]) -> None:
    person = member_of(company.tenant, "analyst")
    front = f"/c/{person.slug}/forecasts"
    page = person.get(f"{front}/").text
    assert page.index("Winter tea") < page.index("Teapot"), "A products come first"
    assert "Season map" in page
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        tea = service.of_typed(session, "T-1")
    address = f"{front}/products/{tea.public_id}"
    one = person.get(address).text
    assert "usual values are assumed" in one
    assert "nothing entered as on hand" in one
    form = person.get(f"{address}/ordering")
    assert form.status_code == 200
    wrong = person.post(f"{address}/ordering", data={"service": "120", "lead_days": "soon"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text
    right = {"service": "97", "lead_days": "21", "lead_deviation": "2", "on_hand": "100000", "capacity": "70", "review_days": "7"}
    assert person.post(f"{address}/ordering", data=right).status_code == 302
    changed = person.get(address).text
    assert "Nothing to order" in changed
    assert "97.0%" in changed
    assert "How early to build" in changed
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        found = service.of_typed(session, "T-1")
        assert found.card is not None
        assert found.card.quantity == 0
        assert found.building is not None
        assert found.building.highest > 0
        actions = session.execute(select(AuditEntry.action)).scalars().all()
    assert "forecast:ordering_set" in actions
    assert person.post(f"{address}/ordering", data={}).status_code == 302  # empty again: the usual values
    assert "Nothing to order" not in person.get(address).text


def test_it_reads_in_chinese_and_an_agent_may_look_but_not_change(company: Customer, member_of: Callable[..., Any]) -> None:
    person = member_of(company.tenant, "agent")
    person.set_cookie("kith_language", "zh_Hans")
    page = person.get(f"/c/{person.slug}/forecasts/").text
    assert "需求" in page
    assert "订货" in page
    assert person.get(f"/c/{person.slug}/forecasts/whole").status_code == 200
    assert person.get(f"/c/{person.slug}/forecasts/whole?family=Tea").status_code == 200
    assert person.get(f"/c/{person.slug}/forecasts/whole?family=Nothing").status_code == 404
    assert person.post(f"/c/{person.slug}/forecasts/make").status_code == 403
    assert person.post(f"/c/{person.slug}/forecasts/whole/ordering", data={"lead_days": "3"}).status_code == 403


def test_programs_read_the_same_and_other_companies_nothing(
    company: Customer, member_of: Callable[..., Any], tenant: Any
) -> None:
    person = member_of(company.tenant, "owner")
    head = {"X-Kith-Tenant": person.slug}
    told = person.get("/api/v1/forecasts?limit=2", headers=head).get_json()
    assert [len(told["forecasts"]), bool(told["next"])] == [2, True]
    rest = person.get(f"/api/v1/forecasts?after={told['next']}", headers=head).get_json()
    assert len(rest["forecasts"]) == 3
    assert rest["next"] is None
    tea = told["forecasts"][0]
    assert (tea["number"], tea["class"], len(tea["points"])) == ("T-1", "AX", 52)
    assert tea["advice"]["quantity"] > 0
    assert tea["peaks"] == [11, 12]
    assert person.get("/api/v1/forecasts/families", headers=head).get_json()["forecasts"][0]["scope"] == "company"
    given = person.put(f"/api/v1/forecasts/products/{tea['product']}/ordering", json={"on_hand": 40}, headers=head).get_json()
    assert given["advice"]["counted"]
    person.put(f"/api/v1/forecasts/products/{tea['product']}/ordering", json={}, headers=head)
    stranger = member_of(tenant, "owner")
    elsewhere = {"X-Kith-Tenant": stranger.slug}
    assert stranger.get(f"/api/v1/forecasts/products/{tea['product']}", headers=elsewhere).status_code == 404
    nothing = stranger.get("/api/v1/forecasts", headers=elsewhere).get_json()
    assert (nothing["forecasts"], nothing["missing"]) == ([], "no_lines")
    assert "order lines" in stranger.get(f"/c/{stranger.slug}/forecasts/").text, "says what is missing"
    assert stranger.get(f"/c/{stranger.slug}/forecasts/products/{tea['product']}").status_code == 404


def test_the_command_prints_one_document(company: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root.Console, "runtime", company.runtime)
    monkeypatch.setattr(root.Console, "close", lambda _self: None)
    answer = CliRunner().invoke(forecast, [company.tenant.slug, "--product", "T-2", "--json"], catch_exceptions=False)
    told = json.loads(answer.stdout)
    assert told["forecasts"][0]["name"] == "Green tea"
    assert told["forecasts"][0]["points"][0]["p50"] == 25


def test_a_company_of_many_products_gets_a_job_of_its_own(company: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "AT_ONCE", 2)
    day = START + dt.timedelta(weeks=WEEKS, days=6)
    last = sold().filter(pl.col("product_id") == "T-2").tail(1)
    bring(company, "orders", last.with_columns(order_id=pl.lit("last"), date=pl.lit(day)))
    before = stored(company)["T-2"].ends_on
    company.run(partial(ask_refresh))
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        waiting = service.active(session)
    assert waiting is not None, "the refresh is over, the forecast is asked for"
    assert stored(company)["T-2"].ends_on == before
    done = company.run(partial(service.ask_forecasts, actor=None))
    assert done.id == waiting.id, "one at a time"
    assert (done.result or {})["series"] == 8
    assert stored(company)["T-2"].ends_on == before + dt.timedelta(weeks=2)
