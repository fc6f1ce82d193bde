"""Gamma-Gamma: what a customer's purchase day is worth.

Source: Fader, Hardie & Lee (2005), "RFM and CLV: using iso-value curves for customer base analysis", Journal of
Marketing Research 42(4), and Fader & Hardie (2013), "The Gamma-Gamma model of monetary value". A customer's purchases
are Gamma(p, nu) with nu ~ Gamma(q, gamma) over customers, independent of how often he buys. Where frequency and value
do hang together (|correlation| >= .2), the model is fitted apart in bands of frequency (domain rule D2).

Data: x repeat purchase days (> 0) and the mean value of those days, in one currency; `gamma` comes back in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.fits.sums import dot

Floats = NDArray[np.float64]

BUYERS_NEEDED = 100
INDEPENDENT_BELOW = 0.2
# q above 1 keeps the population's mean p·gamma/(q-1) finite.
_BOUNDS = ((np.log(1e-3), np.log(1e4)), (np.log(1.05), np.log(1e4)), (np.log(1e-5), np.log(1e5)))
_STARTS = ((6.0, 4.0, 0.5), (1.0, 2.0, 1.0), (2.0, 10.0, 5.0))
_OPTIONS = {"maxiter": 500, "ftol": 1e-14}
_NAMES = np.array(["p", "q", "gamma"])


@dataclass(frozen=True, kw_only=True)
class GammaGamma:
    """A fitted model of value per purchase day. `excluded` counts buyers without a positive mean value."""

    p: float
    q: float
    gamma: float
    log_likelihood: float
    n_customers: int
    excluded: int
    converged: bool
    at_bound: tuple[str, ...]

    @property
    def population_mean(self) -> float:
        """E[M] of a customer of whom nothing is known: p·gamma/(q-1), in currency."""
        return self.p * self.gamma / (self.q - 1.0)


@dataclass(frozen=True, kw_only=True)
class ValueModel:
    """One Gamma-Gamma where frequency and value are independent, else one per band of x.

    Band i holds x in [starts[i], starts[i + 1]); `correlation` is Pearson's between x and mean value.
    """

    starts: tuple[float, ...]
    models: tuple[GammaGamma, ...]
    correlation: float | None


def correlation(x: ArrayLike, mean_value: ArrayLike, counts: ArrayLike | None = None) -> float | None:
    """Pearson's correlation of frequency and mean value over repeat buyers; None where one of them is constant."""
    days, value, weights, _ = _repeat_buyers(x, mean_value, counts)
    if days.size == 0 or np.ptp(days) == 0 or np.ptp(value) == 0:
        return None
    days, value = days - np.average(days, weights=weights), value - np.average(value, weights=weights)
    spread = np.sqrt(dot(weights, days**2) * dot(weights, value**2))
    return float(dot(weights, days * value) / spread)


def fit(
    x: ArrayLike,
    mean_value: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    buyers_needed: int = BUYERS_NEEDED,
) -> GammaGamma:
    """Maximum likelihood over repeat buyers (x > 0) with a positive mean value; others are left out and counted.

    `counts` says how many customers share each pair. Raises `FitRefused` where too few remain or all values agree.
    """
    days, value, weights, excluded = _repeat_buyers(x, mean_value, counts)
    n = float(weights.sum())
    if n < max(2, buyers_needed):
        raise FitRefused(
            Reason.TOO_FEW_VALUES,
            f"{n:.0f} repeat buyers have purchases of a positive value; at least {buyers_needed} are needed.",
            found=n,
            needed=buyers_needed,
        )
    unit = float(np.average(value, weights=weights))
    if np.ptp(value) < 1e-9 * unit:
        raise FitRefused(Reason.NO_VARIATION, "All repeat buyers spend the same per purchase: there is nothing to fit.")
    likelihood = _Likelihood(days, value / unit, weights / n)
    runs = [minimize(likelihood, np.log(start), jac=True, method="SLSQP", bounds=_BOUNDS, options=_OPTIONS) for start in _STARTS]
    best = min(runs, key=lambda run: float(run.fun) if np.isfinite(run.fun) else np.inf)
    low, high = np.array(_BOUNDS).T
    inside = (best.x > low + 1e-3) & (best.x < high - 1e-3)
    if not np.isfinite(best.fun) or np.max(np.abs(best.jac[inside]), initial=0.0) > 1e-3:
        raise FitRefused(Reason.NOT_CONVERGED, "No setting of the value model explains these amounts.")
    p, q, gamma = (float(parameter) for parameter in np.exp(best.x))
    return GammaGamma(
        p=p,
        q=q,
        gamma=gamma * unit,
        log_likelihood=-n * (float(best.fun) + float(np.log(unit))),  # densities of values shrink by the unit
        n_customers=round(n),
        excluded=round(excluded),
        converged=True,
        at_bound=tuple(str(name) for name in _NAMES[~inside]),
    )


def fit_value(
    x: ArrayLike,
    mean_value: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    buyers_needed: int = BUYERS_NEEDED,
) -> ValueModel:
    """The independence check of D2, then one model or one per band of x with at least `buyers_needed` buyers each."""
    days, value, weights, _ = _repeat_buyers(x, mean_value, counts)
    found = correlation(days, value, weights)
    if found is None or abs(found) < INDEPENDENT_BELOW:
        return ValueModel(starts=(0.0,), models=(fit(x, mean_value, counts, buyers_needed=buyers_needed),), correlation=found)
    starts = _bands(days, weights, buyers_needed)
    band = np.searchsorted(starts, days, side="right") - 1
    models = tuple(
        fit(days[band == i], value[band == i], weights[band == i], buyers_needed=buyers_needed) for i in range(len(starts))
    )
    return ValueModel(starts=starts, models=models, correlation=found)


def expected_value(model: GammaGamma | ValueModel, x: ArrayLike, mean_value: ArrayLike) -> Floats:
    """E[M | x, m̄] = p(γ + x·m̄)/(p·x + q - 1) per purchase day, in currency, shape (n,).

    x = 0 gives the population's mean (of the lowest band); a mean value that is missing or not positive counts as x = 0.
    """
    days, value = (np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in (x, mean_value))
    days, value = np.broadcast_arrays(days, value)
    known = (days > 0) & (value > 0)
    days, value = np.where(known, days, 0.0), np.where(known, value, 0.0)
    if isinstance(model, GammaGamma):
        return np.asarray(model.p * (model.gamma + days * value) / (model.p * days + model.q - 1.0))
    band = np.maximum(np.searchsorted(model.starts, days, side="right") - 1, 0)
    p, q, gamma = np.array([(one.p, one.q, one.gamma) for one in model.models]).T[:, band]
    return np.asarray(p * (gamma + days * value) / (p * days + q - 1.0))


class _Likelihood:
    """Minus the mean log-likelihood and its gradient in the log-parameters (formula 1a of Fader & Hardie 2013)."""

    def __init__(self, days: Floats, value: Floats, weights: Floats) -> None:
        # Gamma functions need x alone, of which there are few; all that is left per customer is one logarithm.
        self.levels, level_of = np.unique(days, return_inverse=True)
        self.by_level = np.bincount(level_of, weights).astype(np.float64)
        self.days, self.spent, self.weights = days, days * value, weights
        self.log_value = dot(weights, np.log(value))
        self.log_spent = dot(weights, days * np.log(days * value))

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(log_parameters)
        x, levels, w = self.days, self.levels, self.weights
        total = gamma + self.spent
        log_total = np.log(total)
        mean_log, mean_days_log = dot(w, log_total), dot(w, x * log_total)
        shared = gammaln(p * levels + q) - gammaln(p * levels)
        value = dot(self.by_level, shared) - gammaln(q) + q * np.log(gamma) - self.log_value
        value += p * self.log_spent - p * mean_days_log - q * mean_log
        both = digamma(p * levels + q)
        gradient = np.array(
            [
                dot(self.by_level, levels * (both - digamma(p * levels))) + self.log_spent - mean_days_log,
                dot(self.by_level, both) - digamma(q) + np.log(gamma) - mean_log,
                q / gamma - dot(w, (p * x + q) / total),
            ]
        )
        return -float(value), -gradient * np.exp(log_parameters)


def _repeat_buyers(x: ArrayLike, mean_value: ArrayLike, counts: ArrayLike | None) -> tuple[Floats, Floats, Floats, float]:
    days, value = (np.asarray(column, dtype=np.float64).ravel() for column in (x, mean_value))
    weights = np.ones(days.size) if counts is None else np.asarray(counts, dtype=np.float64).ravel()
    if not np.all(np.isfinite(days)) or np.any(np.isinf(value)) or np.any(weights < 0):
        raise FitRefused(Reason.INVALID, "Purchase counts and mean values must be finite numbers.")
    buyers, kept = days > 0, (days > 0) & (value > 0)
    return days[kept], value[kept], weights[kept], float(weights[buyers].sum() - weights[kept].sum())


def _bands(days: Floats, weights: Floats, buyers_needed: int) -> tuple[float, ...]:
    """Starts of at most four bands of x, each with enough buyers and as even as whole values of x allow."""
    levels, level_of = np.unique(days, return_inverse=True)
    sizes = np.bincount(level_of, weights)
    target = max(float(buyers_needed), sizes.sum() / 4.0)
    starts, filled, left = [0.0], 0.0, float(sizes.sum())
    for level, size in zip(levels, sizes, strict=True):
        if filled >= target and left >= buyers_needed:
            starts.append(float(level))
            filled = 0.0
        filled += size
        left -= size
    return tuple(starts)
