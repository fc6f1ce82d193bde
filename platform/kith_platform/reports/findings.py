"""From a metric's values, its advice and what was agreed to a finding, or to the reason why there is none. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from kith_platform.criteria.scores import Criterion, scored
from kith_platform.i18n import N_
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.service import Shown
from kith_platform.reports.report import (
    BASELINE,
    Against,
    Agreed,
    Amount,
    Finding,
    Omitted,
    Phrase,
    Reference,
    confidence,
    distance,
)
from kith_platform.sdk.advice import Advice, Worth

NEVER = float("inf")
MISSED = N_("You agreed on this target.")
MISSED_DO = N_(
    "Look at the way to the target with its owner: agree on a step that is done within the month, or on another target."
)


@dataclass(frozen=True)
class Signed:
    """A criterion in force: the record as scores need it, its owner's name and its day."""

    criterion: Criterion
    owner: str
    due: dt.date


def of_agreed(key: str) -> Advice:
    """For a metric with a signed criterion and without advice of its own: told where it falls behind."""
    return Advice(key=key, section="risk", matters=NEVER, so=MISSED, worse=MISSED_DO)


def judge(advice: Advice, shown: Shown, values: Mapping[str, Shown], signed: Signed | None, day: dt.date) -> Finding | Omitted:
    """What a metric says of its period. `values` are all of the period's metrics by key, `day` the day of the report."""
    metric, value = shown.metric, shown.value
    if value is None or value.value is None:
        return Omitted(name=metric.name, key=metric.key, why=f"none:{value.reason if value else 'not_computed'}")
    if few(value, advice.least):
        return Omitted(name=metric.name, key=metric.key, why="few")
    agreed = _agreed(signed, value.value, day)
    against = _against(shown, agreed, advice.least)
    told = _told(against)
    moved = distance(metric.unit, value.value, against[told].value) if told else None
    good = bool(moved) and ((moved or 0) > 0) == _rises_well(advice, shown)
    size = abs(moved or 0.0) / advice.matters
    if why := _why_not(advice, moved, size, good=good, behind=agreed is not None and agreed.behind):
        thin = why == "not_compared" and any(then and then.value is not None for then in shown.compared.values())
        why = "few" if thin else why
        return Omitted(name=metric.name, key=metric.key, why=why)
    interval = (value.low, value.high) if value.low is not None and value.high is not None else None
    flags = tuple(str(flag) for flag in value.flags)
    then = against.get(told)
    return Finding(
        section=advice.section,
        kind="metric",
        key=metric.key,
        name=metric.name,
        unit=metric.unit,
        value=value.value,
        n=value.n,
        interval=interval,
        coverage=value.coverage,
        flags=flags,
        against=against,
        told=told,
        good=good and size >= 1,
        size=size,
        so=(Phrase(advice.so), *_worth(advice.worth, shown, then, values)),
        do=Phrase(advice.better if good and size >= 1 and advice.better else advice.worse),
        owner=signed.owner if signed else "",
        due=_due(day, advice.days, agreed),
        confidence=confidence(metric.unit, value.n, interval, value.coverage, flags, then),
        agreed=agreed,
    )


def _why_not(advice: Advice, moved: float | None, size: float, *, good: bool, behind: bool) -> str:
    """Why a value with enough cases is no finding; empty where it is one. What falls behind what was agreed always is."""
    if behind:
        return ""
    if moved is None:
        return "not_compared"
    if size < 1:
        return "steady"
    return "fine" if good and not advice.better else ""


def few(value: MetricValue, least: int) -> bool:
    """Whether a value rests on too few cases to be told."""
    return value.n < least or "low_confidence" in value.flags


def _agreed(signed: Signed | None, value: float, day: dt.date) -> Agreed | None:
    if signed is None:
        return None
    state = scored(value, signed.criterion).state
    behind = state == "worse" or (signed.due < day and state != "reached")
    return Agreed(baseline=signed.criterion.baseline, target=signed.criterion.target, due=signed.due, behind=behind)


def _against(shown: Shown, agreed: Agreed | None, least: int) -> dict[str, Reference]:
    """What the value may be compared with: earlier values that rest on enough cases, and where the criterion began."""
    found = {
        name: Reference(value=then.value, n=then.n)
        for name, then in shown.compared.items()
        if then is not None and then.value is not None and not few(then, least)
    }
    return found | ({BASELINE: Reference(value=agreed.baseline)} if agreed else {})


def _told(against: Mapping[str, Reference]) -> Against:
    """The year before leaves the season out, so it comes first."""
    order: tuple[Against, ...] = ("yoy", "mom", "baseline")
    return next((name for name in order if name in against), "")


def _rises_well(advice: Advice, shown: Shown) -> bool:
    return (advice.good or shown.metric.better) != "down"


def _due(day: dt.date, days: int, agreed: Agreed | None) -> dt.date:
    """So many days from the report, and not after the day that was agreed."""
    due = day + dt.timedelta(days=days)
    return min(due, agreed.due) if agreed is not None and agreed.due > day else due


def _worth(worth: Worth | None, shown: Shown, then: Reference | None, values: Mapping[str, Shown]) -> tuple[Phrase, ...]:
    """What it is worth, where each number it takes was measured."""
    if worth is None or shown.value is None or shown.value.value is None:
        return ()
    base = values[worth.key].value if worth.key in values else None
    if worth.key and (base is None or base.value is None or "low_confidence" in base.flags):
        return ()
    times = base.value / worth.per if worth.key and base is not None and base.value is not None else 1.0
    if worth.level:
        return (Phrase(worth.words, {"money": Amount(times, "money")}),)
    if then is None or then.n is None:
        return ()
    money = (shown.value.value - then.value) * times * (-1 if worth.cost else 1)
    words = worth.words if money > 0 else worth.worse
    return (Phrase(words, {"money": Amount(abs(money), "money")}),) if money and words else ()
