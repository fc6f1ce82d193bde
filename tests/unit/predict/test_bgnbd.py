"""How often customers buy: printed vectors, the published CDNOW figures, and laws that hold for every setting."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from kith_platform.predict.fits import bgnbd
from kith_platform.predict.fits.refusal import FitRefused, Reason


def model(r: float, alpha: float, a: float, b: float) -> bgnbd.BgNbd:
    return bgnbd.BgNbd(
        r=r, alpha=alpha, a=a, b=b, log_likelihood=0.0, n_customers=0, repeat_buyers=0, converged=True, at_bound=()
    )


PRINTED = model(0.243, 4.414, 0.793, 2.426)


def by_integration(m: bgnbd.BgNbd, x: float, T: float, t: float) -> float:
    """E over p ~ Beta(a, b + x) of (1 - (1 + p t/(alpha + T))^-(r + x)) / p: what the closed form is the integral of."""
    leaving = beta(m.a, m.b + x)

    def at(log_p: float) -> float:
        p = np.exp(log_p)
        bought = -np.expm1(-(m.r + x) * np.log1p(p * t / (m.alpha + T))) / p
        return float(bought * np.exp(leaving.logpdf(p) + log_p))

    cuts = [-60.0, -20.0, -8.0, -4.0, -2.0, -1.0, -0.3, -1e-12]
    return sum(quad(at, low, high, epsrel=1e-10, limit=200)[0] for low, high in pairwise(cuts))


def test_expected_purchases_match_the_printed_vectors() -> None:
    expected = bgnbd.expected_purchases(PRINTED, [2, 0], [30.43, 0], [38.86, 38.86], 39.0)
    assert expected == pytest.approx([1.2260, 0.1951], abs=1e-4)


def test_probability_alive_matches_the_printed_vectors() -> None:
    assert bgnbd.p_alive(PRINTED, [2, 7, 0], [30.43, 10, 0], [38.86, 39, 39]) == pytest.approx([0.7266, 0.0036, 1.0], abs=1e-4)


def test_cdnow_gives_the_published_parameters_and_holdout_error(cdnow) -> None:
    fitted = bgnbd.fit(cdnow.x, cdnow.t_x, cdnow.T)
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((0.2426, 4.4136, 0.7929, 2.4259), abs=1e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.43, abs=0.01)
    assert (fitted.n_customers, fitted.repeat_buyers, fitted.at_bound) == (2357, 946, ())
    expected = bgnbd.expected_purchases(fitted, cdnow.x, cdnow.t_x, cdnow.T, 39.0)
    assert np.abs(expected - cdnow.later_days).mean() <= 0.79


def test_a_hundred_times_the_customers_is_the_same_model(cdnow) -> None:
    once = bgnbd.fit(cdnow.x, cdnow.t_x, cdnow.T)
    grouped = bgnbd.group(*(np.repeat(column, 100) for column in (cdnow.x, cdnow.t_x, cdnow.T)))
    assert grouped.x.size < 1100
    often = bgnbd.fit(grouped.x, grouped.t_x, grouped.T, grouped.counts)
    assert often.n_customers == 235_700
    assert often.log_likelihood == pytest.approx(100 * once.log_likelihood, rel=1e-9)
    assert (often.r, often.alpha, often.a, often.b) == pytest.approx((once.r, once.alpha, once.a, once.b), rel=1e-5)


def test_days_instead_of_weeks_change_only_the_unit(cdnow) -> None:
    weeks = bgnbd.fit(cdnow.x, cdnow.t_x, cdnow.T)
    days = bgnbd.fit(cdnow.x, cdnow.t_x * 7, cdnow.T * 7)
    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx((weeks.r, weeks.alpha, weeks.a, weeks.b), rel=1e-4)
    assert days.log_likelihood == pytest.approx(weeks.log_likelihood - np.log(7) * cdnow.x.sum(), abs=1e-3)


def simulated(n: int, truth: bgnbd.BgNbd, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    T = random.integers(10, 80, n).astype(float)
    rate, leave = random.gamma(truth.r, 1 / truth.alpha, n), random.beta(truth.a, truth.b, n)
    x, t_x = np.zeros(n), np.zeros(n)
    alive = np.ones(n, dtype=bool)
    while alive.any():
        following = t_x + random.exponential(1 / np.maximum(rate, 1e-12))
        alive &= following <= T
        x, t_x = np.where(alive, x + 1, x), np.where(alive, following, t_x)
        alive &= random.random(n) >= leave
    return x, t_x, T


def test_the_fit_recovers_the_truth_it_was_simulated_from() -> None:
    truth = model(0.8, 6.0, 0.9, 3.0)
    fitted = bgnbd.fit(*simulated(40_000, truth, 1))
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((0.8, 6.0, 0.9, 3.0), rel=0.15)


def test_new_customers_buy_as_the_simulated_ones_did() -> None:
    truth = model(0.8, 6.0, 0.9, 3.0)
    x, _, T = simulated(40_000, truth, 2)
    assert bgnbd.expected_for_new(truth, T).sum() == pytest.approx(x.sum(), rel=0.03)


def test_the_exact_gradient_agrees_with_differences() -> None:
    likelihood = bgnbd._Likelihood(bgnbd.group(*simulated(300, model(0.8, 6.0, 0.9, 3.0), 3)))
    at = np.log([0.5, 3.0, 1.2, 2.0])
    _, gradient = likelihood(at)
    steps = [(likelihood(at + h)[0] - likelihood(at - h)[0]) / 2e-5 for h in 1e-5 * np.eye(4)]
    assert gradient == pytest.approx(steps, abs=1e-7)


@pytest.mark.parametrize("a", [0.05, 0.5, 0.99995, 1.0, 1.0 + 1e-9, 1.3, 4.0, 40.0])
@pytest.mark.parametrize("x", [0.0, 1.0, 7.0, 300.0])
@pytest.mark.parametrize("t", [0.1, 30.0, 3000.0])
def test_the_closed_form_is_the_integral_also_at_its_singularities(a: float, x: float, t: float) -> None:
    for b in (0.5, 1.0, 6.0):
        m = model(0.6, 5.0, a, b)
        got = float(bgnbd._expected_if_alive(m, np.array(x), np.array(20.0), np.array(t)))
        below = beta.cdf(np.exp(-60.0), a, b + x) * (m.r + x) * t / (m.alpha + 20.0)
        assert got == pytest.approx(by_integration(m, x, 20.0, t) + below, rel=1e-5)


def test_no_setting_within_the_bounds_gives_nonsense() -> None:
    low, high = np.array(bgnbd._BOUNDS).T
    x, t_x, T = np.array([0, 0, 3, 5000, 100_000]), [0, 0, 1, 9, 20], np.array([0, 1e4, 2, 9, 20])
    horizons = np.array([0.01, 0.5, 1.0, 50.0, 1e4])
    for r, alpha, a, b in np.exp(np.random.default_rng(5).uniform(low, high, (2000, 4))):
        m = model(r, alpha, a, b)
        expected = bgnbd.expected_purchases(m, x, t_x, T, horizons)
        at_most = ((r + x) / (alpha + T))[:, None] * horizons
        assert np.all((expected >= 0) & (expected <= at_most * (1 + 1e-5) + 1e-8))
        assert np.all(np.diff(expected, axis=1) >= -1e-5 * expected[:, 1:] - 1e-8)


def test_more_horizons_at_once_are_the_single_ones_side_by_side() -> None:
    x, t_x, T = [2, 0, 2], [30.43, 0, 5.0], [38.86, 38.86, 38.86]
    together = bgnbd.expected_purchases(PRINTED, x, t_x, T, np.array([4.0, 39.0]))
    assert together.shape == (3, 2)
    assert together[:, 1] == pytest.approx(bgnbd.expected_purchases(PRINTED, x, t_x, T, 39.0))


def test_no_customers_to_score_is_an_empty_answer() -> None:
    assert bgnbd.expected_purchases(PRINTED, [], [], [], 39.0).shape == (0,)
    assert bgnbd.p_alive(PRINTED, [], [], []).shape == (0,)


@pytest.mark.parametrize(
    ("x", "t_x", "T", "reason"),
    [
        ([], [], [], Reason.EMPTY),
        ([0] * 500, [0] * 500, list(range(1, 501)), Reason.TOO_FEW_REPEAT_BUYERS),
        ([3], [4.0], [9.0], Reason.TOO_FEW_REPEAT_BUYERS),
        ([1, -1], [2.0, 1.0], [9.0, 9.0], Reason.INVALID),
        ([1.5], [2.0], [9.0], Reason.INVALID),
        ([1], [12.0], [9.0], Reason.INVALID),
        ([2], [0.0], [9.0], Reason.INVALID),
        ([1], [np.nan], [9.0], Reason.INVALID),
        ([1], [2.0], [np.inf], Reason.INVALID),
        ([0, 0], [0.0, 0.0], [0.0, 0.0], Reason.NO_VARIATION),
    ],
)
def test_data_that_cannot_bear_the_model_are_refused_with_a_reason(x, t_x, T, reason) -> None:
    with pytest.raises(FitRefused) as refused:
        bgnbd.fit(x, t_x, T)
    assert refused.value.code is reason


def test_the_refusal_says_how_many_repeat_buyers_are_missing() -> None:
    with pytest.raises(FitRefused, match="30 customers bought on more than one day; at least 100") as refused:
        bgnbd.fit([1, 0], [2.0, 0.0], [9.0, 9.0], [30, 500])
    assert (refused.value.found, refused.value.needed) == (30, 100)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_huge_and_tiny_times_give_the_same_model(scale: float) -> None:
    x, t_x, T = simulated(3000, model(0.8, 6.0, 0.9, 3.0), 4)
    plain, scaled = bgnbd.fit(x, t_x, T), bgnbd.fit(x, t_x * scale, T * scale)
    assert (scaled.r, scaled.alpha / scale) == pytest.approx((plain.r, plain.alpha), rel=1e-3)


def test_customers_who_never_leave_still_get_a_sane_forecast() -> None:
    random = np.random.default_rng(6)
    T = random.uniform(20, 60, 2000)
    x = random.poisson(0.5 * T).astype(float)
    fitted = bgnbd.fit(x, np.where(x > 0, T - random.uniform(0, 1, 2000), 0.0), T)
    assert fitted.at_bound
    assert bgnbd.expected_purchases(fitted, x, np.where(x > 0, T, 0.0), T, 10.0).mean() == pytest.approx(5.0, rel=0.1)


def test_one_absurdly_busy_customer_does_not_break_the_fit() -> None:
    x, t_x, T = simulated(3000, model(0.8, 6.0, 0.9, 3.0), 7)
    fitted = bgnbd.fit(np.append(x, 1_000_000), np.append(t_x, 70.0), np.append(T, 71.0))
    assert np.all(np.isfinite(bgnbd.expected_purchases(fitted, [0, 1_000_000], [0, 70.0], [50, 71.0], 10.0)))
