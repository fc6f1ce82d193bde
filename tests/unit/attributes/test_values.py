"""From texts to typed values: what fits comes out as JSON, what does not is counted."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from kith_platform.attributes.kinds import Column, Definition
from kith_platform.attributes.values import filled
from kith_platform.imports.formats import Format


def attribute(key: str, kind: str, *columns: Column, choices: tuple[str, ...] = ()) -> Definition:
    return Definition(key, key, kind, choices=choices, columns=columns or (Column("shop", key),))


def read(texts: dict[str, list[str | None]], *wanted: Definition) -> tuple[list[dict[str, object]], dict[str, int]]:
    series = {name: pl.Series(values, dtype=pl.String) for name, values in texts.items()}
    rows = len(next(iter(texts.values())))
    found = filled(series, wanted, "shop", rows=rows)
    return [json.loads(one) for one in found.values], found.misfits


def test_each_kind_has_its_form() -> None:
    wanted = (
        attribute("seats", "number", Column("shop", "seats", Format(decimal=","))),
        attribute("vip", "boolean"),
        attribute("since", "date", Column("shop", "since", Format(order="dmy"))),
        attribute("tier", "choice", choices=("Gold", "Tin")),
        attribute("note", "text"),
    )
    texts: dict[str, list[str | None]] = {
        "seats": ["1.200,5", "3", "-"],
        "vip": ["Yes", "0", ""],
        "since": ["05/03/2024", "31/12/2023", None],
        "tier": [" gold ", "TIN", "unknown"],
        "note": ['says "hi"', " x ", ""],
    }
    rows, misfits = read(texts, *wanted)
    assert rows == [
        {"seats": 1200.5, "vip": True, "since": "2024-03-05", "tier": "Gold", "note": 'says "hi"'},
        {"seats": 3, "vip": False, "since": "2023-12-31", "tier": "Tin", "note": "x"},
        {},
    ]
    assert misfits == {}


def test_what_does_not_fit_is_counted_by_attribute() -> None:
    rows, misfits = read(
        {"seats": ["many", "2", "few"], "vip": ["maybe", "yes", "no"]}, attribute("seats", "number"), attribute("vip", "boolean")
    )
    assert rows == [{}, {"seats": 2, "vip": True}, {"vip": False}]
    assert misfits == {"seats": 2, "vip": 1}


def test_the_first_column_that_says_something_counts() -> None:
    one = attribute("seats", "number", Column("shop", "new"), Column("shop", "old"), Column("desk", "seats"))
    rows, misfits = read({"old": ["1", "2", "3"], "new": ["9", None, "none of it"]}, one)
    assert rows == [{"seats": 9}, {"seats": 2}, {"seats": 3}]
    assert misfits == {}  # the third says a number after all


def test_a_choice_that_reads_like_nothing_is_a_choice_where_it_is_one() -> None:
    rows, _misfits = read({"tier": ["None", "gold", "n/a"]}, attribute("tier", "choice", choices=("none", "gold")))
    assert rows == [{"tier": "none"}, {"tier": "gold"}, {}]


@given(st.lists(st.one_of(st.none(), st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)), min_size=1, max_size=20))
def test_every_text_is_a_value_or_missing_or_counted(texts: list[str | None]) -> None:
    for kind in ("text", "number", "boolean", "date"):
        rows, misfits = read({"x": texts}, attribute("x", kind))
        valued = sum("x" in row for row in rows)
        silent = sum(not (text or "").strip() for text in texts)
        assert valued + misfits.get("x", 0) + silent <= len(texts)
