"""What customers and the company gain by each other, from files to the values the API gives (domain B4).

All sums are of twelve months: March 2026 looks back to April 2025, June 2024 to July 2023, June 2023 to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

EMPTY, JUNE, MARCH = "2023-06", "2024-06", "2026-03"
HERE, THEN = "2026-03-10T10:00:00+08:00", "2024-05-10T10:00:00+08:00"


def _order(who: str, net: float, at: str = HERE, cost: float | None = None, *, number: int = 1) -> dict[str, Any]:
    return {"id": f"{who}-{number}", "customer": who, "ordered_at": at, "net": net, "currency": "CNY", "cost": cost}


def _value(who: str, amount: float, at: str = HERE, **more: Any) -> dict[str, Any]:
    told = {"value": amount, "verified": "yes", "own_cost": "", "currency": "CNY", "measured_at": at, **more}
    return {"id": who, "customer": who, "set_at": at, "goal": "Save", **told}


def _cost(amount: float, pool: str = "service", who: str = "", day: str = "2026-03-10") -> dict[str, Any]:
    return {"spent_on": day, "pool": pool, "amount": amount, "currency": "CNY", "customer": who}


def _fifty() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """In June 2024, of 50 with both values: 30 gain 100 and so do we; 5 gain 900 and we 100; 5 lose 50 by us, and we gain 100;
    5 gain 100 and we lose 50; 5 lose 50, and so do we. Of three more the value was not measured.
    """
    groups = [("even", 30, 200, 0), ("uneven", 5, 1000, 0), ("used", 5, 50, 0), ("fed", 5, 200, 150), ("poor", 5, 50, 150)]
    orders, goals, costs = [], [], []
    for name, count, worth, cost in groups:
        for number in range(count):
            who = f"{name}-{number}"
            orders.append(_order(who, 100, THEN))
            goals.append(_value(who, worth, THEN))
            if cost:
                costs.append(_cost(cost, "delivery", who, "2024-05-11"))
    return [*orders, *(_order(f"dark-{number}", 100, THEN) for number in range(3))], goals, costs


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    """A as printed: value 500, price 200, own cost 100; cost of goods 80, cost to serve 20.

    B: 100 dollars at 7 that nobody verified. D: 100 with a cost of 40, half of it came back. E: nothing but a cost of 10. F and
    G: 40 of cost that names nobody, and 30 and 10 minutes of calls. H: a value in francs, which have no rate.
    """
    made = vectors("analytics_csm", timezone="Asia/Shanghai", currency="CNY")
    orders, goals, costs = _fifty()
    orders += [_order("A", 200, cost=80), _order("D", 100, cost=40), _order("Z", 1, "2026-05-20T10:00:00+08:00")]
    made.bring("fx_rates", [{"day": "2026-03-10", "currency_from": "USD", "rate": 7}])
    made.bring("orders", [{name: value for name, value in order.items() if name != "cost"} for order in orders])
    lines = [order for order in orders if order["cost"] is not None]
    made.bring(
        "order_lines",
        [
            {"id": one["id"], "order": one["id"], "sold_at": HERE, "net": one["net"], "cost": one["cost"], "currency": "CNY"}
            for one in lines
        ],
    )
    back = {"id": "R", "customer": "D", "order": "D-1", "returned_at": HERE, "net": 50, "currency": "CNY"}
    made.bring("returns", [back])
    goals.append(_value("A", 500, own_cost=100))
    goals.append(_value("B", 100, verified="no", currency="USD"))
    goals.append(_value("H", 100, currency="CHF"))
    made.bring("outcomes", goals)
    costs += [_cost(15, "service", "A"), _cost(5, "account", "A"), _cost(99, "acquisition_sales", "A"), _cost(10, who="E")]
    made.bring("costs", [{"id": number, **row} for number, row in enumerate([*costs, _cost(40)])])
    calls = [("F", "10:00", "10:30"), ("G", "10:00", "10:10")]
    made.bring(
        "activities",
        [
            {
                "id": who,
                "customer": who,
                "kind": "call",
                "started_at": f"2026-03-10T{since}:00+08:00",
                "ended_at": f"2026-03-10T{until}:00+08:00",
            }
            for who, since, until in calls
        ],
    )
    made.compute(MARCH, JUNE)
    made.compute(MARCH, grain="customer")
    return made


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("csm.cust_value", 500 - 200 - 100),
        ("csm.cust_roi", 200 / 300),
        ("csm.firm_value", 200 - 80 - 20),
        ("csm.mutual", 141.4214),
        ("csm.balance", 0.6667),
    ],
)
def test_the_printed_vectors(company: Any, key: str, value: float) -> None:
    assert company.units(key, MARCH, "customer")["A"]["value"] == pytest.approx(value, abs=5e-5)


def test_both_sides_gain_300_together(company: Any) -> None:
    [row] = company.units("csm.mutual", MARCH, "customer")["A"]["rows"]
    assert row["money"] == 300


def test_30_of_50_are_symbiotic_and_the_others_are_told_by_state(company: Any) -> None:
    found = company.read("csm.symbiotic_share", JUNE)
    assert (found["value"], found["n"]) == (0.6, 50)
    states = {row["name"]: row["count"] for row in found["rows"]}
    told = {"Both gain": 35, "Only we gain": 5, "Only the customer gains": 5, "Nobody gains": 5, "Not known": 3}
    assert states == told


def test_the_balance_is_the_mean_of_those_with_whom_both_gain(company: Any) -> None:
    """30 with 1, and 5 with s = .9, so 1 − |1.8 − 1| = .2."""
    assert company.read("csm.balance", JUNE)["value"] == pytest.approx((30 + 5 * 0.2) / 35)


def test_who_gains_nothing_adds_nothing_to_mutual_value(company: Any) -> None:
    """30·√(100·100) + 5·√(900·100); the others count 0. Together: 30·200 + 5·1000 + 5·50 + 5·50 + 5·(−100)."""
    found = company.read("csm.mutual", JUNE)
    assert found["value"] == pytest.approx(30 * 100 + 5 * 300)
    assert found["rows"][0]["money"] == pytest.approx(30 * 200 + 5 * 1000 + 5 * 50 + 5 * 50 - 5 * 100)


def test_a_value_nobody_verified_counts_half_at_the_rate_of_its_day(company: Any) -> None:
    found = company.units("csm.cust_value", MARCH, "customer")["B"]
    assert found["value"] == 350
    assert "unverified" in found["flags"]


def test_without_price_or_cost_there_is_no_return(company: Any) -> None:
    found = company.units("csm.cust_roi", MARCH, "customer")["B"]
    assert (found["value"], found["reason"]) == (None, "empty_denominator")


@pytest.mark.parametrize(("who", "value"), [("D", 30), ("E", -10), ("F", -30), ("G", -10)])
def test_returns_and_shared_cost_lower_what_we_gain(company: Any, who: str, value: float) -> None:
    """D: 50 kept with half the cost of 40. E has a cost only. 40 that name nobody: by minutes 30 for F and 10 for G."""
    assert company.units("csm.firm_value", MARCH, "customer")[who]["value"] == pytest.approx(value)


@pytest.mark.parametrize("key", ["csm.mutual", "csm.balance"])
def test_with_one_side_unknown_there_is_neither_mutual_value_nor_balance(company: Any, key: str) -> None:
    found = company.units(key, MARCH, "customer")
    assert [(found[who]["value"], found[who]["reason"]) for who in ("B", "D")] == [(None, "one_unknown")] * 2


def test_an_amount_without_a_rate_is_left_out_and_lowers_the_coverage(company: Any) -> None:
    """Five of six amounts: the values of A and B, the order of A, two of D (the order and the return); not the value of H."""
    assert company.units("csm.cust_value", MARCH, "customer")["H"]["reason"] == "no_value"
    assert company.read("csm.cust_value", MARCH)["coverage"] == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    "key", ["csm.cust_value", "csm.cust_roi", "csm.firm_value", "csm.mutual", "csm.balance", "csm.symbiotic_share"]
)
def test_without_facts_there_is_no_value(company: Any, key: str) -> None:
    found = company.read(key, EMPTY)
    assert (found["value"], found["n"], found["reason"]) == (None, 0, "empty_denominator")
