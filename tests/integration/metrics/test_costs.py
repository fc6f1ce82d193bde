"""Costs, from files to the values the API gives (domain B2 2d)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"


def order(name: str, who: str, day: str, net: Any, **given: Any) -> dict[str, Any]:
    return {"id": f"O{name}", "customer": who, "ordered_at": f"{day}T10:00:00+00:00", "net": net, **given}


def cost(number: int, day: str, pool: str, amount: Any, **given: Any) -> dict[str, Any]:
    return {"id": f"K{number}", "spent_on": day, "pool": pool, "amount": amount, **given}


COSTS = (
    ("2026-03-05", "service", 10, {}),
    ("2026-03-06", "delivery", 6, {"customer": "one"}),
    ("2026-03-07", "account", 4, {"customer": "two"}),
    ("2026-04-07", "account", 4, {"customer": "two"}),
    ("2026-05-07", "service", 10, {"currency": "USD"}),
    ("2026-05-07", "service", 10, {"currency": "JPY"}),
    # Mail grows cheaper and more: at the former mix a unit costs 18 instead of 20.
    ("2025-03-05", "other", 1_000, {"item": "mail", "volume": 100, "channel": "centre"}),
    ("2025-03-05", "other", 3_000, {"item": "call", "volume": 100, "channel": "centre"}),
    ("2026-03-05", "other", 2_700, {"item": "mail", "volume": 300, "channel": "centre"}),
    ("2026-03-05", "other", 1_350, {"item": "call", "volume": 50, "channel": "centre"}),
    ("2026-04-05", "other", 1_350, {"item": "call", "volume": 50}),
    ("2026-06-05", "acquisition_sales", 40_000, {"channel": "web"}),
    ("2026-06-05", "acquisition_marketing", 20_000, {"channel": "web"}),
    ("2026-06-05", "direct", 5, {}),
)


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", currency="EUR")
    made.bring("fx_rates", [{"day": "2026-05-07", "currency_from": "USD", "rate": 0.5}])
    new = [f"n{number}" for number in range(50)]
    orders = [order("1", "one", "2026-03-10", 150), order("2", "two", "2026-03-10", 50), order("3", "one", "2026-05-10", 100)]
    orders += [order(who, who, "2026-06-10", 100, channel="web") for who in new]
    orders += [order("free", "trial", "2026-06-30", 0, channel="web")]
    made.bring("orders", orders)
    made.bring("products", [{"id": "P", "name": "Product"}])
    made.bring(
        "order_lines",
        [
            {
                "id": who,
                "customer": who,
                "order": f"O{who}",
                "sold_at": "2026-06-10T10:00:00+00:00",
                "product": "P",
                "net": 100,
                "cost": 20,
            }
            for who in new
        ],
    )
    made.bring("costs", [cost(number, day, pool, amount, **given) for number, (day, pool, amount, given) in enumerate(COSTS)])
    talks = (("one", "10:30"), ("two", "10:10"))
    made.bring(
        "activities",
        [
            {
                "id": who,
                "customer": who,
                "started_at": "2026-03-09T10:00:00+00:00",
                "ended_at": f"2026-03-09T{end}:00+00:00",
                "kind": "call",
            }
            for who, end in talks
        ],
    )
    made.compute(MARCH, APRIL, MAY, JUNE)
    made.compute(MARCH, grain="customer")
    made.compute(MARCH, JUNE, grain="channel")
    return made


def figures(found: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: next(row[one] for one in ("share", "money", "count", "number") if one in row) for row in found["rows"]}


def test_serving_costs_20_of_200(company: Any) -> None:
    assert company.read("cim.cst.cost_to_serve", MARCH)["value"] == pytest.approx(0.10)


def test_a_customer_bears_its_own_cost_and_its_part_of_the_pool_by_minutes(company: Any) -> None:
    """Thirty and ten minutes of ten: (6 + 7.5)/150 and (4 + 2.5)/50."""
    found = company.units("cim.cst.cost_to_serve", MARCH, "customer")
    assert {name: one["value"] for name, one in found.items() if one["value"] is not None} == {
        "one": pytest.approx(0.09),
        "two": pytest.approx(0.13),
    }


def test_cost_without_sales_is_no_share(company: Any) -> None:
    found = company.read("cim.cst.cost_to_serve", APRIL)
    assert (found["value"], found["reason"]) == (None, "empty_denominator")


def test_cost_in_another_currency_counts_at_its_days_rate(company: Any) -> None:
    """10 USD at 0.5 of 100; the yen without a rate are left out, and said to be: two of three amounts have one."""
    found = company.read("cim.cst.cost_to_serve", MAY)
    assert (found["value"], found["coverage"]) == (pytest.approx(0.05), pytest.approx(2 / 3))


def test_unit_cost_18_after_20_at_equal_mix(company: Any) -> None:
    found = company.read("cim.cst.unit_change", MARCH)
    assert found["value"] == pytest.approx(0.10)
    assert figures(found)["Cost per unit"] == pytest.approx(4_050 / 350)
    assert company.units("cim.cst.unit_change", MARCH, "channel")["centre"]["value"] == pytest.approx(0.10)


def test_unit_cost_without_a_year_before_and_without_volumes(company: Any) -> None:
    assert company.read("cim.cst.unit_change", APRIL)["reason"] == "no_base"
    assert company.read("cim.cst.unit_change", JUNE)["reason"] == "empty_denominator"


def test_60_000_for_50_new_customers_who_pay_it_back_in_15_months(company: Any) -> None:
    """A free trial is no new customer."""
    found = company.read("cim.cst.cac", JUNE)
    assert (found["value"], found["n"]) == (pytest.approx(1_200), 50)
    assert figures(found)["Months until it is paid back"] == pytest.approx(15)
    assert company.units("cim.cst.cac", JUNE, "channel")["web"]["value"] == pytest.approx(1_200)


def test_a_new_customer_who_may_still_return_everything_is_provisional(company: Any) -> None:
    assert "provisional" not in company.read("cim.cst.cac", JUNE)["flags"]
    assert "provisional" in company.read("cim.acq.new", JUNE)["flags"]


def test_cost_without_new_customers_is_no_data(company: Any) -> None:
    assert company.read("cim.cst.cac", APRIL)["reason"] == "empty_denominator"
