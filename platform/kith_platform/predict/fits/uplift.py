"""What a message adds: S-, T- and X-learner over boosted trees (Künzel et al. 2019), after a randomised trial.

Rows are people of a trial: features (n, k), `treated` (n,) 1 or 0, outcome (n,) 1 or 0. Uplift is the chance with the message
less the chance without it. `qini` judges an order of people, `average_effect` the trial, `kinds` names the four types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.fits import boosted
from kith_platform.predict.fits.boosted import Boosted
from kith_platform.predict.fits.evaluation import Metric, Reading
from kith_platform.predict.fits.matrix import feature_matrix
from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_PER_ARM, LEAST_CONVERSIONS = 1_000, 100
T_LEARNER_FROM = 20_000
UNEVEN = 3.0  # the larger arm over the smaller one, from which X serves better than S or T
TREATED = "treated"
EARLY_STOP = 30


@dataclass(frozen=True, kw_only=True)
class Arms:
    """How many were in each arm, and how many of them converted."""

    treated: int
    control: int
    treated_conversions: int
    control_conversions: int

    @staticmethod
    def of(outcome: Floats, treated: Floats) -> Arms:
        return Arms(
            treated=int(treated.sum()),
            control=int((1 - treated).sum()),
            treated_conversions=int((outcome * treated).sum()),
            control_conversions=int((outcome * (1 - treated)).sum()),
        )

    def missing(self) -> dict[str, int]:
        """By count, how many more are needed before uplift may be learned; empty where nothing is missing."""
        needed = (LEAST_PER_ARM, LEAST_PER_ARM, LEAST_CONVERSIONS, LEAST_CONVERSIONS)
        found = asdict(self)
        return {name: least - found[name] for name, least in zip(found, needed, strict=True) if found[name] < least}


@dataclass(frozen=True)
class Trial:
    """Rows of a trial: features (n, k), outcome (n,), treated (n,)."""

    matrix: Floats
    outcome: Floats
    treated: Floats

    def arm(self, treated: int) -> Trial:
        rows = self.treated == treated
        return Trial(self.matrix[rows], self.outcome[rows], self.treated[rows])


@dataclass(frozen=True, eq=False)
class Uplift:
    """A fitted learner. Models: s (one with the arm as last feature), t (without, with), x (without, with, and the effect as
    learned from the control and from the treated). `share` of all that were treated; `shift` is added to each uplift, so that
    the mean is what was measured: what trees hold back for want of proof, an s-learner takes from the effect itself."""

    learner: str
    features: tuple[str, ...]
    models: tuple[Boosted, ...]
    share: float
    shift: float = 0.0

    def without(self, matrix: Floats) -> Floats:
        """The chance to convert without the message, (n,)."""
        return self.models[0].predict(self._armed(matrix, 0.0) if self.learner == "s" else matrix)

    def uplift(self, matrix: Floats) -> Floats:
        """What the message adds to that chance, (n,), in [−1, 1]."""
        return np.clip(self._raw(matrix) + self.shift, -1.0, 1.0)

    def _raw(self, matrix: Floats) -> Floats:
        if self.learner != "x":
            return self.response(matrix) - self.without(matrix)
        of_control, of_treated = (model.predict(matrix) for model in self.models[2:])
        return np.asarray(self.share * of_control + (1.0 - self.share) * of_treated)

    def response(self, matrix: Floats) -> Floats:
        """The chance to convert with the message, (n,): the order that an uplift model has to beat."""
        return self.models[0].predict(self._armed(matrix, 1.0)) if self.learner == "s" else self.models[1].predict(matrix)

    def contributions(self, matrix: Floats) -> Floats:
        """What each feature does to the uplift, (n, k + 1), the last column the bias: TreeSHAP of the effect models (x, in
        chances), or of the chance with the message less that without (s and t, in log-odds)."""
        if self.learner == "s":
            pair = (self.models[0].contributions(self._armed(matrix, arm)) for arm in (1.0, 0.0))
            terms = np.subtract(*pair)
            terms[:, -1] += terms[:, -2]  # the arm itself is what everybody gains
            return np.delete(terms, -2, axis=1)
        if self.learner == "t":
            return self.models[1].contributions(matrix) - self.models[0].contributions(matrix)
        of_control, of_treated = (model.contributions(matrix) for model in self.models[2:])
        terms = self.share * of_control + (1.0 - self.share) * of_treated
        terms[:, -1] += self.shift
        return terms

    def to_bytes(self) -> bytes:
        """JSON; the same trial and seed give identical bytes."""
        models = [model.to_bytes().decode() for model in self.models]
        fields = {"learner": self.learner, "features": self.features, "share": self.share, "shift": self.shift, "models": models}
        return json.dumps({"kith_model": "uplift", **fields}).encode()

    def _armed(self, matrix: Floats, arm: float) -> Floats:
        return np.column_stack([matrix, np.full(matrix.shape[0], arm)])


def load(data: bytes, *, nthread: int = 1) -> Uplift:
    """The reverse of `to_bytes`, for bytes whose seal has been proved. Raises FitRefused for anything else."""
    try:
        fields = json.loads(data)
        models = tuple(boosted.load(model.encode(), nthread=nthread) for model in fields["models"])
        numbers = float(fields["share"]), float(fields["shift"])
        return Uplift(str(fields["learner"]), tuple(fields["features"]), models, *numbers)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FitRefused(Reason.UNREADABLE, "The stored model cannot be read.") from error


def learner_for(treated: Floats) -> str:
    """x where one arm is at least UNEVEN times the other, else t from 20,000 rows on, else s (domain.md D6)."""
    share = float(treated.mean())
    if max(share, 1.0 - share) >= UNEVEN * min(share, 1.0 - share):
        return "x"
    return "t" if treated.size >= T_LEARNER_FROM else "s"


def fit(
    train: Trial, validation: Trial, *, features: tuple[str, ...], learner: str = "", seed: int = 0, nthread: int = 1
) -> Uplift:
    """Fits the learner that the sizes call for, or the one named. Raises FitRefused where an arm has one outcome only."""
    chosen = learner or learner_for(train.treated)
    train, validation = (replace(part, matrix=feature_matrix(part.matrix, features)) for part in (train, validation))
    models = _models(chosen, train, validation, features, seed, nthread)
    model = Uplift(chosen, features, models, float(train.treated.mean()))
    matrix, outcome, treated = (
        np.concatenate([getattr(part, name) for part in (train, validation)]) for name in ("matrix", "outcome", "treated")
    )
    measured = outcome[treated == 1].mean() - outcome[treated == 0].mean()
    return replace(model, shift=float(measured - model.uplift(matrix).mean()))


def _models(
    learner: str, train: Trial, validation: Trial, features: tuple[str, ...], seed: int, nthread: int
) -> tuple[Boosted, ...]:
    options: dict[str, Any] = {"seed": seed, "nthread": nthread}
    if learner == "s":
        both = [np.column_stack([part.matrix, part.treated]) for part in (train, validation)]
        return (boosted.fit(both[0], train.outcome, both[1], validation.outcome, features=(*features, TREATED), **options),)
    arms = [(train.arm(arm), validation.arm(arm)) for arm in (0, 1)]
    chances = tuple(
        boosted.fit(ours.matrix, ours.outcome, later.matrix, later.outcome, features=features, **options) for ours, later in arms
    )
    if learner == "t":
        return chances
    effects = []
    for arm, parts in enumerate(arms):
        sides = [(part.matrix, _imputed(part, chances[1 - arm], arm)) for part in parts]
        effects.append(_effect(sides[0], sides[1], features, seed, nthread))
    return (*chances, *effects)


def _imputed(part: Trial, other: Boosted, arm: int) -> Floats:
    """Each person's effect, with the other arm's model in place of what did not happen."""
    gained = part.outcome - other.predict(part.matrix)
    return gained if arm else -gained


def _effect(
    train: tuple[Floats, Floats], validation: tuple[Floats, Floats], features: tuple[str, ...], seed: int, nthread: int
) -> Boosted:
    """Effects are small beside their noise: shallow trees with many people in each leaf."""
    import xgboost

    data = [
        xgboost.DMatrix(values, label=effect, feature_names=list(features), nthread=nthread)
        for values, effect in (train, validation)
    ]
    settings = {
        "objective": "reg:squarederror",
        "tree_method": "hist",
        "max_depth": 3,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": max(20.0, train[1].size / 100),
        "base_score": float(train[1].mean()),
        "seed": seed,
        "nthread": nthread,
        "verbosity": 0,
    }
    booster = xgboost.train(
        settings, data[0], 500, evals=[(data[1], "later")], early_stopping_rounds=EARLY_STOP, verbose_eval=False
    )
    return Boosted(features, booster[: booster.best_iteration + 1], nthread)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a message added on average: the rates of both arms, their difference and its 95 % interval."""

    treated_rate: float
    control_rate: float
    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def average_effect(outcome: Floats, treated: Floats, people: Ints) -> Effect:
    """The measured mean effect. Who took part several times is one person: the error sums over people (Liang & Zeger 1986)."""
    arms = [(rows, float(outcome[rows].mean())) for rows in (treated == 1, treated == 0)]
    push = np.zeros(outcome.size)
    for sign, (rows, rate) in zip((1.0, -1.0), arms, strict=True):
        push[rows] = sign * (outcome[rows] - rate) / rows.sum()
    _, who = np.unique(people, return_inverse=True)
    half = 1.959963984540054 * float(np.sqrt(np.sum(np.bincount(who, push) ** 2)))
    value = arms[0][1] - arms[1][1]
    return Effect(treated_rate=arms[0][1], control_rate=arms[1][1], value=value, low=value - half, high=value + half)


def gained(treated_conversions: Floats, control_conversions: Floats, treated: Floats, control: Floats) -> Floats:
    """Conversions that would not have come: Q = Y_t − Y_c·N_t/N_c (Radcliffe 2007); without control nothing is taken off."""
    expected = np.divide(control_conversions * treated, control, out=np.zeros_like(treated), where=control > 0)
    return np.asarray(treated_conversions - expected)


def qini(treated: Floats) -> Metric:
    """The Qini coefficient: area between the curve of `gained` from the best score down and the straight line of chance, as
    conversions a treated person. 0 for an order that tells nothing."""

    def metric(outcome: Floats, score: Floats) -> Reading:
        ranked = _ranked(outcome, treated, score)

        def read(weights: Floats) -> float:
            sums = ranked(weights)
            total = sums[2][-1] + sums[3][-1]
            if not sums[2][-1] or not sums[3][-1]:
                return float("nan")
            share, curve = np.r_[0.0, (sums[2] + sums[3]) / total], np.r_[0.0, gained(*sums)]
            area = float(np.sum((curve[1:] + curve[:-1]) * np.diff(share))) / 2.0
            return float((area - curve[-1] / 2.0) / sums[2][-1])

        return read

    return metric


def uplift_at(share: float, treated: Floats) -> Metric:
    """The measured uplift (difference of rates) among the top `share` of people by score."""

    def metric(outcome: Floats, score: Floats) -> Reading:
        ranked = _ranked(outcome, treated, score)

        def read(weights: Floats) -> float:
            sums = ranked(weights)
            reached = np.r_[0.0, sums[2] + sums[3]]
            got, had, with_, without = (np.interp(share * reached[-1], reached, np.r_[0.0, each]) for each in sums)
            return float(got / with_ - had / without) if with_ and without else float("nan")

        return read

    return metric


def qini_curve(outcome: Floats, treated: Floats, score: Floats, points: int = 20) -> list[dict[str, float]]:
    """The curve as rows: `share` of people reached from the best score down, `gained` conversions a hundred treated people."""
    sums = _ranked(outcome, treated, score)(np.ones(outcome.size))
    reached = np.r_[0.0, sums[2] + sums[3]]
    curve = np.interp(np.linspace(0, reached[-1], points + 1), reached, np.r_[0.0, gained(*sums)])
    shares = np.linspace(0, 1, points + 1)
    return [{"share": float(s), "gained": float(100.0 * g / sums[2][-1])} for s, g in zip(shares, curve, strict=True)]


def uplift_table(outcome: Floats, treated: Floats, uplift: Floats, groups: int = 5) -> list[dict[str, float | None]]:
    """Equal groups from the highest predicted uplift down: n, predicted and measured uplift (None without both arms)."""
    rows = []
    for number, members in enumerate(np.array_split(np.argsort(-uplift, kind="stable"), groups)):
        y, t = outcome[members], treated[members]
        measured = float(y[t == 1].mean() - y[t == 0].mean()) if 0 < t.sum() < t.size else None
        mean = float(uplift[members].mean()) if members.size else None
        rows.append({"group": number + 1.0, "n": float(members.size), "predicted": mean, "measured": measured})
    return rows


class Kind(IntEnum):
    """The four types of people, as stored with a score."""

    PERSUADABLE = 0
    SURE_THING = 1
    LOST_CAUSE = 2
    SLEEPING_DOG = 3


@dataclass(frozen=True)
class Thresholds:
    """Persuadable from `persuadable` uplift on; others buy anyway from a chance of `likely` without a message on."""

    persuadable: float
    likely: float

    @staticmethod
    def of(effect: Effect) -> Thresholds:
        """From a trial: half of what the message adds on average, at least a twentieth of the usual chance without it."""
        return Thresholds(max(effect.value / 2.0, effect.control_rate / 20.0), effect.control_rate)


def kinds(uplift: Floats, without: Floats, limits: Thresholds) -> Ints:
    """Each person's Kind, (n,): who is less likely to buy when written to is a sleeping dog, and is not to be written to."""
    conditions = [uplift < 0, uplift >= limits.persuadable, without >= limits.likely]
    return np.select(conditions, [Kind.SLEEPING_DOG, Kind.PERSUADABLE, Kind.SURE_THING], Kind.LOST_CAUSE).astype(np.int64)


def imbalance(matrix: Floats, treated: Floats, features: tuple[str, ...]) -> Mapping[str, Any]:
    """The feature by which the arms differ most: its name, and the standardised difference of means (Austin 2009), whose usual
    limit is .1; `excess` is how many times it passes that limit, or what chance makes of as few people as the feature is known
    of (4.5 standard errors)."""
    worst: dict[str, Any] = {"feature": None, "difference": 0.0, "excess": 0.0}
    for column, name in enumerate(features):
        known = ~np.isnan(matrix[:, column])
        with_, without = (matrix[known & (treated == arm), column] for arm in (1, 0))
        if min(with_.size, without.size) < 2:
            continue
        spread = np.sqrt((with_.var() + without.var()) / 2.0)
        difference = float(abs(with_.mean() - without.mean()) / spread) if spread > 0 else 0.0
        excess = difference / max(0.1, 4.5 * float(np.sqrt(1.0 / with_.size + 1.0 / without.size)))
        if excess > worst["excess"]:
            worst = {"feature": name, "difference": difference, "excess": excess}
    return worst


def _ranked(outcome: Floats, treated: Floats, score: Floats) -> Any:
    """Sorts once; then weights → running Y_t, Y_c, N_t, N_c from the highest score down, at each end of equal scores."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
    y, t = outcome[order], treated[order]
    columns = (y * t, y * (1.0 - t), t, 1.0 - t)

    def sums(weights: Floats) -> tuple[Floats, ...]:
        mass = weights[order]
        return tuple(np.cumsum(mass * column)[ends] for column in columns)

    return sums
