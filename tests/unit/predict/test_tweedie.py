"""Trees of money: the same data and seed give the same bytes, and sums come near."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kith_platform.predict.fits import tweedie
from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.value.trees import chosen

NAMES = ("rate", "noise")


def spent(seed: int, count: int = 1500) -> tweedie.Spent:
    """Compound Poisson–Gamma, which is a Tweedie law: visits by `rate`, about 40 each; a third bring nothing."""
    random = np.random.default_rng(seed)
    rate = random.gamma(1.0, 1.5, count)
    visits = random.poisson(rate)
    money = np.where(visits > 0, random.gamma(np.maximum(visits, 1) * 2.0, 20.0), 0.0)
    return tweedie.Spent(np.column_stack([rate, random.normal(size=count)]), money)


@pytest.fixture(scope="module")
def found() -> tweedie.Tweedie:
    return tweedie.fit(spent(1), spent(2), features=NAMES, seed=3)


def test_sums_come_near_and_more_is_expected_of_who_buys_more(found: tweedie.Tweedie) -> None:
    later = spent(4)
    expected = found.predict(later.matrix)
    assert 0.9 <= expected.sum() / later.money.sum() <= 1.1
    assert np.abs(expected - later.money).mean() < 0.8 * np.abs(later.money.mean() - later.money).mean()
    assert found.power in tweedie.POWERS


def test_the_same_data_and_seed_give_the_same_bytes_which_say_the_same_when_read(found: tweedie.Tweedie) -> None:
    again = tweedie.fit(spent(1), spent(2), features=NAMES, seed=3)
    data = json.dumps(found.to_fields(), sort_keys=True)
    assert json.dumps(again.to_fields(), sort_keys=True) == data
    read = tweedie.load(json.loads(data))
    assert np.array_equal(read.predict(spent(4).matrix), found.predict(spent(4).matrix))
    assert found.contributions(spent(4).matrix).shape == (1500, 3)


def test_no_money_and_a_damaged_model_are_refused(found: tweedie.Tweedie) -> None:
    nothing = tweedie.Spent(spent(1).matrix, np.zeros(1500))
    with pytest.raises(FitRefused) as refused:
        tweedie.fit(nothing, spent(2), features=NAMES)
    assert refused.value.code is Reason.TOO_FEW_VALUES
    for damaged in ({}, {**found.to_fields(), "trees": {"learner": 1}}):
        with pytest.raises(FitRefused, match="cannot be read"):
            tweedie.load(damaged)


@pytest.mark.parametrize(
    ("rhythm", "trees", "better", "serves"),
    [
        ((50.0, 1.0), (49.0, 1.0), True, "tweedie"),
        ((50.0, 1.0), (49.0, 1.0), False, "bgnbd"),  # nearer, but perhaps by luck
        ((50.0, 1.3), (50.0, 1.05), False, "tweedie"),  # the rhythm's sum is not fair, theirs is
        ((50.0, 1.3), (51.0, 1.05), False, "bgnbd"),  # a fairer sum does not buy a larger error
        ((50.0, 0.8), (49.0, 0.7), False, "bgnbd"),
        ((50.0, None), (49.0, None), False, "bgnbd"),  # nothing came
    ],
)
def test_trees_serve_where_they_are_better_or_fairer_at_no_cost(
    rhythm: tuple[float, float | None], trees: tuple[float, float | None], better: bool, serves: str
) -> None:
    rows = [{"money_mae": error, "bias": bias} for error, bias in (rhythm, trees)]
    assert chosen(*rows, better=better) == serves
