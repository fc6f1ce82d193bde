"""An attribute in the reasons of a score: the company's own words, whatever stands in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kith_platform.attributes.features import features, refused
from kith_platform.attributes.kinds import Definition
from kith_platform.predict.sentences import sentence

RATE = Definition("rate", "Rate in %", "number", "fixed")


def told(one: Definition, value: float | None, place: int = 0) -> str:
    return sentence(features([one])[place], value, "en", "USD")


def test_each_kind_reads_as_a_sentence() -> None:
    assert told(RATE, 12.5) == "Rate in %: 12.5."
    assert told(RATE, None) == "Rate in %: not known."
    assert told(Definition("vip", "VIP", "boolean", "fixed"), 1.0) == "VIP."
    assert told(Definition("vip", "VIP", "boolean", "fixed"), 0.0) == "VIP: no."
    assert told(Definition("tier", "Tier", "choice", "fixed", choices=("100%", "Tin")), 1.0) == "Tier: 100%."
    assert told(Definition("tier", "Tier", "choice", "fixed", choices=("100%", "Tin")), 0.0, 1) == "Tier: Tin: no."
    assert told(Definition("since", "Member since", "date", "dated"), 30.0) == "Member since: 30 days."


def test_a_choices_feature_keeps_its_name_when_another_choice_comes() -> None:
    tier = Definition("tier", "Tier", "choice", "fixed", choices=("Gold", "Tin"))
    before = {feature.label: feature.name for feature in features([tier])}
    after = {feature.label: feature.name for feature in features([replace(tier, choices=("Lead", "Tin", "Gold"))])}
    assert before.items() <= after.items()


@pytest.mark.parametrize(
    "one",
    [
        replace(RATE, timing="current"),
        replace(RATE, in_models=False),
        replace(RATE, sensitive=True, in_models=False),
        replace(RATE, sensitive=True, purpose="Care calls"),
        replace(RATE, sensitive=True, consent="Signed form"),
        replace(RATE, kind="text"),
        Definition("many", "Many", "choice", "fixed", choices=tuple(map(str, range(21)))),
    ],
)
def test_whatever_is_left_out_of_models_has_its_reason(one: Definition) -> None:
    assert refused(one)
    assert not refused(RATE)
    assert not refused(replace(RATE, sensitive=True, purpose="Care calls", consent="Signed form"))
