"""How good predictions are: ranking, probabilities and money, each as a number or as a small table.

`Metric` functions take outcome and score of n customers and optional weights: none, (n,), or (replicates, n) as the
bootstrap gives them, and answer with one value per row of weights. Higher scores mean "more likely" or "more valuable".
Customers with equal scores share what they win: no result depends on the order of rows.
A metric of data on which it is undefined (nobody, one class only, all weights 0) is NaN; `value` turns that into None.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Metric = Callable[[Floats, Floats, Floats | None], Floats]

# Probabilities of exactly 0 or 1 would make one mistake infinitely bad.
_EDGE = 1e-6


def value(metric: Metric, outcome: ArrayLike, score: ArrayLike) -> float | None:
    """One metric as a number, None where it is undefined. Raises ValueError for unequal lengths or missing values."""
    y, s = np.asarray(outcome, dtype=np.float64).ravel(), np.asarray(score, dtype=np.float64).ravel()
    if y.size != s.size:
        raise ValueError(f"{y.size} outcomes do not go with {s.size} scores.")
    if np.any(np.isnan(y)) or np.any(np.isnan(s)):
        raise ValueError("Outcomes and scores must not be missing.")
    if y.size == 0:
        return None
    result = float(metric(y, s, None))
    return result if np.isfinite(result) else None


def auc(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
    """Probability that a positive ranks above a negative, ties half: area under the ROC curve."""
    cases, positives = _captured(outcome, score, weights)
    negatives = cases - positives
    steps = np.diff(negatives, axis=-1, prepend=0.0)
    before = positives - np.diff(positives, axis=-1, prepend=0.0) / 2.0
    return _ratio((steps * before).sum(axis=-1), negatives[..., -1] * positives[..., -1])


def average_precision(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
    """PR-AUC as average precision: Σ (recall gained at a threshold) · precision there, without interpolation."""
    cases, positives = _captured(outcome, score, weights)
    precision = np.divide(positives, cases, out=np.zeros_like(cases), where=cases > 0)
    return _ratio((np.diff(positives, axis=-1, prepend=0.0) * precision).sum(axis=-1), positives[..., -1])


def capture_at(share: float) -> Metric:
    """The share of all outcome (positives, or money) found in the top `share` of customers by score."""

    def capture(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
        cases, found = _captured(outcome, score, weights)
        return _ratio(_at(cases, found, share * cases[..., -1]), found[..., -1])

    return capture


def lift_at(share: float) -> Metric:
    """Lift@q: the rate in the top `share` of customers by score over the rate of all."""
    capture = capture_at(share)

    def lift(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
        return np.asarray(capture(outcome, score, weights) / share)

    return lift


top_decile_capture: Metric = capture_at(0.1)


def brier(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
    """Mean squared error of a probability; lower is better."""
    return _mean((score - outcome) ** 2, weights)


def log_loss(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
    """Mean negative log-likelihood of a probability, which is held 1e-6 away from 0 and 1; lower is better."""
    p = np.clip(score, _EDGE, 1.0 - _EDGE)
    return _mean(-(outcome * np.log(p) + (1.0 - outcome) * np.log1p(-p)), weights)


def mean_absolute_error(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
    """MAE in the unit of the outcome; lower is better."""
    return _mean(np.abs(score - outcome), weights)


def bias_ratio(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
    """Σ expected / Σ actual; D2 asks for .9 to 1.1."""
    return _ratio(_mean(score, weights), _mean(outcome, weights))


def spearman(outcome: Floats, score: Floats, weights: Floats | None = None) -> Floats:
    """Rank correlation (mean ranks for ties). With weights the ranks stay those of the whole sample."""
    a, b = rankdata(outcome), rankdata(score)
    of_a, of_b = _mean(a, weights)[..., None], _mean(b, weights)[..., None]
    cross = _mean((a - of_a) * (b - of_b), weights)
    spread = _mean((a - of_a) ** 2, weights) * _mean((b - of_b) ** 2, weights)
    return _ratio(cross, np.sqrt(spread))


def decile_table(outcome: ArrayLike, score: ArrayLike, groups: int = 10) -> list[dict[str, float]]:
    """Equal groups of customers from the highest scores down; fractional n where ties cross a border.

    Each row: group (1 = highest), n, mean_score, mean_outcome, lift, captured (cumulative share of the outcome).
    `lift` and `captured` are NaN where the total outcome is 0. Empty input gives no rows.
    """
    y, s = np.asarray(outcome, dtype=np.float64).ravel(), np.asarray(score, dtype=np.float64).ravel()
    if y.size == 0:
        return []
    cases, found = _captured(y, s, None)
    _, scored = _captured(s, s, None)
    borders = np.arange(1, groups + 1) * (y.size / groups)
    outcomes, scores = (np.interp(borders, np.r_[0.0, cases], np.r_[0.0, curve]) for curve in (found, scored))
    total, n = float(found[-1]), y.size / groups
    rows = zip(np.diff(outcomes, prepend=0.0), np.diff(scores, prepend=0.0), outcomes, strict=True)
    return [
        {
            "group": float(i + 1),
            "n": n,
            "mean_score": float(scored_here / n),
            "mean_outcome": float(found_here / n),
            "lift": float(found_here * groups / total) if total else float("nan"),
            "captured": float(so_far / total) if total else float("nan"),
        }
        for i, (found_here, scored_here, so_far) in enumerate(rows)
    ]


def wilson(positives: float, cases: float, z: float = 1.959963984540054) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a proportion (Wilson 1927); None without cases."""
    if cases <= 0:
        return None
    rate, squared = positives / cases, z * z
    centre = (rate + squared / (2.0 * cases)) / (1.0 + squared / cases)
    half = z / (1.0 + squared / cases) * float(np.sqrt(rate * (1.0 - rate) / cases + squared / (4.0 * cases * cases)))
    return centre - half, centre + half


def psi(expected_shares: ArrayLike, actual_shares: ArrayLike) -> float:
    """Population stability index Σ (a - e)·ln(a/e); shares are normalised, empty bins count as .0001.

    Below .1 stable, to .25 to be watched, above an alert (domain rule D0). Raises ValueError for unequal or empty bins.
    """
    expected, actual = (np.asarray(s, dtype=np.float64).ravel() for s in (expected_shares, actual_shares))
    if expected.size != actual.size or expected.sum() <= 0 or actual.sum() <= 0:
        raise ValueError("PSI compares two distributions over the same bins, neither of them empty.")
    expected, actual = (np.maximum(shares / shares.sum(), 1e-4) for shares in (expected, actual))
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def psi_of_values(expected: ArrayLike, actual: ArrayLike, bins: int = 10) -> float:
    """PSI of a feature or score: bins are quantiles of `expected`, and missing values are a bin of their own."""
    before, after = (np.asarray(v, dtype=np.float64).ravel() for v in (expected, actual))
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins)) if known.size else np.empty(0)
    shares = [
        np.bincount(np.where(np.isnan(v), edges.size + 1, np.searchsorted(edges, v)), minlength=edges.size + 2)
        for v in (before, after)
    ]
    return psi(*shares)


def _captured(outcome: Floats, score: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    """Cumulative weight and cumulative outcome from the highest score down, at the end of each run of equal scores."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
    mass = np.ones(order.size) if weights is None else weights[..., order]
    return np.cumsum(mass, axis=-1)[..., ends], np.cumsum(mass * outcome[order], axis=-1)[..., ends]


def _at(cases: Floats, found: Floats, where: Floats) -> Floats:
    """The captured outcome after `where` customers, linear within runs of equal scores. Rows of 2-D arrays one by one."""
    if cases.ndim == 1:
        return np.asarray(np.interp(where, np.r_[0.0, cases], np.r_[0.0, found]))
    return np.array([_at(*row) for row in zip(cases, found, where, strict=True)])


def _mean(values: Floats, weights: Floats | None) -> Floats:
    if weights is None:
        return np.asarray(values.mean(axis=-1))
    return _ratio((weights * values).sum(axis=-1) if values.ndim > 1 else weights @ values, weights.sum(axis=-1))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """top / bottom, NaN where bottom is 0."""
    top, bottom = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    return np.asarray(np.divide(top, bottom, out=np.full(bottom.shape, np.nan), where=bottom != 0))
