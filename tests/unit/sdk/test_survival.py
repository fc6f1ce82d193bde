"""Medians of waiting times, some of which have not ended."""

from __future__ import annotations

from kith_platform.sdk.survival import median, signed


def test_the_printed_vector() -> None:
    """csm.ttv: 10, 20, 30, 40+, 50+. Of five, then four, then three at risk one ends each: .8, .6, .4, so half by 30."""
    assert median([30, 10, 20], [50, 40]) == 30


def test_half_that_never_ended_lies_beyond_the_last_time() -> None:
    assert median([10, 20], [30, 40, 50]) is None


def test_exactly_half_is_half() -> None:
    assert median([10, 20], [30, 40]) == 20


def test_who_leaves_early_is_not_at_risk_later() -> None:
    """5+, 5+, 10, 20: of the two at risk at 10 one ends, so half; counting the early ones it would be 20."""
    assert median([10, 20], [5, 5]) == 10


def test_an_open_time_on_the_day_of_an_end_was_still_at_risk() -> None:
    """10 and 10+: one of two at risk ends."""
    assert median([10], [10]) == 10
    assert median([10], [10, 10]) is None


def test_no_times_have_no_median() -> None:
    assert median([], []) is None


def test_times_kept_in_one_list_come_apart() -> None:
    assert signed([10, -41, 0, -1]) == ([10, 0], [40, 0])
