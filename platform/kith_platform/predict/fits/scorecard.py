"""A scorecard: each feature in bands, each band with its weight of evidence, a logistic regression on top (Siddiqi 2006).

Weight of evidence of a band is ln(its share of the bad / its share of the good), half a case added to each side, so that it is
above 0 where the bad gather; a missing value is a band of its own. Where the sense of a feature is known, neighbouring bands
that contradict it become one. The regression may not turn a feature's evidence round. Read as points, more are better: 600 at
odds of 50 good to 1 bad, and 20 more double the odds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from kith_platform.predict.fits import logistic
from kith_platform.predict.fits.matrix import feature_matrix
from kith_platform.predict.fits.refusal import FitRefused, Reason

Floats = NDArray[np.float64]

BANDS = 5  # of nearly equal counts, before neighbours are joined
BASE_POINTS, BASE_ODDS, DOUBLES = 600.0, 50.0, 20.0
LGD = 0.4  # share of an unpaid bill that is lost in the end, where the company has not said its own


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Up to edges[0], above it up to edges[1], …, above the last, and missing: weight of evidence and share of all of each."""

    edges: tuple[float, ...]
    woe: tuple[float, ...]
    shares: tuple[float, ...]
    value: float

    def of(self, column: Floats) -> NDArray[np.intp]:
        """The band of each value, len(edges) + 1 where missing."""
        return np.where(np.isnan(column), len(self.edges) + 1, np.searchsorted(self.edges, column, side="left"))


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """`bands` has an entry per feature; the regression reads their weights of evidence."""

    features: tuple[str, ...]
    bands: tuple[Bands, ...]
    line: logistic.Logistic
    tier = "scorecard"

    def predict(self, matrix: ArrayLike) -> Floats:
        """Probabilities of the bad outcome, (n,) float64, not calibrated."""
        return self.line.predict(self._evidence(matrix))

    def contributions(self, matrix: ArrayLike) -> Floats:
        """Each feature's term on the log-odds scale, (n, k + 1), the last the intercept."""
        return self.line.contributions(self._evidence(matrix))

    def points(self) -> list[dict[str, Any]]:
        """The card to print: per used feature its information value and bands with the points of each (the base is shared)."""
        used = [(place, self.line.columns.index(place)) for place in sorted(self.line.columns)]
        factor = DOUBLES / np.log(2.0)
        base = BASE_POINTS - factor * np.log(BASE_ODDS) - factor * self.line.intercept
        card = []
        for place, number in used:
            bands, line = self.bands[place], self.line
            slope = line.coefficients[number] / line.deviations[number]
            terms = slope * (np.array(bands.woe) - line.means[number])
            card.append(
                {
                    "feature": self.features[place],
                    "information_value": bands.value,
                    "edges": list(bands.edges),
                    "points": np.round(base / len(used) - factor * terms).astype(int).tolist(),
                    "shares": list(bands.shares),
                }
            )
        return sorted(card, key=lambda one: -one["information_value"])

    def to_bytes(self) -> bytes:
        """JSON with full precision; the same model always gives the same bytes."""
        return json.dumps({"kith_model": self.tier, **asdict(self)}).encode()

    def _evidence(self, matrix: ArrayLike) -> Floats:
        values = feature_matrix(matrix, self.features)
        columns = [np.asarray(one.woe)[one.of(column)] for one, column in zip(self.bands, values.T, strict=True)]
        return np.column_stack(columns) if columns else np.zeros((values.shape[0], 0))


def weight_of_evidence(bad: ArrayLike, good: ArrayLike, *, smoothing: float = 0.5) -> tuple[Floats, float]:
    """Per band ln(share of the bad / share of the good), and the information value Σ (difference of shares)·weight.

    `bad` and `good` count cases per band. `smoothing` is added to each count of a band that has any case.
    """
    counts = np.array([bad, good], dtype=np.float64)
    told = counts.sum(axis=0) > 0
    counts = np.where(told, counts + smoothing, 0.0)
    share = counts / counts.sum(axis=1, keepdims=True)
    woe = np.zeros(told.size)
    woe[told] = np.log(share[0, told] / share[1, told])
    return woe, float(((share[0] - share[1]) * woe).sum())


def fit(
    matrix: ArrayLike,
    outcome: ArrayLike,
    validation_matrix: ArrayLike,
    validation_outcome: ArrayLike,
    *,
    features: tuple[str, ...],
    monotone: Mapping[str, int] | None = None,
) -> Scorecard:
    """Outcomes are 1 (bad) or 0. Raises FitRefused where training has one class or no feature tells the two apart."""
    values, y = feature_matrix(matrix, features), np.asarray(outcome, dtype=np.float64).ravel()
    if y.size == 0 or np.ptp(y) == 0:
        raise FitRefused(Reason.ONE_CLASS, "Training needs bills of both outcomes.", found=float(y.sum()), needed=1)
    senses = monotone or {}
    bands = tuple(_bands(column, y, senses.get(name, 0)) for name, column in zip(features, values.T, strict=True))
    flat = logistic.Logistic(
        features=features, columns=(), medians=(), means=(), deviations=(), coefficients=(), intercept=0.0, penalty=1.0
    )
    reads = Scorecard(features=features, bands=bands, line=flat)
    line = logistic.fit(
        reads._evidence(values),  # noqa: SLF001 - its own
        y,
        reads._evidence(feature_matrix(validation_matrix, features)),  # noqa: SLF001
        validation_outcome,
        features=features,
        monotone=dict.fromkeys(features, 1),  # what points to the bad alone may not point to the good beside others
    )
    return Scorecard(features=features, bands=bands, line=line)


def load(fields: Mapping[str, Any]) -> Scorecard:
    """From the parsed JSON of `to_bytes`, without its `kith_model`. Raises TypeError or KeyError for other fields."""
    bands = tuple(
        Bands(edges=tuple(one["edges"]), woe=tuple(one["woe"]), shares=tuple(one["shares"]), value=float(one["value"]))
        for one in fields["bands"]
    )
    return Scorecard(features=tuple(fields["features"]), bands=bands, line=logistic.load(fields["line"]))


def _bands(column: Floats, y: Floats, sense: int) -> Bands:
    known = column[~np.isnan(column)]
    edges = np.unique(np.quantile(known, np.arange(1, BANDS) / BANDS)) if known.size else np.zeros(0)
    edges = edges[edges < known.max()] if known.size else edges
    if sense and edges.size:
        edges = edges[_kept(np.searchsorted(edges, known), y[~np.isnan(column)], sense)]
    cut = Bands(edges=tuple(edges.tolist()), woe=(), shares=(), value=0.0)
    place, count = cut.of(column), edges.size + 2
    bad = np.bincount(place, y, minlength=count)
    every = np.bincount(place, minlength=count)
    woe, value = weight_of_evidence(bad, every - bad)
    return Bands(edges=cut.edges, woe=tuple(woe.tolist()), shares=tuple((every / y.size).tolist()), value=value)


def _kept(place: NDArray[np.intp], y: Floats, sense: int) -> NDArray[np.bool_]:
    """Which edges stay where rates may only rise (fall) from band to band: pool adjacent violators."""
    count = int(place.max()) + 1
    every = np.bincount(place, minlength=count).astype(np.float64)
    rates = np.bincount(place, y, minlength=count) / np.maximum(every, 1.0)
    pooled = isotonic_regression(rates, weights=np.maximum(every, 1e-9), increasing=sense > 0)
    kept = np.zeros(count - 1, dtype=bool)
    kept[pooled.blocks[1:-1] - 1] = True
    return kept


def expected_loss(pd: ArrayLike, ead: ArrayLike, lgd: float = LGD) -> Floats:
    """EL = PD·EAD·LGD in the unit of `ead` (domain.md D9): probability, open money, share of it that is lost in the end."""
    return np.asarray(np.asarray(pd, dtype=np.float64) * np.asarray(ead, dtype=np.float64) * lgd)


def kolmogorov_smirnov(outcome: ArrayLike, score: ArrayLike) -> float | None:
    """Largest gap between the cumulated shares of bad and good by score, 0 to 1; None for one class."""
    y, s = np.asarray(outcome, dtype=np.float64).ravel(), np.asarray(score, dtype=np.float64).ravel()
    if y.size == 0 or np.ptp(y) == 0:
        return None
    order = np.argsort(s, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(s[order]) != 0), s.size - 1)
    bad, good = np.cumsum(y[order])[ends] / y.sum(), np.cumsum(1.0 - y[order])[ends] / (1.0 - y).sum()
    return float(np.abs(bad - good).max())
