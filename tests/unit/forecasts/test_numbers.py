"""The published figures of seasons, stock and building ahead (domain.md D10, C6), and what bad series do."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pytest

from kith_platform.forecasts.classes import abc, variation, xyz
from kith_platform.forecasts.fits import feasts, season, smoothing, stock
from kith_platform.forecasts.fits.rolling import MONTH, NAIVE, QUARTER, WEEK, Grain, Judged, Panel, forecast, origins_of
from kith_platform.simulator.seasons import _MID_AUTUMN, _NEW_YEAR


def test_season_index_and_next_year_are_those_of_the_books() -> None:
    index = season.index(np.array([[80.0, 100, 140, 80], [88, 110, 154, 88]]))
    assert index == pytest.approx([0.8, 1, 1.4, 0.8])
    assert season.peaks(index) == [2]
    assert season.lows(index) == [0, 3]
    assert season.ahead(110.0, 1.1, index)[2] == pytest.approx(169.4)


def test_safety_stock_and_reorder_point_are_those_of_the_books() -> None:
    safety = stock.safety_stock(100, 20, 9, 1, 0.95)
    assert round(safety, 2) == 191.82
    assert round(stock.reorder_point(100, 9, safety), 2) == 1091.82
    # One who looks once a week needs the stock of the week, too.
    assert stock.reorder_point(100, 9, 0, review=1) == 1000
    assert stock.safety_stock(100, 20, 9, 1, 0.95, review=1) > safety


def test_how_early_to_build_is_that_of_the_books() -> None:
    plan = stock.build_ahead([80, 90, 130, 150, 90], 100)
    assert plan.stock.tolist() == [50, 70, 80, 50, 0, 0]
    assert plan.short.sum() == 0


def test_shelf_life_and_money_cap_what_is_built_and_tell_what_is_short() -> None:
    fresh = stock.build_ahead([80, 90, 130, 150, 90], 100, shelf=1)
    assert (fresh.stock[:-1] <= [80, 90, 130, 150, 90]).all()
    poor = stock.build_ahead([80, 90, 130, 150, 90], 100, most=30)
    assert poor.stock.max() == 30
    assert poor.short.sum() == pytest.approx(50)
    spoiled = stock.build_ahead([0, 0, 300], 100, shelf=1)
    assert spoiled.stock.tolist() == [0, 0, 200, 0]
    assert spoiled.short.sum() == 100


def test_thirty_errors_speak_for_themselves_and_fewer_do_not() -> None:
    errors = np.arange(-15.0, 16.0)
    assert stock.measured_stock(errors, 100, 0, 0.9) == pytest.approx(12)
    assert stock.measured_stock(errors[:29], 100, 0, 0.9) is None
    windows = stock.window_errors(np.array([[1.0, 2, np.nan, 4], [1, 1, 1, 1]]), 2)
    assert sorted(windows) == [2, 2, 2, 3]
    assert stock.window_errors(np.ones((12, 4)), 5).size == 0


def test_classes_are_those_of_the_books() -> None:
    assert "".join(abc(np.array([50, 20, 10, 6, 5, 4, 3, 2, 0, 0]), np.arange(10))) == "AAABBBCCCC"
    monthly = np.array([[10.0, 11, 9, 10], [10, 2, 14, 6], [0, 0, 20, 0], [0, 0, 0, 0]])
    assert variation(monthly)[:3] == pytest.approx([0.0707, 0.5590, 1.7321], abs=5e-5)
    assert xyz(variation(monthly)) == ["X", "Y", "Z", "Z"]


def test_lunar_feasts_are_those_of_the_public_calendar() -> None:
    for name, known in (("new_year", _NEW_YEAR), ("mid_autumn", _MID_AUTUMN)):
        assert set(known.split()) <= {day.isoformat() for day in feasts.dates(name)}
    shares = feasts.shares([dt.date(2026, 2, 9), dt.date(2026, 2, 16)], [dt.date(2026, 2, 16), dt.date(2026, 2, 23)])
    assert shares[:, 0] == pytest.approx([7 / 21, 2 / 21])


def panel(values: np.ndarray, ahead: int) -> Panel:
    count, periods = values.shape
    return Panel(values, np.zeros(count, dtype=np.int64), np.zeros(count), np.zeros((periods + ahead, 3)))


def made(values: np.ndarray, grain: Grain) -> Judged:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return forecast(panel(values, grain.ahead), grain, seed=1, threads=1)


def test_a_growing_season_is_foreseen_better_than_by_last_year() -> None:
    rng = np.random.default_rng(3)
    weeks = np.arange(156 + 13)
    truth = rng.uniform(20, 200, 30)[:, None] * (1 + 0.5 * np.sin(2 * np.pi * weeks / 52)) * 1.15 ** (weeks / 52)
    sold = rng.poisson(truth).astype(float)
    found = made(sold[:, :156], WEEK)
    assert np.nanmedian(found.mase) < 0.85
    assert (found.mase <= 1).all()
    ahead, actual = found.points[:, :13], sold[:, 156:]
    ours, rule = np.abs(actual - ahead[..., 1]).sum(), np.abs(actual - sold[:, 104:117]).sum()
    assert ours < rule
    inside = ((actual >= ahead[..., 0]) & (actual <= ahead[..., 2])).mean()
    assert 0.7 < inside < 0.95
    again = made(sold[:, :156], WEEK)
    assert np.array_equal(found.points, again.points)
    assert found.method == again.method


def test_noise_around_nothing_is_left_to_the_mean_and_a_constant_stays_constant() -> None:
    found = made(np.full((1, 120), 7.0), WEEK)
    assert found.points[0, :, 1] == pytest.approx(7.0)
    assert found.points[0, :, 0] == pytest.approx(7.0)
    assert found.method == [NAIVE]  # nothing is better than being right


def test_bad_series_neither_break_nor_go_below_zero() -> None:
    rng = np.random.default_rng(5)
    zero = np.zeros(60)
    gaps = np.where(np.arange(60) % 7 == 0, 12.0, 0.0)
    back = rng.poisson(5, 60) - 4.0  # more came back than was sold in many months
    late = np.concatenate([np.full(55, np.nan), rng.poisson(9, 5)])
    huge = rng.poisson(5, 60) * 1e9
    found = made(np.stack([zero, gaps, back, late, huge]), MONTH)
    assert np.isfinite(found.points).all()
    assert (found.points >= 0).all()
    assert (found.points[0] == 0).all()
    assert (np.diff(found.points, axis=2) >= 0).all(), "p10 ≤ p50 ≤ p90"
    assert found.origins[3] == 0, "five months are too few to judge"
    one = made(np.array([[4.0]]), QUARTER)
    assert one.points.shape == (1, QUARTER.ahead, 3)


def test_rare_demand_has_its_own_methods() -> None:
    rng = np.random.default_rng(2)
    rare = np.where(rng.random((40, 90)) < 0.2, rng.integers(1, 9, (40, 90)), 0).astype(float)
    found = made(rare, MONTH)
    assert {"tsb", "croston"} & set(found.method)
    assert smoothing.tsb(rare).mean() == pytest.approx(rare.mean(), rel=0.15)
    assert smoothing.croston(rare).mean() == pytest.approx(rare.mean(), rel=0.2)
    faded = np.concatenate([np.full(40, 5.0), np.zeros(40)])[None, :]
    assert smoothing.tsb(faded)[0] < 0.5, "what nobody asks for any more fades"


def test_former_days_lie_before_the_end_and_know_enough() -> None:
    assert origins_of(156, WEEK) == list(range(99, 144, 4))
    assert origins_of(30, WEEK) == []
    assert origins_of(39, WEEK) == [26]


def test_the_young_take_the_season_of_their_class() -> None:
    months = np.arange(48)
    shape = 1 + 0.6 * np.sin(2 * np.pi * months / 12)
    values = np.stack([100 * shape, 50 * shape, 80 * shape])
    values[2, :-8] = np.nan
    found = season.seasons(values, 12, np.zeros(3, dtype=np.int64))
    assert found.years.tolist() == [4, 4, 0]
    assert found.index[2] == pytest.approx(found.index[0], abs=0.02)
    flat = season.seasons(np.random.default_rng(1).poisson(50, (1, 48)).astype(float), 12, np.zeros(1, dtype=np.int64))
    assert np.abs(flat.index - 1).max() < 0.2, "years that contradict one another make no season"
