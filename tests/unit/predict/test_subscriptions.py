"""Subscriptions as arrays: who pays what on a day, who has gone, and what counts once only."""

from __future__ import annotations

import numpy as np
import pytest

from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.fits.clv import DAYS_PER_MONTH
from kith_platform.predict.value.brought import LEAST_OF_A_PLAN, by_plan, without_bills
from kith_platform.predict.value.subscriptions import Subscriptions

MONTH = DAYS_PER_MONTH
NEVER = np.nan


def events(*rows: tuple[int, int, int, float, bool, bool, float, str]) -> Subscriptions:
    """Of customer, subscription, day, fee after it, over, notice, paid to, plan."""
    columns = list(zip(*rows, strict=True))
    kinds = (np.int64, np.int64, np.int64, np.float64, bool, bool, np.float64, np.str_)
    return Subscriptions(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))  # type: ignore[arg-type]


FEW = events(
    (1, 0, 100, 10.0, False, False, NEVER, "Basic"),
    (1, 0, 200, 20.0, False, False, NEVER, "Plus"),
    (1, 1, 150, 5.0, False, False, NEVER, "Extra"),
    (2, 2, 100, 10.0, False, False, NEVER, "Basic"),
    (2, 2, 300, 10.0, True, False, NEVER, "Basic"),
    (3, 3, 100, 30.0, False, False, 400.0, "Plus"),
    (3, 3, 250, 30.0, False, True, 400.0, "Plus"),
    (4, 4, 100, NEVER, False, False, NEVER, "Free"),
)


def test_a_day_knows_what_came_before_it() -> None:
    assert FEW.at(100).customer.size == 0
    assert FEW.at(101).customer.tolist() == [1, 2, 3], "whose fee nobody told is not among them"
    then = FEW.at(300)
    assert (then.customer.tolist(), then.fee.tolist(), then.since.tolist()) == ([1, 2, 3], [25.0, 10.0, 30.0], [100.0] * 3)
    assert then.plan.tolist() == ["Plus", "Basic", "Plus"], "the dearest of several"
    assert then.paid_months[2] == pytest.approx((400 - 300) / MONTH), "notice: paid to day 400"
    assert then.free.tolist() == [True, True, False]
    assert FEW.at(301).customer.tolist() == [1, 3], "who ended it on day 300 pays no more"


def test_months_are_paid_at_their_end() -> None:
    everybody = np.array([1, 2, 3, 9])
    assert FEW.paid(270, 3, everybody).tolist() == [75.0, 10.0, 90.0, 0.0], "who ends it on day 300 has paid the month"
    assert FEW.paid(240, -3, np.array([1])).tolist() == [25.0 + 25.0 + 15.0], "after days 240, 210 and 179"


def test_spells_are_open_or_over() -> None:
    lasted, over, plans = FEW.spells(310)
    assert (lasted.tolist(), over.tolist()) == ([210.0, 200.0, 210.0, 210.0], [False, True, False, False])
    assert plans.tolist() == ["Plus", "Basic", "Plus", "Free"]


def test_a_plan_with_few_subscribers_borrows_the_curve_of_all() -> None:
    steady = [(n, n, 0, 10.0, False, False, NEVER, "Plus") for n in range(LEAST_OF_A_PLAN)]
    other = range(LEAST_OF_A_PLAN, 2 * LEAST_OF_A_PLAN)
    fickle = [row for n in other for row in _subscribed(n, 10 * (n - LEAST_OF_A_PLAN) + 1 if n % 2 else 0)]
    known = events(*steady, *fickle, (999, 999, 500, 10.0, False, False, NEVER, "Rare"))
    bound = known.at(1000)
    stays = by_plan(known, bound, 1000, 12)
    plus, basic, rare = (stays[bound.plan == plan, -1] for plan in ("Plus", "Basic", "Rare"))
    assert np.all(plus == 1.0), "none of theirs ever left"
    assert basic.max() < 1.0
    assert rare[0] < 1.0, "one alone knows nothing of itself"


def _subscribed(number: int, until: int) -> list[tuple[int, int, int, float, bool, bool, float, str]]:
    begun = (number, number, 0, 10.0, False, False, NEVER, "Basic")
    return [begun, (number, number, until, 10.0, True, False, NEVER, "Basic")] if until else [begun]


def test_orders_that_are_the_bills_do_not_count_twice() -> None:
    bills = PurchaseDays(np.array([1, 1, 1, 2, 7]), np.array([130, 160, 210, 130, 130]), np.array([10.0, 10.0, 20.0, 10.0, 10.0]))
    assert without_bills(bills, FEW).customer.tolist() == [7], "who has no subscription bought something else"
    extras = PurchaseDays(np.array([1, 1, 1, 2]), np.array([130, 160, 210, 130]), np.array([10.0, 3.0, 4.0, 7.0]))
    assert len(without_bills(extras, FEW)) == 4, "an order that costs as much by chance stays"
