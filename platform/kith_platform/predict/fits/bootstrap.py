"""Is the model better than the baseline, or lucky? The paired, stratified bootstrap (Efron & Tibshirani 1993)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kith_platform.predict.fits.evaluation import Metric

Floats = NDArray[np.float64]

REPLICATES = 500


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
    people: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison | None:
    """Draws customers with replacement within strata, the same draw for both scores; basic interval, 2d - quantile.

    Basic (Davison & Hinkley 1997, 5.2) and not percentile: who is drawn twice ranks beside himself, which flatters the
    average precision of a fine score over that of a rule's two steps. The percentile interval finds one random score
    in 17 better than a random rule, the basic one in 200 [measured: 1,200 customers, 15 % positive].

    Arrays of shape (n,). `strata` are labels; by default the outcome's two classes where it has no more, else one
    stratum. With `people`, who has several rows is drawn with all of them, and there are no strata. None where the
    metric is undefined on these data. The same seed gives the same interval.
    """
    y, ours, theirs = (np.asarray(column, dtype=np.float64).ravel() for column in (outcome, model, baseline))
    if not y.size == ours.size == theirs.size:
        raise ValueError("Outcome, model and baseline must speak of the same customers.")
    if y.size == 0:
        return None
    once = np.ones(y.size)
    ours_read, theirs_read = metric(y, ours), metric(y, theirs)
    at_model, at_baseline = ours_read(once), theirs_read(once)
    if not np.isfinite(at_model - at_baseline):
        return None
    random = np.random.default_rng(seed)
    who = None if people is None else np.unique(np.asarray(people), return_inverse=True)[1]
    groups = _strata(y, strata) if who is None else [np.arange(int(who.max()) + 1)]
    drawn = np.empty(replicates)
    for i in range(replicates):  # one at a time: the weights of one replicate stay in the processor's cache
        weights = _draw(random, groups, y.size) if who is None else _draw(random, groups, groups[0].size)[who]
        drawn[i] = ours_read(weights) - theirs_read(weights)
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return None
    difference = at_model - at_baseline
    low, high = 2.0 * difference - np.quantile(drawn, [0.975, 0.025])
    return Comparison(
        model=at_model,
        baseline=at_baseline,
        difference=difference,
        low=float(low),
        high=float(high),
        replicates=drawn.size,
    )


def _strata(outcome: Floats, strata: ArrayLike | None) -> list[NDArray[np.intp]]:
    labels = np.asarray(strata).ravel() if strata is not None else outcome
    kinds, label_of = np.unique(labels, return_inverse=True)
    if strata is None and kinds.size > 2:
        return [np.arange(outcome.size)]
    return [np.flatnonzero(label_of == kind) for kind in range(kinds.size)]


def _draw(random: np.random.Generator, groups: list[NDArray[np.intp]], n: int) -> Floats:
    """How often each customer is drawn, (n,); each stratum keeps its size."""
    weights = np.empty(n)
    for members in groups:
        picks = random.integers(0, members.size, size=members.size, dtype=np.int32)
        weights[members] = np.bincount(picks, minlength=members.size)
    return weights
