"""Putting the right things first: lift of what is held together, one ranker, and how good an order is.

Rows are candidates; `group` (n,) says whose candidates they are, rows of a group stand together. Relevance is 1 or 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.fits.boosted import Boosted
from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS, EARLY_STOP = 500, 30


@dataclass(frozen=True)
class Candidates:
    """Features (n, k), relevance (n,), and whose they are, ascending (n,)."""

    matrix: Floats
    relevance: Floats
    group: Ints

    def where(self, rows: NDArray[np.bool_]) -> Candidates:
        return Candidates(self.matrix[rows], self.relevance[rows], self.group[rows])

    def telling(self) -> Candidates:
        """Groups in which something was relevant: only they say what should stand first."""
        return self.where(np.isin(self.group, self.group[self.relevance > 0]))


def together(held: NDArray[np.bool_]) -> Floats:
    """P(b | a): of those who hold a (rows) the share who hold b (columns), (f, f), from `held`
    (customers, f); 0 on the diagonal."""
    has = held.astype(np.float64)
    both, alone = has.T @ has, has.sum(axis=0)
    shares = np.divide(both, alone[:, None], out=np.zeros_like(both), where=alone[:, None] > 0)
    np.fill_diagonal(shares, 0.0)
    return np.asarray(shares)


def lift(held: NDArray[np.bool_], *, least: int = 1) -> Floats:
    """P(a and b) / (P(a)·P(b)), (f, f); 0 on the diagonal and for pairs that fewer than `least` customers hold."""
    has = held.astype(np.float64)
    both, share = has.T @ has, has.mean(axis=0) if held.shape[0] else np.zeros(held.shape[1])
    expected = np.outer(share, share) * max(held.shape[0], 1)
    found = np.divide(both, expected, out=np.zeros_like(both), where=(expected > 0) & (both >= least))
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def places(score: Floats, group: Ints) -> Ints:
    """The place of each row in its group, 0 the highest score; equal scores by position, (n,)."""
    order = np.lexsort((-score, group))
    _, first, size = np.unique(group, return_index=True, return_counts=True)
    found = np.empty(group.size, dtype=np.int64)
    found[order] = np.arange(group.size) - np.repeat(first, size)
    return found


def ndcg(candidates: Candidates, score: Floats, k: int = 5) -> Floats:
    """NDCG@k of each group with a relevant row, in order of group (Järvelin & Kekäläinen 2002)."""
    told = np.isin(candidates.group, candidates.group[candidates.relevance > 0])
    relevance, place = candidates.relevance[told], places(score[told], candidates.group[told])
    _, who = np.unique(candidates.group[told], return_inverse=True)
    weights = 1.0 / np.log2(np.arange(k) + 2.0)
    gained = np.bincount(who, np.where(place < k, relevance * weights[np.minimum(place, k - 1)], 0.0))
    best = np.cumsum(weights)[np.minimum(np.bincount(who, relevance).astype(np.int64), k) - 1]
    return np.asarray(gained / best)


def recall(candidates: Candidates, score: Floats, k: int = 5) -> Floats:
    """Recall@k of each group with a relevant row: the share of its relevant rows among the first k."""
    told = np.isin(candidates.group, candidates.group[candidates.relevance > 0])
    relevance, place = candidates.relevance[told], places(score[told], candidates.group[told])
    _, who = np.unique(candidates.group[told], return_inverse=True)
    return np.asarray(np.bincount(who, relevance * (place < k)) / np.bincount(who, relevance))


def fit(
    train: Candidates,
    validation: Candidates,
    *,
    features: tuple[str, ...],
    rising: tuple[str, ...] = (),
    seed: int = 0,
    nthread: int = 1,
) -> Boosted:
    """`rank:ndcg` over groups with a relevant row, stopped early by NDCG@5 of the validation's; never falling in the features
    named in `rising`. The same rows and seed give the same bytes. Raises FitRefused where no group tells anything."""
    import xgboost

    parts = [part.telling() for part in (train, validation)]
    if not all(part.group.size for part in parts):
        raise FitRefused(Reason.ONE_CLASS, "Nobody took a candidate.", found=0, needed=1)
    data = [
        xgboost.DMatrix(
            part.matrix,
            label=part.relevance,
            qid=np.unique(part.group, return_inverse=True)[1],
            feature_names=list(features),
            nthread=nthread,
        )
        for part in parts
    ]
    settings = {
        "objective": "rank:ndcg",
        "eval_metric": "ndcg@5",
        "lambdarank_pair_method": "topk",
        "tree_method": "hist",
        "max_depth": 4,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": 5.0,
        "monotone_constraints": tuple(int(name in rising) for name in features),
        "seed": seed,
        "nthread": nthread,
        "verbosity": 0,
    }
    booster = xgboost.train(
        settings, data[0], ROUNDS, evals=[(data[1], "later")], early_stopping_rounds=EARLY_STOP, verbose_eval=False
    )
    return Boosted(features, booster[: booster.best_iteration + 1], nthread)
