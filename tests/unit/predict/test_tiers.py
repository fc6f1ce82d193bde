"""The data decide the tier; every tier predicts, explains itself and survives storage. xgboost on one thread throughout:
a test process that forks later must not have started its threads."""

import json
from functools import cache

import numpy as np
import pytest

from kith_platform.predict.fits import boosted, logistic, rates, tiers
from kith_platform.predict.fits.evaluation import auc, value
from kith_platform.predict.fits.refusal import FitRefused, Reason

FEATURES = tuple(f"f{i}" for i in range(14))
RULE = rates.Rule("f0", (0.0, 1.5))
# Rows and intercept that put the training sample in each tier.
SIZES = {tiers.Tier.BOOSTED: (3000, -1.5), tiers.Tier.LOGISTIC: (1200, -3.2), tiers.Tier.RATES: (300, -4.0)}


def sample(tier: tiers.Tier, seed: int, missing: float = 0.1) -> tiers.Sample:
    n, base = SIZES[tier]
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(n, len(FEATURES)))
    margin = base + 1.5 * matrix[:, 0] - 0.8 * matrix[:, 1]
    outcome = (random.random(n) < 1 / (1 + np.exp(-margin))).astype(float)
    matrix[random.random(matrix.shape) < missing] = np.nan
    return tiers.Sample(matrix, outcome)


def fit_anew(tier: tiers.Tier, **options) -> tiers.Classifier:
    return tiers.fit(sample(tier, 1), sample(tier, 2), features=FEATURES, rule=RULE, **options)


@cache
def fitted(tier: tiers.Tier) -> tiers.Classifier:
    return fit_anew(tier)


@pytest.mark.parametrize(
    ("positives", "tier", "shortfall"),
    [(200, "xgboost", 0), (199, "logistic", 1), (50, "logistic", 150), (49, "rates", 1), (0, "rates", 50)],
)
def test_the_number_of_positives_decides_the_tier(positives: int, tier: str, shortfall: int) -> None:
    found = tiers.gate(np.r_[np.ones(positives), np.zeros(1000)])
    assert (found.tier, found.found, found.shortfall) == (tier, positives, shortfall)


def test_three_survivors_among_a_thousand_losses_teach_as_little_as_three_losses() -> None:
    assert tiers.gate(np.r_[np.ones(1000), np.zeros(3)]).tier is tiers.Tier.RATES


@pytest.mark.parametrize("tier", list(tiers.Tier))
def test_the_gate_picks_the_tier_and_the_tier_ranks(tier: tiers.Tier) -> None:
    model, test = fitted(tier), sample(tier, 3)
    assert model.tier == tier
    p = model.predict(test.matrix)
    assert p.dtype == np.float64
    assert p.shape == test.outcome.shape
    assert np.all((p > 0) & (p < 1))
    assert value(auc, test.outcome, p) > 0.7


@pytest.mark.parametrize("tier", list(tiers.Tier))
def test_reasons_add_up_to_the_score(tier: tiers.Tier) -> None:
    model, test = fitted(tier), sample(tier, 3)
    terms, p = model.contributions(test.matrix), model.predict(test.matrix)
    assert terms.shape == (len(p), len(FEATURES) + 1)
    assert terms.sum(axis=1) == pytest.approx(np.log(p / (1 - p)), abs=1e-4)
    assert np.abs(terms[:, :-1]).mean(axis=0).argmax() == 0


@pytest.mark.parametrize("tier", list(tiers.Tier))
def test_a_stored_model_predicts_the_same_and_is_stored_the_same(tier: tiers.Tier) -> None:
    model, test = fitted(tier), sample(tier, 3)
    stored = model.to_bytes()
    json.loads(stored)
    again = tiers.load(stored)
    assert again.features == FEATURES
    assert again.tier == tier
    assert np.array_equal(again.predict(test.matrix), model.predict(test.matrix))
    assert np.array_equal(again.contributions(test.matrix), model.contributions(test.matrix))
    assert again.to_bytes() == stored


@pytest.mark.parametrize("tier", list(tiers.Tier))
def test_the_same_data_and_seed_give_the_same_bytes(tier: tiers.Tier) -> None:
    assert fit_anew(tier, seed=7).to_bytes() == fit_anew(tier, seed=7).to_bytes()


def test_another_seed_gives_other_trees() -> None:
    assert fit_anew(tiers.Tier.BOOSTED, seed=8).to_bytes() != fitted(tiers.Tier.BOOSTED).to_bytes()


@pytest.mark.parametrize("tier", list(tiers.Tier))
def test_a_customer_of_whom_nothing_is_known_gets_a_score(tier: tiers.Tier) -> None:
    unknown = np.full((2, len(FEATURES)), np.nan)
    unknown[1, 0] = np.inf
    p = fitted(tier).predict(unknown)
    assert 0 < p[0] < 1
    assert p[1] == p[0]


@pytest.mark.parametrize("tier", list(tiers.Tier))
def test_nobody_to_score_is_an_empty_answer(tier: tiers.Tier) -> None:
    empty = np.empty((0, len(FEATURES)))
    assert fitted(tier).predict(empty).shape == (0,)
    assert fitted(tier).contributions(empty).shape == (0, len(FEATURES) + 1)


@pytest.mark.parametrize("tier", list(tiers.Tier))
def test_a_matrix_of_another_width_is_an_error(tier: tiers.Tier) -> None:
    with pytest.raises(ValueError, match="reads 14 features"):
        fitted(tier).predict(np.zeros((3, 5)))


@pytest.mark.parametrize("tier", [tiers.Tier.BOOSTED, tiers.Tier.LOGISTIC])
def test_a_known_sense_is_never_contradicted(tier: tiers.Tier) -> None:
    model = fit_anew(tier, monotone={"f1": 1, "f0": 1})  # in truth f1 falls
    ladder = np.repeat(sample(tier, 3).matrix[:50], 9, axis=0).reshape(50, 9, -1)
    for column in (0, 1):
        varied = ladder.copy()
        varied[:, :, column] = np.linspace(-3, 3, 9)
        steps = np.diff(model.predict(varied.reshape(450, -1)).reshape(50, 9), axis=1)
        assert np.all(steps >= -1e-9)


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"{}", b'{"kith_model": "logistic"}', b'{"kith_model": "other"}', b'{"kith_model"']
)
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FitRefused) as refused:
        tiers.load(data)
    assert refused.value.code is Reason.UNREADABLE


def test_trees_need_both_outcomes_in_the_validation_period() -> None:
    train = sample(tiers.Tier.BOOSTED, 1)
    quiet = tiers.Sample(train.matrix, np.zeros_like(train.outcome))
    with pytest.raises(FitRefused) as refused:
        tiers.fit(train, quiet, features=FEATURES, rule=RULE)
    assert refused.value.code is Reason.ONE_CLASS


def test_outcomes_other_than_yes_and_no_are_an_error() -> None:
    broken = tiers.Sample(np.zeros((3, 14)), np.array([0.0, 2.0, 1.0]))
    with pytest.raises(ValueError, match="0 or 1"):
        tiers.fit(broken, broken, features=FEATURES, rule=RULE)


def test_noise_stops_early_and_ranks_nobody() -> None:
    random = np.random.default_rng(4)
    train, validation, test = (
        tiers.Sample(random.normal(size=(4000, 14)), (random.random(4000) < 0.2).astype(float)) for _ in range(3)
    )
    model = tiers.fit(train, validation, features=FEATURES, rule=RULE)
    assert isinstance(model, boosted.Boosted)
    assert model.booster.num_boosted_rounds() < 60
    assert 0.45 < value(auc, test.outcome, model.predict(test.matrix)) < 0.55


def test_the_logistic_tier_uses_ten_features_at_most_and_no_copies() -> None:
    train, validation = sample(tiers.Tier.LOGISTIC, 1, missing=0.0), sample(tiers.Tier.LOGISTIC, 2, missing=0.0)
    train.matrix[:, 5] = validation.matrix[:, 5] = 4.0
    train.matrix[:, 6], validation.matrix[:, 6] = 2 * train.matrix[:, 0] + 1, 2 * validation.matrix[:, 0] + 1
    model = tiers.fit(train, validation, features=FEATURES, rule=RULE)
    assert isinstance(model, logistic.Logistic)
    assert len(model.columns) == 10
    assert 0 in model.columns
    assert not {5, 6} & set(model.columns)


def test_the_logistic_tier_finds_the_true_sense_and_size() -> None:
    random = np.random.default_rng(5)
    x = random.normal(3.0, 2.0, (50_000, 2))
    y = (random.random(50_000) < 1 / (1 + np.exp(-(0.8 * x[:, 0] - 0.4 * x[:, 1] - 1)))).astype(float)
    model = logistic.fit(x, y, x, y, features=("up", "down"))
    slopes = dict(zip(model.columns, np.array(model.coefficients) / model.deviations, strict=True))
    assert (slopes[0], slopes[1]) == pytest.approx((0.8, -0.4), abs=0.03)


def test_one_absurd_amount_does_not_decide() -> None:
    model = fitted(tiers.Tier.LOGISTIC)
    wild = np.zeros((2, len(FEATURES)))
    wild[1, 2] = 1e30
    p = model.predict(wild)
    assert abs(np.log(p[1] / (1 - p[1])) - np.log(p[0] / (1 - p[0]))) < 2.5


def test_columns_that_never_differ_are_no_model() -> None:
    flat = tiers.Sample(np.ones((400, 2)), np.r_[np.ones(100), np.zeros(300)])
    with pytest.raises(FitRefused) as refused:
        tiers.fit(flat, flat, features=("a", "b"), rule=rates.Rule("a", (0.0,)))
    assert refused.value.code is Reason.NO_VARIATION


def test_rates_match_the_printed_vector() -> None:
    matrix = np.zeros((50, 1))
    model = rates.fit(matrix, np.r_[np.ones(3), np.zeros(47)], features=("rho",), rule=rates.Rule("rho", (1.5,)), prior=0.04)
    assert model.predict([[0.0], [9.0], [np.nan]]) == pytest.approx([0.0543, 0.04, 0.04], abs=1e-4)


def test_a_band_ends_with_its_edge() -> None:
    assert rates.Rule("rho", (1.5, 3.0)).band(np.array([1.5, 1.6, 3.0, 3.1, np.nan])).tolist() == [0, 1, 1, 2, 3]


def test_rates_without_any_customer_are_the_prior_or_refused() -> None:
    nobody = np.empty((0, 1))
    assert rates.fit(nobody, [], features=("rho",), rule=rates.Rule("rho", (1.5,)), prior=0.1).predict([[2.0]]) == [0.1]
    with pytest.raises(FitRefused):
        rates.fit(nobody, [], features=("rho",), rule=rates.Rule("rho", (1.5,)))
    with pytest.raises(FitRefused):
        rates.fit(nobody, [], features=("rho",), rule=rates.Rule("rho", (1.5,)), prior=0.0)


def test_among_many_columns_one_that_is_wrong_every_time_is_as_strong_as_one_that_is_right() -> None:
    train, later = sample(tiers.Tier.LOGISTIC, 1, missing=0.0), sample(tiers.Tier.LOGISTIC, 2, missing=0.0)
    told = [tiers.Sample(np.column_stack([one.matrix, 1.0 - one.outcome]), one.outcome) for one in (train, later)]
    model = tiers.fit(*told, features=(*FEATURES, "told"), rule=RULE, tier=tiers.Tier.LOGISTIC)
    assert value(auc, later.outcome, model.predict(told[1].matrix)) == 1.0
