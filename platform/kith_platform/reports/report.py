"""A report as data: findings without words of a language, numbers without form. `wording` says it to a reader."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kith_platform.i18n import N_
from kith_platform.sdk.advice import Section
from kith_platform.sdk.metrics import Period, Unit

SECTIONS: Mapping[Section, str] = {
    "customers": N_("Customers"),
    "products": N_("Products"),
    "sales": N_("Sales"),
    "service": N_("Service"),
    "risk": N_("Risk"),
    "opportunities": N_("Opportunities to grow"),
}
BASELINE = "baseline"  # compared with where a signed criterion began
Against = Literal["yoy", "mom", "baseline", ""]
Confidence = Literal["high", "medium", "low"]
WHOLE = frozenset({"money", "money_per_day", "count", "list"})  # totals of everything, not samples


@dataclass(frozen=True)
class Amount:
    """A number in a sentence, written by its unit."""

    value: float
    unit: Unit


@dataclass(frozen=True)
class Phrase:
    """A marked sentence with its parameters: Amounts, days, plain text."""

    words: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What the value is compared with, and how many cases that rests on (None: it was agreed, not counted)."""

    value: float
    n: int | None = None


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """The signed criterion: where it began, where it shall be by when, and whether it is behind."""

    baseline: float
    target: float
    due: dt.date
    behind: bool


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding. `key` names the metric, placement or model it is of, `whole` what the name is a
    part of, `label` a name of the company's own, which stands after `name`.

    `told` is the one of `against` that the finding tells, and `size` how often the change is as large as what matters.
    `interval` is the 95 % one. `due` is the last day to act.
    """

    section: Section
    kind: Literal["metric", "placement", "model"]
    key: str
    name: str
    unit: Unit
    value: float
    n: int
    interval: tuple[float, float] | None
    coverage: float | None
    flags: tuple[str, ...]
    against: Mapping[str, Reference]
    told: Against
    good: bool
    size: float
    so: tuple[Phrase, ...]
    do: Phrase
    owner: str
    due: dt.date
    confidence: Confidence
    agreed: Agreed | None = None
    whole: str = ""
    label: str = ""

    @property
    def then(self) -> Reference | None:
        return self.against.get(self.told)


@dataclass(frozen=True, kw_only=True)
class Omitted:
    """What the report looked at and does not tell, and why: few, not_compared, steady, fine, or none:<reason of the metric>."""

    name: str
    key: str
    why: str
    whole: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One report. `computed` says whether the period's metrics are there; without them there are no findings.

    `until` is the last day the data cover, `partial` whether the period goes on after it. `read_at` is when the snapshot was
    read, and `day` that day in the company's zone: deadlines count from it, so that the same snapshot gives the same report.
    """

    company: str
    currency: str
    period: Period
    computed: bool
    until: dt.date | None = None
    partial: bool = False
    snapshot: uuid.UUID | None = None
    read_at: dt.datetime | None = None
    day: dt.date | None = None
    findings: tuple[Finding, ...] = ()
    omitted: tuple[Omitted, ...] = ()

    def of(self, section: Section) -> list[Finding]:
        """The section's findings: what got worse first, then the larger change."""
        return sorted((one for one in self.findings if one.section == section), key=lambda one: (one.good, -one.size, one.key))


def distance(unit: Unit, now: float, then: float) -> float | None:
    """How far a value moved: the difference of shares, points, scores and coefficients, else a share of the value before.

    >>> round(distance("ratio", 0.31, 0.34), 4), distance("money", 90, 120), distance("count", 3, 0)
    (-0.03, -0.25, None)
    """
    if unit in {"ratio", "points", "score", "coefficient"}:
        return now - then
    return (now - then) / abs(then) if then else None


_UNSURE = {
    "partial",
    "provisional",
    "estimated",
    "illustrative",
    "unverified",
    "rank_correlation",
    "weak_health",
}


def confidence(
    unit: Unit,
    n: int,
    interval: tuple[float, float] | None,
    coverage: float | None,
    flags: tuple[str, ...],
    then: Reference | None,
) -> Confidence:
    """High, medium or low, by marks against it: docs/reports.md has the rules.

    >>> confidence("ratio", 400, (0.2, 0.3), None, (), Reference(value=0.4, n=400))
    'high'
    >>> confidence("ratio", 400, (0.2, 0.3), None, (), Reference(value=0.25, n=400))
    'low'
    """
    cases = min(n, then.n if then and then.n is not None else n)
    marks = int(cases < 100)
    if interval is not None and then is not None and interval[0] <= then.value <= interval[1]:
        marks += 2  # the difference may be chance
    if interval is None and unit not in WHOLE:
        marks += 1
    if coverage is not None:
        marks += 2 if coverage < 0.8 else 1 if coverage < 0.95 else 0
    marks += len(_UNSURE & set(flags))
    return "high" if not marks else "medium" if marks == 1 else "low"
