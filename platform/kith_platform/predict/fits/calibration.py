"""Making scores mean what they say: of those given 20 %, one in five should do it.

Isotonic regression (Zadrozny & Elkan 2002; pool adjacent violators from SciPy) with at least 1,000 positives in the
validation period, else Platt's logistic curve (Platt 1999, with his smoothed targets). Both keep the order of customers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]

ISOTONIC_FROM = 1000
GROUP = 50
_EDGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Platt: expit(slope·logit(p) + intercept). Isotonic: the line through (knots, levels), flat outside."""

    method: Literal["isotonic", "platt"]
    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()

    def apply(self, probability: ArrayLike) -> Floats:
        """Calibrated probabilities, same shape, never exactly 0 or 1."""
        p = np.asarray(probability, dtype=np.float64)
        if self.method == "isotonic":
            return np.asarray(np.interp(p, self.knots, self.levels))
        return np.asarray(expit(self.slope * _logit(p) + self.intercept))

    def to_json(self) -> str:
        """One JSON object; the same calibration always gives the same text."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """The reverse of `to_json`. Raises FitRefused for anything else."""
        try:
            fields = json.loads(text)
            return cls(**{**fields, "knots": tuple(fields["knots"]), "levels": tuple(fields["levels"])})
        except (ValueError, TypeError, KeyError) as error:
            raise FitRefused(Reason.UNREADABLE, "The stored calibration cannot be read.") from error


def fit(probability: ArrayLike, outcome: ArrayLike) -> Calibration:
    """From a validation period: raw probabilities and outcomes (0 or 1), both (n,). Raises FitRefused for one class."""
    p, y = (np.asarray(column, dtype=np.float64).ravel() for column in (probability, outcome))
    positives = float(y.sum())
    if positives in (0.0, float(y.size)):
        raise FitRefused(Reason.ONE_CLASS, "Calibration needs customers of both outcomes.", found=positives, needed=1)
    return _isotonic(p, y) if positives >= ISOTONIC_FROM else _platt(p, y)


def calibration_table(outcome: ArrayLike, probability: ArrayLike, bins: int = 10) -> list[dict[str, float]]:
    """Bins of (nearly) equal counts: edges are quantiles of the probability, equal probabilities stay together.

    Each row: n, mean_probability, rate. Empty input gives no rows; many ties give fewer bins.
    """
    y, p = (np.asarray(column, dtype=np.float64).ravel() for column in (outcome, probability))
    if y.size == 0:
        return []
    edges = np.unique(np.quantile(p, np.arange(1, bins) / bins))
    _, bin_of = np.unique(np.searchsorted(edges, p), return_inverse=True)
    counts = np.bincount(bin_of)
    means, rates = np.bincount(bin_of, p) / counts, np.bincount(bin_of, y) / counts
    return [
        {"n": float(n), "mean_probability": float(mean), "rate": float(rate)}
        for n, mean, rate in zip(counts, means, rates, strict=True)
    ]


def expected_calibration_error(outcome: ArrayLike, probability: ArrayLike, bins: int = 10) -> float | None:
    """ECE: mean distance of predicted and observed rate over 10 equal-count bins, weighted by n; None for no rows."""
    rows = calibration_table(outcome, probability, bins)
    total = sum(row["n"] for row in rows)
    return sum(row["n"] * abs(row["mean_probability"] - row["rate"]) for row in rows) / total if rows else None


def slope_and_intercept(outcome: ArrayLike, probability: ArrayLike) -> tuple[float, float] | None:
    """Logistic regression of the outcome on logit(p) (Cox 1958): 1 and 0 are perfect.

    None for one class, for a constant probability, or where the probability separates the classes completely.
    """
    y, p = (np.asarray(column, dtype=np.float64).ravel() for column in (outcome, probability))
    margin = _logit(p)
    if y.size == 0 or np.ptp(y) == 0 or np.ptp(margin) < 1e-9:
        return None
    if margin[y > 0].min() >= margin[y == 0].max() or margin[y > 0].max() <= margin[y == 0].min():
        return None
    return _logistic_line(margin, y)


def _isotonic(p: Floats, y: Floats) -> Calibration:
    values, row = np.unique(p, return_inverse=True)
    # A few rows at either end would speak of certainty: they count as groups of up to GROUP neighbours.
    before = np.cumsum(np.bincount(row)) - np.bincount(row)
    group = np.unique(before // max(1, min(GROUP, y.size // 100)), return_inverse=True)[1][row]
    counts = np.bincount(group)
    knots = np.bincount(group, values[row]) / counts
    result = isotonic_regression(np.bincount(group, y) / counts, weights=counts)
    starts = result.blocks[:-1]
    sizes = np.add.reduceat(counts, starts)
    # Each block stands at its mean probability: between blocks the line keeps apart whom a step would tie.
    centres = np.add.reduceat(counts * knots, starts) / sizes
    levels = np.clip(result.x[starts], 1.0 / (y.size + 2.0), 1.0 - 1.0 / (y.size + 2.0))
    return Calibration(method="isotonic", knots=tuple(centres.tolist()), levels=tuple(levels.tolist()))


def _platt(p: Floats, y: Floats) -> Calibration:
    positives, n = float(y.sum()), float(y.size)
    target = np.where(y > 0, (positives + 1.0) / (positives + 2.0), 1.0 / (n - positives + 2.0))
    margin = _logit(p)
    flat = Calibration(method="platt", slope=0.0, intercept=float(_logit(np.array(target.mean()))))
    if np.ptp(margin) < 1e-9:
        return flat
    slope, intercept = _logistic_line(margin, target)
    # A falling line would turn the ranking round: such a score says nothing, and everybody gets the mean rate.
    return Calibration(method="platt", slope=slope, intercept=intercept) if slope > 0 else flat


def _logistic_line(margin: Floats, target: Floats) -> tuple[float, float]:
    """Maximum likelihood of expit(slope·margin + intercept) by Newton's method with step halving."""
    design = np.column_stack([margin, np.ones_like(margin)])
    beta = np.zeros(2)
    loss = _loss(design @ beta, target)
    for _ in range(100):
        p = np.asarray(expit(design @ beta))
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (p - target))
        size = 1.0
        while size > 1e-6 and _loss(design @ (beta - size * step), target) > loss:
            size /= 2.0
        beta = beta - size * step
        loss = _loss(design @ beta, target)
        if np.max(np.abs(size * step)) < 1e-10:
            break
    return float(beta[0]), float(beta[1])


def _loss(margin: Floats, target: Floats) -> float:
    return float(np.sum(np.logaddexp(0.0, margin) - target * margin))


def _logit(p: Floats) -> Floats:
    return np.asarray(logit(np.clip(p, _EDGE, 1.0 - _EDGE)))
