"""What customer work costs and brings, from files to the values the API gives (domain B1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FEB, MARCH, APRIL = "2026-02", "2026-03", "2026-04"
ZONE = "+08:00"


def cost(initiative: str, day: str, amount: float, **given: Any) -> dict[str, Any]:
    return {"initiative": initiative, "spent_on": day, "pool": "project", "amount": amount, **given}


def benefit(initiative: str, day: str, amount: float, grade: str = "A", shares: str = "1 0 0", **given: Any) -> dict[str, Any]:
    parts = dict(zip(("share_cim", "share_cem", "share_csm"), shares.split(), strict=True))
    return {"initiative": initiative, "gained_on": day, "amount": amount, "grade": grade, **parts, **given}


def _costs() -> list[dict[str, Any]]:
    rows = [cost("years", f"{2020 + year}-01-15", 100_000 if year == 0 else 20_000) for year in range(4)]
    rows += [
        cost("months", "2026-01-10", 120),
        cost("abroad", "2026-03-02", 100, currency="USD"),
        cost("abroad", "2026-03-02", 100, currency="JPY"),  # no rate
        cost("lost", "2026-03-02", 100),
        cost("again", "2026-03-02", 200),
        cost("", "2026-03-02", 9_999),
    ]
    return rows


def _benefits() -> list[dict[str, Any]]:
    rows = [benefit("years", f"{2021 + year}-01-20", (60_000, 90_000, 90_000)[year], "ABD"[year]) for year in range(3)]
    rows += [benefit("months", f"2026-0{month}-10", 50) for month in (2, 3, 4)]
    rows += [
        benefit("parts", "2026-03-10", 100, "C", "0.5 0.3 0.2"),
        benefit("abroad", "2026-03-10", 200, currency="USD"),
    ]
    return rows


def _staying() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """40 subscribers since January 2025 of whom 8 left in December; the others brought 100 each in November."""
    events = [
        {"customer": f"C{number}", "happened_at": f"2025-01-10T10:00:00{ZONE}", "kind": "started", "subscription": f"S{number}"}
        for number in range(40)
    ]
    events += [{**events[number], "happened_at": f"2025-12-01T10:00:00{ZONE}", "kind": "cancelled"} for number in range(8)]
    orders = [
        {"customer": f"C{number}", "ordered_at": f"2025-11-10T10:00:00{ZONE}", "net": 100, "currency": "CNY"}
        for number in range(8, 40)
    ]
    orders += [
        {"customer": "C9", "ordered_at": f"2025-11-10T10:00:00{ZONE}", "net": 5, "currency": "JPY"},
        {"customer": "passer-by", "ordered_at": f"2026-04-30T10:00:00{ZONE}", "net": 0, "currency": "CNY"},
    ]
    return events, orders


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": number, **row} for number, row in enumerate(rows)]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors(timezone="Asia/Shanghai", currency="CNY")
    made.bring("fx_rates", [{"day": day, "currency_from": "USD", "rate": 7} for day in ("2026-03-01", "2026-03-08")])
    made.bring("costs", _numbered(_costs()))
    made.bring("benefits", _numbered(_benefits()))
    made.bring("benefits", [{"id": "v", **benefit("again", "2026-03-10", 900)}])
    made.bring("benefits", [{"id": "v", **benefit("again", "2026-03-10", 300)}])
    # Signed before, at, before and after the start; the last begins in Shanghai's April and Greenwich's March.
    signed = ("2026-02-01", "2026-03-05", "2026-03-04", "2026-03-06")
    started = [
        {"id": f"I{number}", "name": "x", "started_at": f"2026-03-05T00:00:00{ZONE}", "record_signed_at": f"{day}T00:00:00{ZONE}"}
        for number, day in enumerate(signed)
    ]
    made.bring("initiatives", [*started, {"id": "I9", "name": "x", "started_at": "2026-03-31T20:00:00+00:00"}])
    events, orders = _staying()
    made.bring("subscription_events", _numbered(events))
    made.bring("orders", _numbered(orders))
    back = {"id": "R", "customer": "C9", "returned_at": f"2026-04-20T10:00:00{ZONE}", "net": 6_400, "currency": "CNY"}
    made.bring("returns", [back])
    made.compute("2019-12", "2023-01", "2024-12", "2025-02", FEB, MARCH, APRIL)
    made.compute(MARCH, APRIL, grain="initiative")
    return made


def behind(found: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: next(row[one] for one in ("share", "money", "count", "number") if one in row) for row in found["rows"]}


def test_a_return_of_half_the_cost_is_claimed_and_less_is_proven(company: Any) -> None:
    """(240,000 − 160,000)/160,000; proven are 150,000 of grades A and B: −10/160."""
    for found in (company.read("crm.roi", "2023-01"), company.units("crm.roi", MARCH, "initiative")["years"]):
        assert found["value"] == pytest.approx(0.5)
        assert behind(found)["Proven (grades A and B)"] == pytest.approx(-0.0625)


def test_present_value_is_46806_91(company: Any) -> None:
    assert company.read("crm.npv", "2023-01")["value"] == pytest.approx(46_806.91, abs=0.005)
    found = company.units("crm.npv", MARCH, "initiative")
    assert found["years"]["value"] == pytest.approx(46_806.91, abs=0.005)
    assert found["lost"]["value"] == pytest.approx(-100)


def test_costs_come_back_after_2_4_months_and_before_that_not(company: Any) -> None:
    assert company.units("crm.payback", APRIL, "initiative")["months"]["value"] == pytest.approx(2.4)
    found = company.units("crm.payback", MARCH, "initiative")["months"]
    assert (found["value"], found["reason"]) == (None, "not_paid_back")


def test_a_benefit_is_split_50_30_20(company: Any) -> None:
    found = company.units("crm.bucket_return", MARCH, "initiative")["parts"]
    assert found["value"] == pytest.approx(100)
    assert behind(found) == pytest.approx({"Customer interface": 50, "Customer experience": 30, "Customer success": 20})


def test_without_costs_there_is_no_return(company: Any) -> None:
    found = company.units("crm.roi", MARCH, "initiative")["parts"]
    assert (found["value"], found["reason"]) == (None, "empty_denominator")
    assert company.units("crm.payback", MARCH, "initiative")["parts"]["reason"] == "empty_denominator"
    assert {company.read(f"crm.{key}", "2019-12")["reason"] for key in ("roi", "npv", "payback", "bucket_return")} == {
        "empty_denominator"
    }


def test_amounts_in_two_currencies_and_one_without_a_rate(company: Any) -> None:
    """1,400 of 700; the cost in yen is left out."""
    found = company.units("crm.roi", MARCH, "initiative")["abroad"]
    assert found["value"] == pytest.approx(1.0)
    assert found["coverage"] == pytest.approx(2 / 3)


def test_a_benefit_brought_again_counts_as_it_was_said_last(company: Any) -> None:
    assert company.units("crm.roi", MARCH, "initiative")["again"]["value"] == pytest.approx(0.5)


def test_three_of_four_initiatives_agreed_before_they_began(company: Any) -> None:
    assert company.read("crm.criteria_agreed", MARCH)["value"] == pytest.approx(0.75)
    assert company.read("crm.criteria_agreed", FEB)["reason"] == "empty_denominator"
    assert company.read("crm.criteria_agreed", APRIL)["value"] == 0


def test_one_point_of_retention_is_worth_12_64_per_customer(company: Any) -> None:
    """Margin 100, retention 32 of 40, discount 10%: 266.67 → 279.31, for 32 customers."""
    found = company.read("ret.value_of_1pt", MARCH)
    told = behind(found)
    assert told["Per customer"] == pytest.approx(12.64, abs=0.005)
    assert told["Retention over twelve months"] == pytest.approx(0.80)
    assert found["value"] == pytest.approx(32 * told["Per customer"])
    assert (found["n"], found["flags"], found["coverage"]) == (32, ["margin_is_net"], pytest.approx(32 / 33))


def test_staying_customers_who_cost_money_are_worth_less_each_year(company: Any) -> None:
    """6,400 came back in April: −100 per customer."""
    assert company.read("ret.value_of_1pt", APRIL)["value"] == pytest.approx(-32 * (279.3103 - 266.6667), abs=0.01)


def test_without_customers_or_a_year_before_a_point_has_no_worth(company: Any) -> None:
    assert company.read("ret.value_of_1pt", "2024-12")["reason"] == "empty_denominator"
    assert company.read("ret.value_of_1pt", "2025-02")["reason"] == "no_base"
