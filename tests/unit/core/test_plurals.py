"""One thing is not "1 things"."""

from __future__ import annotations

import pytest

from kith_platform import i18n
from kith_platform.auth import passwords
from kith_platform.imports.problems import note, reason
from kith_platform.predict import sentences
from kith_platform.predict.verdicts import sentence
from kith_platform.sdk.types import Feature


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "1 complaint is still unsolved."),
        (2.0, "2 complaints are still unsolved."),
        (0.5, "0.5 complaints are still unsolved."),
    ],
)
def test_a_reason_counts_as_people_do(value: float, words: str) -> None:
    feature = sentences.features()["complaints_open"]
    assert sentences.sentence(feature, value, "en", "USD") == words
    assert sentences.sentence(feature, value, "zh_Hans", "USD") == f"还有 {i18n.number(value, 'zh_Hans')} 件投诉未解决。"


def test_notes_refusals_and_verdicts_count_as_people_do() -> None:
    assert note("unmapped", count=1).text().startswith("1 column is kept as it is")
    assert note("unmapped", count=3).text().startswith("3 columns are kept as they are")
    assert reason("too_few", {"found": 1, "expected": 4}).startswith("The line has 1 field,")
    assert reason("too_many", {"found": 5, "expected": 4}).startswith("The line has 5 fields,")
    short = [wrong.text() for typed in ("a", "ab") if (wrong := passwords.problem(typed))]
    assert [words.partition(". ")[0] for words in short] == ["The password has 1 character", "The password has 2 characters"]
    assert "1 customer bought" in sentence("too_few_repeat_buyers", {"found": 1, "needed": 100})
    assert "2 customers bought" in sentence("too_few_repeat_buyers", {"found": 2, "needed": 100})


def test_every_reason_with_a_count_has_both_forms() -> None:
    def said(feature: Feature, value: float) -> str:
        return sentences.sentence(feature, value, "en", "USD")

    counted = [one for one in sentences.features().values() if one.unit == "count" and " of the last " not in one.sentence]
    assert [one.name for one in counted if said(one, 1).replace("1", "2", 1) == said(one, 2)] == []
