"""Business time counts what a clerk would count with a clock on the wall: nights, weekends, lunch and days off do not count."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith_platform.calendar.business import USUAL, BusinessCalendar, Hours
from kith_platform.calendar.frames import open_minutes, table
from kith_platform.frames.portable import spark_sql

BERLIN = ZoneInfo("Europe/Berlin")
LUNCH: tuple[Hours, ...] = tuple(
    (day, start, end) for day in range(5) for start, end in ((9 * 60, 12 * 60 + 30), (13 * 60, 17 * 60))
)
ALWAYS: tuple[Hours, ...] = tuple((day, 0, 24 * 60) for day in range(7))
SATURDAYS: tuple[Hours, ...] = ((5, 10 * 60, 14 * 60), (6, 22 * 60, 24 * 60), (0, 0, 2 * 60))


def at(day: str, time: str = "00:00", zone: ZoneInfo = BERLIN) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone).astimezone(dt.UTC)


def test_a_night_and_a_weekend_do_not_count() -> None:
    calendar = BusinessCalendar("Europe/Berlin")
    assert calendar.minutes(at("2026-06-05", "16:00"), at("2026-06-08", "10:00")) == 120  # Friday to Monday
    assert calendar.minutes(at("2026-06-06", "10:00"), at("2026-06-07", "23:00")) == 0
    assert calendar.minutes(at("2026-06-08", "10:00"), at("2026-06-05", "16:00")) == -120


def test_lunch_and_closed_days_do_not_count() -> None:
    calendar = BusinessCalendar("Europe/Berlin", LUNCH, frozenset({dt.date(2026, 5, 1)}))
    assert calendar.minutes(at("2026-06-03", "12:00"), at("2026-06-03", "13:30")) == 60
    assert calendar.minutes(at("2026-04-30", "16:00"), at("2026-05-04", "10:00")) == 120  # 1 May is a Friday
    assert calendar.days(dt.date(2026, 4, 27), dt.date(2026, 5, 4)) == 4
    assert calendar.day_minutes == 450
    assert not calendar.works(dt.date(2026, 5, 1))


def test_the_day_the_clock_changes_has_its_real_length() -> None:
    calendar = BusinessCalendar("Europe/Berlin", ALWAYS)
    assert calendar.minutes(at("2026-03-29"), at("2026-03-30")) == 23 * 60
    assert calendar.minutes(at("2026-10-25"), at("2026-10-26")) == 25 * 60
    # Nine o'clock is nine o'clock on both sides of the change.
    usual = BusinessCalendar("Europe/Berlin")
    assert usual.add(at("2026-03-27", "16:30"), 60) == at("2026-03-30", "09:30")


def test_a_promise_of_eight_hours_given_on_friday_noon_is_due_on_monday_noon() -> None:
    calendar = BusinessCalendar("Europe/Berlin", LUNCH)
    assert calendar.add(at("2026-06-05", "12:00"), 450) == at("2026-06-08", "12:00")
    assert calendar.add(at("2026-06-06", "03:00"), 0) == at("2026-06-06", "03:00")
    assert calendar.add(at("2026-06-06", "03:00"), 1) == at("2026-06-08", "09:01")


@pytest.mark.parametrize("hours", [(), ((7, 0, 60),), ((0, 60, 60),), ((0, 0, 1441),), ((0, 0, 120), (0, 60, 180))])
def test_hours_that_cannot_be_kept_are_refused(hours: tuple[Hours, ...]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        BusinessCalendar("UTC", hours)


def between(first: str, last: str) -> st.SearchStrategy[dt.datetime]:
    seconds = [int(at(day, zone=ZoneInfo("UTC")).timestamp()) for day in (first, last)]
    return st.integers(*seconds).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC))


instants = between("2025-03-01", "2026-04-30")
near_the_change = between("2025-10-24", "2025-10-28")
either = st.one_of(instants, near_the_change)
calendars = st.builds(
    BusinessCalendar,
    st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "UTC"]),
    st.sampled_from([USUAL, LUNCH, ALWAYS, SATURDAYS]),
    st.sampled_from([frozenset(), frozenset({dt.date(2025, 10, 27), dt.date(2025, 12, 25)})]),
)


@settings(max_examples=60, deadline=None)
@given(calendars, st.lists(st.tuples(either, either), min_size=1, max_size=30))
def test_frames_count_the_minutes_that_people_count(
    calendar: BusinessCalendar, pairs: list[tuple[dt.datetime, dt.datetime]]
) -> None:
    stamp = pa.timestamp("us", "UTC")
    given_rows = [*pairs, (None, pairs[0][0]), (pairs[0][0], None), (dt.datetime(1999, 1, 1, tzinfo=dt.UTC), pairs[0][0])]
    rows = pa.table(
        {
            "number": list(range(len(given_rows))),
            "opened": pa.array([one for one, _other in given_rows], stamp),
            "closed": pa.array([other for _one, other in given_rows], stamp),
        }
    )
    days = table(calendar, dt.date(2025, 2, 1), dt.date(2026, 6, 1))
    with duckdb.connect(config={"threads": 1}) as raw:
        raw.execute("SET timezone = 'UTC'")
        engine = ibis.duckdb.from_connection(raw)
        marked = open_minutes(
            engine.create_table("facts", rows), engine.create_table("days", days), "opened", "closed", "minutes"
        )
        found = marked.order_by("number").to_pyarrow()
    assert found.column_names == ["number", "opened", "closed", "minutes"]
    expected = [calendar.minutes(start, end) for start, end in pairs]
    assert found["minutes"].to_pylist()[: len(pairs)] == pytest.approx(expected, abs=1e-6)
    assert found["minutes"].to_pylist()[len(pairs) :] == [None, None, None]


@settings(max_examples=80, deadline=None)
@given(calendars, either, st.integers(1, 6000))
def test_adding_minutes_is_counting_them_backwards(calendar: BusinessCalendar, start: dt.datetime, minutes: int) -> None:
    due = calendar.add(start, minutes)
    assert calendar.minutes(start, due) == pytest.approx(minutes)
    assert calendar.minutes(start, due - dt.timedelta(seconds=1)) < minutes


def test_business_minutes_run_on_spark_too() -> None:
    rows = ibis.table({"opened": "timestamp('UTC')", "closed": "timestamp('UTC')"}, name="tickets")
    days = ibis.table(ibis.memtable(table(BusinessCalendar(), dt.date(2026, 1, 1), dt.date(2026, 1, 2))).schema(), name="days")
    assert "tickets" in spark_sql(open_minutes(rows, days, "opened", "closed", "minutes"))
