"""BG/NBD: how often a customer without a contract will buy, and whether he is still a customer.

Source of all formulas: Fader, Hardie & Lee (2005), "Counting your customers the easy way: an alternative to the
Pareto/NBD model", Marketing Science 24(2). Purchases of a living customer are Poisson with a rate that is
Gamma(r, alpha) over customers; after each repeat purchase he leaves with a probability that is Beta(a, b).

Data are sufficient statistics: x repeat purchase days (the first day not counted), t_x the time from first to last
purchase, T the time from first purchase to the end of the data, all times in one unit (weeks by convention; `alpha`
comes back in it). The likelihood runs over distinct triples with counts, never over customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammaln, hyp2f1

from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.fits.sums import dot

Floats = NDArray[np.float64]

# D2: with fewer repeat buyers than this a segment mean serves better.
REPEAT_BUYERS_NEEDED = 100
# Bounds of log(r, alpha, a, b), times measured in mean T. At a bound the data ask for a limit of the model (nobody
# leaves, all alike), which it meets well enough there. Beyond a, b = e^5 SciPy's hypergeometric function overflows.
_BOUNDS = ((-9.0, 9.0), (-9.0, 9.0), (-9.0, 5.0), (-9.0, 5.0))
_STARTS = ((0.25, 0.2, 0.8, 2.5), (1.0, 1.0, 1.0, 1.0), (2.0, 0.5, 0.3, 3.0))
# Around its removable singularities the expectation is the mean of its values 3 steps to either side: error ~ step².
_STEP = 1e-4


@dataclass(frozen=True, kw_only=True)
class BgNbd:
    """A fitted model. `log_likelihood` is the natural logarithm summed over customers, in the unit of the data.

    `at_bound` names parameters that ran to the edge of the allowed range: the model still predicts, but one of its
    two kinds of variety between customers is absent from the data.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    n_customers: int
    repeat_buyers: int
    converged: bool
    at_bound: tuple[str, ...]


@dataclass(frozen=True)
class Triples:
    """Distinct (x, t_x, T) with the number of customers that share each; four arrays of one length."""

    x: Floats
    t_x: Floats
    T: Floats
    counts: Floats


def group(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, counts: ArrayLike | None = None) -> Triples:  # noqa: N803
    """Distinct triples with counts, sorted by x, t_x, T. Takes one row per customer, or triples with counts already."""
    columns = [np.asarray(column, dtype=np.float64).ravel() for column in (x, t_x, T)]
    weights = np.ones(columns[0].size) if counts is None else np.asarray(counts, dtype=np.float64).ravel()
    if columns[0].size == 0:
        raise FitRefused(Reason.EMPTY, "There are no customers with a purchase.", found=0, needed=REPEAT_BUYERS_NEEDED)
    order = np.lexsort(columns[::-1])
    bought, last, age = (column[order] for column in columns)
    fresh = np.ones(order.size, dtype=bool)
    fresh[1:] = (bought[1:] != bought[:-1]) | (last[1:] != last[:-1]) | (age[1:] != age[:-1])
    starts = np.flatnonzero(fresh)
    return Triples(bought[starts], last[starts], age[starts], np.add.reduceat(weights[order], starts))


def fit(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,  # noqa: N803
    counts: ArrayLike | None = None,
    *,
    repeat_buyers_needed: int = REPEAT_BUYERS_NEEDED,
) -> BgNbd:
    """Maximum likelihood on log-parameters with the exact gradient, from several starts.

    Arrays of one length; `counts` says how many customers share each triple (default 1 each). Raises `FitRefused`
    for empty, impossible or too few data, or where no start converged.
    """
    data = group(x, t_x, T, counts)
    _check(data)
    n, buyers = float(data.counts.sum()), float(data.counts[data.x > 0].sum())
    if buyers < max(1, repeat_buyers_needed):
        raise FitRefused(
            Reason.TOO_FEW_REPEAT_BUYERS,
            f"{buyers:.0f} customers bought on more than one day; at least {repeat_buyers_needed} are needed.",
            found=buyers,
            needed=repeat_buyers_needed,
        )
    unit = float(np.average(data.T, weights=data.counts))
    likelihood = _Likelihood(Triples(data.x, data.t_x / unit, data.T / unit, data.counts))
    # Not L-BFGS-B: SciPy's wakes BLAS threads for four numbers, ten times the CPU on busy cores [measured].
    runs = [
        minimize(
            likelihood,
            np.log(start),
            jac=True,
            method="SLSQP",
            bounds=_BOUNDS,
            options={"maxiter": 500, "ftol": 1e-14},
        )
        for start in _STARTS
    ]
    best = min(runs, key=lambda run: float(run.fun) if np.isfinite(run.fun) else np.inf)
    low, high = np.array(_BOUNDS).T
    inside = (best.x > low + 1e-3) & (best.x < high - 1e-3)
    if not np.isfinite(best.fun) or np.max(np.abs(best.jac[inside]), initial=0.0) > 1e-3:
        raise FitRefused(Reason.NOT_CONVERGED, "No setting of the purchase model explains these purchases.")
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    # Densities of x purchase times shrink by unit^x when time is measured in `unit`.
    log_likelihood = -n * float(best.fun) - dot(data.counts, data.x) * np.log(unit)
    names = np.array(["r", "alpha", "a", "b"])
    return BgNbd(
        r=r,
        alpha=alpha * unit,
        a=a,
        b=b,
        log_likelihood=float(log_likelihood),
        n_customers=round(n),
        repeat_buyers=round(buyers),
        converged=True,
        at_bound=tuple(str(name) for name in names[~inside]),
    )


def p_alive(model: BgNbd, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:  # noqa: N803
    """Probability that the customer has not left at T; 1 for x = 0, as in the model's definition."""
    bought, last, age = _columns(x, t_x, T)
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    odds_left = np.log(a) - np.log(b + np.maximum(bought, 1.0) - 1.0) + (r + bought) * np.log((alpha + age) / (alpha + last))
    return np.where(bought > 0, np.asarray(expit(-odds_left)), 1.0)


def expected_purchases(
    model: BgNbd,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,  # noqa: N803
    horizon: ArrayLike,
) -> Floats:
    """E[Y(t) | x, t_x, T]: expected purchase days in (T, T + horizon].

    `horizon` in the model's unit: a number → array (n,); a vector of m horizons → array (n, m).
    """
    bought, last, age = _columns(x, t_x, T)
    periods = np.atleast_1d(np.asarray(horizon, dtype=np.float64))
    # If alive, the future depends on (x, T) alone, of which there are few: distinct pairs as complex numbers.
    pairs, rows = np.unique(bought + 1j * age, return_inverse=True)
    alive = _expected_if_alive(model, pairs.real[:, None], pairs.imag[:, None], periods[None, :])
    result = alive[rows] * p_alive(model, bought, last, age)[:, None]
    return np.asarray(result[:, 0] if np.ndim(horizon) == 0 else result)


def expected_for_new(model: BgNbd, time: ArrayLike) -> Floats:
    """E[X(t)]: expected repeat purchase days of a customer within `time` after the first purchase; any shape."""
    periods = np.asarray(time, dtype=np.float64)
    return _expected_if_alive(model, np.zeros_like(periods), np.zeros_like(periods), periods)


class _Likelihood:
    """Minus the mean log-likelihood and its gradient in the log-parameters, on grouped triples."""

    def __init__(self, data: Triples) -> None:
        self.data = data
        # Gamma functions need x alone, of which there are few.
        self.levels, self.level_of = np.unique(data.x, return_inverse=True)
        self.weights = data.counts / data.counts.sum()

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(log_parameters)
        x, data, levels = self.data.x, self.data, self.levels
        log_alive, log_left = np.log(alpha + data.T), np.log(alpha + data.t_x)
        repeat = x > 0
        shared = gammaln(r + levels) - gammaln(r) + gammaln(a + b) + gammaln(b + levels)
        shared += r * np.log(alpha) - gammaln(b) - gammaln(a + b + levels)
        stayed = -(r + x) * log_alive
        left = np.where(repeat, np.log(a) - np.log(b + np.maximum(x, 1.0) - 1.0) - (r + x) * log_left, -np.inf)
        either = np.logaddexp(stayed, left)
        value = dot(self.weights, shared[self.level_of] + either)
        p_stayed = np.exp(stayed - either)
        p_left = 1.0 - p_stayed
        by_level = np.bincount(self.level_of, self.weights, minlength=levels.size).astype(np.float64)
        of_both = digamma(a + b) - digamma(a + b + levels)
        gradient = np.array(
            [
                dot(by_level, digamma(r + levels) - digamma(r))
                + np.log(alpha)
                - dot(self.weights, p_stayed * log_alive + p_left * log_left),
                r / alpha - dot(self.weights, (r + x) * (p_stayed / (alpha + data.T) + p_left / (alpha + data.t_x))),
                dot(by_level, of_both) + dot(self.weights, p_left) / a,
                dot(by_level, of_both + digamma(b + levels) - digamma(b))
                - dot(self.weights, p_left / (b + np.maximum(x, 1.0) - 1.0)),
            ]
        )
        return -float(value), -gradient * np.exp(log_parameters)


def _expected_if_alive(model: BgNbd, x: Floats, T: Floats, periods: Floats) -> Floats:  # noqa: N803
    """Expected purchases of a customer known to be alive at T (formula 10 without its denominator), broadcasting.

    It has removable singularities where a = 1 and where a + b + x = 1 or 0; there it is averaged over a ± 3 steps.
    """
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    near = (np.abs(a - 1.0) < _STEP) | (np.abs(a + b + x - 1.0) < _STEP)
    value = _closed_form(r, alpha, np.where(near, a + 3 * _STEP, a), b, x, T, periods)
    if np.any(near):
        other = _closed_form(r, alpha, a - min(3 * _STEP, 0.5 * a), b, x, T, periods)
        value = np.where(near, (value + other) / 2.0, value)
    return np.maximum(value, 0.0)


def _closed_form(
    r: float,
    alpha: float,
    a: Floats | float,
    b: float,
    x: Floats,
    T: Floats,  # noqa: N803
    periods: Floats,
) -> Floats:
    """Formula 10, with Euler's transformation of the hypergeometric function where that keeps its arguments small.

    2F1(A, B; C; z) = (1 - z)^(C - A - B) 2F1(C - A, C - B; C; z): for large x the printed form multiplies a number
    near 0 by one near infinity; the transformed one has neither. For large a it is the other way round.
    """
    log_rest = np.log(alpha + T) - np.log(alpha + T + periods)  # log(1 - z)
    z = -np.expm1(log_rest)
    c = a + b + x - 1.0
    printed = np.asarray(a - 1.0 >= r + x)
    first = np.where(printed, r + x, a - 1.0)
    second = np.where(printed, b + x, a + b - 1.0 - r)
    # 0 times infinity arises only where customers with a large a have all left within the period: the product is 0.
    with np.errstate(invalid="ignore", over="ignore"):
        product = np.exp(first * log_rest) * hyp2f1(first, second, c, z)
    return np.asarray(c / (a - 1.0) * (1.0 - np.where(np.isfinite(product), product, 0.0)))


def _columns(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[Floats, Floats, Floats]:  # noqa: N803
    bought, last, age = (np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in (x, t_x, T))
    bought, last, age = np.broadcast_arrays(bought, last, age)
    return bought, last, age


def _check(data: Triples) -> None:
    """Refuses what no purchase history can look like."""
    finite = all(np.all(np.isfinite(column)) for column in (data.x, data.t_x, data.T, data.counts))
    if not finite or np.any(data.x < 0) or np.any(data.x != np.floor(data.x)) or np.any(data.counts <= 0):
        raise FitRefused(Reason.INVALID, "Purchase counts must be whole numbers from 0, and all times finite.")
    buyers = data.x > 0
    if np.any(data.t_x > data.T) or np.any(data.T < 0) or np.any(data.t_x[buyers] <= 0):
        raise FitRefused(Reason.INVALID, "A last purchase must lie after the first one and not after the end of the data.")
    if not np.any(data.T > 0):
        raise FitRefused(Reason.NO_VARIATION, "Every customer first bought on the last day of the data.")
