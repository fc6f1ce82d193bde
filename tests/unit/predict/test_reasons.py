"""Reasons are the features that pushed a score the way it leans, with the customer's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from kith_platform.predict import artefacts, sentences
from kith_platform.predict.reasons import EXPLAINED, LOOKED_AT, drivers, of_rows, top_reasons
from kith_platform.predict.verdicts import INTERVALS, SENTENCES, sentence
from kith_plugins.industry_retail.features import LOYALTY

NAMES = ("recency", "orders", "complaints", "age")


def test_a_score_above_the_mean_is_explained_by_what_raised_it() -> None:
    pushes = np.array([[2.0, -0.5, 0.7, 0.1, -1.0]])
    (found,) = top_reasons(pushes, np.array([[40.0, 3.0, 2.0, 50.0]]), NAMES)
    assert [reason["feature"] for reason in found] == ["recency", "complaints", "age"]
    assert found[0]["value"] == 40.0


def test_a_score_below_the_mean_is_explained_by_what_lowered_it() -> None:
    (found,) = top_reasons(np.array([[-2.0, -0.5, 0.7, 0.0, -1.0]]), np.array([[1.0, 30.0, 2.0, np.nan]]), NAMES)
    assert [reason["feature"] for reason in found] == ["recency", "orders"]


def test_a_missing_value_is_none_and_never_a_number() -> None:
    (found,) = top_reasons(np.array([[0.5, 0.0, 0.0, 0.0, 0.0]]), np.full((1, 4), np.nan), NAMES)
    assert found == [{"feature": "recency", "value": None, "effect": 0.5}]


def test_drivers_are_shares_with_a_direction() -> None:
    values = np.column_stack([np.arange(10.0), np.arange(10.0), np.zeros(10), np.zeros(10)])
    pushes = np.column_stack([np.arange(10.0) - 4.5, (4.5 - np.arange(10.0)) / 3, np.zeros(10), np.zeros(10), np.zeros(10)])
    found = drivers(lambda _values: pushes, values, NAMES)
    assert [(one["feature"], one["direction"]) for one in found] == [("recency", 1), ("orders", -1)]
    assert sum(one["weight"] for one in found) == pytest.approx(1.0)


def test_of_many_rows_the_highest_tenth_has_its_reasons_and_others_are_not_paid_for() -> None:
    values = np.arange(EXPLAINED + 10.0)[:, None]
    asked: list[int] = []

    def contributions(rows: np.ndarray) -> np.ndarray:
        asked.append(rows.shape[0])
        return np.column_stack([rows[:, 0], np.zeros(rows.shape[0])])

    found = of_rows(contributions, values, ("recency",), values[:, 0])
    told = [row for row, reasons in enumerate(found) if reasons]
    assert told == list(range(EXPLAINED + 10 - (EXPLAINED // 10 + 1), EXPLAINED + 10))
    assert found[-1] == [{"feature": "recency", "value": EXPLAINED + 9.0, "effect": EXPLAINED + 9.0}]
    assert of_rows(contributions, values[1 : EXPLAINED + 1], ("recency",), values[1 : EXPLAINED + 1, 0])[0]
    assert drivers(contributions, values, ("recency",))[0]["direction"] == 1
    assert asked == [EXPLAINED // 10 + 1, EXPLAINED, LOOKED_AT]


def test_a_flipped_byte_or_another_company_is_refused_before_anything_is_parsed() -> None:
    data = b'{"kith_model": "clv"}'
    digest = artefacts.sha256(data)
    whose = {"tenant": "a", "task": "clv", "version": 1}
    sealed = artefacts.seal("key", **whose, digest=digest)
    assert artefacts.opened(data, "key", **whose, digest=digest, sealed=sealed) == data
    with pytest.raises(artefacts.Tampered):
        artefacts.opened(b"X" + data[1:], "key", **whose, digest=digest, sealed=sealed)
    with pytest.raises(artefacts.Tampered):
        artefacts.opened(data, "key", **{**whose, "tenant": "b"}, digest=digest, sealed=sealed)
    with pytest.raises(artefacts.Tampered):
        artefacts.opened(data, "another key", **whose, digest=digest, sealed=sealed)


@pytest.mark.parametrize("measure", INTERVALS)
@pytest.mark.parametrize("verdict", SENTENCES)
def test_every_verdict_reads_as_a_sentence_with_its_numbers(verdict: str, measure: str) -> None:
    numbers = {
        "noted": 90,
        "missing": 12,
        "has": 273,
        "needs": 381,
        "found": 12,
        "needed": 100,
        "difference": 0.004,
        "low": -0.011,
        "high": 0.019,
        "module": "m",
        "facts": "invoices",
        **dict.fromkeys(("treated", "control", "treated_conversions", "control_conversions", "needed_conversions"), 90),
        "feature": "Recency",
        "mean": 0.01,
    }
    words = sentence(verdict, {**numbers, "measure": measure}, currency="EUR")
    assert words.endswith(".")
    assert "%(" not in words
    assert "95 %" in words


@pytest.mark.parametrize(
    ("held", "words"), [(1, "Used 1 coupon in the last 365 days."), (3, "Used 3 coupons in the last 365 days.")]
)
def test_a_module_s_sentence_counts_one_as_one(held: int, words: str) -> None:
    known = sentences.features([LOYALTY])
    assert sentences.sentence(known["retail_coupons_used"], held, "en", "USD") == words
