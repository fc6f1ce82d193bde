"""Which kind of classifier the data can bear (domain rule D0), and the one interface that all kinds share.

At least 200 positives in training → boosted trees; 50 to 199 → ridge logistic; fewer → rates by the bands of a rule.
"Positives" here is the rarer of the two outcomes: a thousand losses and three survivors teach no more than three losses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kith_platform.predict.fits import boosted, logistic, rates, scorecard
from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]

BOOSTED_FROM = 200
LOGISTIC_FROM = 50


class Tier(StrEnum):
    """The kinds of classifier, best first."""

    BOOSTED = "xgboost"
    LOGISTIC = "logistic"
    RATES = "rates"


class Classifier(Protocol):
    """What every tier can do. Matrices are (n, k), one column per feature in the order of `features`, NaN = missing."""

    @property
    def tier(self) -> str: ...

    @property
    def features(self) -> tuple[str, ...]: ...

    def predict(self, matrix: ArrayLike) -> Floats:
        """Uncalibrated probabilities, (n,) float64."""
        ...

    def contributions(self, matrix: ArrayLike) -> Floats:
        """(n, k + 1) on the log-odds scale, the last column the bias; rows sum to the margin (logit of `predict`)."""
        ...

    def to_bytes(self) -> bytes:
        """JSON; the same data and seed give identical bytes. `load` reads it back."""
        ...


@dataclass(frozen=True)
class Sample:
    """A feature matrix (n, k) and its outcomes (n,), 0 or 1."""

    matrix: Floats
    outcome: Floats


@dataclass(frozen=True)
class Gate:
    """The tier that `found` cases of the rarer outcome allow; the next better one needs `needed` (None at the top)."""

    tier: Tier
    found: int
    needed: int | None

    @property
    def shortfall(self) -> int:
        """How many more cases the next tier needs; 0 at the top."""
        return 0 if self.needed is None else self.needed - self.found


def gate(outcome: ArrayLike) -> Gate:
    """The size gate of D0 for training outcomes (n,)."""
    y = np.asarray(outcome, dtype=np.float64).ravel()
    return gate_of(int(min(y.sum(), y.size - y.sum())))


def gate_of(found: int) -> Gate:
    """The same for `found` cases of the rarer outcome."""
    if found >= BOOSTED_FROM:
        return Gate(Tier.BOOSTED, found, None)
    if found >= LOGISTIC_FROM:
        return Gate(Tier.LOGISTIC, found, BOOSTED_FROM)
    return Gate(Tier.RATES, found, LOGISTIC_FROM)


def fit(
    train: Sample,
    validation: Sample,
    *,
    features: tuple[str, ...],
    rule: rates.Rule,
    monotone: Mapping[str, int] | None = None,
    prior: float | None = None,
    seed: int = 0,
    nthread: int = 1,
    tier: Tier | None = None,
) -> Classifier:
    """Fits the tier that the gate allows, or the one named. The lowest tier uses `rule` and `prior` alone.

    Raises FitRefused where validation (for boosted trees) or training has one class only, or no feature varies;
    ValueError for outcomes other than 0 and 1. Processes that may fork later must pass nthread=1.
    """
    for sample in (train, validation):
        if not np.all((sample.outcome == 0) | (sample.outcome == 1)):
            raise ValueError("Outcomes must be 0 or 1.")
    chosen = tier or gate(train.outcome).tier
    if chosen is Tier.RATES:
        return rates.fit(train.matrix, train.outcome, features=features, rule=rule, prior=prior)
    if chosen is Tier.LOGISTIC:
        return logistic.fit(
            train.matrix, train.outcome, validation.matrix, validation.outcome, features=features, monotone=monotone
        )
    return boosted.fit(
        train.matrix,
        train.outcome,
        validation.matrix,
        validation.outcome,
        features=features,
        monotone=monotone,
        seed=seed,
        nthread=nthread,
    )


def load(data: bytes, *, nthread: int = 1) -> Classifier:
    """Reads what `to_bytes` wrote. Raises FitRefused for anything else; the caller checks hash and HMAC first."""
    if not data.startswith(b'{"kith_model"'):
        return boosted.load(data, nthread=nthread)
    try:
        fields = json.loads(data)
        named = fields.pop("kith_model")
        if named == scorecard.Scorecard.tier:  # chosen by the question, not by size
            return scorecard.load(fields)
        kind = Tier(named)
        return logistic.load(fields) if kind is Tier.LOGISTIC else rates.load(fields)
    except (ValueError, TypeError, KeyError) as error:
        raise FitRefused(Reason.UNREADABLE, "The stored model cannot be read.") from error
