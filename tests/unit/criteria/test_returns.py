"""Returns of initiatives: the printed vectors, months without anything, and what never comes back."""

from __future__ import annotations

import datetime as dt

import pytest

from kith_platform.sdk import returns
from kith_platform.sdk.returns import Benefit, Cost

ALL_CIM = {"cim": 1.0, "cem": 0.0, "csm": 0.0}
COSTS = [Cost(dt.date(2020 + year, 3, 5), amount) for year, amount in enumerate((100_000, 20_000, 20_000, 20_000))]
BENEFITS = [
    Benefit(dt.date(2020 + year, 3, 20), amount, "A", ALL_CIM) for year, amount in ((1, 60_000), (2, 90_000), (3, 90_000))
]


def test_the_return_of_four_years() -> None:
    assert returns.roi(sum(one.amount for one in BENEFITS), sum(one.amount for one in COSTS)) == 0.5
    assert returns.npv(returns.flows(COSTS, BENEFITS), 0.10) == pytest.approx(46_806.91, abs=0.01)


def test_without_cost_there_is_no_return_and_without_anything_no_value() -> None:
    assert returns.roi(100, 0) is None
    assert returns.npv({}, 0.1) is None
    assert returns.payback({}) is None


def test_months_compound_to_the_yearly_rate() -> None:
    later = {dt.date(2024, 1, 1): 0.0, dt.date(2024, 7, 1): 110.0}
    assert returns.npv(later, 0.21) == pytest.approx(100)


def months(*amounts: float) -> dict[dt.date, float]:
    return {dt.date(2023 + number // 12, number % 12 + 1, 1): amount for number, amount in enumerate(amounts)}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (months(-120, 50, 50, 50), 2.4),
        (months(-100, 50, 50), 2.0),
        (months(-120, 50, 50), None),
        (months(20, 30), 0.0),
        ({dt.date(2023, 1, 1): -100.0, dt.date(2024, 1, 1): 200.0}, 11.5),
    ],
)
def test_costs_come_back_inside_a_month(found: dict[dt.date, float], expected: float | None) -> None:
    assert returns.payback(found) == (None if expected is None else pytest.approx(expected))


def test_a_benefit_is_split_and_never_counts_twice() -> None:
    found = returns.split([Benefit(dt.date(2024, 1, 1), 100, "C", {"cim": 0.5, "cem": 0.3, "csm": 0.2})])
    assert found == {"cim": 50, "cem": 30, "csm": 20}


def test_only_grades_a_and_b_prove_something() -> None:
    proven = {grade: Benefit(dt.date(2024, 1, 1), 1, grade, ALL_CIM).proven for grade in returns.GRADES}
    assert proven == {"A": True, "B": True, "C": False, "D": False}


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.1), (0.6, 0.6, -0.2), (1, 1, 1)])
def test_shares_that_do_not_sum_to_one_do_not_fit(shares: tuple[float, float, float]) -> None:
    assert not returns.shares_fit(dict(zip(returns.BUCKETS, shares, strict=True)))
    assert returns.shares_fit({"cim": 0.1, "cem": 0.2, "csm": 0.7})
