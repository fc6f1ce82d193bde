"""Money to come, of which many bring none and a few much: boosted trees under a Tweedie loss (Jørgensen 1987; `reg:tweedie`).

The loss has a mass at zero and a variance that grows with mean^power, 1 < power < 2. The power is the one of POWERS whose error a
customer is smallest on the validation period; the sum that the trees expect there is drawn to the sum that came.
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

POWERS = (1.3, 1.5, 1.7)
ROUNDS, EARLY_STOP = 1000, 40
MOST_CORRECTION = 2.0  # of a sum by what validation showed: more says that the trees learned of another business


@dataclass(frozen=True)
class Spent:
    """Features (n, k) and the money that came after, (n,), nothing below zero."""

    matrix: Floats
    money: Floats


@dataclass(frozen=True, eq=False)
class Tweedie:
    """`scale` is the money that the trees' 1 stands for, the correction by validation within it."""

    features: tuple[str, ...]
    booster: Any
    power: float
    scale: float
    nthread: int = 1
    tier = "tweedie"

    def predict(self, matrix: ArrayLike) -> Floats:
        """Expected money of the window it was trained for, (n,), in the currency that went in."""
        return np.asarray(self.booster.predict(self._data(matrix)), dtype=np.float64) * self.scale

    def contributions(self, matrix: ArrayLike) -> Floats:
        """TreeSHAP on the log of the money, (n, k + 1) with the bias last."""
        terms = np.asarray(self.booster.predict(self._data(matrix), pred_contribs=True), dtype=np.float64)
        return terms.reshape(-1, len(self.features) + 1)

    def to_fields(self) -> dict[str, Any]:
        """JSON fields; the same data and seed give the same."""
        trees = json.loads(bytes(self.booster.save_raw(raw_format="json")))
        return {"features": list(self.features), "power": self.power, "scale": self.scale, "trees": trees}

    def _data(self, matrix: ArrayLike) -> Any:
        return _data(np.asarray(matrix, dtype=np.float64), None, self.features, self.nthread)


def fit(train: Spent, validation: Spent, *, features: tuple[str, ...], seed: int = 0, nthread: int = 1) -> Tweedie:
    """Trees for each power, stopped early on validation. Raises FitRefused where no money came in one of the parts."""
    import xgboost

    for part in (train, validation):
        if not part.money.sum() > 0:
            raise FitRefused(Reason.TOO_FEW_VALUES, "No money came.", found=0, needed=1)
    mean = float(train.money.mean())
    data = [_data(part.matrix, part.money / mean, features, nthread) for part in (train, validation)]
    found = []
    for power in POWERS:
        booster = xgboost.train(
            _settings(power, seed, nthread),
            data[0],
            num_boost_round=ROUNDS,
            evals=[(data[1], "validation")],
            early_stopping_rounds=EARLY_STOP,
            verbose_eval=False,
        )
        raw = Tweedie(features, booster[: booster.best_iteration + 1], power, mean, nthread)
        expected = raw.predict(validation.matrix)
        correction = float(np.clip(validation.money.sum() / expected.sum(), 1 / MOST_CORRECTION, MOST_CORRECTION))
        error = float(np.mean(np.abs(expected * correction - validation.money)))
        found.append((error, Tweedie(features, raw.booster, power, mean * correction, nthread)))
    return min(found, key=lambda one: one[0])[1]


def load(fields: Mapping[str, Any], *, nthread: int = 1) -> Tweedie:
    """The reverse of `to_fields`. Raises FitRefused for anything else; check the seal first."""
    import xgboost

    booster = xgboost.Booster({"nthread": nthread})
    try:
        booster.load_model(bytearray(json.dumps(fields["trees"]).encode()))
        return Tweedie(tuple(fields["features"]), booster, float(fields["power"]), float(fields["scale"]), nthread)
    except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError) as error:
        raise FitRefused(Reason.UNREADABLE, "The stored model cannot be read.") from error


def _data(matrix: Floats, label: Floats | None, features: tuple[str, ...], nthread: int) -> Any:
    import xgboost

    return xgboost.DMatrix(feature_matrix(matrix, features), label=label, feature_names=list(features), nthread=nthread)


def _settings(power: float, seed: int, nthread: int) -> dict[str, object]:
    return {
        "objective": "reg:tweedie",
        "tweedie_variance_power": power,
        "eval_metric": f"tweedie-nloglik@{power}",
        "base_score": 1.0,
        "tree_method": "hist",
        "max_depth": 4,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": 5.0,
        "seed": seed,
        "nthread": nthread,
        "verbosity": 0,
    }
