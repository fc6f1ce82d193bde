"""What the user sees before an import: how the file is read, the guessed mapping, the first rows and what looks wrong."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import polars as pl

from kith_platform.imports.dialect import SAMPLE_BYTES, Dialect, detect
from kith_platform.imports.guessing import Guess, by_template, guess
from kith_platform.imports.layouts import THROUGH, is_own
from kith_platform.imports.lines import OpenBinary
from kith_platform.imports.mapping import Field, Mapping, Source, position
from kith_platform.imports.parsing import Parsed, identifier, parse
from kith_platform.imports.problems import FileProblem, Note
from kith_platform.imports.reading import Offset, Rejected, chunks, column
from kith_platform.imports.targets import missing
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.sdk.templates import ImportTemplate

SHOWN_ROWS = 20
PROBES = 6  # further places of a large file that are looked at
PROBE_BYTES = 65_536


@dataclass(frozen=True)
class ColumnProblem:
    """How often a column's values of the sample cannot be read, and the first of them. `reason`: a key of problems.CELL."""

    source: Source
    target: str
    reason: str
    count: int
    line: int
    example: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Preview:
    """`raw`: the first rows as text in the file's columns; `parsed`: the same rows, one typed column per target; `problems`
    and `sampled` (lines) are of the sample, `rejected` its unreadable lines; `texts`: the sample itself, as of Chunk.rows."""

    dialect: Dialect
    header: tuple[Source, ...]
    raw: tuple[tuple[str, ...], ...]
    parsed: pl.DataFrame
    guess: Guess
    problems: tuple[ColumnProblem, ...]
    rejected: tuple[Rejected, ...]
    sampled: int
    notes: tuple[Note, ...]
    texts: pl.DataFrame


def preview(
    open_binary: OpenBinary,
    table: str,
    facts: Dictionary[str, Fact],
    *,
    mapping: Mapping | None = None,
    template: ImportTemplate | None = None,
    encoding: str | None = None,
    language: str = "en",
    zone: str = "UTC",
) -> Preview:
    """Look at the beginning of a file, and at a few places of a large one, without reading it all.

    `facts` by name. With a `mapping` (the user's or a saved one) its dialect and fields are shown in place of the guess, with
    a `template` what that says.
    Raises FileProblem where the file, or the mapping, cannot be used.
    """
    if mapping is not None and mapping.table != table:
        raise FileProblem("mapping", detail=f"{mapping.table} ≠ {table}")
    dialect = dialect_of(open_binary, mapping, encoding=encoding)
    head, rejected = sample(open_binary, dialect)
    if template is None:
        found = guess(table, dialect, head, facts, language=language, zone=zone)
    else:
        found = by_template(template, dialect, head, facts, language=language, zone=zone)
    used = mapping or found.mapping
    columns = {item.target: read(head, item, dialect, facts, zone=zone) for item in used.fields}
    problems = [problem for item in used.fields for problem in _problems(item, columns[item.target], head["line"])]
    shown = head.head(SHOWN_ROWS)
    return Preview(
        dialect=dialect,
        header=tuple(name or at for at, name in enumerate(dialect.header or ("",) * dialect.columns, 1)),
        raw=tuple(row[2:] for row in shown.iter_rows()),
        parsed=pl.DataFrame({target: parsed.values.head(SHOWN_ROWS) for target, parsed in columns.items()}),
        guess=replace(found, mapping=used, missing_required=missing(table, used.targets, facts)),
        problems=tuple(problems),
        rejected=rejected,
        sampled=head.height + len(rejected),
        notes=(*dialect.warnings, *(() if mapping else found.notes)),
        texts=head,
    )


def dialect_of(open_binary: OpenBinary, mapping: Mapping | None = None, *, encoding: str | None = None) -> Dialect:
    """The file's dialect, with what the mapping lays down in place of what was detected. Raises FileProblem."""
    wanted: dict[str, Any] = dict(mapping.dialect) if mapping else {}
    with open_binary() as binary:
        start = binary.read(SAMPLE_BYTES)
    chosen = encoding or wanted.pop("encoding", None)
    return detect(start, encoding=chosen, **{key: value for key, value in wanted.items() if key != "encoding"})


def sample(open_binary: OpenBinary, dialect: Dialect) -> tuple[pl.DataFrame, tuple[Rejected, ...]]:
    """Rows (as of Chunk.rows) from the file's beginning and, of a large file, some from further places (their line is 0),
    so that a format is not decided by the first month alone; and the rejected lines of the beginning."""
    with open_binary() as binary:
        start = binary.read(SAMPLE_BYTES + PROBES * PROBE_BYTES)
        parts = list(chunks(partial(io.BytesIO, start), dialect))
        rows = pl.concat([part.rows for part in parts])
        rejected = tuple(reject for part in parts for reject in part.rejected)
        size = binary.seek(0, io.SEEK_END)
        if size <= len(start):
            return rows, rejected
        last = parts[-1].end.line - 1  # the sample may end inside this line
        frames = [rows.filter(pl.col("line") < last)]
        for at in range(1, PROBES + 1):
            binary.seek((len(start) + (size - len(start)) * at // (PROBES + 1)) // 2 * 2)
            frames.append(_probe(binary.read(PROBE_BYTES), dialect))
    return pl.concat(frames), tuple(reject for reject in rejected if reject.line < last)


def _probe(data: bytes, dialect: Dialect) -> pl.DataFrame:
    """The lines of a piece of the file but the first and last, which may be cut."""
    found = next(chunks(partial(io.BytesIO, data), dialect, start=Offset(0, 1, True), rows=PROBE_BYTES))
    inner = found.rows.filter(pl.col("line").is_between(2, found.end.line - 2))
    return inner.with_columns(line=pl.lit(0, dtype=pl.Int64))


def read(rows: pl.DataFrame, item: Field, dialect: Dialect, facts: Dictionary[str, Fact], *, zone: str = "UTC") -> Parsed:
    """One mapped column of `rows` (as of Chunk.rows), typed by its target's declaration.

    Raises FileProblem("column_missing") or ("mapping") where source or target do not exist.
    """
    texts = rows[column(position(item.source, dialect))]
    kind, choices = target_kind(item, facts)
    if kind is None:
        return identifier(texts, item.format)
    return parse(texts, kind, item.format, zone=zone, choices=choices)


def target_kind(item: Field, facts: Dictionary[str, Fact]) -> tuple[Kind | None, tuple[str, ...]]:
    """The kind and choices of a target; None for an external id. Raises FileProblem("mapping") for an unknown target."""
    if item.fact in facts:
        if item.name in ("external_id", "customer") or (item.name == THROUGH and not is_own(facts[item.fact])):
            return None, ()
        if item.name == "currency":
            return Kind.TEXT, ()
        if item.name == "known_at":
            return Kind.TIME, ()
        declared = next((found for found in facts[item.fact].columns if found.name == item.name), None)
        if declared is not None:
            return (None if declared.kind is Kind.REFERENCE else declared.kind), declared.choices
    raise FileProblem("mapping", detail=item.target)


def _problems(item: Field, parsed: Parsed, lines: pl.Series) -> list[ColumnProblem]:
    failures = list(parsed.failures())
    counts = Counter(code for _, code, _ in failures)
    first = {code: (row, params) for row, code, params in reversed(failures)}
    return [
        ColumnProblem(item.source, item.target, code, count, int(lines[first[code][0]]), tuple(first[code][1].items()))
        for code, count in counts.items()
    ]
