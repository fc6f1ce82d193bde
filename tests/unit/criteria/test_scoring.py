"""Scores and indices: the printed vectors, both directions, and what is refused."""

from __future__ import annotations

import pytest

from kith_platform.sdk.scoring import score, weighted, wrong_side
from kith_plugins.analytics_cem import index as cem
from kith_plugins.analytics_cim import index as cim


@pytest.mark.parametrize(
    ("value", "baseline", "target", "expected"),
    [
        (0.28, 0.25, 0.30, 80),
        (18, 20, 15, 70),
        (20, 20, 15, 50),
        (25, 20, 15, 0),
        (10, 20, 15, 100),
        (0.9, 0.25, 0.30, 100),
        (-30, -20, 20, 37.5),
        (None, 1, 2, None),
    ],
)
def test_a_score_says_how_far_one_has_come(value: float | None, baseline: float, target: float, expected: float | None) -> None:
    assert score(value, baseline, target) == pytest.approx(expected)


def test_a_target_that_equals_its_baseline_is_an_error() -> None:
    with pytest.raises(ValueError, match="measures nothing"):
        score(1, 0.5, 0.5)


def test_the_sixteen_criteria_weigh_217_and_lean_to_process() -> None:
    weights = {one.key: one.weight for one in cim.CRITERIA}
    assert (len(weights), sum(weights.values())) == (16, 217)
    normal = {key: round(weight / 217, 4) for key, weight in weights.items()}
    printed = ".1106 .0599 .0507 .1244 .1152 .1106 .0645 .0230 .0138 .0092 .0046 .1613 .0737 .0138 .0599 .0046"
    assert list(normal.values()) == [float(one) for one in printed.split()]
    groups = {group: sum(one.weight for one in cim.CRITERIA if one.group == group) for group in cim.GROUPS}
    assert groups == {"information": 48, "operations": 101, "relation": 54, "performance": 14}
    assert cim.SCORECARD.process_share("sap") == pytest.approx(0.6866, abs=1e-4)
    assert cim.SCORECARD.process_share("equal") == pytest.approx(11 / 16)
    assert cim.SCORECARD.process_share("outcome") == pytest.approx(0.40)


def test_the_index_of_three_criteria_is_provisional() -> None:
    found = cim.cim_index({"cim.sal.win_rate": 80, "cim.cst.cac": 70, "cim.sat.csat": 80})
    assert (found.value, found.coverage) == (pytest.approx(78.1081, abs=1e-4), pytest.approx(0.3410, abs=1e-4))
    assert (found.provisional, found.published) == (True, None)


def test_the_index_is_published_from_sixty_per_cent_of_the_weight_on() -> None:
    by_weight = sorted(cim.CRITERIA, key=lambda one: -one.weight)
    seen = []
    for count in range(len(by_weight) + 1):
        found = cim.cim_index({one.metrics[0]: 64.0 for one in by_weight[:count]})
        assert found.provisional is (found.coverage < 0.60)
        assert found.published == (None if found.provisional else pytest.approx(64))
        seen.append(found.provisional)
    assert seen == [True] * 5 + [False] * 12  # 35 + 27 + 25 + 24 = 111 of 217 are too few, with 24 more it is 135


def test_a_criterion_is_the_mean_of_its_metrics_and_a_metric_without_a_score_does_not_drag_it_down() -> None:
    scores = {"cim.svc.sla": 90.0, "cim.svc.fcr": 60.0, "cim.svc.reopen": None}
    assert cim.SCORECARD.part_scores(scores)["2c"] == 75
    assert cim.SCORECARD.part_scores(scores)["2b"] is None


def test_the_three_profiles_weigh_the_same_scores_differently() -> None:
    scores = {part.metrics[0]: 90.0 if part.group in cim.PROCESS else 40.0 for part in cim.CRITERIA}
    assert cim.cim_index(scores, "sap").value == pytest.approx((149 * 90 + 68 * 40) / 217)
    assert cim.cim_index(scores, "equal").value == pytest.approx((11 * 90 + 5 * 40) / 16)
    assert cim.cim_index(scores, "outcome").value == pytest.approx(0.4 * 90 + 0.6 * 40)


def test_the_experience_index_weighs_its_blocks_as_printed() -> None:
    assert {one.key: one.weight for one in cem.BLOCKS} == {
        "mvc": 25,
        "satisfaction": 25,
        "retention": 25,
        "recovery": 15,
        "word_of_mouth": 10,
    }
    some = cem.cem_index({"cem.mvc_stay": 80, "cem.nps": 60})
    assert (some.value, some.coverage, some.provisional) == (70, 0.5, True)
    more = cem.cem_index({"cem.mvc_stay": 80, "cem.nps": 60, "cem.referral_rate": 100})
    assert (more.published, more.coverage) == (pytest.approx((25 * 80 + 25 * 60 + 10 * 100) / 60), pytest.approx(0.6))


def test_nothing_scored_is_no_index() -> None:
    found = weighted({}, {"a": 1})
    assert (found.value, found.coverage, found.provisional, found.published) == (None, 0, True, None)


def test_a_target_on_the_wrong_side_is_seen_for_both_directions() -> None:
    assert wrong_side("up", 0.3, 0.2)
    assert wrong_side("down", 15, 20)
    assert not wrong_side("down", 20, 15)
    assert not wrong_side("info", 20, 15)
