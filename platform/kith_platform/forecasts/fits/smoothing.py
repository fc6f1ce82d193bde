"""Smoothing of many series at once: ETS, TSB and Croston.

ETS: error-correction form with additive error, none or damped trend, and a multiplicative season (Hyndman & Athanasopoulos,
Forecasting, ch. 8), its parameters from a grid by BIC. One pass over time serves every series and every parameter:
docs/adr/0006 says why it is ours.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = (0.03, 0.08, 0.15, 0.25, 0.4, 0.6, 0.85)
TREND = (0.05, 0.2)  # of the level's
DAMPED = (0.85, 0.98)
SEASON = (0.1, 0.3)  # of what the level leaves unsaid
BEGIN = 8  # periods that the first level is the mean of
MOST_SEASON = 12  # places of a year that may change with time; weeks have too few years to tell
LEAST_INDEX = 0.05
DEMAND, CHANCE = (0.05, 0.15, 0.3), (0.03, 0.08, 0.15, 0.3)


def ets(values: Floats, index: Floats, ahead: int) -> Floats:
    """(series, ahead): forecasts of `values` (series, periods), NaN before a series begins. Nothing known: 0.

    `index` (series, m): the season's places as they follow the end; a year of up to MOST_SEASON places may change with time.
    """
    known, m, periods = ~np.isnan(values), index.shape[1], values.shape[1]
    grid = _grid(m)
    alpha, beta, phi, gamma = (np.array(one)[:, None] for one in zip(*grid, strict=True))
    season = np.broadcast_to(np.maximum(index, LEAST_INDEX).T[:, None, :], (m, len(grid), values.shape[0])).copy()
    places = (np.arange(periods + ahead) - periods) % m
    seen = np.where(known, values, 0.0)
    level = np.broadcast_to(_first_mean(seen / season[places[:periods], 0].T, known), season.shape[1:]).copy()
    trend, wrong = np.zeros_like(level), np.zeros_like(level)
    for place in range(periods):
        started, of_year = known[:, place], season[places[place]]
        slope = phi * trend
        base = level + slope
        error = (seen[:, place] - base * of_year) * started
        wrong += error**2
        level = np.where(started, base + alpha * error / of_year, level)
        trend = np.where(started, slope + alpha * beta * error / of_year, trend)
        if m <= MOST_SEASON:
            moved = of_year + gamma * (1 - alpha) * error / np.maximum(np.abs(base), 1e-9) * (base > 0)
            season[places[place]] = np.clip(moved, LEAST_INDEX, 2 * m)
    count = np.maximum(known.sum(axis=1), 2)
    parameters = 2 + 2 * (beta > 0) + (m - 1) * (gamma > 0)
    best = np.argmin(count * np.log(wrong / count + 1e-9) + parameters * np.log(count), axis=0)
    pick = best, np.arange(values.shape[0])
    steps = np.cumsum(phi[best] ** np.arange(1, ahead + 1)[None, :], axis=1)
    seasonal = season[places[periods:], best[:, None], pick[1][:, None]]
    return np.asarray((level[pick][:, None] + trend[pick][:, None] * steps) * seasonal)


def _grid(m: int) -> list[tuple[float, float, float, float]]:
    """Level, trend as a share of the level's, damping, season."""
    trends = [(0.0, 0.0), *itertools.product(TREND, DAMPED)]
    moving = SEASON if m <= MOST_SEASON else ()
    return [(level, *trend, season) for level in LEVEL for trend in trends for season in (0.0, *moving)]


def _first_mean(seen: Floats, known: NDArray[np.bool_]) -> Floats:
    begin = known & (np.cumsum(known, axis=1) <= BEGIN)
    return np.asarray((seen * begin).sum(axis=1) / np.maximum(begin.sum(axis=1), 1))


def tsb(values: Floats) -> Floats:
    """(series,): expected demand of every period to come (Teunter, Syntetos & Babai 2011): chance × size, both smoothed, the
    chance in every period, so that what nobody asks for any more fades. Negative periods count as none."""
    known = ~np.isnan(values)
    seen = np.where(known, np.clip(values, 0.0, None), 0.0)
    grid = list(itertools.product(DEMAND, CHANCE))
    alpha, beta = (np.array(one)[:, None] for one in zip(*grid, strict=True))
    asked = seen > 0
    size = np.broadcast_to(seen.sum(axis=1) / np.maximum(asked.sum(axis=1), 1), (len(grid), values.shape[0])).copy()
    chance = np.broadcast_to(asked.sum(axis=1) / np.maximum(known.sum(axis=1), 1), size.shape).copy()
    wrong = np.zeros_like(size)
    for place in range(values.shape[1]):
        now, came, started = seen[:, place], asked[:, place], known[:, place]
        wrong += ((now - size * chance) * started) ** 2
        size = size + alpha * (now - size) * came
        chance = chance + beta * (came - chance) * started
    return np.asarray((size * chance)[np.argmin(wrong, axis=0), np.arange(values.shape[0])])


def croston(values: Floats, smoothing: float = 0.1) -> Floats:
    """(series,): Croston's size over gap with Syntetos and Boylan's correction (1 − α/2). No demand at all: 0."""
    known = ~np.isnan(values)
    seen = np.where(known, np.clip(values, 0.0, None), 0.0)
    asked = seen > 0
    times = asked.sum(axis=1)
    size = seen.sum(axis=1) / np.maximum(times, 1)
    gap = known.sum(axis=1) / np.maximum(times, 1)
    since = np.zeros(values.shape[0])
    for place in range(values.shape[1]):
        came = asked[:, place]
        since = since + known[:, place]
        size = np.where(came, size + smoothing * (seen[:, place] - size), size)
        gap = np.where(came, gap + smoothing * (since - gap), gap)
        since = np.where(came, 0.0, since)
    return np.asarray(np.where(times > 0, (1 - smoothing / 2) * size / np.maximum(gap, 1.0), 0.0))
