"""From what a source wrote to a record's typed values, whole columns at a time. What does not fit is counted and stays raw."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from kith_platform.attributes.kinds import BOOLEAN, CHOICE, DATE, NUMBER, TEXT, Column, Definition
from kith_platform.imports.formats import MISSING, Format
from kith_platform.imports.parsing import Parsed, parse
from kith_platform.sdk.facts import Kind

_KINDS: Mapping[str, Kind] = {TEXT: Kind.TEXT, NUMBER: Kind.NUMBER, BOOLEAN: Kind.BOOLEAN, DATE: Kind.DATE, CHOICE: Kind.TEXT}
Value = str | int | float | bool


@dataclass(frozen=True)
class Filled:
    """`values`: per row a JSON object of attribute key → value, without those that are not known. `misfits`: key → rows whose
    text is not of the attribute's kind."""

    values: pl.Series
    misfits: dict[str, int]


def filled(texts: Mapping[str, pl.Series], wanted: Sequence[Definition], source: str, *, rows: int, zone: str = "UTC") -> Filled:
    """The attributes of rows of one source. `texts`: the file's columns (String) by name; `zone`: the company's."""
    columns: list[tuple[str, list[Value | None]]] = []
    misfits: dict[str, int] = {}
    for one in wanted:
        values, wrong = _first(texts, one, one.reading(source, list(texts)), rows, zone)
        columns.append((json.dumps(one.key), values))
        if wrong:
            misfits[one.key] = wrong
    written = [
        "{" + ",".join(f"{key}:{json.dumps(values[row])}" for key, values in columns if values[row] is not None) + "}"
        for row in range(rows)
    ]
    return Filled(pl.Series(written, dtype=pl.String), misfits)


def _first(
    texts: Mapping[str, pl.Series], one: Definition, columns: Sequence[Column], rows: int, zone: str
) -> tuple[list[Value | None], int]:
    found: list[Value | None] = [None] * rows
    wrong = pl.Series([False] * rows, dtype=pl.Boolean)
    for column in columns:
        parsed = typed(texts[column.column], one, column.format, zone=zone)
        wrong = wrong | parsed.wrong.is_not_null()
        found = [value if value is not None else plain(other) for value, other in zip(found, parsed.values, strict=True)]
    missing = pl.Series([value is None for value in found], dtype=pl.Boolean)
    return found, int((wrong & missing).sum())


def typed(texts: pl.Series, one: Definition, form: Format | None = None, *, zone: str = "UTC") -> Parsed:
    """A column of text as the attribute's kind. Choices are known again in any case, and come back as they are declared."""
    if one.kind != CHOICE:
        return parse(texts, _kind(one.kind), form, zone=zone)
    declared = {fold(choice): choice for choice in one.choices}
    clean = texts.str.strip_chars()
    values = clean.str.to_lowercase().replace_strict(declared, default=None, return_dtype=pl.String)
    clean = clean.set(clean.str.to_lowercase().is_in(MISSING) & values.is_null(), None)  # unless “none” is a choice
    wrong = pl.select(pl.when(clean.is_not_null() & values.is_null()).then(pl.lit("not_choice"))).to_series()
    return Parsed(values, wrong, texts, choices=one.choices)


def fold(choice: str) -> str:
    """A choice in compared form."""
    return choice.strip().lower()


def _kind(kind: str) -> Kind:
    return _KINDS[kind] if kind in _KINDS else Kind(kind)


def plain(value: Any) -> Value | None:
    """A typed value as JSON has it: whole numbers without a point, days as YYYY-MM-DD."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    known: Value | None = value
    return known
