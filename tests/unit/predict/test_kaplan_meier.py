"""Durations with open cases."""

import numpy as np
import pytest

from kith_platform.predict.fits import kaplan_meier

DURATIONS, ENDED = [10, 20, 30, 40, 50], [True, True, True, False, False]


def test_the_median_counts_open_cases() -> None:
    assert kaplan_meier.median(DURATIONS, ENDED) == 30
    assert kaplan_meier.median(DURATIONS[:3], ENDED[:3]) == 20


def test_the_median_is_unknown_where_less_than_half_ever_ended() -> None:
    assert kaplan_meier.median([10, 20, 30, 40, 50], [True, True, False, False, False]) is None
    assert kaplan_meier.median([], []) is None


def test_a_case_closed_without_event_before_leaves_those_at_risk() -> None:
    curve = kaplan_meier.survival([5, 5, 8, 10], [True, False, False, True])
    assert curve.times.tolist() == [5, 10]
    assert curve.at_risk.tolist() == [4, 1]
    assert curve.share_open == pytest.approx([0.75, 0.0])


def test_counts_stand_for_repeated_rows() -> None:
    repeated = kaplan_meier.survival(np.repeat(DURATIONS, 3), np.repeat(ENDED, 3))
    counted = kaplan_meier.survival(DURATIONS, ENDED, [3] * 5)
    assert counted.share_open == pytest.approx(repeated.share_open)


def test_missing_durations_are_refused() -> None:
    with pytest.raises(ValueError, match="from 0 upwards"):
        kaplan_meier.median([1.0, np.nan], [True, True])
