"""Lifetime value: the closed vectors of the metric catalogue, and the sum over months done by hand."""

import numpy as np
import pytest

from kith_platform.predict.fits import bgnbd, clv

MODEL = bgnbd.BgNbd(
    r=0.243, alpha=4.414, a=0.793, b=2.426, log_likelihood=0.0, n_customers=0, repeat_buyers=0, converged=True, at_bound=()
)


def test_contract_value_matches_the_printed_vectors() -> None:
    assert float(clv.contract_value(100.0, 0.8, 0.1, periods=3)) == pytest.approx(164.0872, abs=1e-4)
    assert float(clv.contract_value(100.0, 0.8, 0.1)) == pytest.approx(266.6667, abs=1e-4)
    assert clv.contract_value([100.0, -50.0], [0.8, 0.0], 0.1, periods=3) == pytest.approx([164.0872, 0.0], abs=1e-4)


def test_one_retention_point_is_worth_what_the_catalogue_says() -> None:
    assert clv.value_of_one_point(100.0, 0.80, 0.1) == pytest.approx(12.64, abs=0.005)
    assert clv.value_of_one_point([100.0, 100.0], [0.80, 0.80], 0.1) == pytest.approx(25.29, abs=0.005)
    assert clv.value_of_one_point(100.0, 1.0, 0.1) == 0.0


def test_discounted_value_is_the_sum_over_months() -> None:
    x, t_x, T, rate = [2, 0], [30.43, 0.0], [38.86, 38.86], clv.monthly_rate(0.1)
    by_hand = np.zeros(2)
    for month in range(1, 13):
        until, before = (bgnbd.expected_purchases(MODEL, x, t_x, T, m * clv.WEEKS_PER_MONTH) for m in (month, month - 1))
        by_hand += (until - before) / (1 + rate) ** month
    value = clv.discounted_value(MODEL, x, t_x, T, [35.0, -2.0], months=12, rate_per_month=rate)
    assert value == pytest.approx(by_hand * [35.0, -2.0])
    assert value[1] < 0


def test_without_discount_the_value_is_purchases_times_margin() -> None:
    value = clv.discounted_value(MODEL, [2], [30.43], [38.86], 10.0, months=12, rate_per_month=0.0, month=39 / 12)
    assert value == pytest.approx([12.260], abs=1e-3)


def test_a_yearly_rate_is_compounded_into_months() -> None:
    assert (1 + clv.monthly_rate(0.1)) ** 12 == pytest.approx(1.1)


def test_impossible_terms_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        clv.contract_value(100.0, 1.2, 0.1)
    with pytest.raises(ValueError, match="never leaves"):
        clv.contract_value(100.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="at least one period"):
        clv.discounted_value(MODEL, [2], [30.43], [38.86], 10.0, months=0, rate_per_month=0.0)
