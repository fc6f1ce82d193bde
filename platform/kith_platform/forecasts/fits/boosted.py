"""One forest for all series (xgboost, `reg:squarederror` on demand over its own recent level), told forward period by period.

A lag is a multiple of the series' level, so that large and small products learn from one another. In a job's child only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDS, DEPTH, RATE = 120, 4, 0.08
NEAR = (1, 2, 3, 4)
LEAST_SERIES, LEAST_ROWS = 10, 1_000
SHARED = 100_000  # rows from which several threads gain more than they wait for one another
MOST_ROWS = 400_000  # more teach nothing further; every k-th period is taken


@dataclass(frozen=True)
class World:
    """What is known beforehand. `feasts` (columns, feasts); `classes` (series,);
    columns go on beyond the values. `m` periods are a year."""

    m: int
    feasts: Floats
    classes: Floats


@dataclass(frozen=True, eq=False)
class Forest:
    """A trained forest with the pooled season it knows, by phase."""

    booster: Any
    seasonal: Floats
    threads: int

    def ahead(self, values: Floats, world: World, steps: int) -> Floats:
        """(series, steps) from the end of `values`; each step's forecast is the next one's lag."""
        import xgboost

        told = np.concatenate([values, np.full((values.shape[0], steps), np.nan)], axis=1)
        level = _level(values, values.shape[1], world.m)
        for place in range(values.shape[1], told.shape[1]):
            rows = _features(told, place, world, self.seasonal, level)
            found = self.booster.predict(xgboost.DMatrix(rows, nthread=self.threads)).astype(float)
            told[:, place] = np.clip(found, 0.0, None) * level
        return told[:, values.shape[1] :]


def train(values: Floats, world: World, *, seed: int, threads: int) -> Forest | None:
    """Learn from every period of `values` (series, columns) that has a quarter of a year before it. None with too little."""
    import xgboost

    begins = max(*NEAR, world.m // 4)
    places = range(begins, values.shape[1])
    stride = max(1, -(-values.shape[0] * len(places) // MOST_ROWS))
    seasonal = _seasonal(values, world.m)
    rows, answers = [], []
    for place in places[::stride]:
        level = _level(values, place, world.m)
        use = ~np.isnan(values[:, place]) & ~np.isnan(values[:, place - begins]) & (level > 0)
        rows.append(_features(values, place, world, seasonal, level)[use])
        answers.append(np.clip(values[use, place] / level[use], -1.0, 10.0))
    if values.shape[0] < LEAST_SERIES or sum(map(len, answers)) < LEAST_ROWS:
        return None
    threads = threads if sum(map(len, answers)) >= SHARED else 1
    data = xgboost.DMatrix(np.concatenate(rows), label=np.concatenate(answers), nthread=threads)
    settings = {
        "objective": "reg:squarederror", "tree_method": "hist", "max_depth": DEPTH, "eta": RATE, "min_child_weight": 20,
        "seed": seed, "nthread": threads, "base_score": 1.0,
    }  # fmt: skip
    return Forest(xgboost.train(settings, data, ROUNDS), seasonal, threads)


def _level(values: Floats, place: int, m: int) -> Floats:
    """Mean of the quarter of a year before the place, at least four periods; 0 where nothing is known."""
    recent = values[:, max(0, place - max(4, m // 4)) : place]
    known = ~np.isnan(recent)
    mean = np.where(known, recent, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.clip(mean, 0.0, None))


def _seasonal(values: Floats, m: int) -> Floats:
    """(m,): mean of all series together by phase, over their mean; ones before there is a year."""
    total = np.where(np.isnan(values), 0.0, values).sum(axis=0)
    if total.size < m or total.mean() <= 0:
        return np.ones(m)
    phase = np.arange(total.size) % m
    found = np.bincount(phase, total, m) / np.bincount(phase, minlength=m)
    return np.asarray(found / total.mean())


def _features(values: Floats, place: int, world: World, seasonal: Floats, level: Floats) -> Floats:
    over = np.where(level > 0, level, np.nan)[:, None]
    far = (max(1, world.m // 4), world.m)
    nothing = np.full(values.shape[0], np.nan)
    lags = np.stack([values[:, place - lag] if lag <= place else nothing for lag in (*NEAR, *far)], axis=1) / over
    same = np.full(values.shape[0], seasonal[place % world.m])
    before = np.full(values.shape[0], seasonal[(place - 1) % world.m])
    feasts = np.broadcast_to(world.feasts[place], (values.shape[0], world.feasts.shape[1]))
    rows = np.column_stack([lags, same, before, np.log1p(level), world.classes, feasts])
    return np.asarray(rows, dtype=np.float64)
