"""Several classes at once: chances near the truth where there is something to learn, the shares where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from kith_platform.predict.fits import classes
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.leaving_words import ACTIONS, CODES, REASONS, code_of

FEATURES = ("a", "b", "c")


def made(seed: int, rows: int, strength: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, the class that came, and the true chances (rows, 3)."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, 3))
    odds = np.exp(np.stack([strength * matrix[:, 0], strength * matrix[:, 1], np.full(rows, 0.7)], axis=1))
    chances = odds / odds.sum(axis=1, keepdims=True)
    came = (np.cumsum(chances, axis=1) < rng.random(rows)[:, None]).sum(axis=1)
    return np.where(rng.random(matrix.shape) < 0.05, np.nan, matrix), came, chances


def loss(chances: np.ndarray, came: np.ndarray) -> float:
    return float(-np.log(chances[np.arange(came.size), came]).mean())


def fitted(strength: float) -> classes.Classes:
    train, validation = made(1, 1_500, strength), made(2, 400, strength)
    return classes.fit(*train[:2], *validation[:2], features=FEATURES, classes=3)


def test_chances_come_near_the_truth_and_explain_themselves() -> None:
    model, (matrix, came, truth) = fitted(1.5), made(3, 4_000, 1.5)
    said = model.predict(matrix)
    shares = loss(np.tile(model.shares, (came.size, 1)), came)
    assert np.allclose(said.sum(axis=1), 1.0)
    assert shares - loss(said, came) > 0.8 * (shares - loss(truth, came)) > 0.1
    odds = np.log(said / model.shares)
    assert np.allclose(model.contributions(matrix).sum(axis=2), odds - odds.mean(axis=1, keepdims=True), atol=1e-4)
    again = classes.load(model.to_bytes())
    assert np.array_equal(again.predict(matrix), said)
    assert fitted(1.5).to_bytes() == model.to_bytes()
    assert model.predict(matrix[:0]).shape == (0, 3)
    for broken in (b"", b"{}", b'{"shares": [1], "slope": 1, "trees": {}}'):
        with pytest.raises(FitRefused):
            classes.load(broken)


def test_where_nothing_is_to_be_learned_the_shares_come_out() -> None:
    model, (matrix, came, _truth) = fitted(0.0), made(4, 4_000, 0.0)
    assert np.abs(model.predict(matrix) - model.shares).max() < 0.05
    assert loss(model.predict(matrix), came) == pytest.approx(loss(np.tile(model.shares, (came.size, 1)), came), abs=0.005)


def test_a_class_that_never_came_is_rare_and_not_impossible() -> None:
    assert classes.shares_of(np.array([0, 0, 1]), 3).tolist() == [3 / 6, 2 / 6, 1 / 6]


def test_sources_reasons_are_read_in_three_languages() -> None:
    words = (
        "Too expensive",
        "price",
        "BUDGET",
        "太贵",
        "價格",
        "Poor service",
        "moved-away",
        "不明",
        "non payment",
        "ate my homework",
    )
    found = ["price", "price", "price", "price", "price", "service_failure", "moved", "unknown", "non_payment", "other"]
    assert [code_of(one) for one in words] == found
    assert all(code_of(code) == code for code in CODES)
    assert list(ACTIONS) == list(REASONS)


def test_a_class_that_comes_no_more_is_said_no_more() -> None:
    """The later rows decide how often each class comes, drawn to the former shares by KAPPA rows."""
    train, (matrix, came, _truth) = made(1, 3_000, 1.0), made(2, 1_500, 1.0)
    later = came != 0
    found = classes.fit(*train[:2], matrix[later], came[later], features=FEATURES, classes=3)
    assert found.shares[0] < 0.01
    assert found.predict(matrix[later])[:, 0].mean() < 0.01
    assert found.predict(matrix[later])[:, 1].mean() == pytest.approx((came[later] == 1).mean(), abs=0.01)
    again = classes.load(found.to_bytes())
    assert np.array_equal(again.predict(matrix), found.predict(matrix))
    assert again.to_bytes() == found.to_bytes()
