"""From a metric's values to a finding, or to the reason why there is none."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from kith_platform.criteria.scores import Criterion
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.service import Shown
from kith_platform.reports.findings import Signed, judge, of_agreed
from kith_platform.reports.report import Amount, Finding, Omitted, Reference, confidence
from kith_platform.sdk.advice import Advice, Worth
from kith_platform.sdk.metrics import Metric, Period, Reading

PERIOD = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1))
TODAY = dt.date(2026, 4, 3)


def value(number: float | None, n: int = 200, **given: Any) -> MetricValue:
    return MetricValue(
        **{"value": number, "n": n, "low": None, "high": None, "reason": "", "flags": [], "coverage": None, **given}
    )


def shown(
    key: str, now: MetricValue | None, before: MetricValue | None = None, *, unit: str = "ratio", better: str = "up"
) -> Shown:
    metric: Any = Metric(key=key, name=key, unit=unit, better=better, kind="outcome", words="", needs=())  # type: ignore[arg-type]
    return Shown("brew", metric, PERIOD, now, {"mom": None, "yoy": before})


def advice(**given: Any) -> Advice:
    return Advice(**{"key": "brew.x", "section": "customers", "matters": 0.02, "so": "why", "worse": "mend", **given})


def told(one: Shown, rule: Advice, *others: Shown, signed: Signed | None = None) -> Finding:
    found = judge(rule, one, {other.metric.key: other for other in (one, *others)}, signed, TODAY)
    assert isinstance(found, Finding), found
    return found


def why(one: Shown, rule: Advice, signed: Signed | None = None) -> str:
    found = judge(rule, one, {}, signed, TODAY)
    assert isinstance(found, Omitted), found
    return found.why


def criterion(baseline: float, target: float, due: dt.date = dt.date(2026, 4, 10)) -> Signed:
    return Signed(Criterion(key="brew.x", baseline=baseline, target=target), "Ida", due)


@pytest.mark.parametrize(
    ("now", "before", "reason"),
    [
        (None, None, "none:not_computed"),
        (value(None, reason="import:orders"), None, "none:import:orders"),
        (value(0.3, n=29), value(0.5), "few"),
        (value(0.3, flags=["low_confidence"]), value(0.5), "few"),
        (value(0.3), value(0.5, n=29), "few"),
        (value(0.3), None, "not_compared"),
        (value(0.3), value(0.31), "steady"),
        (value(0.5), value(0.3), "fine"),
    ],
)
def test_why_there_is_no_finding(now: MetricValue | None, before: MetricValue | None, reason: str) -> None:
    assert why(shown("brew.x", now, before), advice()) == reason


def test_a_fall_is_bad_where_more_is_better_and_good_where_less_is() -> None:
    down = shown("brew.x", value(0.3), value(0.5))
    assert not told(down, advice()).good
    less = shown("brew.x", value(0.3), value(0.5), better="down")
    assert told(less, advice(better="go on")).do.words == "go on"
    unjudged = shown("brew.x", value(0.3), value(0.5), better="info")
    assert told(unjudged, advice(good="down", better="go on")).good


def test_what_was_agreed_is_told_however_little_it_moved() -> None:
    steady = shown("brew.x", value(0.31), value(0.31))
    worse = told(steady, advice(), signed=criterion(0.4, 0.5))
    assert (worse.owner, worse.due, worse.good) == ("Ida", dt.date(2026, 4, 10), False)  # not after the day that was agreed
    late = told(steady, of_agreed("brew.x"), signed=criterion(0.2, 0.5, dt.date(2026, 4, 1)))
    assert (late.section, late.due) == ("risk", dt.date(2026, 5, 3))
    assert why(steady, of_agreed("brew.x"), criterion(0.2, 0.5)) == "steady"
    assert why(shown("brew.x", value(0.2, n=5)), of_agreed("brew.x"), criterion(0.4, 0.5)) == "few"


def test_money_is_told_from_measured_values_alone() -> None:
    cost = shown("brew.x", value(30.0), value(20.0), unit="money", better="down")
    rule = advice(matters=0.1, worth=Worth(key="brew.new", cost=True, words="saves %(money)s", worse="costs %(money)s"))
    customers = shown("brew.new", value(40.0), unit="count")
    [_why, phrase] = told(cost, rule, customers).so
    assert (phrase.words, phrase.params) == ("costs %(money)s", {"money": Amount(400.0, "money")})
    for unknown in (shown("brew.new", value(None)), shown("brew.new", value(40.0, flags=["low_confidence"]))):
        assert len(told(cost, rule, unknown).so) == 1
    assert len(told(cost, rule).so) == 1
    assert len(told(cost, advice(matters=0.1, worth=Worth(words="saves %(money)s", cost=True))).so) == 1  # no words for a loss


@pytest.mark.parametrize(
    ("n", "before", "interval", "coverage", "flags", "level"),
    [
        (400, 0.4, (0.2, 0.3), None, (), "high"),
        (99, 0.4, (0.2, 0.3), None, (), "medium"),
        (400, 0.25, (0.2, 0.3), None, (), "low"),
        (400, 0.4, None, None, (), "medium"),
        (400, 0.4, (0.2, 0.3), 0.94, (), "medium"),
        (400, 0.4, (0.2, 0.3), 0.79, (), "low"),
        (400, 0.4, (0.2, 0.3), 1.0, ("partial", "provisional"), "low"),
    ],
)
def test_confidence(
    n: int, before: float, interval: tuple[float, float] | None, coverage: float | None, flags: tuple[str, ...], level: str
) -> None:
    assert confidence("ratio", n, interval, coverage, flags, Reference(value=before, n=n)) == level


def test_a_share_carries_its_interval() -> None:
    reading = Reading.share(120, 400)
    found = told(shown("brew.x", value(reading.value, 400, low=reading.low, high=reading.high), value(0.5, 400)), advice())
    assert found.interval == (reading.low, reading.high)
    assert found.confidence == "high"
