"""What a message adds: counted, ordered, learned and told apart. xgboost on one thread throughout."""

import numpy as np
import pytest

from kith_platform.predict.fits import bootstrap, uplift
from kith_platform.predict.fits.evaluation import value
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.fits.uplift import Arms, Kind, Trial

FEATURES = ("keen", "shy", "noise")


def trial(n: int, seed: int, *, share: float = 0.5, strength: float = 0.35) -> tuple[Trial, np.ndarray]:
    """People of whom the keen buy anyway and the shy (second feature) only with a message; keen and shy ones dislike it."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(n, 3))
    base = 1 / (1 + np.exp(-(matrix[:, 0] - 1.0)))
    effect = strength * (1 / (1 + np.exp(-3 * matrix[:, 1])) - 0.3) * np.where(matrix[:, 0] > 0.8, -0.6, 0.8)
    chance = np.clip(base + effect, 0, 1)
    treated = (random.random(n) < share).astype(float)
    outcome = (random.random(n) < np.where(treated == 1, chance, base)).astype(float)
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    return Trial(matrix, outcome, treated), chance - base


def test_sixty_of_a_thousand_against_twenty_five_of_five_hundred_gain_ten() -> None:
    assert uplift.gained(*(np.array([number]) for number in (60.0, 25.0, 1000.0, 500.0))).tolist() == [10.0]


def test_the_curve_ends_at_what_was_gained_and_an_order_without_sense_scores_nothing() -> None:
    outcome = np.r_[np.ones(60), np.zeros(940), np.ones(25), np.zeros(475)]
    treated = np.r_[np.ones(1000), np.zeros(500)]
    curve = uplift.qini_curve(outcome, treated, np.zeros(1500))
    assert curve[0] == {"share": 0.0, "gained": 0.0}
    assert curve[-1] == {"share": 1.0, "gained": pytest.approx(1.0)}, "ten conversions, per hundred of a thousand treated"
    assert value(uplift.qini(treated), outcome, np.zeros(1500)) == pytest.approx(0.0, abs=1e-12)
    best = np.where(treated == 1, outcome, 1 - outcome)
    assert value(uplift.qini(treated), outcome, best) > 0.02 > 0 > value(uplift.qini(treated), outcome, -best)
    assert value(uplift.uplift_at(1.0, treated), outcome, best) == pytest.approx(0.06 - 0.05)


def test_too_small_a_trial_is_refused_with_what_is_missing() -> None:
    outcome, treated = np.r_[np.ones(99), np.zeros(901), np.ones(120), np.zeros(800)], np.r_[np.ones(1000), np.zeros(920)]
    assert Arms.of(outcome, treated).missing() == {"control": 80, "treated_conversions": 1}
    assert Arms(treated=1000, control=1000, treated_conversions=100, control_conversions=100).missing() == {}


@pytest.mark.parametrize(
    ("rows", "share", "learner"), [(19_999, 0.5, "s"), (20_000, 0.5, "t"), (20_000, 0.9, "x"), (900, 0.2, "x")]
)
def test_the_size_and_the_arms_decide_the_learner(rows: int, share: float, learner: str) -> None:
    assert uplift.learner_for((np.arange(rows) < share * rows).astype(float)) == learner


@pytest.mark.parametrize(("learner", "share"), [("s", 0.5), ("t", 0.5), ("x", 0.85)])
def test_each_learner_orders_people_by_what_the_message_adds_and_explains_itself(learner: str, share: float) -> None:
    train, validation, (test, truth) = (
        trial(12_000, 1, share=share)[0],
        trial(6_000, 2, share=share)[0],
        trial(6_000, 3, share=share),
    )
    model = uplift.fit(train, validation, features=FEATURES, learner=learner)
    found = model.uplift(test.matrix)
    assert np.corrcoef(found, truth)[0, 1] > 0.6
    response = model.without(test.matrix) + found
    qini = uplift.qini(test.treated)
    assert value(qini, test.outcome, found) > value(qini, test.outcome, response)
    assert abs(found.mean() - truth.mean()) < 0.03
    terms = model.contributions(test.matrix)
    assert terms.shape == (6_000, 4)
    assert np.abs(terms[:, 1]).mean() > 3 * np.abs(terms[:, 2]).mean(), "shyness moves it, noise does not"
    if learner == "x":
        assert np.allclose(terms.sum(axis=1), found, atol=1e-4)
    again = uplift.load(model.to_bytes())
    assert np.array_equal(again.uplift(test.matrix), found)
    assert uplift.fit(train, validation, features=FEATURES, learner=learner).to_bytes() == model.to_bytes()


def test_what_was_damaged_is_refused() -> None:
    for broken in (b"", b"{}", b'{"models": ["x"]}', b'{"models": 3}'):
        with pytest.raises(FitRefused):
            uplift.load(broken)


def test_the_mean_effect_counts_people_not_rows() -> None:
    one, _ = trial(4_000, 5)
    people = np.arange(4_000)
    once = uplift.average_effect(one.outcome, one.treated, people)
    thrice = uplift.average_effect(*(np.tile(column, 3) for column in (one.outcome, one.treated, people)))
    assert thrice.value == pytest.approx(once.value)
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low)
    assert once.holds(once.value)
    assert not once.holds(once.high + 0.01)


def test_the_interval_of_the_mean_effect_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for seed in range(200):
        one, truth = trial(1_500, seed)
        held += uplift.average_effect(one.outcome, one.treated, np.arange(1_500)).holds(float(truth.mean()))
    assert 182 <= held <= 199


def test_a_paired_draw_takes_a_person_with_all_rows() -> None:
    one, truth = trial(1_500, 6)
    people = np.arange(1_500)
    rows = [np.tile(column, 2) for column in (one.outcome, truth, -truth, one.treated)]
    single = bootstrap.compare(one.outcome, truth, -truth, uplift.qini(one.treated), people=people)
    double = bootstrap.compare(*rows[:3], uplift.qini(rows[3]), people=np.tile(people, 2))
    assert single is not None
    assert double is not None
    assert single.better()
    assert double.difference == pytest.approx(single.difference)
    assert double.low == pytest.approx(single.low), "the same people, so no more is known"


def test_the_four_types_and_who_is_left_alone() -> None:
    limits = uplift.Thresholds.of(uplift.Effect(treated_rate=0.25, control_rate=0.2, value=0.05, low=0.01, high=0.09))
    assert (limits.persuadable, limits.likely) == (0.025, 0.2)
    found = uplift.kinds(np.array([0.03, 0.01, 0.01, -0.001]), np.array([0.1, 0.3, 0.1, 0.9]), limits)
    assert found.tolist() == [Kind.PERSUADABLE, Kind.SURE_THING, Kind.LOST_CAUSE, Kind.SLEEPING_DOG]
    nothing = uplift.Effect(treated_rate=0.2, control_rate=0.2, value=0.0, low=-0.01, high=0.01)
    assert uplift.Thresholds.of(nothing).persuadable == pytest.approx(0.01)


def test_arms_that_were_picked_and_not_drawn_are_seen() -> None:
    one, _ = trial(4_000, 7)
    assert uplift.imbalance(one.matrix, one.treated, FEATURES)["difference"] < 0.1
    picked = np.nan_to_num(one.matrix[:, 1]) > 0
    found = uplift.imbalance(one.matrix, picked.astype(float), FEATURES)
    assert (found["feature"], found["difference"] > 1) == ("shy", True)
