"""Scores of metrics against what was agreed, and indices of them (domain B0.7, B2.0). Pure: no database, no request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

NEED = 0.60  # of the weight must be covered before an index is published
WORST, BEST, BASE = 0.0, 100.0, 50.0


def score(value: float | None, baseline: float, target: float) -> float | None:
    """clip(50 + 50·(v − baseline)/(target − baseline), 0, 100): 50 is where it began, 100 what was agreed, either direction.

    None without a value. Raises ValueError where target and baseline are equal.

    >>> round(score(0.28, 0.25, 0.30), 4), score(18, 20, 15), score(None, 0, 1)
    (80.0, 70.0, None)
    """
    if target == baseline:
        raise ValueError("a target that equals its baseline measures nothing")
    if value is None:
        return None
    return min(BEST, max(WORST, BASE + BASE * (value - baseline) / (target - baseline)))


@dataclass(frozen=True)
class Weighted:
    """A mean of what has a score. `coverage` is the share of the weight that has one; below `need` it is `provisional`."""

    value: float | None
    coverage: float
    provisional: bool

    @property
    def published(self) -> float | None:
        """The value that may be called the index; None while it is provisional."""
        return None if self.provisional else self.value


def weighted(scores: Mapping[str, float | None], weights: Mapping[str, float], need: float = NEED) -> Weighted:
    """Σw·score/Σw over those with a score; names without a weight do not count.

    >>> found = weighted({"a": 80, "b": 70, "c": None}, {"a": 1, "b": 1, "c": 2})
    >>> found.value, found.coverage, found.provisional
    (75.0, 0.5, True)
    """
    whole = sum(weights.values())
    known = [(weights[name], one) for name, one in scores.items() if one is not None and weights.get(name)]
    covered = sum(weight for weight, _one in known)
    if not covered or not whole:
        return Weighted(None, 0.0, True)
    coverage = covered / whole
    # A sum of fractions may miss the gate by the last bit.
    return Weighted(sum(weight * one for weight, one in known) / covered, coverage, coverage < need - 1e-9)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A criterion or block of a scorecard: its score is the mean of its metrics' scores. `kind` as the metrics' own."""

    key: str
    label: str
    weight: float
    metrics: tuple[str, ...]
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Another way to weigh the parts of a scorecard: `weights` by the part's key."""

    key: str
    label: str
    weights: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """Metrics by part, and one index over them. `metric` is the key under which the index is stored.

    `groups` names groups of parts by key; those in `process` measure how one works, not what comes of it. `need` is the share
    of the weight that must have a score. Without `profiles` the parts' own weights are the only way to weigh.
    """

    key: str
    label: str
    answers: str
    metric: str
    parts: tuple[Part, ...]
    groups: Mapping[str, str] | None = None
    process: tuple[str, ...] = ()
    profiles: tuple[Profile, ...] = ()
    need: float = NEED

    def weights(self, profile: str = "") -> Mapping[str, float]:
        """The weights of a profile; without a name the first's. Raises KeyError for one that is not there."""
        if not self.profiles:
            return {part.key: part.weight for part in self.parts}
        by_key = {one.key: one.weights for one in self.profiles}
        return by_key[profile or self.profiles[0].key]

    def part_scores(self, scores: Mapping[str, float | None]) -> dict[str, float | None]:
        """Per part the mean of the scores of its metrics, by metric key; None where none has one."""
        return {part.key: _mean([scores.get(key) for key in part.metrics]) for part in self.parts}

    def index(self, scores: Mapping[str, float | None], profile: str = "") -> Weighted:
        """The index from scores by metric key."""
        return weighted(self.part_scores(scores), self.weights(profile), self.need)

    def process_share(self, profile: str = "") -> float:
        """How much of the weight lies on process rather than results (S28)."""
        weights = self.weights(profile)
        return sum(weights[part.key] for part in self.parts if part.group in self.process) / sum(weights.values())


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [one for one in scores if one is not None]
    return sum(known) / len(known) if known else None


Direction = Literal["up", "down", "band", "info"]


def wrong_side(better: Direction, baseline: float, target: float) -> bool:
    """Whether reaching the target would make a metric worse than its baseline.

    >>> wrong_side("up", 0.3, 0.2), wrong_side("down", 20, 15), wrong_side("band", 1, 2)
    (True, False, False)
    """
    return (better == "up" and target < baseline) or (better == "down" and target > baseline)
