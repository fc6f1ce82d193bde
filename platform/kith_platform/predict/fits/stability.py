"""Whether values are spread as they were: the population stability index (PSI) over bins cut at the deciles of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

Floats = NDArray[np.float64]

BINS = 10
WATCH, ALERT = 0.1, 0.25  # domain rule D0
FLOOR = 1e-4  # the share an empty bin counts as
BY_CHANCE = 0.999  # many features are looked at each week: one in a thousand may move so far by chance


class Grade(StrEnum):
    OK = "ok"
    WATCH = "watch"
    ALERT = "alert"


class Move(StrEnum):
    """Where values went: up, down, unknown of more, known of more, or spread otherwise."""

    HIGHER = "higher"
    LOWER = "lower"
    MISSING = "missing"
    KNOWN = "known"
    OTHERWISE = "otherwise"


@dataclass(frozen=True)
class Spread:
    """How n values were spread: `edges` (k,) between bins, an edge belonging to the lower one, and the `shares` of the k + 1
    bins and of missing values (k + 2,).
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    @staticmethod
    def of(values: ArrayLike) -> Spread:
        """Bins cut at the deciles of the known values; equal deciles are one edge."""
        known = np.asarray(values, dtype=np.float64).ravel()
        known = known[np.isfinite(known)]
        cuts = np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf") if known.size else np.empty(0)
        edges = tuple(float(f"{edge:.6g}") for edge in cuts)  # a version's report is small
        unique = tuple(sorted(set(edges)))
        return Spread(unique, Spread(unique, ()).now(values))

    def now(self, values: ArrayLike) -> tuple[float, ...]:
        """The shares of other values in the same bins; all zero of none."""
        found = np.asarray(values, dtype=np.float64).ravel()
        edges = np.asarray(self.edges)
        bins = np.where(np.isfinite(found), np.searchsorted(edges, found), edges.size + 1)
        counts = np.bincount(bins, minlength=edges.size + 2)
        return tuple(round(float(share), 6) for share in counts / max(found.size, 1))

    def to_json(self) -> dict[str, list[float]]:
        return {"edges": list(self.edges), "shares": list(self.shares)}

    @staticmethod
    def from_json(stored: Mapping[str, Sequence[float]]) -> Spread:
        return Spread(tuple(stored["edges"]), tuple(stored["shares"]))


def psi(expected_shares: ArrayLike, actual_shares: ArrayLike, floor: float = FLOOR) -> float:
    """Population stability index Σ (a - e)·ln(a/e); shares are normalised, empty bins count as `floor`.

    Raises ValueError for unequal or empty bins.
    """
    expected, actual = (np.asarray(s, dtype=np.float64).ravel() for s in (expected_shares, actual_shares))
    if expected.size != actual.size or expected.sum() <= 0 or actual.sum() <= 0:
        raise ValueError("PSI compares two distributions over the same bins, neither of them empty.")
    expected, actual = (np.maximum(shares / shares.sum(), floor) for shares in (expected, actual))
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def by_chance(then: int, now: int, bins: int) -> float:
    """What the PSI of two draws from one population seldom passes: χ² of bins − 1 times 1/n + 1/m (Yurdakul & Naranjo 2020)."""
    if bins < 2 or not then or not now:
        return 0.0
    return float(chi2.ppf(BY_CHANCE, bins - 1) * (1.0 / then + 1.0 / now))


def grade(found: float, chance: float = 0.0) -> Grade:
    """Below .1 ok, to .25 to be watched, above an alert; ok, too, where `chance` alone moves so few so far."""
    if found < WATCH or found <= chance:
        return Grade.OK
    return Grade.WATCH if found <= ALERT else Grade.ALERT


def move(then: Sequence[float], now: Sequence[float]) -> Move:
    """The plain word for two rows of shares, whose last bin is missing values."""
    (*before, gone), (*after, lost) = then, now
    if abs(lost - gone) >= 0.5 * sum(abs(a - b) for a, b in zip(now, then, strict=True)) - 1e-9 and lost != gone:
        return Move.MISSING if lost > gone else Move.KNOWN
    places = np.arange(len(before), dtype=np.float64)
    if not sum(before) or not sum(after):
        return Move.OTHERWISE
    means = [float(places @ np.asarray(shares)) / sum(shares) for shares in (before, after)]
    step = means[1] - means[0]
    if abs(step) < 0.02 * max(len(before) - 1, 1):
        return Move.OTHERWISE
    return Move.HIGHER if step > 0 else Move.LOWER


def compare(spread: Spread, values: Floats, then: int) -> dict[str, Any]:
    """PSI of values against a spread of `then` values, with its grade, the plain move and today's shares."""
    shares = spread.now(values)
    bins = sum(1 for before, after in zip(spread.shares, shares, strict=True) if before or after)
    # Of a few, an empty bin says no more than "less than half of one".
    found = psi(spread.shares, shares, max(FLOOR, 0.5 / max(min(then, values.size), 1)))
    return {
        "psi": round(found, 4),
        "grade": str(grade(found, by_chance(then, int(values.size), bins))),
        "move": str(move(spread.shares, shares)),
        "shares": list(shares),
    }


def reference(scores: Floats, tier: str, features: Mapping[str, Floats]) -> dict[str, Any]:
    """How the scores and features of a training's last day were spread, as small JSON, for `against`."""
    return {
        "n": int(scores.size),
        "tier": tier,
        "score": Spread.of(scores).to_json(),
        "features": {name: Spread.of(values).to_json() for name, values in features.items()},
    }


def against(
    stored: Mapping[str, Any], scores: Floats, tier: str, features: Mapping[str, Floats], *, most: int = 10
) -> dict[str, Any]:
    """Today's scores and features against a `reference`: n, grade (the worst), score (None where another tier scores now),
    the `most` features that moved most, and how many have each grade. Features nobody computes any more are left out.
    """
    then = int(stored["n"])
    found = [
        {"feature": name, **compare(Spread.from_json(spread), features[name], then)}
        for name, spread in stored["features"].items()
        if name in features
    ]
    found.sort(key=lambda one: (list(Grade).index(Grade(one["grade"])), one["psi"]), reverse=True)
    score = compare(Spread.from_json(stored["score"]), scores, then) if tier == stored["tier"] else None
    grades = [one["grade"] for one in (*found, *([score] if score else []))]
    return {
        "n": int(scores.size),
        "n_then": then,
        "grade": max(grades, key=lambda one: list(Grade).index(Grade(one)), default=str(Grade.OK)),
        "score": score,
        "features": found[:most],
        "counts": {str(one): grades.count(one) for one in Grade},
    }
