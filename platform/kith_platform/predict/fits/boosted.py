"""Gradient-boosted trees (Chen & Guestrin 2016) for tenants with at least 200 positives.

xgboost runs with the caller's number of threads and nothing else: a process that may fork afterwards must say
`nthread=1`, because a forked child hangs in a library whose threads stayed with the parent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kith_platform.predict.fits.matrix import feature_matrix
from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]

ROUNDS = 2000
EARLY_STOP = 50
# Positives from which trees may be one level deeper than 3.
_DEEPER_AT = (1_000, 5_000, 20_000)


@dataclass(frozen=True, eq=False)
class Boosted:
    """A trained forest, cut after its best round; missing values stay missing and follow each tree's default branch."""

    features: tuple[str, ...]
    booster: Any
    nthread: int = 1
    tier = "xgboost"

    def predict(self, matrix: ArrayLike) -> Floats:
        """Probabilities of the positive outcome, (n,) float64, not calibrated."""
        return np.asarray(self.booster.predict(self._data(matrix)), dtype=np.float64)

    def contributions(self, matrix: ArrayLike) -> Floats:
        """TreeSHAP on the log-odds scale, (n, k + 1), the last column the bias; rows sum to the margin."""
        terms = np.asarray(self.booster.predict(self._data(matrix), pred_contribs=True), dtype=np.float64)
        return terms.reshape(-1, len(self.features) + 1)  # xgboost answers an empty matrix without columns

    def to_bytes(self) -> bytes:
        """xgboost's own JSON form: a damaged file is refused there, where the binary form can crash the process."""
        return bytes(self.booster.save_raw(raw_format="json"))

    def _data(self, matrix: ArrayLike) -> Any:
        import xgboost

        values = feature_matrix(matrix, self.features)
        return xgboost.DMatrix(values, feature_names=list(self.features), nthread=self.nthread)


def fit(
    matrix: ArrayLike,
    outcome: ArrayLike,
    validation_matrix: ArrayLike,
    validation_outcome: ArrayLike,
    *,
    features: tuple[str, ...],
    monotone: Mapping[str, int] | None = None,
    seed: int = 0,
    nthread: int = 1,
) -> Boosted:
    """Trains with early stopping on the validation period's log-loss; the same data and seed give the same bytes.

    Outcomes are 0 or 1. `monotone` maps features whose sense is known to +1 or -1. Raises FitRefused where the
    validation period has one class only.
    """
    import xgboost

    y, validation_y = (np.asarray(column, dtype=np.float64).ravel() for column in (outcome, validation_outcome))
    if validation_y.size == 0 or np.ptp(validation_y) == 0 or np.ptp(y) == 0:
        raise FitRefused(
            Reason.ONE_CLASS, "Training and validation need customers of both outcomes.", found=validation_y.sum(), needed=1
        )
    train, validation = (
        xgboost.DMatrix(feature_matrix(values, features), label=label, feature_names=list(features), nthread=nthread)
        for values, label in ((matrix, y), (validation_matrix, validation_y))
    )
    booster = xgboost.train(
        _settings(min(y.sum(), y.size - y.sum()), features, monotone or {}, seed, nthread),
        train,
        num_boost_round=ROUNDS,
        evals=[(validation, "validation")],
        early_stopping_rounds=EARLY_STOP,
        verbose_eval=False,
    )
    return Boosted(features, booster[: booster.best_iteration + 1], nthread)


def load(data: bytes, *, nthread: int = 1) -> Boosted:
    """The reverse of `to_bytes`. Raises FitRefused for bytes that are no such model; check their HMAC first."""
    import xgboost

    booster = xgboost.Booster({"nthread": nthread})
    try:
        # What does not look like JSON xgboost takes for its binary form, and some of that aborts the process [measured].
        json.loads(data)["learner"]
        booster.load_model(bytearray(data))
    except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError) as error:
        raise FitRefused(Reason.UNREADABLE, "The stored model cannot be read.") from error
    names = tuple(booster.feature_names or ())
    if len(names) != booster.num_features():
        raise FitRefused(Reason.UNREADABLE, "The stored model does not name its features.")
    return Boosted(names, booster, nthread)


def _settings(
    positives: float, features: tuple[str, ...], monotone: Mapping[str, int], seed: int, nthread: int
) -> dict[str, object]:
    return {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "max_depth": 3 + sum(positives >= border for border in _DEEPER_AT),
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": 5.0,
        "scale_pos_weight": 1.0,
        "monotone_constraints": tuple(int(monotone.get(name, 0)) for name in features),
        "seed": seed,
        "nthread": nthread,
        "verbosity": 0,
    }
