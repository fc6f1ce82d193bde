"""What people type finds the customer: any word's beginning, parts of Chinese names, parts of phone numbers."""

from __future__ import annotations

import pytest

from kith_platform.customers.search import fold, query, tokens


def finds(typed: str, *texts: str) -> bool:
    known = tokens(*texts)
    exact, beginning = query(typed)
    return all(word in known for word in exact) and any(token.startswith(beginning) for token in known)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("smi", "John Smith"),
        ("john smith", "John Smith"),
        ("SMITH jo", "John Smith"),
        ("müller", "Jörg Mueller-Müller"),
        ("muller", "Jörg Müller"),
        ("小明", "王小明"),
        ("王小", "王小明"),
        ("王小明", "王小明"),
        ("王", "王小明"),
        ("555 0123", "+1 (202) 555-0123"),
        ("0123 45", "138 0123 4567"),
        ("ada@", "ada@example.com"),
        ("00004", "00004"),
    ],
)
def test_found(typed: str, text: str) -> None:
    assert finds(typed, text)


@pytest.mark.parametrize(("typed", "text"), [("smyth", "John Smith"), ("小王", "王小明"), ("999 9999", "+1 (202) 555-0123")])
def test_not_found(typed: str, text: str) -> None:
    assert not finds(typed, text)


def test_folding_unifies_width_case_and_accents() -> None:
    assert fold("ＡＢＣ É") == "abc e"
