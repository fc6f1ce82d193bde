"""Values against what was agreed, metric by metric. Pure: no request, no session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kith_platform.sdk.scoring import score

State = Literal["not_agreed", "no_value", "reached", "better", "same", "worse"]


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A signed record, as scores need it. `unit` is empty for the company itself."""

    key: str
    grain: str = "tenant"
    unit: str = ""
    baseline: float
    target: float
    signed_at: dt.datetime | None = None


@dataclass(frozen=True)
class Scored:
    """A metric's score 0–100, or None and why: `state` is not_agreed or no_value, else how far it has come."""

    score: float | None
    state: State


def scored(value: float | None, agreed: Criterion | None) -> Scored:
    """One value against its record.

    >>> scored(0.28, Criterion(key="cim.sal.win_rate", baseline=0.25, target=0.30)).state
    'better'
    """
    if agreed is None:
        return Scored(None, "not_agreed")
    found = score(value, agreed.baseline, agreed.target)
    if found is None:
        return Scored(None, "no_value")
    return Scored(found, "reached" if found >= 100 else "better" if found > 50 else "same" if found == 50 else "worse")


def scores(values: Mapping[str, float | None], agreed: Mapping[str, Criterion]) -> dict[str, float | None]:
    """Score by metric key; None where there is no value or no record."""
    return {key: scored(value, agreed.get(key)).score for key, value in values.items()}


def by_key(agreed: Sequence[Criterion], grain: str = "tenant", unit: str = "") -> dict[str, Criterion]:
    """The records of one unit of a grain, by metric key."""
    return {one.key: one for one in agreed if (one.grain, one.unit) == (grain, unit)}
