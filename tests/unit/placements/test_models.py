"""Profiles (domain C2 M1), chance of leads (M5, D8) and the next product (M8, D4), over facts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.frames.portable import spark_sql
from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem import affinity, lead_card, profiles

DAY = dt.date(2025, 9, 30)
LONG_AGO = dt.date(2025, 3, 1)


def test_customers_fall_into_profiles_by_what_they_are(company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    for number in range(1, 121):
        firm, even = number > 60, number % 2
        company.customer(
            number,
            kind="company" if firm else "person",
            country="DE" if firm else "CN",
            birth_year=None if firm else 1990 + even,
            since=DAY - dt.timedelta(days=(3000 if firm else 300) + 400 * even),
        )
    scope = scope_of(DAY)
    found = profiles.place(scope)
    rows = scope.rows(found)
    assert Counter((row["code"], row["customer_id"] > 60) for row in rows) == {
        ("person · CN", False): 60,
        ("company · DE", True): 60,
    }
    assert all(0 < row["distance"] < 1.5 for row in rows)
    assert "SELECT" in spark_sql(found)
    assert [line["params"] for line in profiles.typical(scope)] == [
        {"code": "company · DE", "customers": 60, "tenure": 9},
        {"code": "person · CN", "customers": 60, "age": 34, "tenure": 1},
    ]


def test_leads_of_a_channel_that_sold_before_are_likelier(company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    """Of 30 web leads 18 bought, of 30 at the fair none: rate .3; posterior means (18 + 6)/50 and 6/50."""
    for number in range(1, 65):
        record, web = company.customer(number), number % 2 == 1
        fresh = number > 60
        company.fact(
            "lead", DAY - dt.timedelta(days=9) if fresh else LONG_AGO, record_id=record, channel="web" if web else "fair"
        )
        if web and number <= 36:
            company.fact("sales_order", LONG_AGO + dt.timedelta(days=20), record_id=record, net=10_000)
    company.fact("sales_order", LONG_AGO + dt.timedelta(days=91), record_id=10 + 60, net=10_000)  # too late to count
    company.fact("lead", DAY, record_id=10 + 63, channel="web", disqualified_at=dt.datetime(2025, 9, 30, tzinfo=dt.UTC))
    scope = scope_of(DAY)
    rows = {row["customer_id"]: row for row in scope.rows(lead_card.place(scope))}
    told = {number: (round(row["chance"], 4), row["code"], row["tier"]) for number, row in rows.items()}
    assert told == {
        61: (0.48, "high", "channel"),
        62: (0.12, "low", "channel"),
        63: (0.48, "high", "channel"),
        64: (0.12, "low", "channel"),
    }


def test_the_card_finds_odds_that_signs_multiply() -> None:
    """Odds 1:9 at the fair without a visit, twice that by web, three times that with visits: 10 %, 18.2 %, 25 %, 40 %."""
    cells = [
        {"channel": channel, "visits": visits, "campaign": "", "company": "no", "n": 11_000, "k": round(11_000 * share)}
        for channel, visits, share in (
            ("fair", "none", 1 / 10),
            ("web", "none", 2 / 11),
            ("fair", "often", 3 / 12),
            ("web", "often", 6 / 15),
        )
    ]
    scores, tier, usual = lead_card.chances(cells)
    assert (tier, round(usual, 4)) == ("card", 0.233)
    assert [chance for _cell, chance in scores] == pytest.approx([1 / 10, 2 / 11, 3 / 12, 6 / 15], abs=1e-3)
    assert lead_card.chances([{**cells[0], "n": 29, "k": 9}]) == ([], "", 0.0)


def test_what_is_bought_together_more_than_by_chance_is_wanted_next(
    company: Any, scope_of: Callable[..., PlacementScope]
) -> None:
    """TV lift .06/(.20·.15) = 2: of 100 buyers 20 have tea, 15 a cup, 6 both; all have bread, 65 of the others soap."""
    products = {name: company.thing("product", name=name, family=name) for name in ("tea", "cup", "bread", "soap")}
    has = {
        "tea": range(1, 21),
        "cup": range(15, 30),
        "bread": range(1, 101),
        "soap": range(30, 95),
    }
    for number in range(1, 101):
        record = company.customer(number)
        order = company.fact("sales_order", LONG_AGO, record_id=record, net=10_000)
        for name, buyers in has.items():
            if number in buyers:
                company.fact("order_line", LONG_AGO, record_id=record, order_id=order, product_id=products[name], net=1)
    scope = scope_of(DAY)
    rows = {row["customer_id"]: row for row in scope.rows(affinity.place(scope))}
    assert (rows[1]["code"], rows[1]["because"], rows[1]["chance"], rows[1]["lift"]) == ("cup", "tea", 0.3, 2.0)
    assert (rows[29]["code"], rows[29]["because"], rows[29]["chance"]) == ("tea", "cup", 0.4)
    assert (rows[40]["code"], rows[40]["because"], rows[40]["chance"]) == ("tea", "", 0.2)
    assert "SELECT" in spark_sql(affinity.place(scope))
