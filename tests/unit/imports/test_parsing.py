"""From text to values: numbers, money, dates and answers as people and programs write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith_platform.imports.formats import Decision, Format, agreed, decide, length_of_time
from kith_platform.imports.parsing import Parsed, parse
from kith_platform.sdk.facts import Kind


def column(*texts: str) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


def read(texts: list[str], kind: Kind, *, zone: str = "UTC", choices: tuple[str, ...] = ()) -> Parsed:
    cells = column(*texts)
    return parse(cells, kind, decide(cells, kind, name="column", zone=zone).format, zone=zone, choices=choices)


def test_decimal_points_with_thousands_signs_and_percent() -> None:
    found = read(["$1,234.50", "12%", "1.5e-3", "NT$5", "12元", "１２３", "3.", "USD 7", "(4.00)", "5-", "+6"], Kind.MONEY)
    expected = ["1234.50", ".12", ".0015", "5", "12", "123", "3", "7", "-4", "-5", "6"]
    assert found.values.to_list() == [Decimal(text) for text in expected]


def test_decimal_commas_with_points_for_thousands() -> None:
    found = read(["1.234,50 €", "2,5", "-3", "1.000.000", "1 234,5"], Kind.MONEY)
    assert found.values.to_list() == [Decimal(text) for text in ("1234.50", "2.5", "-3", "1000000", "1234.5")]


def test_a_comma_that_groups_nothing_is_refused_rather_than_dropped() -> None:
    found = read(["1.25", "2.50", "1,5"], Kind.MONEY)
    assert found.reasons() == {2: "“1,5” is not a number"}


def test_an_undecidable_comma_asks() -> None:
    found = decide(pl.Series(["1,234", "5,678"]), Kind.MONEY, name="price")
    assert not found.certain
    assert found.notes[0].code == "decimal_unsure"


def test_whole_numbers_and_missing_words() -> None:
    found = read(["1", "2.0", "1.5", "x", "", "N/A", "-", "unknown", "null", "1,234"], Kind.INTEGER)
    assert found.values.to_list() == [1, 2, None, None, None, None, None, None, None, 1234]
    assert found.reasons() == {2: "“1.5” is not a whole number", 3: "“x” is not a whole number"}


@pytest.mark.parametrize(
    "text",
    ["2024-03-05", "20240305", "2024/3/5", "2024年3月5日", "5 Mar 2024", "Mar 5, 2024", "2024-03-05 00:00:00", "2024.03.05"],
)
def test_dates_that_name_their_year_first_or_their_month_are_read(text: str) -> None:
    assert read([text], Kind.DATE).values.to_list() == [date(2024, 3, 5)]


def test_day_first_and_month_first_are_told_apart_by_the_whole_column() -> None:
    assert read(["01/02/2026", "13/02/2026"], Kind.DATE).values.to_list() == [date(2026, 2, 1), date(2026, 2, 13)]
    assert read(["01/02/2026", "02/13/2026"], Kind.DATE).values.to_list() == [date(2026, 1, 2), date(2026, 2, 13)]
    assert read(["31/02/2026", "13/02/2026"], Kind.DATE).reasons() == {0: "“31/02/2026” is not a date"}


def test_undecidable_dates_follow_the_companys_zone_and_ask() -> None:
    column = pl.Series(["01/02/2026", "03/04/2026"])
    here = decide(column, Kind.DATE, name="day", zone="America/New_York")
    there = decide(column, Kind.DATE, name="day", zone="Europe/Berlin")
    assert (here.format.order, there.format.order) == ("mdy", "dmy")
    assert not here.certain
    assert "MM/DD/YYYY" in here.notes[0].text()


def test_columns_that_do_not_show_the_order_of_day_and_month_follow_those_of_the_file_that_do() -> None:
    shown = decide(column("23/12/2023", "01/02/2024"), Kind.DATE, name="start")
    open_, mixed = (
        decide(column(*texts), Kind.DATE, name="end", zone="America/New_York")
        for texts in (("03/04/2024",), ("13/1/24", "1/13/24"))
    )
    assert (open_.format.order, open_.certain) == ("mdy", False)
    assert agreed({1: shown, 2: open_})[2] == Decision(Format(order="dmy"))
    assert agreed({1: shown, 2: open_, 3: mixed})[2] == open_, "where the file contradicts itself, the user is asked"
    assert agreed({2: open_})[2] == open_


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("first_response_time_minutes", ("first_response_time", "minutes")),
        ("Resolution time (hrs)", ("Resolution time", "hours")),
        ("首次响应时长（分钟）", ("首次响应时长", "minutes")),
        ("delay_days", ("delay", "days")),
        ("minutes", ("", "")),
        ("closed_at", ("", "")),
    ],
)
def test_a_header_may_say_in_which_unit_it_measures_time(header: str, expected: tuple[str, str]) -> None:
    assert length_of_time(header) == expected


def test_lengths_of_time_are_neither_negative_nor_longer_than_a_life() -> None:
    found = parse(column("1.5", "0", "-1", "99999999999", "soon", ""), Kind.TIME, Format(order="hours"))
    assert found.values.to_list() == [timedelta(minutes=90), timedelta(0), None, None, None, None]
    assert found.wrong.to_list() == [None, None, *["not_length"] * 3, None]


def test_times_are_instants_and_days_without_time_stay_that_day() -> None:
    found = read(
        ["2024-03-05", "2024-03-05 14:05", "2024-03-05T06:05:01.5Z", "2024-03-05 14:05+08:00"], Kind.TIME, zone="Asia/Shanghai"
    )
    assert found.values.to_list() == [
        datetime(2024, 3, 4, 16, tzinfo=UTC),
        datetime(2024, 3, 5, 6, 5, tzinfo=UTC),
        datetime(2024, 3, 5, 6, 5, 1, 500_000, tzinfo=UTC),
        datetime(2024, 3, 5, 6, 5, tzinfo=UTC),
    ]
    assert found.day_only is not None
    assert found.day_only.to_list() == [True, False, False, False]


def test_clock_changes_lose_no_row() -> None:
    found = read(["2024-03-31 02:30:00", "2024-10-27 02:30:00"], Kind.TIME, zone="Europe/Berlin")
    assert found.values.to_list() == [datetime(2024, 3, 31, 1, 30, tzinfo=UTC), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)]


def test_unix_seconds_and_half_days() -> None:
    assert read(["1700000000", "1700000001"], Kind.TIME).values[0] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    found = read(["1/13/2024 3:04 PM", "1/14/2024 12:00 AM"], Kind.TIME)
    assert found.values.to_list() == [datetime(2024, 1, 13, 15, 4, tzinfo=UTC), datetime(2024, 1, 14, tzinfo=UTC)]


def test_answers_in_english_and_chinese() -> None:
    found = read(["是", "否", "TRUE", "0", "maybe", "沒有", ""], Kind.BOOLEAN)
    assert found.values.to_list() == [True, False, True, False, None, False, None]
    assert list(found.reasons()) == [4]


def test_ids_keep_leading_zeros_and_lose_what_a_spreadsheet_added() -> None:
    assert read(["17850.0", "13047.0", ""], Kind.REFERENCE).values.to_list() == ["17850", "13047", None]
    assert read(["00017850", "13047.0"], Kind.REFERENCE).values.to_list() == ["00017850", "13047.0"]
    assert read(["9007199254740993001"], Kind.REFERENCE).values.to_list() == ["9007199254740993001"]


def test_choices_are_read_in_any_case_and_by_the_mappings_own_words() -> None:
    found = read(["Person", "COMPANY", "dog", ""], Kind.TEXT, choices=("person", "company"))
    assert found.values.to_list() == ["person", "company", None, None]
    assert found.reasons() == {2: "“dog” is none of: person, company"}
    own = Format(values=(("个人", "person"),))
    assert parse(pl.Series(["个人"]), Kind.TEXT, own, choices=("person",)).values.to_list() == ["person"]


@settings(deadline=None)
@given(st.lists(st.decimals(-(10**14), 10**14, places=4), min_size=1, max_size=20), st.booleans())
def test_any_amount_written_in_either_way_comes_back_exactly(amounts: list[Decimal], comma: bool) -> None:
    texts = [f"{amount:,.4f}" for amount in amounts]
    if comma:
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    found = parse(pl.Series(texts), Kind.MONEY, Format(decimal="," if comma else "."))
    assert found.values.to_list() == amounts


@settings(deadline=None)
@given(
    st.lists(st.dates(date(1900, 1, 1), date(2100, 1, 1)), min_size=1, max_size=20),
    st.sampled_from([("ymd", "%Y-%m-%d"), ("ymd", "%Y%m%d"), ("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y"), ("ymd", "%d %B %Y")]),
)
def test_any_day_written_in_a_known_order_comes_back(days: list[date], order: tuple[str, str]) -> None:
    texts = pl.Series([day.strftime(order[1]) for day in days])
    assert parse(texts, Kind.DATE, Format(order=order[0])).values.to_list() == days


@settings(deadline=None)
@given(
    st.lists(st.datetimes(datetime(1970, 1, 2), datetime(2037, 1, 1)), min_size=1, max_size=20),  # noqa: DTZ001
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia", "Asia/Kolkata"]),
)
def test_no_local_time_is_lost_and_each_is_near_what_was_written(times: list[datetime], zone: str) -> None:
    found = parse(pl.Series([time.isoformat(" ") for time in times]), Kind.TIME, zone=zone)
    if zone != "Pacific/Apia":  # which skipped a whole day
        assert found.values.null_count() == 0
    for value, time in zip(found.values.to_list(), times, strict=True):
        if value is not None:
            assert abs(value.replace(tzinfo=None) - time) <= timedelta(hours=15)


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=20), st.sampled_from(list(Kind)))
def test_any_text_is_read_missing_or_refused_with_a_reason(texts: list[str], kind: Kind) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found = parse(column, kind, decide(column, kind, name="c").format)
    again = parse(column, kind, decide(column, kind, name="c").format)
    assert found.values.to_list() == again.values.to_list()
    assert len(found.values) == len(found.wrong) == len(texts)
    assert set(found.reasons()) == set(found.wrong.is_not_null().arg_true().to_list())
