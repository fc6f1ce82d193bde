"""How good predictions are: ranking, probabilities and money, each as a number or as a small table.

A `Metric` takes outcome and score of n customers, does what can be done once (sorting), and gives a `Reading`: a
function of weights (n,), so that the bootstrap reads the same ranking hundreds of times. `value` is the plain way to
one number. Higher scores mean "more likely" or "more valuable". Customers with equal scores share what they win: no
result depends on the order of rows. A metric of data on which it is undefined (nobody, one class) is NaN, from `value` None.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from kith_platform.predict.fits.sums import dot

Floats = NDArray[np.float64]
Reading = Callable[[Floats], float]
Metric = Callable[[Floats, Floats], Reading]

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
    result = metric(y, s)(np.ones(y.size))
    return result if np.isfinite(result) else None


def auc(outcome: Floats, score: Floats) -> Reading:
    """Probability that a positive ranks above a negative, ties half: area under the ROC curve."""
    captured = _ranking(outcome, score)

    def read(weights: Floats) -> float:
        cases, positives = captured(weights)
        negatives = cases - positives
        # A positive beats the negatives below its run of equal scores, and half of those within.
        beaten = negatives[-1] - negatives + np.diff(negatives, prepend=0.0) / 2.0
        return _ratio(dot(np.diff(positives, prepend=0.0), beaten), negatives[-1] * positives[-1])

    return read


def average_precision(outcome: Floats, score: Floats) -> Reading:
    """PR-AUC as average precision: Σ (recall gained at a threshold) · precision there, without interpolation."""
    captured = _ranking(outcome, score)

    def read(weights: Floats) -> float:
        cases, positives = captured(weights)
        precision = positives / np.maximum(cases, 1e-300)
        return _ratio(dot(np.diff(positives, prepend=0.0), precision), positives[-1])

    return read


def capture_at(share: float) -> Metric:
    """The share of all outcome (positives, or money) found in the top `share` of customers by score."""

    def capture(outcome: Floats, score: Floats) -> Reading:
        captured = _ranking(outcome, score)

        def read(weights: Floats) -> float:
            cases, found = captured(weights)
            top = float(np.interp(share * cases[-1], np.r_[0.0, cases], np.r_[0.0, found]))
            return _ratio(top, found[-1])

        return read

    return capture


def lift_at(share: float) -> Metric:
    """Lift@q: the rate in the top `share` of customers by score over the rate of all."""
    capture = capture_at(share)

    def lift(outcome: Floats, score: Floats) -> Reading:
        read = capture(outcome, score)
        return lambda weights: read(weights) / share

    return lift


top_decile_capture: Metric = capture_at(0.1)


def brier(outcome: Floats, score: Floats) -> Reading:
    """Mean squared error of a probability; lower is better."""
    return _mean_of((score - outcome) ** 2)


def log_loss(outcome: Floats, score: Floats) -> Reading:
    """Mean negative log-likelihood of a probability, which is held 1e-6 away from 0 and 1; lower is better."""
    p = np.clip(score, _EDGE, 1.0 - _EDGE)
    return _mean_of(-(outcome * np.log(p) + (1.0 - outcome) * np.log1p(-p)))


def mean_absolute_error(outcome: Floats, score: Floats) -> Reading:
    """MAE in the unit of the outcome; lower is better."""
    return _mean_of(np.abs(score - outcome))


def bias_ratio(outcome: Floats, score: Floats) -> Reading:
    """Σ expected / Σ actual; D2 asks for .9 to 1.1."""
    return lambda weights: _ratio(dot(score, weights), dot(outcome, weights))


def spearman(outcome: Floats, score: Floats) -> Reading:
    """Rank correlation (mean ranks for ties). With weights the ranks stay those of the whole sample."""
    a, b = rankdata(outcome), rankdata(score)

    def read(weights: Floats) -> float:
        total = float(weights.sum())
        of_a, of_b = a - dot(a, weights) / total, b - dot(b, weights) / total
        spread = dot(of_a * of_a, weights) * dot(of_b * of_b, weights)
        return _ratio(dot(of_a * of_b, weights), float(np.sqrt(spread)))

    return read


def decile_table(outcome: ArrayLike, score: ArrayLike, groups: int = 10) -> list[dict[str, float | None]]:
    """Equal groups of customers from the highest scores down; fractional n where ties cross a border.

    Each row: group (1 = highest), n, mean_score, mean_outcome, lift, captured (cumulative share of the outcome).
    `lift` and `captured` are None where the total outcome is 0. Empty input gives no rows.
    """
    y, s = np.asarray(outcome, dtype=np.float64).ravel(), np.asarray(score, dtype=np.float64).ravel()
    if y.size == 0:
        return []
    cases, found = _ranking(y, s)(np.ones(y.size))
    _, scored = _ranking(s, s)(np.ones(y.size))
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
            "lift": float(found_here * groups / total) if total else None,
            "captured": float(so_far / total) if total else None,
        }
        for i, (found_here, scored_here, so_far) in enumerate(rows)
    ]


def gains_table(outcome: ArrayLike, score: ArrayLike, points: int = 50) -> list[dict[str, float]]:
    """What the best ones by score hold, for `points` equal steps from none (left out) to all; never longer than `points`.

    Each row: n contacted (fractional where a step or ties cross a row), came Σ outcome and expected Σ score of those n.
    """
    y, s = np.asarray(outcome, dtype=np.float64).ravel(), np.asarray(score, dtype=np.float64).ravel()
    if y.size == 0:
        return []
    cases, found = _ranking(y, s)(np.ones(y.size))
    _, scored = _ranking(s, s)(np.ones(y.size))
    steps = np.arange(1, points + 1) * (y.size / points)
    came, expected = (np.interp(steps, np.r_[0.0, cases], np.r_[0.0, curve]) for curve in (found, scored))
    return [
        {"n": round(float(n), 4), "came": round(float(a), 4), "expected": round(float(b), 4)}
        for n, a, b in zip(steps, came, expected, strict=True)
    ]


def wilson(positives: float, cases: float, z: float = 1.959963984540054) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a proportion (Wilson 1927); None without cases."""
    if cases <= 0:
        return None
    rate, squared = positives / cases, z * z
    centre = (rate + squared / (2.0 * cases)) / (1.0 + squared / cases)
    half = z / (1.0 + squared / cases) * float(np.sqrt(rate * (1.0 - rate) / cases + squared / (4.0 * cases * cases)))
    return centre - half, centre + half


def _ranking(outcome: Floats, score: Floats) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Sorts once; then weights → cumulative weight and outcome from the highest score down, at each end of equal scores."""
    order = np.argsort(-score, kind="stable")
    ranked, found = score[order], outcome[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)

    def captured(weights: Floats) -> tuple[Floats, Floats]:
        mass = weights[order]
        return np.cumsum(mass)[ends], np.cumsum(mass * found)[ends]

    return captured


def _mean_of(losses: Floats) -> Reading:
    return lambda weights: _ratio(dot(losses, weights), float(weights.sum()))


def _ratio(top: float, bottom: float) -> float:
    """top / bottom, NaN where bottom is 0."""
    return float(top / bottom) if bottom else float("nan")
