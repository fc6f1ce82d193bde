"""Season index of many series at once (domain.md D10): its definition, and how far it can be trusted.

Series lie in a matrix (series × periods), oldest first, NaN before a series begins. A year is `m` periods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PEAK, LOW = 1.2, 0.8
MONTHS = 12
SMOOTHED = 0.375  # what (1, 2, 1)/4 leaves of the variance of noise
LEAST_YEARS, MOST_YEARS = 2, 5  # seasons change, too
MOST_GROWTH = 2.0  # a year; more than that is a series that has just begun


def index(years: Floats) -> Floats:
    """Mean over the years of x / that year's mean; `years` (years, m) or (series, years, m). NaN years and years whose mean is
    not positive do not count; all ones where none does.

    >>> index(np.array([[80.0, 100, 140, 80], [88, 110, 154, 88]])).tolist()
    [0.8, 1.0, 1.4, 0.8]
    """
    mean = years.mean(axis=-1, keepdims=True)
    counts = (mean > 0).astype(float)  # NaN > 0 is False
    ratio = np.divide(years, mean, out=np.zeros_like(years), where=mean > 0)
    found = ratio.sum(axis=-2) / np.maximum(counts.sum(axis=-2), 1.0)
    return np.asarray(np.where(counts.sum(axis=-2) > 0, found, 1.0))


def ahead(level: Floats | float, growth: Floats | float, seasonal: Floats) -> Floats:
    """Next year's periods: this year's mean × growth × index. `level`, `growth` per series, `seasonal` (…, m).

    >>> float(ahead(110.0, 1.1, np.array([0.8, 1.0, 1.4, 0.8]))[2])
    169.4
    """
    return np.asarray(np.round(np.asarray(level)[..., None] * np.asarray(growth)[..., None] * seasonal, 10))


def peaks(seasonal: Floats) -> list[int]:
    """Places in the year where demand is at least a fifth above the mean."""
    return [place for place, one in enumerate(seasonal) if one >= PEAK - 1e-12]


def lows(seasonal: Floats) -> list[int]:
    """Places in the year where demand is at least a fifth below the mean."""
    return [place for place, one in enumerate(seasonal) if one <= LOW + 1e-12]


@dataclass(frozen=True)
class Seasons:
    """What is known of the year ahead at one origin. `index` (series, m): its place j is period j after the origin, without
    the year's growth; `growth` a year per series; `years` how many whole years each has; `own` how much of the index is its
    own (0 to 1; the rest is its class's)."""

    index: Floats
    growth: Floats
    years: Ints
    own: Floats

    def tilted(self) -> Floats:
        """The index with the growth that goes on within the year, so that the year's mean stays 1."""
        m = self.index.shape[1]
        return self.index * tilt(self.growth, m)


def tilt(growth: Floats, m: int) -> Floats:
    """How growth per year bends a year of m periods around its middle, (…, m)."""
    return np.asarray(growth[..., None] ** ((np.arange(m) - (m - 1) / 2) / m))


def blocks(values: Floats, m: int) -> Floats:
    """The last whole years before the end, at most MOST_YEARS, (series, years, m); NaN where a series had not begun."""
    years = min(values.shape[1] // m, MOST_YEARS)
    return values[:, values.shape[1] - years * m :].reshape(values.shape[0], years, m)


def seasons(values: Floats, m: int, groups: Ints) -> Seasons:
    """Index and growth of every series as known at the end of `values`. `groups` (series,) numbers the classes.

    A series' own index is drawn towards its class's as far as its years contradict one another, and the class's towards 1 in
    the same way (empirical Bayes: 1 − variance of the mean / variance found). Fewer than two whole years: the class's alone.
    Weeks are smoothed (1, 2, 1)/4: feasts move by some days.
    """
    each = blocks(values, m)
    count = int(groups.max(initial=-1)) + 1
    whole = np.asarray(~np.isnan(each).any(axis=2))
    filled = np.where(whole[..., None], each, 0.0)
    pooled = np.zeros((count, *each.shape[1:]))
    np.add.at(pooled, groups, filled)
    every = pooled.sum(axis=0, keepdims=True)
    flat = np.ones((1, m))
    all_growth = _growth(every, np.ones(1))
    whole_index, _ = _drawn(every, flat, all_growth, m)
    growth = _growth(pooled, np.broadcast_to(all_growth, (count,)))
    class_index, _ = _drawn(pooled, np.broadcast_to(whole_index, (count, m)), growth, m)
    years = whole.sum(axis=1)
    own_growth = _growth(np.where(whole[..., None], each, np.nan), growth[groups])
    own_index, share = _drawn(each, class_index[groups], own_growth, m, LEAST_YEARS)
    return Seasons(own_index, own_growth, years.astype(np.int64), share)


def _growth(each: Floats, otherwise: Floats) -> Floats:
    """Last whole year over the one before, drawn halfway to 1; `otherwise` where there are not both."""
    if each.shape[1] < LEAST_YEARS:
        return np.array(otherwise, dtype=float)
    last, before = each[:, -1].mean(axis=1), each[:, -2].mean(axis=1)
    known = (last > 0) & (before > 0)
    ratio = np.divide(last, before, out=np.ones_like(last), where=known)
    found = np.sqrt(np.clip(ratio, 1 / MOST_GROWTH, MOST_GROWTH))
    return np.where(known, found, otherwise)


def _drawn(each: Floats, towards: Floats, growth: Floats, m: int, least: int = 1) -> tuple[Floats, Floats]:
    """The index of `each` (series, years, m) drawn towards `towards` (series, m), and the share that is its own: 0 with fewer
    than `least` years. With one year alone its noise is told from how rough it is (mean square of second differences / 6).
    """
    mean = each.mean(axis=2)
    counts = np.asarray(mean > 0)
    years = counts.sum(axis=1)
    ratio = np.divide(each, mean[..., None], out=np.zeros_like(each), where=counts[..., None]) / tilt(growth, m)[:, None, :]
    found = np.where(counts[..., None], ratio, 0.0).sum(axis=1) / np.maximum(years, 1)[:, None]
    off = np.where(counts[..., None], ratio - found[:, None, :], 0.0)
    between = (off**2).sum(axis=(1, 2)) / np.maximum((years - 1) * m, 1) / np.maximum(years, 1)
    rough = ((np.roll(found, 1, axis=1) - 2 * found + np.roll(found, -1, axis=1)) ** 2).mean(axis=1) / 6
    noise = np.where(years > 1, between, rough)
    if m > MONTHS:
        found = (np.roll(found, 1, axis=1) + 2 * found + np.roll(found, -1, axis=1)) / 4
        noise = noise * SMOOTHED
    seen = ((found - towards) ** 2).mean(axis=1)
    share = np.clip(1 - np.divide(noise, seen, out=np.ones_like(noise), where=seen > 0), 0.0, 1.0)
    share = np.where(years >= least, share, 0.0)
    drawn = np.clip(towards + share[:, None] * (found - towards), 0.0, None)
    middle = drawn.mean(axis=1, keepdims=True)
    return np.divide(drawn, middle, out=np.ones_like(drawn), where=middle > 0), share
