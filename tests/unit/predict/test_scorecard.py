"""The scorecard: weights of evidence, what a card says, and what an unpaid bill is expected to cost."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kith_platform.predict.fits import scorecard, tiers
from kith_platform.predict.fits.refusal import FitRefused


def sample(n: int = 4_000, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    late, amount, noise = random.exponential(8.0, n), random.lognormal(4.0, 0.5, n), random.normal(size=n)
    late[random.random(n) < 0.1] = np.nan
    chance = 1.0 / (1.0 + np.exp(3.0 - 0.12 * np.nan_to_num(late, nan=4.0)))
    return np.column_stack([late, amount, noise]), (random.random(n) < chance).astype(np.float64)


def test_weights_of_evidence_and_information_value_are_those_of_the_book() -> None:
    # Bad 10, 30, 60 and good 300, 500, 200 of each hundred and thousand: ln(.1/.3), ln(.3/.5), ln(.6/.2).
    woe, value = scorecard.weight_of_evidence([10, 30, 60], [300, 500, 200], smoothing=0.0)
    assert woe == pytest.approx([-1.098612, -0.510826, 1.098612], abs=1e-6)
    assert value == pytest.approx(0.2 * 1.098612 + 0.2 * 0.510826 + 0.4 * 1.098612, abs=1e-6)
    empty, _ = scorecard.weight_of_evidence([1, 0, 3], [2, 0, 9])
    assert empty[1] == 0.0, "a band without a case says nothing"


def test_expected_loss_is_the_chance_times_the_open_money_times_what_is_lost_of_it() -> None:
    assert scorecard.expected_loss(0.05, 10_000.0, 0.4) == pytest.approx(200.0)
    assert scorecard.expected_loss([0.05], [10_000.0]) == pytest.approx([200.0]), "two fifths are lost where nobody said more"


def test_the_gap_of_bad_and_good_is_one_where_a_score_parts_them_and_nothing_where_it_is_one_number() -> None:
    assert scorecard.kolmogorov_smirnov([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]) == pytest.approx(1.0)
    assert scorecard.kolmogorov_smirnov([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]) == pytest.approx(0.0)
    assert scorecard.kolmogorov_smirnov([1, 1], [0.5, 0.6]) is None


def test_a_card_ranks_keeps_the_known_sense_adds_up_and_survives_its_file() -> None:
    values, y = sample()
    names = ("days_late", "amount", "noise")
    card = scorecard.fit(values[:3_000], y[:3_000], values[3_000:], y[3_000:], features=names, monotone={"days_late": 1})
    woe = np.array(card.bands[0].woe)[: len(card.bands[0].edges) + 1]
    assert np.all(np.diff(woe) >= 0), "later payers are never better"
    ladder = np.column_stack([np.linspace(0.0, 60.0, 30), np.full(30, 50.0), np.zeros(30)])
    assert np.all(np.diff(card.predict(ladder)) >= 0)
    raw, terms = card.predict(values), card.contributions(values)
    assert np.allclose(terms.sum(axis=1), np.log(raw / (1 - raw)))
    again = tiers.load(card.to_bytes())
    assert again.tier == "scorecard"
    assert np.array_equal(again.predict(values), raw)
    printed = card.points()
    assert printed[0]["feature"] == "days_late"
    assert printed[0]["points"][:2] == sorted(printed[0]["points"][:2], reverse=True), "later payers get fewer points"
    assert json.dumps(printed)


def test_bills_that_all_end_alike_make_no_card() -> None:
    values, _ = sample(50)
    with pytest.raises(FitRefused):
        scorecard.fit(values, np.zeros(50), values, np.zeros(50), features=("a", "b", "c"))
