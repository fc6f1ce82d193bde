"""A customer's own rhythm, as domain rule C4 prints it."""

import numpy as np
import pytest

from kith_platform.predict.fits import rhythm

DAYS = np.cumsum([0, 30, 28, 35, 31])


def test_expected_gap_and_lateness_match_the_printed_vectors() -> None:
    _, own, gaps, _ = rhythm.gap_statistics([7] * 5, DAYS)
    tau = rhythm.expected_gap(own, gaps, 40.0)
    assert own == pytest.approx([30.5])
    assert tau == pytest.approx([34.5714], abs=1e-4)
    assert rhythm.lateness([50.0, 110.0], tau) == pytest.approx([1.4463, 3.1818], abs=1e-4)


def test_spending_trend_matches_the_printed_vector_and_needs_eight_gaps_of_history() -> None:
    s = rhythm.spending_trend([180, 180, 180], [900, 900, 0], [300, 200, 300], 34.5714)
    assert s[0] == pytest.approx(0.60)
    assert np.isnan(s[1:]).all()


def test_purchases_in_any_order_and_twice_a_day_are_the_same_history() -> None:
    shuffled = np.random.default_rng(0).permutation(len(DAYS))
    ids, own, gaps, spread = rhythm.gap_statistics(
        np.r_[np.full(5, 9)[shuffled], 9, 4, 4, 2], np.r_[DAYS[shuffled], DAYS[2], 100, 103, 55]
    )
    assert ids.tolist() == [2, 4, 9]
    assert gaps.tolist() == [0, 1, 4]
    assert own[1:] == pytest.approx([3.0, 30.5])
    assert np.isnan(own[0])
    assert np.isnan(spread[:2]).all()
    assert spread[2] == pytest.approx(np.std([30, 28, 35, 31], ddof=1) / 31)


def test_a_customer_without_a_gap_takes_the_segments_rhythm() -> None:
    assert rhythm.expected_gap([np.nan, 10.0], [0, 3], 40.0) == pytest.approx([40.0, 25.0])


def test_nobody_has_no_rhythm() -> None:
    ids, own, gaps, spread = rhythm.gap_statistics([], [])
    assert ids.size == own.size == gaps.size == spread.size == 0
    assert np.isnan(rhythm.lateness(5.0, 0.0))


def test_a_thin_segment_takes_the_tenants_gap_and_a_thin_tenant_the_default() -> None:
    assert rhythm.segment_gap([10] * 30, [20] * 99, 45.0) == 10
    assert rhythm.segment_gap([10] * 29, [20] * 99, 45.0) == 20
    assert rhythm.segment_gap([10] * 2, [20] * 5, 45.0) == 45


def test_few_cases_stay_near_the_prior() -> None:
    assert rhythm.posterior_mean(3, 50, 0.04) == pytest.approx(0.0543, abs=1e-4)
    assert rhythm.posterior_mean([0, 400], [0, 1000], 0.04) == pytest.approx([0.04, 0.3929], abs=1e-4)
