"""From what a source wrote to a record's typed values, whole columns at a time. What does not fit is counted and stays raw."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from kith_platform.attributes.kinds import BOOLEAN, CHOICE, DATE, NUMBER, TEXT, Column, Definition
from kith_platform.imports.formats import MISSING, Format
from kith_platform.imports.parsing import Parsed, parse
from kith_platform.sdk.facts import Kind

_KINDS: Mapping[str, Kind] = {TEXT: Kind.TEXT, NUMBER: Kind.NUMBER, BOOLEAN: Kind.BOOLEAN, DATE: Kind.DATE, CHOICE: Kind.TEXT}


@dataclass(frozen=True)
class Filled:
    """`values`: per row a JSON object of attribute key → value, without those that are not known. `misfits`: key → rows whose
    text is not of the attribute's kind."""

    values: pl.Series
    misfits: dict[str, int]


def filled(texts: Mapping[str, pl.Series], wanted: Sequence[Definition], source: str, *, rows: int, zone: str = "UTC") -> Filled:
    """The attributes of rows of one source. `texts`: the file's columns (String) by name; `zone`: the company's."""
    parts: list[pl.Series] = []
    misfits: dict[str, int] = {}
    for one in wanted:
        columns = one.reading(source, list(texts))
        if not columns:
            continue
        values, wrong = _first(texts, one, columns, zone)
        parts.append((json.dumps(one.key) + ":" + _written(values)).alias(one.key))
        if wrong:
            misfits[one.key] = wrong
    if not parts:
        return Filled(pl.Series(["{}"] * rows, dtype=pl.String), misfits)
    inner = pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=",", ignore_nulls=True)).to_series()
    return Filled("{" + inner + "}", misfits)


def _first(texts: Mapping[str, pl.Series], one: Definition, columns: Sequence[Column], zone: str) -> tuple[pl.Series, int]:
    """The first column's value that there is, and how many rows have none although some column says something."""
    read = [typed(texts[column.column], one, column.format, zone=zone) for column in columns]
    values, wrong = read[0].values, read[0].wrong.is_not_null()
    for further in read[1:]:
        values = values.zip_with(values.is_not_null(), further.values)
        wrong = wrong | further.wrong.is_not_null()
    return values, int((wrong & values.is_null()).sum())


def _written(values: pl.Series) -> pl.Series:
    """Typed values as JSON, null where there is none: whole numbers without a point, days as YYYY-MM-DD."""
    kind = values.dtype
    if kind.is_decimal():
        return values.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    if kind.is_numeric() or kind == pl.Boolean:
        return values.cast(pl.String)
    if kind.is_temporal():
        values = values.dt.to_string("iso")
    quoted = pl.DataFrame({"v": values}).select(pl.struct("v").struct.json_encode()).to_series()
    return quoted.str.slice(len('{"v":')).str.head(-1).set(values.is_null(), None)


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
