"""How long until it happens, where some cases are still open: accelerated failure time by boosted trees (xgboost `survival:aft`).

log T = a + b·f(x) + σ·ε with ε logistic: f are the trees, a, b and σ the best for the validation period (b below 1 draws in trees
that are too sure). Then the distribution's own quantiles are replaced by those that validation showed, by Kaplan–Meier over
u = F(t), where an open case is one of which u is only known to be larger (a conformal step for censored data).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from kith_platform.predict.fits.kaplan_meier import survival
from kith_platform.predict.fits.matrix import feature_matrix
from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]

SCALE = 0.7  # of the noise, while trees are grown
ROUNDS, EARLY_STOP = 1000, 40
LEAST_EVENTS = 200
GRID = np.linspace(0.005, 0.995, 199)


@dataclass(frozen=True, eq=False)
class Waiting:
    """`levels[i]` is the share of cases that had happened by the model's own quantile GRID[i]; `line` is a, b, σ.

    Days are what went in.
    """

    features: tuple[str, ...]
    booster: Any
    line: tuple[float, float, float]
    levels: tuple[float, ...]
    nthread: int = 1
    tier = "xgboost"

    def centre(self, matrix: ArrayLike) -> Floats:
        """exp(a + b·f(x)), days, (n,)."""
        shift, slope, _scale = self.line
        trees = np.log(np.maximum(np.asarray(self.booster.predict(self._data(matrix)), dtype=np.float64), 1e-6))
        return np.asarray(np.exp(shift + slope * trees))

    def quantile(self, matrix: ArrayLike, share: float) -> Floats:
        """Days by which it has happened with chance `share`, (n,); infinite where so many never came in the days seen."""
        own = float(np.interp(share, self.levels, GRID, right=np.nan))
        if np.isnan(own):
            return np.full(self.centre(matrix).size, np.inf)
        return np.asarray(self.centre(matrix) * np.exp(self.line[2] * logit(own)))

    def chance(self, matrix: ArrayLike, days: float) -> Floats:
        """P(it happens within `days`), (n,)."""
        return self.shown(self.own(self.centre(matrix), days))

    def own(self, centre: Floats, days: ArrayLike) -> Floats:
        """F(days) of the logistic distribution about the centre."""
        return np.asarray(expit((np.log(np.maximum(np.asarray(days, dtype=np.float64), 1e-6)) - np.log(centre)) / self.line[2]))

    def shown(self, own: Floats) -> Floats:
        """F by what validation showed for the trees' F."""
        return np.asarray(np.interp(own, GRID, self.levels))

    def contributions(self, matrix: ArrayLike) -> Floats:
        """TreeSHAP on the log days of the trees, (n, k + 1) with the bias last; more days count as positive."""
        terms = np.asarray(self.booster.predict(self._data(matrix), pred_contribs=True), dtype=np.float64)
        return terms.reshape(-1, len(self.features) + 1)

    def to_bytes(self) -> bytes:
        """JSON in two lines; the same data and seed give the same bytes."""
        head = {"kith_model": "waiting", "line": self.line, "levels": self.levels, "features": self.features}
        return json.dumps(head, sort_keys=True).encode() + b"\n" + bytes(self.booster.save_raw(raw_format="json"))

    def _data(self, matrix: ArrayLike) -> Any:
        import xgboost

        values = feature_matrix(matrix, self.features)
        return xgboost.DMatrix(values, feature_names=list(self.features), nthread=self.nthread)


@dataclass(frozen=True)
class Cases:
    """Features (n, k), days waited (n,) and whether it happened then (n,); where not, the case was still open."""

    matrix: Floats
    days: Floats
    happened: NDArray[np.bool_]


def fit(train: Cases, validation: Cases, *, features: tuple[str, ...], seed: int = 0, nthread: int = 1) -> Waiting:
    """Trees with early stopping on validation, drawn in and with quantiles as validation shows them.

    Raises FitRefused with fewer than LEAST_EVENTS happenings in training, or fewer than 50 in validation.
    """
    import xgboost

    for cases, needed in ((train, LEAST_EVENTS), (validation, 50)):
        if (found := int(cases.happened.sum())) < needed:
            raise FitRefused(Reason.TOO_FEW_CUSTOMERS, "Too few happenings.", found=found, needed=needed)
    data = [_labelled(cases, features, nthread) for cases in (train, validation)]
    settings = {
        "objective": "survival:aft",
        "eval_metric": "aft-nloglik",
        "aft_loss_distribution": "logistic",
        "aft_loss_distribution_scale": SCALE,
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
    booster = xgboost.train(
        settings,
        data[0],
        num_boost_round=ROUNDS,
        evals=[(data[1], "validation")],
        early_stopping_rounds=EARLY_STOP,
        verbose_eval=False,
    )
    trees = booster[: booster.best_iteration + 1]
    raw = Waiting(features, trees, (0.0, 1.0, SCALE), tuple(GRID.tolist()), nthread)
    drawn = replace(raw, line=best_line(np.log(raw.centre(validation.matrix)), validation.days, validation.happened))
    own = drawn.own(drawn.centre(validation.matrix), validation.days)
    return replace(drawn, levels=levels(own, validation.happened))


def best_line(trees: Floats, days: Floats, happened: NDArray[np.bool_]) -> tuple[float, float, float]:
    """a, b, σ of the greatest likelihood of log T = a + b·trees + σ·ε, ε logistic, open cases by P(T > days)."""
    time = np.log(days)

    def loss(at: Floats) -> float:
        z = (time - at[0] - at[1] * trees) * np.exp(-at[2])
        open_ = np.logaddexp(0.0, z)  # −log P(T > t)
        return float(np.sum(np.where(happened, 2.0 * open_ - z + at[2], open_)))

    settings = {"xatol": 1e-5, "fatol": 1e-6, "maxiter": 2000}
    found = minimize(loss, np.array([0.0, 1.0, np.log(SCALE)]), method="Nelder-Mead", options=settings)
    return float(found.x[0]), float(max(found.x[1], 0.0)), float(np.exp(found.x[2]))


def levels(own: Floats, happened: NDArray[np.bool_]) -> tuple[float, ...]:
    """The share of cases whose u had come by each point of GRID: 1 − Kaplan–Meier of u, flat after the last that was seen."""
    curve = survival(own, happened)
    came = np.concatenate([[0.0], 1.0 - curve.share_open])
    found = came[np.searchsorted(curve.times, GRID, side="right")]
    return tuple(np.round(found, 6).tolist())


def concordance(days: Floats, happened: NDArray[np.bool_], centre: Floats, *, most: int = 3_000, seed: int = 0) -> float | None:
    """Harrell's C: of pairs of which it is known who came first, the share that the model orders so; of a sample of `most`."""
    rows = np.arange(days.size)
    if days.size > most:
        rows = np.sort(np.random.default_rng(seed).choice(days.size, most, replace=False))
    t, e, c = days[rows], happened[rows], centre[rows]
    first = e[:, None] & (t[:, None] < t[None, :])
    pairs = int(first.sum())
    if not pairs:
        return None
    right = (c[:, None] < c[None, :]) + 0.5 * (c[:, None] == c[None, :])
    return float((right * first).sum() / pairs)


def coverage(waiting: Waiting, cases: Cases, low: float = 0.1, high: float = 0.9) -> float:
    """The share of cases that came between the two quantiles, by Kaplan–Meier where cases are open."""
    shown = waiting.shown(waiting.own(waiting.centre(cases.matrix), cases.days))
    curve = survival(shown, cases.happened)
    came = np.concatenate([[0.0], 1.0 - curve.share_open])
    ends = came[np.searchsorted(curve.times, [low, high], side="right")]
    return float(ends[1] - ends[0])


def load(data: bytes, *, nthread: int = 1) -> Waiting:
    """The reverse of `to_bytes`. Raises FitRefused for other bytes; check their seal first."""
    import xgboost

    try:
        line, rest = data.split(b"\n", 1)
        head = json.loads(line)
        json.loads(rest)["learner"]
        booster = xgboost.Booster({"nthread": nthread})
        booster.load_model(bytearray(rest))
        return Waiting(tuple(head["features"]), booster, tuple(head["line"]), tuple(head["levels"]), nthread)
    except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError) as error:
        raise FitRefused(Reason.UNREADABLE, "The stored model cannot be read.") from error


def _labelled(cases: Cases, features: tuple[str, ...], nthread: int) -> Any:
    import xgboost

    data = xgboost.DMatrix(feature_matrix(cases.matrix, features), feature_names=list(features), nthread=nthread)
    data.set_float_info("label_lower_bound", cases.days)
    data.set_float_info("label_upper_bound", np.where(cases.happened, cases.days, np.inf))
    return data
