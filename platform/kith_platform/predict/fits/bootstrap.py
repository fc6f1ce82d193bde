"""Is the model better than the baseline, or lucky? The paired, stratified bootstrap (Efron & Tibshirani 1993)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kith_platform.predict.fits.evaluation import Metric

Floats = NDArray[np.float64]

REPLICATES = 500
# Bounds the memory of one batch of replicates: 32 MB per array.
_CELLS = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Metric of model and baseline on the same customers, and the 95 % interval of their difference (model - baseline)."""

    model: float
    baseline: float
    difference: float
    low: float
    high: float
    replicates: int

    def better(self, *, lower_is_better: bool = False) -> bool:
        """The ship rule of D0: the whole interval lies on the model's side of 0."""
        return self.high < 0 if lower_is_better else self.low > 0


def compare(
    outcome: ArrayLike,
    model: ArrayLike,
    baseline: ArrayLike,
    metric: Metric,
    *,
    strata: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison | None:
    """Draws customers with replacement within strata, the same draw for both scores; percentile interval.

    Arrays of shape (n,). `strata` are labels; by default the outcome's two classes where it has no more, else one
    stratum. None where the metric is undefined on these data. The same seed gives the same interval.
    """
    y, ours, theirs = (np.asarray(column, dtype=np.float64).ravel() for column in (outcome, model, baseline))
    if not y.size == ours.size == theirs.size:
        raise ValueError("Outcome, model and baseline must speak of the same customers.")
    if y.size == 0:
        return None
    at_model, at_baseline = float(metric(y, ours, None)), float(metric(y, theirs, None))
    if not np.isfinite(at_model - at_baseline):
        return None
    groups = _strata(y, strata)
    random = np.random.default_rng(seed)
    batch = max(1, _CELLS // y.size)
    differences = []
    for start in range(0, replicates, batch):
        weights = _draws(random, groups, y.size, min(batch, replicates - start))
        differences.append(metric(y, ours, weights) - metric(y, theirs, weights))
    drawn = np.concatenate(differences)
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Comparison(
        model=at_model,
        baseline=at_baseline,
        difference=at_model - at_baseline,
        low=float(low),
        high=float(high),
        replicates=int(np.isfinite(drawn).sum()),
    )


def _strata(outcome: Floats, strata: ArrayLike | None) -> list[NDArray[np.intp]]:
    labels = np.asarray(strata).ravel() if strata is not None else outcome
    kinds, label_of = np.unique(labels, return_inverse=True)
    if strata is None and kinds.size > 2:
        return [np.arange(outcome.size)]
    return [np.flatnonzero(label_of == kind) for kind in range(kinds.size)]


def _draws(random: np.random.Generator, groups: list[NDArray[np.intp]], n: int, rows: int) -> Floats:
    """How often each customer is drawn in each replicate, (rows, n); each stratum keeps its size."""
    weights = np.zeros((rows, n))
    for members in groups:
        picks = random.integers(0, members.size, size=(rows, members.size), dtype=np.int32)
        picks += (np.arange(rows, dtype=np.int32) * members.size)[:, None]
        counts = np.bincount(picks.ravel(), minlength=rows * members.size)
        weights[:, members] = counts.reshape(rows, members.size)
    return weights
