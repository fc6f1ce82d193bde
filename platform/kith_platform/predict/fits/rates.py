"""Observed rates by the bands of a rule, drawn towards a prior: for tenants with fewer than 50 positives, and as baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from kith_platform.predict.fits.matrix import feature_matrix
from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.fits.rhythm import posterior_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """Bands of one feature: up to edges[0], above it up to edges[1], …, above the last; missing is a band of its own."""

    feature: str
    edges: tuple[float, ...]

    def band(self, values: Floats) -> NDArray[np.intp]:
        """The band of each value, 0 … len(edges), and len(edges) + 1 where missing."""
        return np.where(np.isnan(values), len(self.edges) + 1, np.searchsorted(self.edges, values, side="left"))


@dataclass(frozen=True, kw_only=True)
class Rates:
    """`rates` has one probability per band of the rule, the last for missing values."""

    features: tuple[str, ...]
    rule: Rule
    rates: tuple[float, ...]
    prior: float
    tier = "rates"

    def predict(self, matrix: ArrayLike) -> Floats:
        """The rate of each customer's band, (n,) float64."""
        return np.asarray(self.rates)[self._band(matrix)]

    def contributions(self, matrix: ArrayLike) -> Floats:
        """(n, k + 1) on the log-odds scale: the rule's feature moves the prior (last column) to the band's rate."""
        band = self._band(matrix)
        terms = np.zeros((band.size, len(self.features) + 1))
        terms[:, -1] = logit(self.prior)
        terms[:, self.features.index(self.rule.feature)] = (logit(np.asarray(self.rates)) - logit(self.prior))[band]
        return terms

    def to_bytes(self) -> bytes:
        """JSON with full precision; the same model always gives the same bytes."""
        return json.dumps({"kith_model": self.tier, **asdict(self)}).encode()

    def _band(self, matrix: ArrayLike) -> NDArray[np.intp]:
        return self.rule.band(feature_matrix(matrix, self.features)[:, self.features.index(self.rule.feature)])


def fit(
    matrix: ArrayLike,
    outcome: ArrayLike,
    *,
    features: tuple[str, ...],
    rule: Rule,
    prior: float | None = None,
) -> Rates:
    """Posterior mean per band, (k + 20·prior)/(n + 20). Without a prior it is the rate of all, (k + ½)/(n + 1).

    Works from no customers at all, then every band has the prior. Raises FitRefused for a prior outside (0, 1) or no
    prior and no customers.
    """
    values, y = feature_matrix(matrix, features), np.asarray(outcome, dtype=np.float64).ravel()
    if prior is None:
        if y.size == 0:
            raise FitRefused(Reason.EMPTY, "There are no customers and no prior rate.", found=0, needed=1)
        prior = float((y.sum() + 0.5) / (y.size + 1.0))
    if not 0.0 < prior < 1.0:
        raise FitRefused(Reason.INVALID, "A prior rate must lie between 0 and 1.", found=prior)
    band, bands = rule.band(values[:, features.index(rule.feature)]), len(rule.edges) + 2
    rates = posterior_mean(np.bincount(band, y, minlength=bands), np.bincount(band, minlength=bands), prior)
    return Rates(features=features, rule=rule, rates=tuple(rates.tolist()), prior=prior)


def load(fields: Mapping[str, object]) -> Rates:
    """From the parsed JSON of `to_bytes`, without its `kith_model`. Raises TypeError or KeyError for other fields."""
    plain = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items() if name != "rule"}
    rule = fields["rule"]
    if not isinstance(rule, dict):
        raise TypeError("rule")
    return Rates(rule=Rule(rule["feature"], tuple(rule["edges"])), **plain)  # type: ignore[arg-type]
