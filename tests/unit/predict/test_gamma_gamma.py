"""What a purchase day is worth: printed vectors, CDNOW, and what happens where the model's assumption fails."""

import numpy as np
import pytest

from kith_platform.predict.fits import gamma_gamma
from kith_platform.predict.fits.refusal import FitRefused, Reason

PRINTED = gamma_gamma.GammaGamma(
    p=6.25, q=3.74, gamma=15.44, log_likelihood=0.0, n_customers=0, excluded=0, converged=True, at_bound=()
)


def simulated(n: int, seed: int, power: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.geometric(0.3, n).astype(float)
    scale = random.gamma(4.0, 1 / 15.0, n)
    return x, random.gamma(6.0 * x, 1.0 / (scale * x)) * x**power


def test_expected_value_matches_the_printed_vectors() -> None:
    assert PRINTED.population_mean == pytest.approx(35.2190, abs=1e-4)
    values = gamma_gamma.expected_value(PRINTED, [0, 2, 2], [0, 40, 100])
    assert values[:2] == pytest.approx([35.2190, 39.1404], abs=1e-4)
    assert values[2] == pytest.approx(88.4, abs=0.05)


def test_cdnow_gives_the_published_parameters(cdnow) -> None:
    fitted = gamma_gamma.fit(cdnow.x, cdnow.mean_value)
    assert (fitted.p, fitted.q, fitted.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    assert fitted.log_likelihood == pytest.approx(-4055.92, abs=0.01)
    assert fitted.n_customers == 946
    assert abs(gamma_gamma.correlation(cdnow.x, cdnow.mean_value)) < 0.2


def test_grouped_counts_equal_single_rows() -> None:
    x, value = simulated(800, 1)
    value = np.round(value)
    single = gamma_gamma.fit(np.repeat(x, 3), np.repeat(value, 3))
    grouped = gamma_gamma.fit(x, value, np.full(800, 3))
    assert grouped.log_likelihood == pytest.approx(single.log_likelihood)
    assert grouped.p == pytest.approx(single.p, rel=1e-4)


@pytest.mark.parametrize("currency", [0.001, 1.0, 1e8])
def test_another_currency_changes_only_gamma(currency: float) -> None:
    x, value = simulated(5000, 2)
    fitted = gamma_gamma.fit(x, value * currency)
    assert (fitted.p, fitted.q, fitted.gamma / currency) == pytest.approx((6.0, 4.0, 15.0), rel=0.2)


def test_the_exact_gradient_agrees_with_differences() -> None:
    x, value = simulated(200, 3)
    likelihood = gamma_gamma._Likelihood(x, value, np.full(200, 1 / 200))
    at = np.log([3.0, 2.0, 4.0])
    _, gradient = likelihood(at)
    steps = [(likelihood(at + h)[0] - likelihood(at - h)[0]) / 2e-5 for h in 1e-5 * np.eye(3)]
    assert gradient == pytest.approx(steps, abs=1e-6)


def test_independent_value_needs_one_model() -> None:
    fitted = gamma_gamma.fit_value(*simulated(3000, 4))
    assert len(fitted.models) == 1
    assert abs(fitted.correlation) < 0.2


def test_value_that_grows_with_frequency_is_fitted_in_bands() -> None:
    x, value = simulated(6000, 5, power=1.0)
    fitted = gamma_gamma.fit_value(x, value)
    assert fitted.correlation > 0.2
    assert len(fitted.models) > 1
    assert min(one.n_customers for one in fitted.models) >= 100
    for start, end in zip(fitted.starts, (*fitted.starts[1:], np.inf), strict=True):
        band = (x >= start) & (x < end)
        assert gamma_gamma.expected_value(fitted, x[band], value[band]).mean() == pytest.approx(value[band].mean(), rel=0.15)


def test_buyers_without_a_positive_value_are_left_out_and_counted() -> None:
    x, value = simulated(400, 6)
    fitted = gamma_gamma.fit(np.r_[x, 2, 3, 0], np.r_[value, 0.0, -5.0, np.nan])
    assert (fitted.n_customers, fitted.excluded) == (400, 2)
    assert gamma_gamma.expected_value(fitted, [2, 3, 0], [0.0, -5.0, np.nan]) == pytest.approx([fitted.population_mean] * 3)


def test_too_few_equal_or_broken_values_are_refused_with_a_reason() -> None:
    with pytest.raises(FitRefused, match="7 repeat buyers") as few:
        gamma_gamma.fit([1] * 7 + [0] * 900, [5.0] * 907)
    assert (few.value.code, few.value.found, few.value.needed) == (Reason.TOO_FEW_VALUES, 7, 100)
    with pytest.raises(FitRefused) as equal:
        gamma_gamma.fit([1] * 300, [9.99] * 300)
    assert equal.value.code is Reason.NO_VARIATION
    with pytest.raises(FitRefused) as broken:
        gamma_gamma.fit([1] * 300, [np.inf] * 300)
    assert broken.value.code is Reason.INVALID


def test_correlation_of_nothing_is_unknown() -> None:
    assert gamma_gamma.correlation([], []) is None
    assert gamma_gamma.correlation([1, 1, 1], [5.0, 6.0, 7.0]) is None
