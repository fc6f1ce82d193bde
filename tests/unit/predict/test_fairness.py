"""Groups of a sensitive attribute among those whom a score puts first, worked by hand."""

import numpy as np
import pytest

from kith_platform.predict import verdicts
from kith_platform.predict.guards.fairness import Protected, judged, warnings

IDS = np.arange(100)


def groups(*sizes: int) -> dict[int, str]:
    """The first so many customers are of group a, the next of b, and so on."""
    names = [name for name, size in zip("abcd", sizes, strict=False) for _ in range(size)]
    return dict(enumerate(names))


def test_a_group_that_gets_less_than_four_fifths_of_the_best_ones_part_is_to_be_reviewed() -> None:
    """The first ten of a hundred: 7 of the 50 of a, 3 of the 50 of b. Ratio 3 / 7."""
    scores = np.r_[np.full(7, 0.9), np.full(43, 0.1), np.full(3, 0.9), np.full(47, 0.1)]
    (found,) = judged([Protected("faith", "Faith", groups(50, 50))], IDS, scores)
    assert found["review"]
    assert [(one["group"], one["count"], one["share"]) for one in found["groups"]] == [("a", 50, 0.14), ("b", 50, 0.06)]
    assert found["groups"][1]["ratio"] == pytest.approx(3 / 7)
    (warning,) = warnings([found])
    said = verdicts.warning(warning)
    assert said.startswith("Faith: “b” is in the first tenth 0.429 times as often as “a”."), said
    # 7·47 pairs won, 7·3 + 43·47 tied at half.
    assert found["auc"] == pytest.approx((7 * 47 + (7 * 3 + 43 * 47) / 2) / 2500)


def test_equal_scores_share_the_last_places_so_that_a_score_that_says_nothing_is_fair() -> None:
    (found,) = judged([Protected("faith", "Faith", groups(60, 40))], IDS, np.full(100, 0.3))
    assert [one["share"] for one in found["groups"]] == pytest.approx([0.1, 0.1])
    assert (found["review"], found["auc"]) == (False, 0.5)
    assert warnings([found]) == []


def test_who_has_no_score_is_in_no_line() -> None:
    scores = np.r_[np.full(7, 0.9), np.full(43, 0.1), np.full(3, 0.9), np.full(47, 0.1)]
    attribute = Protected("faith", "Faith", groups(50, 50, 40))
    more = judged([attribute], np.arange(140), np.r_[scores, np.full(40, np.nan)])
    assert more == judged([attribute], IDS, scores)


def test_groups_of_fewer_than_thirty_are_not_told_and_one_group_alone_is_no_comparison() -> None:
    scores = np.linspace(1, 0, 100)
    (found,) = judged([Protected("faith", "Faith", groups(31, 40, 29))], IDS, scores)
    assert [one["group"] for one in found["groups"]] == ["a", "b"]
    assert found["auc"] == 1.0, "a score that knows the group by heart"
    assert judged([Protected("faith", "Faith", groups(71, 29))], IDS, scores) == []
    assert judged([Protected("faith", "Faith", groups(50, 50))], np.arange(0), np.zeros(0)) == []
