"""When a schedule fires next."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith_platform.errors import Invalid
from kith_platform.jobs.schedules import next_fire


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_a_daily_time_is_the_companys_own() -> None:
    rule = {"daily": "02:30"}
    assert next_fire(rule, "Asia/Shanghai", utc("2026-11-21T10:00")) == utc("2026-11-21T18:30")
    assert next_fire(rule, "Asia/Shanghai", utc("2026-11-21T18:30")) == utc("2026-11-22T18:30")
    assert next_fire(rule, "UTC", utc("2026-11-21T02:29")) == utc("2026-11-21T02:30")


def test_the_day_of_the_change_to_summer_time_still_fires() -> None:
    fired = next_fire({"daily": "02:30"}, "Europe/Berlin", utc("2026-03-29T00:00"))
    assert fired == utc("2026-03-29T01:30")
    assert fired.astimezone(ZoneInfo("Europe/Berlin")).hour == 3


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)),  # noqa: DTZ001
    st.times(),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia", "Europe/Berlin", "America/Sao_Paulo"]),
)
def test_a_daily_schedule_fires_within_two_days_and_never_in_the_past(naive: dt.datetime, at: dt.time, zone: str) -> None:
    after = naive.replace(tzinfo=dt.UTC)
    fired = next_fire({"daily": at.strftime("%H:%M")}, zone, after)
    assert dt.timedelta() < fired - after <= dt.timedelta(hours=49)


def test_an_interval_counts_from_the_last_time() -> None:
    assert next_fire({"every": 90}, "UTC", utc("2026-01-01T00:00")) == utc("2026-01-01T00:01:30")


@pytest.mark.parametrize("rule", [{}, {"daily": "25:00"}, {"daily": 3}, {"every": 0}, {"every": "often"}, {"every": None}])
def test_a_rule_nobody_can_follow_is_refused_in_words(rule: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="no time for a schedule"):
        next_fire(rule, "UTC", utc("2026-01-01T00:00"))
