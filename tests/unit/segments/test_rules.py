"""Rules: JSON in and out, refusals that say where, and comparisons at their edges."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from kith_platform.errors import Invalid
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.segments import builder, reading, service
from kith_platform.segments.counting import interval
from kith_platform.segments.rules import Group, Sort, Value, facts_of, moves_with_time
from kith_platform.segments.rules import Test as Compare
from kith_platform.segments.vocabulary import Vocabulary, countable

TODAY = dt.date(2026, 6, 15)
OTHER = uuid.UUID(int=5)
WORDS = Vocabulary(countable(FactCatalogue()), {"plan": ("Plan", "text")}, {"rfm": ("RFM", {})}, {OTHER: (1, "Other")})
ORDERS: dict[str, Any] = {"fact": "orders", "measure": "count", "op": "at_least", "value": 3.0}


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("test", "value", "meets"),
    [
        (Compare(Sort.TEXT, "is", ("CN", "SG")), "SG", True),
        (Compare(Sort.TEXT, "is_not", ("CN",)), None, True),
        (Compare(Sort.TEXT, "starts", ("Me",)), "Mei", True),
        (Compare(Sort.TEXT, "unknown"), "", True),
        (Compare(Sort.NUMBER, "between", (1.0, 3.0)), 3, True),
        (Compare(Sort.NUMBER, "less", (1.0,)), 1, False),
        (Compare(Sort.NUMBER, "at_most", (9.0,)), None, False),
        (Compare(Sort.DAY, "last_days", (30,)), ago(29), True),
        (Compare(Sort.DAY, "last_days", (30,)), ago(30), False),
        (Compare(Sort.DAY, "before_days", (30,)), ago(30), True),
        (Compare(Sort.TRUTH, "no"), False, True),
        (Compare(Sort.TRUTH, "no"), None, False),
    ],
)
def test_a_comparison_at_its_edge(test: Compare, value: Value, meets: bool) -> None:
    assert test.meets(value, TODAY) is meets


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"field": "planet", "op": "is", "value": ["Mars"]}, "planet"),
        ({"attribute": "gone", "op": "known"}, "gone"),
        ({"score": "churn", "op": "at_least", "value": "much"}, "much"),
        ({"field": "created", "op": "from", "value": "31/02/2026"}, "31/02/2026"),
        ({"segment": str(uuid.UUID(int=9))}, "not there any more"),
        ({**ORDERS, "op": "known"}, "always known"),
        ({**ORDERS, "days": 0}, "from 1 to"),
        ({**ORDERS, "days": 9, "from": "2026-01-01"}, "not both"),
        ({**ORDERS, "from": "2026-02-01", "until": "2026-01-01"}, "before the first"),
        ({**ORDERS, "measure": "sum", "column": "status"}, "status"),
        ({**ORDERS, "where": [{"column": "nothing", "op": "known"}]}, "nothing"),
        ({**ORDERS, "op": "between", "value": [3, 1]}, "below the first"),
        ({**ORDERS, "value": True}, "True"),
        ({"field": "name", "op": "is", "value": []}, "another number"),
        ("country", "object"),
        ({}, "names one of"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(part: Any, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        reading.read({"all": [ORDERS, {"any": [part]}]}, WORDS)
    (error,) = refused.value.fields
    assert error.field == "rule.all.1.any.0"
    assert said in error.text()


@pytest.mark.parametrize("document", [None, [], {"all": []} | {"any": []}, {"some": []}, {"all": 3}, {"all": [ORDERS] * 41}])
def test_a_rule_is_one_group_of_bounded_size(document: Any) -> None:
    with pytest.raises(Invalid):
        reading.read(document, WORDS)


def test_groups_lie_only_so_deep() -> None:
    document: dict[str, Any] = {"all": []}
    for _ in range(reading.DEEPEST):
        document = {"any": [document]}
    with pytest.raises(Invalid):
        reading.read(document, WORDS)


def test_only_rules_that_count_days_back_move_with_time() -> None:
    def moves(part: dict[str, Any]) -> bool:
        return moves_with_time(reading.read({"all": [part]}, WORDS))

    assert moves({**ORDERS, "days": 90})
    assert moves({"field": "created", "op": "before_days", "value": 30})
    assert not moves({**ORDERS, "from": "2026-01-01", "until": "2026-03-31"})
    assert not moves({"placement": "rfm", "op": "is", "value": ["A"]})


def test_a_form_becomes_the_rule_and_an_unfinished_condition_is_left_out_of_the_count() -> None:
    form = {
        "r.mode": "any",
        "r.0.what": "score:churn.value",
        "r.0.op": "at_least",
        "r.0.v1": "12.5",
        "r.1.mode": "none",
        "r.1.0.what": "fact:orders",
        "r.1.0.was": "fact:orders",
        "r.1.0.measure": "sum",
        "r.1.0.column": "net",
        "r.1.0.window": "ever",
        "r.1.0.op": "more",
        "r.1.0.v1": "100",
        "r.2.what": "attribute:plan",
        "r.2.op": "is",
        "r.2.v1": "",
    }
    document = builder.whole(form, WORDS)
    rule, wrong = builder.finished(document, WORDS)
    assert reading.write(rule) == {
        "any": [
            {"score": "churn", "part": "value", "op": "at_least", "value": 0.125},
            {"none": [{"fact": "orders", "measure": "sum", "column": "net", "op": "more", "value": 100.0}]},
        ]
    }
    assert list(wrong) == ["r.2"]
    assert facts_of(rule) == {"orders"}


def test_segments_mentioned_are_found_however_deep() -> None:
    stored = {"all": [{"any": [{"segment": str(OTHER), "inside": False}]}, {"field": "name", "op": "known"}]}
    assert service.mentioned(stored) == {OTHER}
    assert isinstance(reading.read(stored, WORDS), Group)


def test_an_estimate_comes_with_a_wilson_interval() -> None:
    low, high = interval(50, 1000)
    assert (round(low, 4), round(high, 4)) == (0.0381, 0.0653)
    assert interval(0, 1000)[0] == pytest.approx(0, abs=1e-9)
