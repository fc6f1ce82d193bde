"""Quality figures: small cases worked by hand, ties, and inputs on which a figure does not exist."""

import numpy as np
import pytest

from kith_platform.predict.fits import bootstrap, evaluation
from kith_platform.predict.fits.evaluation import value

OUTCOME = [1, 0, 1, 0, 0]
SCORE = [0.9, 0.8, 0.7, 0.3, 0.1]
RANKING = [evaluation.auc, evaluation.average_precision, evaluation.lift_at(0.1), evaluation.top_decile_capture]


def test_ranking_figures_worked_by_hand() -> None:
    assert value(evaluation.auc, OUTCOME, SCORE) == pytest.approx(5 / 6)
    assert value(evaluation.average_precision, OUTCOME, SCORE) == pytest.approx((1 + 2 / 3) / 2)
    assert value(evaluation.capture_at(0.2), OUTCOME, SCORE) == pytest.approx(0.5)
    assert value(evaluation.lift_at(0.2), OUTCOME, SCORE) == pytest.approx(2.5)


def test_probability_figures_worked_by_hand() -> None:
    assert value(evaluation.brier, [1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    assert value(evaluation.log_loss, [1, 0], [0.8, 0.4]) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert value(evaluation.log_loss, [1], [0.0]) == pytest.approx(-np.log(1e-6))


def test_money_figures_worked_by_hand() -> None:
    actual, expected = [0.0, 10.0, 30.0, 60.0], [5.0, 10.0, 20.0, 70.0]
    assert value(evaluation.mean_absolute_error, actual, expected) == pytest.approx(25 / 4)
    assert value(evaluation.bias_ratio, actual, expected) == pytest.approx(1.05)
    assert value(evaluation.spearman, actual, expected) == pytest.approx(1.0)
    assert value(evaluation.spearman, actual, expected[::-1]) == pytest.approx(-1.0)
    assert value(evaluation.capture_at(0.25), actual, expected) == pytest.approx(0.6)


def test_the_same_score_for_all_is_worth_nothing() -> None:
    assert value(evaluation.auc, OUTCOME, [0.4] * 5) == 0.5
    assert value(evaluation.average_precision, OUTCOME, [0.4] * 5) == pytest.approx(0.4)
    assert value(evaluation.lift_at(0.1), OUTCOME, [0.4] * 5) == pytest.approx(1.0)


@pytest.mark.parametrize("metric", RANKING)
def test_the_order_of_tied_customers_does_not_matter(metric) -> None:
    random = np.random.default_rng(0)
    y, s = (random.random(500) < 0.3).astype(float), np.round(random.random(500), 1)
    shuffled = random.permutation(500)
    assert value(metric, y[shuffled], s[shuffled]) == pytest.approx(value(metric, y, s), rel=1e-12)


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    random = np.random.default_rng(1)
    y, s = (random.random(300) < 0.4).astype(float), np.round(random.normal(size=300), 1)
    pairs = s[y == 1][:, None] - s[y == 0][None, :]
    assert value(evaluation.auc, y, s) == pytest.approx(np.mean((pairs > 0) + 0.5 * (pairs == 0)))


@pytest.mark.parametrize("metric", RANKING)
@pytest.mark.parametrize("weights", [1.0, 3.0])
def test_a_weight_of_three_is_three_customers(metric, weights: float) -> None:
    y, s = np.array(OUTCOME, dtype=float), np.array([0.9, 0.7, 0.7, 0.3, 0.1])
    w = np.array([1.0, weights, 1.0, weights, 1.0])
    repeated = metric(np.repeat(y, w.astype(int)), np.repeat(s, w.astype(int)))(np.ones(int(w.sum())))
    assert metric(y, s)(w) == pytest.approx(repeated)


@pytest.mark.parametrize("metric", RANKING)
@pytest.mark.parametrize(("outcome", "score"), [([], []), ([0, 0], [0.1, 0.2])])
def test_a_ranking_without_positives_has_no_figure(metric, outcome, score) -> None:
    assert value(metric, outcome, score) is None


def test_figures_that_do_not_exist_are_none() -> None:
    assert value(evaluation.auc, [1, 1], [0.1, 0.2]) is None
    assert value(evaluation.bias_ratio, [0.0, 0.0], [1.0, 2.0]) is None
    assert value(evaluation.spearman, [1.0, 2.0], [3.0, 3.0]) is None


def test_missing_scores_and_unequal_lengths_are_errors() -> None:
    with pytest.raises(ValueError, match="must not be missing"):
        value(evaluation.auc, [1, 0], [0.3, np.nan])
    with pytest.raises(ValueError, match="2 outcomes do not go with 1"):
        value(evaluation.auc, [1, 0], [0.3])


def test_the_decile_table_adds_up() -> None:
    random = np.random.default_rng(2)
    s = random.random(1003)
    y = (random.random(1003) < s).astype(float)
    rows = evaluation.decile_table(y, s)
    assert len(rows) == 10
    assert sum(row["n"] for row in rows) == pytest.approx(1003)
    assert sum(row["mean_outcome"] * row["n"] for row in rows) == pytest.approx(y.sum())
    assert rows[-1]["captured"] == pytest.approx(1.0)
    assert rows[0]["lift"] == pytest.approx(value(evaluation.lift_at(0.1), y, s))
    assert [row["mean_score"] for row in rows] == sorted((row["mean_score"] for row in rows), reverse=True)
    assert evaluation.decile_table([], []) == []
    assert {row["lift"] for row in evaluation.decile_table([0.0] * 30, s[:30])} == {None}


def test_wilson_matches_the_printed_vector() -> None:
    assert evaluation.wilson(45, 60) == pytest.approx((0.6277, 0.8422), abs=1e-4)
    assert evaluation.wilson(0, 0) is None


def scored(n: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.normal(size=n)
    y = (random.random(n) < 1 / (1 + np.exp(2 - truth))).astype(float)
    return y, truth, truth + noise * random.normal(size=n)


def test_a_better_model_is_found_better_and_an_equal_one_is_not() -> None:
    y, truth, noisy = scored(3000, 2.0, 4)
    found = bootstrap.compare(y, truth, noisy, evaluation.average_precision)
    assert found.better()
    assert found.low < found.difference < found.high
    assert found.difference == pytest.approx(found.model - found.baseline)
    assert not bootstrap.compare(y, truth, truth, evaluation.average_precision).better()
    assert not bootstrap.compare(y, noisy, truth, evaluation.average_precision).better()


def test_for_errors_lower_is_better() -> None:
    random = np.random.default_rng(5)
    money = random.gamma(1.0, 100.0, 2000)
    close, far = money + random.normal(0, 10, 2000), money + random.normal(0, 30, 2000)
    assert bootstrap.compare(money, close, far, evaluation.mean_absolute_error).better(lower_is_better=True)
    assert not bootstrap.compare(money, far, close, evaluation.mean_absolute_error).better(lower_is_better=True)


def test_the_same_seed_gives_the_same_interval() -> None:
    y, truth, noisy = scored(400, 1.0, 6)
    first, again, other = (bootstrap.compare(y, truth, noisy, evaluation.auc, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_interval_is_as_wide_as_theory_says() -> None:
    random = np.random.default_rng(7)
    loss = random.normal(1.0, 2.0, 4000)
    found = bootstrap.compare(np.zeros(4000), np.abs(loss), np.zeros(4000), evaluation.mean_absolute_error, replicates=2000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.abs(loss).std() / np.sqrt(4000), rel=0.1)


def test_each_replicate_keeps_the_number_of_positives() -> None:
    y = np.r_[np.ones(7), np.zeros(93)]
    for seed in range(5):
        weights = bootstrap._draw(np.random.default_rng(seed), bootstrap._strata(y, None), 100)
        assert weights[:7].sum() == 7
        assert weights.sum() == 100


def test_no_comparison_where_the_figure_does_not_exist() -> None:
    assert bootstrap.compare([], [], [], evaluation.auc) is None
    assert bootstrap.compare([1, 1], [0.2, 0.3], [0.1, 0.4], evaluation.auc) is None
    with pytest.raises(ValueError, match="same customers"):
        bootstrap.compare([1, 0], [0.2], [0.1, 0.4], evaluation.auc)


def test_gains_cumulate_what_came_and_what_was_expected_and_stay_small() -> None:
    """Of five: half a step in, half of the second one; ties share."""
    assert evaluation.gains_table(OUTCOME, SCORE, points=2) == [
        {"n": 2.5, "came": 1.5, "expected": pytest.approx(0.9 + 0.8 + 0.35)},
        {"n": 5.0, "came": 2.0, "expected": pytest.approx(2.8)},
    ]
    assert evaluation.gains_table([1, 0], [0.5, 0.5], points=2)[0]["came"] == 0.5
    many = evaluation.gains_table(np.arange(10_000) % 2, np.linspace(1, 0, 10_000))
    assert (len(many), many[-1]["came"]) == (50, 5000)
    assert evaluation.gains_table([], []) == []
