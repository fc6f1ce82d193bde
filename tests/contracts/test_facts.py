"""What the documents tell of facts is what is declared."""

from __future__ import annotations

from pathlib import Path

from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.imports.described import page
from kith_platform.imports.samples import WORDS
from kith_platform.sdk.facts import Kind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "facts.md"


def test_the_page_of_facts_says_what_is_declared() -> None:
    assert PAGE.read_text("utf-8") == page(CORE_FACTS), "run: python -m kith_platform.imports.described > docs/facts.md"


def test_every_table_is_told_in_plain_words() -> None:
    assert {fact.plural for fact in CORE_FACTS} <= set(WORDS)


def test_what_a_declaration_names_is_declared() -> None:
    """A column said to be known at another's time, or to name a fact's row, and shares of a whole."""
    names = {fact.name for fact in CORE_FACTS}
    for fact in CORE_FACTS:
        own = {column.name: column for column in fact.columns}
        assert len(own) == len(fact.columns), fact.name
        assert set(fact.sums_to_one) | set(fact.key) <= set(own), fact.name
        assert fact.occurred is None or (own[fact.occurred].required and own[fact.occurred].kind in (Kind.DATE, Kind.TIME))
        for column in fact.columns:
            where = f"{fact.name}.{column.name}"
            assert column.to in (names if column.kind is Kind.REFERENCE else {""}), where
            assert column.filled_at is None or own[column.filled_at].kind in (Kind.DATE, Kind.TIME), where
            assert not (column.filled_at and column.undated), where
