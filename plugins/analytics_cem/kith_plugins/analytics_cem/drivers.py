"""What drives the overall score (domain B3, cem.driver_impact): six qualities, weighed against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cem.opinions import answered

DRIVERS = {
    "quality": N_("Quality"),
    "brand": N_("Brand"),
    "image": N_("Image"),
    "responsibility": N_("Responsibility"),
    "price": N_("Price"),
    "service": N_("Service"),
}
ENOUGH, FEWEST, TANGLED = 200, 30, 5.0  # answers for a regression; for ranks; the variance inflation from which it misleads
Floats = NDArray[np.float64]


def rated(scope: MetricScope) -> ir.Table:
    """Answers that rate all six, as a struct with the overall score and the kind of survey it belongs to."""
    rows = answered(scope)
    rows = rows.filter(*(rows[name].notnull() for name in DRIVERS))
    said = ibis.struct({"kind": rows.kind, "score": rows.score, **{name: rows[name] for name in DRIVERS}})
    return rows.mutate(rated=said)


RATED = Rows(key="rated", make=rated)
SAID = Measure(key="rated", fact=RATED, aggregate=lambda rows: rows.rated.collect())


def inflation(drivers: Floats) -> float:
    """The largest variance inflation factor of the columns: the largest diagonal of the inverse of their correlations.

    Infinite where one is made of others. Source: Belsley, Kuh & Welsch (1980), Regression Diagnostics.
    """
    if not (drivers.std(axis=0) > 0).all():
        return float("inf")
    correlations: Floats = np.atleast_2d(np.corrcoef(drivers, rowvar=False)).astype(np.float64)
    if np.linalg.matrix_rank(correlations) < len(correlations):
        return float("inf")
    return float(np.diag(np.linalg.inv(correlations)).max())


def _standard(values: Floats) -> Floats:
    spread = values.std(axis=0)
    standard: Floats = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return standard


def _ranks(values: Floats) -> Floats:
    """Ranks from 0, ties at their mean."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(values.size)
    ranks[order] = np.arange(values.size)
    _unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    means: Floats = (np.bincount(inverse, ranks) / counts)[inverse]
    return means


def impact(drivers: Floats, score: Floats) -> tuple[Floats, bool]:
    """(a coefficient per driver, whether they are of a regression). Standardised coefficients from 200 answers on where the
    drivers can be told apart; else each one's rank correlation with the score.
    """
    if len(score) >= ENOUGH and inflation(drivers) < TANGLED:
        found, *_rest = np.linalg.lstsq(_standard(drivers), _standard(score), rcond=None)
        return np.asarray(found, dtype=np.float64), True
    ranked = _standard(_ranks(score))
    each = [float((_standard(_ranks(drivers[:, column])) * ranked).mean()) for column in range(drivers.shape[1])]
    return np.array(each), False


def driver_impact(values: Mapping[str, Any]) -> Reading:
    """The strongest driver's coefficient; all six behind it. Of several kinds of survey, the one with the most answers."""
    rows: Sequence[Mapping[str, Any]] = values["rated"] or ()
    kinds = sorted({one["kind"] for one in rows}, key=lambda kind: (-sum(one["kind"] == kind for one in rows), kind))
    own = [one for one in rows if kinds and one["kind"] == kinds[0]]
    if len(own) < FEWEST:
        return Reading.none("few_answers" if own else "empty_denominator", n=len(own))
    drivers = np.array([[float(one[name]) for name in DRIVERS] for one in own])
    found, regression = impact(drivers, np.array([float(one["score"]) for one in own]))
    said = tuple({"name": label, "value": float(one)} for label, one in zip(DRIVERS.values(), found, strict=True))
    value = float(found[int(np.argmax(np.abs(found)))])
    return Reading(value=value, n=len(own), rows=said, flags=() if regression else ("rank_correlation",))


METRICS = (
    Metric(
        key="cem.driver_impact",
        name=N_("What drives the overall score"),
        unit="coefficient",
        better="info",
        kind="outcome",
        words=N_(
            "How far the overall score moves, in standard deviations, when the rating of quality, brand, image, responsibility, "
            "price or service moves by one; the strongest is shown, all six stand behind it. With fewer than 200 answers, or "
            "ratings that move together, it is each one's rank correlation. Typical of, not because of."
        ),
        code="standardised least squares; Spearman below n = 200 or from VIF 5 on",
        needs=("survey_responses",),
        grains=("tenant", "segment"),
        measures=(SAID,),
        formula=driver_impact,
    ),
)
