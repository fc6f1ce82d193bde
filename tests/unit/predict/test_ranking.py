"""What is bought together, and how good an order of offers is."""

import numpy as np
import pytest

from kith_platform.predict.fits import ranking
from kith_platform.predict.fits.ranking import Candidates
from kith_platform.predict.fits.refusal import FitRefused


def test_lift_is_how_much_more_often_than_by_chance_two_are_held() -> None:
    held = np.zeros((100, 2), dtype=bool)
    held[:20, 0] = True
    held[14:29, 1] = True  # 6 hold both: .06 / (.20 · .15)
    assert ranking.lift(held)[0, 1] == pytest.approx(2.0)
    assert ranking.lift(held)[0, 0] == 0.0
    assert ranking.lift(held, least=7)[0, 1] == 0.0, "too few to believe"
    assert ranking.together(held)[0, 1] == pytest.approx(0.3)
    assert ranking.together(held)[1, 0] == pytest.approx(0.4)


def test_an_order_is_worth_what_it_puts_first() -> None:
    three = Candidates(np.zeros((7, 1)), np.array([1.0, 0, 0, 0, 0, 1, 0]), np.array([1, 1, 1, 2, 2, 3, 3]))
    score = np.array([3.0, 2, 1, 2, 1, 1, 2])
    assert ranking.places(score, three.group).tolist() == [0, 1, 2, 0, 1, 1, 0]
    assert ranking.ndcg(three, score).tolist() == pytest.approx([1.0, 1 / np.log2(3)]), "who bought nothing says nothing"
    assert ranking.recall(three, score, 1).tolist() == [1.0, 0.0]


def offers(seed: int, customers: int = 400) -> Candidates:
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(customers), 12)
    matrix = random.normal(size=(group.size, 3))
    wanted = matrix[:, 0] * (matrix[:, 1] > 0) + 0.5 * random.normal(size=group.size)
    return Candidates(matrix, (ranking.places(wanted, group) == 0).astype(float), group)


def test_the_ranker_learns_what_no_single_number_says() -> None:
    names = ("fit", "liked", "noise")
    model = ranking.fit(offers(1), offers(2), features=names)
    test = offers(3)
    found = ranking.ndcg(test, model.predict(test.matrix)).mean()
    assert found > ranking.ndcg(test, test.matrix[:, 0]).mean() + 0.05
    assert ranking.fit(offers(1), offers(2), features=names).to_bytes() == model.to_bytes()
    nothing = Candidates(test.matrix, np.zeros(test.group.size), test.group)
    with pytest.raises(FitRefused):
        ranking.fit(nothing, offers(2), features=names)
