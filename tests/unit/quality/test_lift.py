"""What filling a field would bring: on customers of whom all is known, of whom a part is hidden, the estimate meets the truth."""

from __future__ import annotations

import numpy as np
import pytest

from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.fits import evaluation, rates, tiers
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.models import ModelVersion
from kith_platform.quality import lift
from kith_platform.quality.models import QualityLift
from kith_platform.sdk.types import Feature

SCORE = Feature(name="csat_last", label="", sentence="", unit="score", reads="survey_responses.score")
FAMILIES = Feature(name="families", label="", sentence="", unit="count", reads="products.family")
NAMES = ("rho", "csat_last", "families")
RULE = rates.Rule("rho", (1.5,))


def people(n: int, seed: int, *, says: float) -> tuple[np.ndarray, np.ndarray]:
    """Rhythm, satisfaction and families of n customers who leave by rhythm and, by `says`, by satisfaction."""
    draw = np.random.default_rng(seed)
    rho, csat, families = draw.gamma(2.0, 0.6, n), draw.normal(0.0, 1.0, n), draw.integers(1, 5, n).astype(float)
    chance = 1.0 / (1.0 + np.exp(1.2 - 0.9 * rho + says * csat))
    return np.column_stack([rho, csat, families]), (draw.random(n) < chance).astype(float)


def partly(values: np.ndarray, share: float, seed: int) -> np.ndarray:
    """The values as they are where only `share` of the customers were asked how satisfied they are."""
    seen = values.copy()
    seen[np.random.default_rng(seed).random(len(values)) >= share, 1] = np.nan
    return seen


def trained(share: float, *, says: float) -> tiers.Classifier:
    values, outcome = people(6_000, 1, says=says)
    further, later = people(3_000, 2, says=says)
    first, second = tiers.Sample(partly(values, share, 11), outcome), tiers.Sample(partly(further, share, 12), later)
    return tiers.fit(first, second, features=NAMES, rule=RULE, seed=1, tier=tiers.Tier.BOOSTED)


def matrix(values: np.ndarray) -> Matrix:
    return Matrix(np.arange(len(values)), values, NAMES, {})


def measured(share: float, *, says: float, feature: Feature = SCORE) -> tuple[QualityLift, float]:
    """The row, and the truth: what the model's score rises by when everybody was asked."""
    model = trained(share, says=says)
    values, outcome = people(8_000, 3, says=says)
    now = partly(values, share, 13)
    serving = ModelVersion(version=4, seed=1)
    row = lift._one(serving, feature.reads, [feature], 0.3, matrix(now), outcome, model)
    score = [evaluation.value(evaluation.average_precision, outcome, model.predict(one)) for one in (now, values)]
    assert score[0] is not None
    assert score[1] is not None
    return row, score[1] - score[0]


def test_the_estimate_meets_what_filling_the_field_really_brings() -> None:
    row, truth = measured(0.6, says=1.5)
    about = lift.of(row)
    assert about is not None
    assert truth > 0.02
    assert about.low < truth < about.high
    assert about.about == pytest.approx(truth, rel=0.3)
    assert (row.version, row.customers, row.reason) == (4, 8_000, "")


def test_a_field_that_says_nothing_gets_no_estimate() -> None:
    row, _truth = measured(0.6, says=0.0)
    assert (row.reason, lift.of(row)) == (lift.CHANCE, None)


@pytest.mark.parametrize(("share", "reason"), [(0.005, lift.FEW), (1.0, lift.EVERYBODY)])
def test_too_few_to_tell_and_nothing_to_gain_are_said(share: float, reason: str) -> None:
    model = trained(0.6, says=1.5)
    values, outcome = people(2_000, 3, says=1.5)
    row = lift._one(ModelVersion(version=1, seed=1), SCORE.reads, [SCORE], 0.3, matrix(partly(values, share, 5)), outcome, model)
    assert (row.reason, lift.of(row)) == (reason, None)


def test_a_feature_the_model_never_saw_gets_no_estimate() -> None:
    other = Feature(name="late_last", label="", sentence="", unit="days", reads="orders.delivered_on")
    values, outcome = people(500, 3, says=1.5)
    row = lift._one(ModelVersion(version=1, seed=1), other.reads, [other], 0.0, matrix(values), outcome, trained(0.6, says=1.5))
    assert row.reason == lift.UNUSED


def test_a_count_of_none_is_not_known() -> None:
    values = np.array([[1.0, np.nan, 0.0], [1.0, 3.0, 2.0]])
    assert lift.known(matrix(values), [FAMILIES]).tolist() == [False, True]
    assert lift.known(matrix(values), [SCORE]).tolist() == [False, True]
    hidden = lift.without(values, NAMES, [SCORE, FAMILIES])
    assert np.isnan(hidden[:, 1]).all()
    assert hidden[:, 2].tolist() == [0.0, 0.0]


def test_each_column_that_a_feature_reads_exists() -> None:
    from kith_platform.facts.catalogue import FactCatalogue

    facts = FactCatalogue()
    read = {feature.reads for one in CORE_FEATURE_SETS for feature in one.features if feature.reads}
    assert "survey_responses.score" in read
    for name in read:
        plural, _, column = name.partition(".")
        assert facts.by_plural(plural).column(column)
