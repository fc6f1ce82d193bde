"""Reasons of own questions as sentences: columns by what they hold, in the reader's language."""

from __future__ import annotations

import pytest

from kith_platform.labelled.models import OwnQuestion
from kith_platform.labelled.shown import Serving, because, said
from kith_platform.predict import sentences
from kith_platform.predict.models import ModelVersion

KINDS = {"visits": "number", "plan": "category", "plan = b": "number", "signed_on": "day", "paid": "yesno"}
FEATURES = sentences.features()


def serving(outcome: str = "left", *, yes: str = "yes", no: str = "no", relative: bool = True, of_table: bool = True) -> Serving:
    row = OwnQuestion(outcome=outcome, test="", task=f"custom:{outcome}", set_id=1 if of_table else None)
    version = ModelVersion(version=1, report={"yes": yes, "no": no, "relative": relative})
    kinds = KINDS if of_table else {"attribute: Shirt size": "category"}
    return Serving(said(row, None, "en"), version, kinds)


def told(one: Serving, feature: str, value: float | None, language: str = "en", *, effect: float = 1.0) -> tuple[str, str]:
    found = because(one, [{"feature": feature, "value": value, "effect": effect}], FEATURES, language, "EUR")
    return found.lead, "".join(found.sentences)


@pytest.mark.parametrize(
    ("feature", "value", "words"),
    [
        ("visits", 3.0, "visits: 3."),
        ("visits", 0.0123, "visits: 0.0123."),
        ("visits", None, "visits: not known."),
        ("plan = basic", 1.0, "plan: basic."),
        ("plan = basic", 0.0, "plan: not basic."),
        ("plan = b", 7.0, "plan = b: 7."),
        ("signed_on", 12.0, "signed_on: 12 days before the day of the line."),
        ("signed_on", -1.0, "signed_on: 1 day after the day of the line."),
        ("paid", 1.0, "paid: yes."),
        ("paid", 0.0, "paid: no."),
    ],
)
def test_a_column_is_said_by_what_it_holds(feature: str, value: float | None, words: str) -> None:
    assert told(serving(), feature, value) == ("Typical of “left = yes”:", words)


def test_the_lead_says_which_outcome_it_is_typical_of() -> None:
    assert told(serving(), "visits", 1.0, effect=-1.0)[0] == "Typical of “left = no”:"
    assert told(serving(yes=">= 4", no="< 4"), "visits", 1.0, effect=-1.0)[0] == "Typical of “left < 4”:"
    event = serving("event:moved", yes="moved", no="", of_table=False)
    assert told(event, "recency", 3.0)[0] == "Typical of “moved”:"
    assert told(event, "recency", 3.0, effect=-1.0)[0] == "Typical of those without “moved”:"
    assert told(event, "recency", 3.0, "zh_Hans")[0] == "“moved”的典型特征："


def test_features_keep_their_own_words_and_what_is_gone_is_left_out() -> None:
    of_customers = serving("tall", of_table=False)
    assert told(of_customers, "recency", 3.0)[1] == "Last bought 3 days ago."
    assert told(of_customers, "attribute: Shirt size = xl", 1.0) == ("Typical of “tall = yes”:", "Shirt size: xl.")
    assert told(serving(), "no_such_column", 3.0) == ("", "")
    assert told(serving(relative=False), "signed_on", 19723.0)[1] == "signed_on: Jan 1, 2024."
    older = serving()
    del older.version.report["relative"]
    assert told(older, "signed_on", 12.0) == ("", "")
