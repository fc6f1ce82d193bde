"""Which method serves each series: every candidate forecasts from the same former days, and the best one has to beat the rule.

Rule: the same period a year before (seasonal naive); with less than a year, the mean of the last periods.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith_platform.forecasts.fits import boosted, smoothing
from kith_platform.forecasts.fits.season import Seasons, ahead, seasons

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAIVE, SEASON_TREND, ETS, BOOSTED, TSB, CROSTON = "seasonal_naive", "season_trend", "ets", "boosted", "tsb", "croston"
ENOUGH_ORIGINS = 6
ENOUGH_ERRORS = 30
INTERMITTENT = 0.3  # share of empty periods from which on the methods for rare demand are tried
Z10 = 1.2815515655446004


@dataclass(frozen=True)
class Grain:
    """`season` periods are a year. Forecasts go `ahead` periods; each of up to `origins` former days, `step` periods apart,
    judges `judged` of them and knows at least `least` periods. No more than `kept` periods are looked at."""

    name: str
    season: int
    ahead: int
    judged: int
    step: int
    least: int
    kept: int
    origins: int = 12


WEEK = Grain("week", 52, 52, 13, 4, 26, 208)
MONTH = Grain("month", 12, 12, 3, 1, 6, 96)
QUARTER = Grain("quarter", 4, 8, 4, 1, 4, 80)
GRAINS = {one.name: one for one in (WEEK, MONTH, QUARTER)}


@dataclass(frozen=True)
class Panel:
    """`values` (series, periods), NaN before a series begins; `groups` number the classes that share a season; `classes` are
    A, B, C as 0, 1, 2; `feasts` (periods + ahead, feasts)."""

    values: Floats
    groups: Ints
    classes: Floats
    feasts: Floats

    @cached_property
    def rare(self) -> Any:
        """Which series have so many empty periods that the methods for rare demand are tried."""
        known = ~np.isnan(self.values)
        return ((self.values <= 0) & known).sum(axis=1) >= INTERMITTENT * np.maximum(known.sum(axis=1), 1)


@dataclass(frozen=True)
class Judged:
    """Per series: `method`; `wape` and `naive_wape` over the same former periods, `mase` = its mean error over the rule's
    (NaN: not judged); `origins`; `errors` (series, origins, judged) actual − forecast; `points` (series, ahead, 3) p10, p50,
    p90; `seasons` as known now; `figures` the WAPE of each candidate."""

    method: list[str]
    wape: Floats
    naive_wape: Floats
    mase: Floats
    origins: Ints
    errors: Floats
    points: Floats
    seasons: Seasons
    figures: dict[str, Floats]


def forecast(panel: Panel, grain: Grain, *, seed: int, threads: int) -> Judged:
    """Forecast every series of one grain. Deterministic for the same panel, seed and libraries."""
    values = panel.values
    count, periods = values.shape
    starts = np.argmax(~np.isnan(values), axis=1)
    origins = [one for one in origins_of(periods, grain) if (starts <= one - grain.least).any()]
    world = boosted.World(grain.season, panel.feasts, panel.classes)
    early = boosted.train(values[:, : origins[0]], world, seed=seed, threads=threads) if origins else None
    tried: dict[str, Floats] = {}
    for number, origin in enumerate(origins):
        actual = values[:, origin : origin + grain.judged]
        use = starts <= origin - grain.least
        found, _ = candidates(panel, values[:, :origin], grain, early, grain.judged)
        for name, one in found.items():
            errors = tried.setdefault(name, np.full((count, len(origins), grain.judged), np.nan))
            errors[use, number] = (actual - one)[use]
    now, known = candidates(panel, values, grain, partial(boosted.train, values, world, seed=seed, threads=threads), grain.ahead)
    return _choose(panel, grain, starts, origins, tried, now, known)


def origins_of(periods: int, grain: Grain) -> list[int]:
    """Former days to judge from, the first first; each is followed by `judged` known periods."""
    last = periods - grain.judged
    return [one for one in (last - grain.step * back for back in reversed(range(grain.origins))) if one >= grain.least]


def candidates(panel: Panel, values: Floats, grain: Grain, forest: object, steps: int) -> tuple[dict[str, Floats], Seasons]:
    """What each method says at the end of `values`, (series, steps), never below 0; and the seasons behind it.

    `forest` is a trained one, None, or a function that trains one.
    """
    known = seasons(values, grain.season, panel.groups)
    wanted = np.arange(steps) % grain.season
    told = {NAIVE: naive(values, grain, steps)}
    level = _mean_of_last(values / np.maximum(_index_back(known, values.shape[1]), smoothing.LEAST_INDEX), grain.season)
    told[SEASON_TREND] = ahead(level, known.growth, known.tilted())[:, wanted]
    told[ETS] = smoothing.ets(values, known.index, steps)
    rare = panel.rare
    for name, smooth in ((TSB, smoothing.tsb), (CROSTON, smoothing.croston)) if rare.any() else ():
        told[name] = np.zeros((values.shape[0], steps))
        told[name][rare] = smooth(values[rare])[:, None]
    grown = forest() if callable(forest) else forest
    if isinstance(grown, boosted.Forest):
        told[BOOSTED] = grown.ahead(values, boosted.World(grain.season, panel.feasts, panel.classes), steps)
    return {name: np.clip(one, 0.0, None) for name, one in told.items()}, known


def naive(values: Floats, grain: Grain, steps: int) -> Floats:
    """The same period a year before; where that is not known, the mean of the last periods."""
    count, periods = values.shape
    back = np.full((count, grain.season), np.nan)
    have = min(grain.season, periods)
    back[:, grain.season - have :] = values[:, periods - have :]
    found = back[:, np.arange(steps) % grain.season]
    return np.where(np.isnan(found), _mean_of_last(values, grain.least)[:, None], found)


def _index_back(known: Seasons, periods: int) -> Floats:
    """The index of each of the periods that lie behind."""
    m = known.index.shape[1]
    return known.index[:, (np.arange(periods) - periods) % m]


def _mean_of_last(values: Floats, periods: int) -> Floats:
    last = values[:, -periods:]
    known = ~np.isnan(last) & np.isfinite(last)
    return np.asarray(np.where(known, last, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def _choose(
    panel: Panel,
    grain: Grain,
    starts: Ints,
    origins: list[int],
    tried: dict[str, Floats],
    now: dict[str, Floats],
    known: Seasons,
) -> Judged:
    values, count = panel.values, panel.values.shape[0]
    names = list(now)
    missed = np.full((len(names), count), np.nan)
    for place, name in enumerate(names):
        if name in tried:
            judged = ~np.isnan(tried[name]).all(axis=(1, 2))
            missed[place, judged] = np.nansum(np.abs(tried[name][judged]), axis=(1, 2))
    for name in {TSB, CROSTON} & set(names):
        missed[names.index(name), ~panel.rare] = np.nan
    rule = missed[names.index(NAIVE)]
    best = np.argmin(np.where(np.isnan(missed), np.inf, missed), axis=0)
    best = np.where(~np.isnan(rule) & (missed[best, np.arange(count)] < rule), best, names.index(NAIVE))
    errors = np.full((count, len(origins), grain.judged), np.nan)
    for place, name in enumerate(names):
        if name in tried:
            errors[best == place] = tried[name][best == place]
    sums = _actual_sums(values, starts, origins, grain)
    own = missed[best, np.arange(count)]
    wape, naive_wape, mase = _over(own, sums), _over(rule, sums), _over(own, rule)
    served = np.stack([now[name] for name in names])[best, np.arange(count)]
    points = quantiles(served, errors, values, grain)
    figures = {name: _over(missed[place], sums) for place, name in enumerate(names)}
    seen = (~np.isnan(errors)).any(axis=2).sum(axis=1)
    return Judged([names[one] for one in best], wape, naive_wape, mase, seen, errors, points, known, figures)


def _actual_sums(values: Floats, starts: Ints, origins: list[int], grain: Grain) -> Floats:
    sums = np.zeros(values.shape[0])
    for origin in origins:
        actual = np.abs(values[:, origin : origin + grain.judged])
        sums += np.where(starts <= origin - grain.least, np.nansum(actual, axis=1), 0.0)
    return sums


def _over(one: Floats, other: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    return np.divide(one, other, out=np.full_like(one, np.nan), where=other > 0)


def quantiles(served: Floats, errors: Floats, values: Floats, grain: Grain) -> Floats:
    """(series, ahead, 3): p10, p50, p90. With ENOUGH_ERRORS former errors their own quantiles, else ± 1.28 of their root mean
    square; without any error that of the series around its mean.

    Spread goes with the root of the demand of its period (as counts have it), and beyond what was judged with that of time.
    """
    count = served.shape[0]
    flat = errors.reshape(count, -1)
    seen = (~np.isnan(flat)).sum(axis=1)
    square = np.where(np.isnan(flat), 0.0, flat) ** 2
    sigma = np.sqrt(square.sum(axis=1) / np.maximum(seen, 1))
    held = ~np.isnan(values)
    middle = np.where(held, values, 0.0).sum(axis=1) / np.maximum(held.sum(axis=1), 1)
    around = np.sqrt((np.where(held, values - middle[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(held.sum(axis=1), 1))
    sigma = np.where(seen > 0, sigma, around)
    low, high = -Z10 * sigma, Z10 * sigma
    many = seen >= ENOUGH_ERRORS
    if many.any():
        # Former days are few and like one another, so their quantiles lie too close: drawn outward as for so few draws.
        days = (~np.isnan(errors)).any(axis=2).sum(axis=1)
        for number in np.unique(days[many]):
            which = many & (days == number)
            top = min(1.0, 0.9 * (1 + 1 / (2 * number)))
            low[which], high[which] = np.nanquantile(flat[which], [1 - top, top], axis=1)
    usual = np.maximum(served[:, : grain.season].mean(axis=1), 1e-9)[:, None]
    width = np.sqrt(np.clip(served / usual, 0.25, 4.0))
    width = width * np.sqrt(np.maximum(1.0, np.arange(1, served.shape[1] + 1) / grain.judged))
    bottom = np.clip(served + np.minimum(low, 0.0)[:, None] * width, 0.0, None)
    return np.stack([bottom, served, served + np.maximum(high, 0.0)[:, None] * width], axis=2)
