"""Ridge logistic regression on at most ten features, for tenants with 50 to 199 positives (or losses, if those are fewer).

A missing value counts as the median of training. Features are chosen by how well each alone ranks the outcome
(|AUC - .5| in training), leaving out those that repeat a chosen one (|correlation| > .9); columns are standardised and
held within ±5 standard deviations, so that one absurd amount cannot decide. The penalty is the one of 1, 10 or 100 that
serves the validation period best; the intercept is not penalised. Fitted by Newton's method (le Cessie & van
Houwelingen 1992), which converges always because of the penalty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from kith_platform.predict.fits.evaluation import auc, log_loss, value
from kith_platform.predict.fits.matrix import feature_matrix
from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]

FEATURES_AT_MOST = 10
_PENALTIES = (1.0, 10.0, 100.0)
_SAME_AS = 0.9
_WIDEST = 5.0


@dataclass(frozen=True, kw_only=True)
class Logistic:
    """`columns` says which of `features` are used; the other vectors have one entry per used column."""

    features: tuple[str, ...]
    columns: tuple[int, ...]
    medians: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    penalty: float
    tier = "logistic"

    def predict(self, matrix: ArrayLike) -> Floats:
        """Probabilities of the positive outcome, (n,) float64, not calibrated."""
        return np.asarray(expit(self.contributions(matrix).sum(axis=1)))

    def contributions(self, matrix: ArrayLike) -> Floats:
        """Each feature's term on the log-odds scale against the average customer, (n, k + 1), the last the intercept."""
        values = feature_matrix(matrix, self.features)
        terms = np.zeros((values.shape[0], len(self.features) + 1))
        used = list(self.columns)
        standard = _standardise(values[:, used], np.array(self.medians), np.array(self.means), np.array(self.deviations))
        terms[:, used] = standard * np.array(self.coefficients)
        terms[:, -1] = self.intercept
        return terms

    def to_bytes(self) -> bytes:
        """JSON with full precision; the same model always gives the same bytes."""
        return json.dumps({"kith_model": self.tier, **asdict(self)}).encode()


def fit(
    matrix: ArrayLike,
    outcome: ArrayLike,
    validation_matrix: ArrayLike,
    validation_outcome: ArrayLike,
    *,
    features: tuple[str, ...],
    monotone: Mapping[str, int] | None = None,
) -> Logistic:
    """Outcomes are 0 or 1. A feature of known sense (`monotone`, ±1) whose coefficient comes out against it is dropped.

    Raises FitRefused where training has one class or no feature varies.
    """
    y, later_y = (np.asarray(column, dtype=np.float64).ravel() for column in (outcome, validation_outcome))
    if y.size == 0 or np.ptp(y) == 0:
        raise FitRefused(Reason.ONE_CLASS, "Training needs customers of both outcomes.", found=y.sum(), needed=1)
    values, later = feature_matrix(matrix, features), feature_matrix(validation_matrix, features)
    medians = np.array([np.median(known) if (known := column[~np.isnan(column)]).size else 0.0 for column in values.T])
    filled = np.where(np.isnan(values), medians, values)
    means, deviations = filled.mean(axis=0), filled.std(axis=0)
    standard = _standardise(values, medians, means, np.where(deviations > 0, deviations, 1.0))
    chosen = _choose(standard, y)
    if not chosen:
        raise FitRefused(Reason.NO_VARIATION, "No feature differs between customers.")
    later_standard = _standardise(later, medians, means, np.where(deviations > 0, deviations, 1.0))
    senses = np.array([(monotone or {}).get(name, 0) for name in features])
    fits = [(*_signed_newton(standard, y, chosen, senses, penalty), penalty) for penalty in _PENALTIES]
    losses = [
        value(log_loss, later_y, np.asarray(expit(later_standard[:, used] @ beta[:-1] + beta[-1]))) or 0.0
        for used, beta, _ in fits
    ]
    used, beta, penalty = fits[int(np.argmin(losses))]
    return Logistic(
        features=features,
        columns=tuple(used),
        medians=tuple(medians[used].tolist()),
        means=tuple(means[used].tolist()),
        deviations=tuple(deviations[used].tolist()),
        coefficients=tuple(beta[:-1].tolist()),
        intercept=float(beta[-1]),
        penalty=penalty,
    )


def load(fields: Mapping[str, object]) -> Logistic:
    """From the parsed JSON of `to_bytes`, without its `kith_model`. Raises TypeError for other fields."""
    return Logistic(**{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()})  # type: ignore[arg-type]


def _standardise(values: Floats, medians: Floats, means: Floats, deviations: Floats) -> Floats:
    filled = np.where(np.isnan(values), medians, values)
    return np.asarray(np.clip((filled - means) / deviations, -_WIDEST, _WIDEST))


def _choose(standard: Floats, y: Floats) -> list[int]:
    """Columns by |AUC - .5|, the best first, at most ten, none a repetition of a better one."""
    varies = np.flatnonzero(np.ptp(standard, axis=0) > 0)
    told = (value(auc, y, standard[:, column]) for column in varies)  # 0 is as strong as 1
    strength = np.array([0.0 if found is None else abs(found - 0.5) for found in told])
    chosen: list[int] = []
    for column in varies[np.argsort(-strength, kind="stable")]:
        repeats = [abs(float(np.corrcoef(standard[:, column], standard[:, other])[0, 1])) for other in chosen]
        if max(repeats, default=0.0) <= _SAME_AS:
            chosen.append(int(column))
        if len(chosen) == FEATURES_AT_MOST:
            break
    return chosen


def _signed_newton(
    standard: Floats, y: Floats, chosen: list[int], senses: NDArray[np.int_], penalty: float
) -> tuple[list[int], Floats]:
    used = list(chosen)
    while True:
        beta = _newton(standard[:, used], y, penalty)
        wrong = np.flatnonzero(beta[:-1] * senses[used] < 0)
        if not wrong.size:
            return used, beta
        used = [column for i, column in enumerate(used) if i not in wrong]


def _newton(standard: Floats, y: Floats, penalty: float) -> Floats:
    """Minimises Σ log-loss + penalty/2·|coefficients|²; the last entry of the result is the intercept."""
    design = np.column_stack([standard, np.ones(y.size)])
    ridge = np.append(np.full(standard.shape[1], penalty), 1e-9)
    beta = np.zeros(design.shape[1])

    def loss(candidate: Floats) -> float:
        margin = design @ candidate
        return float(np.sum(np.logaddexp(0.0, margin) - y * margin) + ridge @ candidate**2 / 2.0)

    for _ in range(100):
        p = np.asarray(expit(design @ beta))
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.asarray(cho_solve(cho_factor(hessian), design.T @ (p - y) + ridge * beta))
        size = 1.0
        while size > 1e-6 and loss(beta - size * step) > loss(beta):
            size /= 2.0
        beta = beta - size * step
        if np.max(np.abs(size * step)) < 1e-9:
            break
    return beta
