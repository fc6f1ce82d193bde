"""The Metrics pages and their API, as members of different companies see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

D = dt.date


@pytest.fixture(scope="module")
def stocked(company_in: Callable[..., Any]) -> Any:
    """Sixty customers, buying for a year and a half, refreshed."""
    company = company_in()
    for number in range(60):
        who = company.customer()
        for turn in range(1 + number % 4):
            company.fact("sales_order", who, D(2024, 7, 1) + dt.timedelta(days=7 * number + 30 * turn), net=20 + number)
    company.refresh()
    return company


def test_the_metrics_page_shows_values_and_what_is_missing(stocked: Any, member_of: Callable[..., Any]) -> None:
    client = member_of(stocked.tenant, "viewer")
    page = client.get(f"/c/{client.slug}/metrics/")
    assert page.status_code == 200
    assert "Repeat purchase rate" in page.text
    assert "Import Survey answers to see this." in page.text
    one = client.get(f"/c/{client.slug}/metrics/cem.pareto")
    assert "Gini coefficient" in one.text
    assert "How much of the margin the best customers give" in one.text
    assert client.get(f"/c/{client.slug}/metrics/no.such").status_code == 404


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "复购率"), ("zh-TW", "回購率")])
def test_the_metrics_page_speaks_chinese(stocked: Any, member_of: Callable[..., Any], language: str, word: str) -> None:
    client = member_of(stocked.tenant, "viewer")
    client.set_cookie("kith_language", language)
    assert word in client.get(f"/c/{client.slug}/metrics/").text


def test_the_map_links_each_group_to_its_customers(stocked: Any, member_of: Callable[..., Any]) -> None:
    client = member_of(stocked.tenant, "analyst")
    page = client.get(f"/c/{client.slug}/placements/rfm")
    assert page.status_code == 200
    assert "rfm=111" in page.text
    assert "Top: win back" in page.text


def test_the_api_gives_a_reason_where_there_is_no_value(stocked: Any, member_of: Callable[..., Any]) -> None:
    client = member_of(stocked.tenant, "viewer")
    answer = client.get("/api/v1/metrics", headers={"X-Kith-Tenant": client.slug})
    assert answer.status_code == 200
    found = {one["key"]: one for one in answer.json["metrics"]}
    assert 0 < found["cim.loy.repeat"]["value"] <= 1
    assert (found["cem.nps"]["value"], found["cem.nps"]["reason"]) == (None, "import:survey_responses")
    wrong = client.get("/api/v1/metrics?period=2026-13", headers={"X-Kith-Tenant": client.slug})
    assert wrong.status_code == 422
    asked = client.post("/api/v1/metrics", json={"period": "2024-08"}, headers={"X-Kith-Tenant": client.slug})
    assert asked.status_code == 202


def test_another_companys_numbers_stay_its_own(stocked: Any, other_tenant: Any, member_of: Callable[..., Any]) -> None:
    stranger = member_of(other_tenant, "owner")
    assert stranger.get(f"/c/{stocked.tenant.slug}/metrics/").status_code == 404
    answer = stranger.get("/api/v1/metrics", headers={"X-Kith-Tenant": other_tenant.slug})
    assert answer.json == {"period": None, "metrics": []}
