"""The page docs/facts.md, made of the declarations: `python -m kith_platform.imports.described > docs/facts.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping

from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.imports.samples import WORDS
from kith_platform.sdk.facts import Column, Fact, Kind

TOP = """# Facts

What Kith knows of a company is a list of facts. Each is declared once, and its table, its import, its place in snapshots and
frames follow. `kith import COMPANY TABLE FILE` takes a file of each; a header may say a column's name, or one of the words that
the import page knows it by, in English or Chinese. A plugin may add facts of its own.

Every row has a source and an id within it (`id`; without one it is known by its content), and a time at which it became known.
Where a fact is of a customer, `customer` is that customer's number in the same source. Amounts are in the row's `currency`, or
else in the company's. Times without a zone are the company's.

*Known at X*: the column is filled in later, and predictions see it only from X on. *Current*: it changes without a date, so
predictions never see it. This page is made of the declarations by `python -m kith_platform.imports.described`.
"""
KINDS: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole number",
    Kind.NUMBER: "number",
    Kind.MONEY: "amount",
    Kind.BOOLEAN: "yes or no",
    Kind.DATE: "day",
    Kind.TIME: "time",
    Kind.RATE: "number",
    Kind.REFERENCE: "id",
}


def page(facts: Iterable[Fact]) -> str:
    """The whole page, in English; a fact's columns in the order of their declaration."""
    known = list(facts)
    plurals = {fact.name: fact.plural for fact in known}
    return "\n".join([TOP, *("\n".join(_fact(fact, plurals)) for fact in known)])


def _fact(fact: Fact, plurals: Mapping[str, str]) -> Iterator[str]:
    yield f"## {fact.label_plural} (`{fact.plural}`)\n"
    yield " ".join(filter(None, [WORDS.get(fact.plural, ""), *_rules(fact)])) + "\n"
    yield "| Column | What it says | Holds | |"
    yield "|---|---|---|---|"
    if fact.of_customer:
        through = any(column.required and column.to for column in fact.columns)
        free = fact.customer_optional or through
        yield f"| `customer` | Customer | id | {'' if free else 'a file must have it; '}names one of `customers`, or nobody |"
    for column in fact.columns:
        yield f"| `{column.name}` | {column.label} | {KINDS[column.kind]} | {'; '.join(_notes(fact, column, plurals))} |"
    yield ""


def _rules(fact: Fact) -> Iterator[str]:
    if fact.key:
        yield f"Without an id, a row is known by {' and '.join(f'`{name}`' for name in fact.key)}."
    if fact.sums_to_one:
        yield f"{', '.join(f'`{name}`' for name in fact.sums_to_one)} add up to 1; a line in which they do not is refused."


def _notes(fact: Fact, column: Column, plurals: Mapping[str, str]) -> Iterator[str]:
    if column.required:
        yield "required"
    if column.name == fact.occurred:
        yield "dates the row"
    if column.to:
        yield f"names one of `{plurals[column.to]}`"
    if column.choices:
        yield "one of " + ", ".join(f"`{choice}`" for choice in column.choices)
    if column.may_be_future:
        yield "may lie ahead"
    if column.filled_at and column.filled_at != column.name:
        yield f"known at `{column.filled_at}`"
    if column.undated:
        yield "current"


if __name__ == "__main__":
    sys.stdout.write(page(CORE_FACTS))
