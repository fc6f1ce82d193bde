"""Which of several it will be: trees for the softmax of all classes at once (`multi:softprob`, Chen & Guestrin 2016).

The trees start from the classes' shares in training and learn what moves a row away from them. The validation rows, which are
later, then say how often each class comes by now, and how far to trust the trees: a slope of 0 gives the shares, 1 the trees as
they are. It is never steeper: the trees were stopped by the same rows (vector scaling, Guo et al. 2017, with a prior).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from kith_platform.predict.fits import boosted
from kith_platform.predict.fits.boosted import EARLY_STOP, ROUNDS
from kith_platform.predict.fits.matrix import feature_matrix

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]

LEAST_CALIBRATED = 100  # validation rows from which slope and shares are found; below they are 1 and those of training
KAPPA = 20.0  # rows that the former shares weigh (domain.md D0)


@dataclass(frozen=True, eq=False)
class Classes:
    """`shares` (K,) of the classes by now, what the trees' mean is off from them (`shift`, K log-odds), the slope, and trees cut
    after their best round.
    """

    features: tuple[str, ...]
    shares: Floats
    shift: Floats
    slope: float
    booster: Any
    nthread: int = 1
    tier = "xgboost"

    def predict(self, matrix: ArrayLike) -> Floats:
        """The chance of each class, (n, K); rows sum to 1."""
        return np.asarray(softmax(np.log(self.shares) + self.shift + self.slope * self.moved(matrix), axis=1))

    def contributions(self, matrix: ArrayLike) -> Floats:
        """(n, K, k + 1): what each feature adds to a class's margin less what it adds to the others' on average (TreeSHAP, the
        last column the bias); what moves all classes alike says nothing.
        """
        data = self._data(matrix)
        terms = np.asarray(self.booster.predict(data, pred_contribs=True, strict_shape=True), dtype=np.float64)
        terms = terms.reshape(-1, self.shares.size, len(self.features) + 1)
        terms *= self.slope
        terms[:, :, -1] += self.shift
        return np.asarray(terms - terms.mean(axis=1, keepdims=True))

    def to_bytes(self) -> bytes:
        """One JSON object; the same model always gives the same bytes."""
        trees = json.loads(bytes(self.booster.save_raw(raw_format="json")))
        said = {"shares": self.shares.tolist(), "shift": self.shift.tolist(), "slope": self.slope, "trees": trees}
        return json.dumps(said, sort_keys=True).encode()

    def moved(self, matrix: ArrayLike) -> Floats:
        """How far the trees move each class's log-odds from its share, (n, K)."""
        found = self.booster.predict(self._data(matrix), output_margin=True, strict_shape=True)
        return np.asarray(found, dtype=np.float64).reshape(-1, self.shares.size)

    def _data(self, matrix: ArrayLike) -> Any:
        return _data(feature_matrix(matrix, self.features), self.features, np.zeros(self.shares.size), self.nthread)


def fit(
    matrix: ArrayLike,
    came: Ids,
    validation_matrix: ArrayLike,
    validation_came: Ids,
    *,
    features: tuple[str, ...],
    classes: int,
    seed: int = 0,
    nthread: int = 1,
) -> Classes:
    """From rows (n, k) and the class each turned out to be (n,), 0 … classes − 1; the same data and seed give the same bytes."""
    import xgboost

    shares = shares_of(came, classes)
    train, validation = (
        _data(feature_matrix(rows, features), features, np.log(shares), nthread, label)
        for rows, label in ((matrix, came), (validation_matrix, validation_came))
    )
    settings = {
        "objective": "multi:softprob",
        "num_class": classes,
        "eval_metric": "mlogloss",
        "tree_method": "hist",
        "max_depth": 3,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": 5.0,
        "seed": seed,
        "nthread": nthread,
        "verbosity": 0,
    }
    booster = xgboost.train(
        settings,
        train,
        num_boost_round=ROUNDS,
        evals=[(validation, "validation")],
        early_stopping_rounds=EARLY_STOP,
        verbose_eval=False,
    )
    raw = Classes(features, shares, np.zeros(classes), 1.0, booster[: booster.best_iteration + 1], nthread)
    if validation_came.size < LEAST_CALIBRATED:
        return raw
    counts = np.bincount(validation_came, minlength=classes)
    latest = (counts + KAPPA * shares) / (validation_came.size + KAPPA)
    slope, shift = _calibrated(latest, raw.moved(validation_matrix), validation_came)
    return Classes(features, latest, shift, slope, raw.booster, nthread)


def load(data: bytes, *, nthread: int = 1) -> Classes:
    """The reverse of `to_bytes`, for bytes whose seal has been proved. Raises FitRefused for bytes that are no such model."""
    from kith_platform.predict.fits.refusal import FitRefused, Reason

    try:
        stored = json.loads(data)
        trees, shares, slope = json.dumps(stored["trees"]).encode(), np.array(stored["shares"]), float(stored["slope"])
        shift = np.array(stored.get("shift", np.zeros(shares.size)))  # artefacts of before have none
    except (ValueError, TypeError, KeyError) as error:
        raise FitRefused(Reason.UNREADABLE, "The stored model cannot be read.") from error
    opened = boosted.load(trees, nthread=nthread)
    return Classes(opened.features, shares, shift, slope, opened.booster, nthread)


def shares_of(came: Ids, classes: int) -> Floats:
    """Each class's share, (classes,), with one row more of each: what was never seen is rare, not impossible (Laplace)."""
    return np.asarray((np.bincount(came, minlength=classes) + 1.0) / (came.size + classes))


def _calibrated(shares: Floats, moved: Floats, came: Ids) -> tuple[float, Floats]:
    """Slope in [0, 1] and shift of least log-loss, as if KAPPA more rows had come by the shares alone: a convex function."""
    start, row, classes = np.log(shares), np.arange(came.size), shares.size
    truth = np.zeros((came.size, classes))
    truth[row, came] = 1.0

    def loss(both: Floats) -> tuple[float, Floats]:
        slope, shift = both[0], both[1:]
        said, plain = log_softmax(start + shift + slope * moved, axis=1), log_softmax(start + shift)
        wrong = np.exp(said) - truth
        gradient = np.concatenate([[float((wrong * moved).sum())], wrong.sum(axis=0) + KAPPA * (np.exp(plain) - shares)])
        return -float(said[row, came].sum()) - KAPPA * float(shares @ plain), gradient

    found = minimize(loss, np.zeros(classes + 1), jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0), *[(None, None)] * classes])
    return float(found.x[0]), np.asarray(found.x[1:])


def _data(values: Floats, features: tuple[str, ...], start: Floats, nthread: int, label: Ids | None = None) -> Any:
    import xgboost

    margin = np.tile(start, (values.shape[0], 1))
    return xgboost.DMatrix(values, label=label, base_margin=margin, feature_names=list(features), nthread=nthread)
