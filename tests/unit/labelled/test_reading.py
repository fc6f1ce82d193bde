"""What columns are taken for, what counts as yes, which lines judge, and what becomes features."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from kith_platform.labelled import columns, outcome, splits, store
from kith_platform.labelled.columns import Column, guessed, why_not
from kith_platform.labelled.material import last_lines
from kith_platform.labelled.table import Encoder, Table, Typed

LINES = 200


def read(name: str, texts: list[str]) -> Column:
    return guessed(name, pl.Series(texts, dtype=pl.String), language="en", zone="UTC")


def test_columns_are_known_by_what_they_hold() -> None:
    cycle = [str(at % 7) for at in range(LINES)]
    found = {
        "amount": read("amount", [f"{at % 91},5" for at in range(LINES)]),
        "job": read("job", ["clerk", "teacher", "unknown", "nurse"] * 50),
        "answered": read("answered", ["yes", "no"] * 100),
        "signed": read("signed", [f"2025-0{1 + at % 9}-1{at % 7}" for at in range(LINES)]),
        "line_no": read("line_no", [str(at + 1) for at in range(LINES)]),
        "note": read("note", [f"spoke of {at}" for at in range(LINES)]),
        "religion": read("religion", ["a", "b"] * 100),
        "always": read("always", ["x"] * LINES),
        "nothing": read("nothing", ["", "n/a"] * 100),
        "children": read("children", cycle),
    }
    assert {name: (one.kind, why_not(one, LINES)) for name, one in found.items()} == {
        "amount": ("number", ""),
        "job": ("category", ""),
        "answered": ("yesno", ""),
        "signed": ("day", ""),
        "line_no": ("number", "identifier"),
        "note": ("text", "free_text"),
        "religion": ("category", "sensitive"),
        "always": ("category", "constant"),
        "nothing": ("text", "empty"),
        "children": ("number", "sensitive"),
    }
    assert found["job"].missing == 50
    assert columns.numbers(found["amount"], pl.Series(["3,5", "", "?"]))[0] == 3.5
    assert columns.as_of([read("As of", ["2025-01-01", "2025-01-02"] * 20)]) == "As of"
    assert columns.customer([read("Customer ID", ["7", "8"] * 20)]) == "Customer ID"


@pytest.mark.parametrize(
    ("texts", "test", "yes", "share"),
    [
        (["no", "no", "no", "yes"], "", "yes", 0.25),
        (["yes", "yes", "yes", "no"], "", "yes", 0.75),
        (["lost", "kept", "kept", "kept"], "", "lost", 0.25),
        (["1", "0", "0", "0"], "", "1", 0.25),
        (["5", "50", "500", "5000"], ">=500", ">= 500", 0.5),
        (["gold", "tin", "lead", "Gold"], "=gold", "gold", 0.5),
    ],
)
def test_the_words_say_what_is_a_yes_else_the_rarer_is(texts: list[str], test: str, yes: str, share: float) -> None:
    found = outcome.tell(read("y", texts), pl.Series([*texts, "n/a"]), test)
    assert (found.yes, np.nanmean(found.values)) == (yes, share)
    assert np.isnan(found.values[-1])


@pytest.mark.parametrize(
    ("texts", "test", "said"),
    [
        (["1", "2", "3"], "", "y>="),
        (["red", "blue", "green"], "", "y=blue"),
        (["red", "blue", "green"], ">=3", "cannot be compared"),
        (["1", "2", "3"], ">=many", "cannot be compared"),
    ],
)
def test_what_is_no_question_of_yes_or_no_is_refused_with_one_that_is(texts: list[str], test: str, said: str) -> None:
    with pytest.raises(outcome.NotYesNo, match=said):
        outcome.tell(read("y", texts), pl.Series(texts), test)


def test_a_question_names_its_column_even_where_names_hold_dots_and_signs() -> None:
    header = ["emp.var.rate", "a>b", "a"]
    assert outcome.split("emp.var.rate", header) == ("emp.var.rate", "")
    assert outcome.split("emp.var.rate >= 1", header) == ("emp.var.rate", ">= 1")
    assert outcome.split("a>b>3", header) == ("a>b", ">3")
    assert outcome.split("b>3", header) is None


def test_no_line_is_in_two_parts_no_day_and_no_customer_either() -> None:
    rows = np.arange(500)
    days = np.sort(np.random.default_rng(1).integers(0, 12, 500)).astype(np.float64)[::-1].copy()
    timed = splits.by_day(rows, days)
    assert timed is not None
    parts = [timed.train, timed.validation, timed.test]
    assert np.array_equal(np.sort(np.concatenate(parts)), rows)
    assert days[timed.train].max() < days[timed.validation].min() <= days[timed.validation].max() < days[timed.test].min()
    assert splits.by_day(rows, np.where(rows < 250, 1.0, 2.0)) is None
    whose = rows % 60
    lot = splits.at_random(rows, whose, seed=3)
    assert not set(whose[lot.train]) & set(whose[lot.test])
    assert not set(whose[lot.validation]) & set(whose[lot.test])
    assert all(np.array_equal(*pair) for pair in zip(parts_of(lot), parts_of(splits.at_random(rows, whose, seed=3)), strict=True))
    assert not np.array_equal(lot.test, splits.at_random(rows, whose, seed=4).test)
    ordered = splits.by_order(rows)
    assert ordered.train[-1] < ordered.validation[0] <= ordered.validation[-1] < ordered.test[0]


def parts_of(split: splits.Split) -> list[splits.Ids]:
    return [split.train, split.validation, split.test]


def test_features_know_of_a_category_what_training_knew() -> None:
    codes = np.array([0.0] * 10 + [1.0] * 10 + [2.0, np.nan])
    days = np.full(22, 100.0)
    table = Table(
        (Typed("job", "category", codes, ("clerk", "nurse", "pilot")), Typed("signed", "day", np.arange(22.0))),
        np.arange(22),
        days,
    )
    encoder = Encoder.of(table, np.arange(20))
    assert encoder.meanings == (("job", "clerk"), ("job", "nurse"), ("signed", ""))
    found = encoder.matrix(table, np.array([0, 10, 20, 21]))
    assert found.columns(("f0", "f1", "f2")).tolist() == [[1, 0, 100], [0, 1, 90], [0, 0, 80], [0, 0, 79]]
    assert (encoder.name("f1"), encoder.name("f2")) == ("job = nurse", "signed")
    assert Encoder.from_bytes(encoder.to_bytes()) == encoder


def test_of_equal_lines_each_counts() -> None:
    def frame(*cells: str | None) -> pl.DataFrame:
        return pl.DataFrame({"a": cells}, schema={"a": pl.String})

    before, now = frame("x", "x", None), frame("x", "y", "x", None, "x", None)
    assert store.added(before, now)["a"].to_list() == ["y", "x", None]
    assert store.added(now, now).height == 0


def test_a_customers_newest_line_is_the_one_that_counts() -> None:
    customers = np.array([7, -1, 5, 7, 5])
    assert last_lines(customers, None).tolist() == [4, 3]
    assert last_lines(customers, np.array([9.0, 9.0, 9.0, 1.0, np.nan])).tolist() == [2, 0]
