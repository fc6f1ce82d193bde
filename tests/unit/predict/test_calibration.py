"""Calibrated scores mean what they say, keep the ranking, and survive storage."""

import numpy as np
import pytest

from kith_platform.predict.fits import calibration, evaluation
from kith_platform.predict.fits.refusal import FitRefused, Reason


def boastful(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities twice as sure of themselves as they should be, and what happened."""
    random = np.random.default_rng(seed)
    margin = random.normal(-1.0, 1.0, n)
    y = (random.random(n) < 1 / (1 + np.exp(-margin))).astype(float)
    return 1 / (1 + np.exp(-(2 * margin + 0.7))), y


@pytest.mark.parametrize(("n", "method"), [(1500, "platt"), (20_000, "isotonic")])
def test_boastful_scores_are_brought_down_to_earth(n: int, method: str) -> None:
    fitted = calibration.fit(*boastful(n, 1))
    assert fitted.method == method
    p, y = boastful(20_000, 2)
    assert calibration.expected_calibration_error(y, p) > 0.05
    better = fitted.apply(p)
    assert calibration.expected_calibration_error(y, better) < 0.02
    slope, _ = calibration.slope_and_intercept(y, better)
    assert 0.8 < slope < 1.2


@pytest.mark.parametrize("n", [1500, 20_000])
def test_calibration_keeps_the_order_of_customers(n: int) -> None:
    fitted = calibration.fit(*boastful(n, 3))
    p, y = boastful(5000, 4)
    levels = fitted.apply(np.sort(p))
    assert np.all(np.diff(levels) >= 0)
    assert evaluation.value(evaluation.auc, y, fitted.apply(p)) == pytest.approx(
        evaluation.value(evaluation.auc, y, p), abs=0.002
    )


@pytest.mark.parametrize("n", [1500, 20_000])
def test_no_customer_is_ever_certain(n: int) -> None:
    levels = calibration.fit(*boastful(n, 5)).apply([0.0, 1e-30, 0.5, 1.0])
    assert np.all((levels > 0) & (levels < 1))


def test_platt_finds_the_true_line() -> None:
    random = np.random.default_rng(6)
    margin = random.normal(0, 1, 200_000)
    y = (random.random(margin.size) < 1 / (1 + np.exp(-(0.5 * margin - 1)))).astype(float)
    fitted = calibration._platt(1 / (1 + np.exp(-margin)), y)
    assert (fitted.slope, fitted.intercept) == pytest.approx((0.5, -1.0), abs=0.03)


def test_isotonic_pools_violators_into_their_mean() -> None:
    fitted = calibration._isotonic(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert fitted.knots == pytest.approx((0.1, 0.25, 0.4))
    assert fitted.levels == pytest.approx((1 / 6, 0.5, 5 / 6))


def test_a_score_that_points_the_wrong_way_becomes_the_mean_rate() -> None:
    p, y = boastful(1500, 7)
    levels = calibration.fit(1 - p, y).apply([0.1, 0.9])
    assert levels == pytest.approx([y.mean()] * 2, abs=0.01)


@pytest.mark.parametrize("n", [1500, 20_000])
def test_a_stored_calibration_says_the_same(n: int) -> None:
    fitted = calibration.fit(*boastful(n, 8))
    assert calibration.Calibration.from_json(fitted.to_json()) == fitted
    assert calibration.fit(*boastful(n, 8)).to_json() == fitted.to_json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"method": "platt"}', '{"knots": [], "levels": [], "other": 1}'])
def test_a_damaged_calibration_is_refused(text: str) -> None:
    with pytest.raises(FitRefused) as refused:
        calibration.Calibration.from_json(text)
    assert refused.value.code is Reason.UNREADABLE


@pytest.mark.parametrize("outcome", [[], [0, 0], [1, 1]])
def test_one_outcome_alone_cannot_calibrate(outcome) -> None:
    with pytest.raises(FitRefused) as refused:
        calibration.fit([0.5] * len(outcome), outcome)
    assert refused.value.code is Reason.ONE_CLASS


def test_calibration_error_worked_by_hand() -> None:
    p, y = np.repeat([0.1, 0.3], 50), np.r_[np.ones(10), np.zeros(40), np.ones(10), np.zeros(40)]
    assert calibration.expected_calibration_error(y, p) == pytest.approx(0.1)
    assert [row["n"] for row in calibration.calibration_table(y, p)] == [50, 50]
    assert calibration.expected_calibration_error([], []) is None
    assert calibration.calibration_table([], []) == []


def test_bins_hold_equally_many_customers() -> None:
    p, y = boastful(1000, 9)
    assert [row["n"] for row in calibration.calibration_table(y, p)] == [100] * 10


@pytest.mark.parametrize(("outcome", "p"), [([], []), ([1, 1], [0.2, 0.4]), ([1, 0], [0.3, 0.3]), ([0, 0, 1], [0.1, 0.2, 0.3])])
def test_no_slope_where_none_exists(outcome, p) -> None:
    assert calibration.slope_and_intercept(outcome, p) is None
