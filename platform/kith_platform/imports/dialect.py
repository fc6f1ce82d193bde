"""What kind of text file this is: encoding, separator, quotes, header. A guess from a sample, shown before it is used."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kith_platform.imports.encoding import decode_sample
from kith_platform.imports.problems import FileProblem, Note, note

SAMPLE_BYTES = 262_144
COLUMN_LIMIT = 500
SAMPLE_RECORDS = 400
BLANKS = " "  # the delimiter that means: any run of blanks and tabs
# In the order of preference where several fit: a comma may be a decimal sign, a blank may be text.
DELIMITERS = ("\t", ";", "|", ",")

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_VALUE = re.compile(
    r"""[(+-]?\s*[$€£¥￥]?\s*\d[\d\s.,:'/+T年月日時时分秒-]*Z?\s*[)%-]?$|[^@\s]+@[^@\s]+\.[^@\s]+$|(?:true|false)$""",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How to read a file. `delimiter` " " means runs of blanks; `quote` "" means no quoting; `preamble` lines come before
    the header (a `sep=;` line). `header` is empty where `has_header` is false. `confidence` 0..1 is of the encoding."""

    encoding: str
    delimiter: str
    columns: int
    quote: str = '"'
    has_header: bool = True
    header: tuple[str, ...] = ()
    confidence: float = 1.0
    skip_blanks: bool = False
    preamble: int = 0
    warnings: tuple[Note, ...] = ()


def detect(
    sample: bytes,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
    skip_blanks: bool | None = None,
    preamble: int | None = None,
) -> Dialect:
    """The dialect of a file from its first bytes (give up to SAMPLE_BYTES; fewer means the whole file). What is given
    is taken as given, the rest is detected.

    Raises FileProblem for an empty or binary file, an unknown or wrong encoding, more than COLUMN_LIMIT columns.
    """
    decoded = decode_sample(sample, encoding=encoding, whole=len(sample) < SAMPLE_BYTES)
    lines = _LINE.findall(decoded.text.rstrip("\x1a"))
    if len(sample) >= SAMPLE_BYTES and len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines.pop()  # cut off by the sample's end
    named = _SEP.fullmatch(lines[0]) if lines else None
    skip = (1 if named else 0) if preamble is None else preamble
    lines = [line for line in lines[skip:] if line.strip(" \r\n")][:SAMPLE_RECORDS]
    if not lines:
        raise FileProblem("empty")
    quote = _quote(lines) if quote is None else quote
    delimiter = delimiter or (named[1] if named else None) or _delimiter(lines, quote)
    records = _records(lines, delimiter, quote)
    columns = _width(records)
    header = _has_header(records, columns) if has_header is None else has_header
    names = [cell.strip() for cell in records[0]][:columns]
    return Dialect(
        encoding=decoded.encoding,
        confidence=decoded.confidence,
        delimiter=delimiter,
        quote=quote,
        columns=columns,
        has_header=header,
        header=tuple(names + [""] * (columns - len(names))) if header else (),
        skip_blanks=_blanks_after(lines, delimiter) if skip_blanks is None else skip_blanks,
        preamble=skip,
        warnings=(*decoded.notes, *_warnings(records, columns, header)),
    )


def _width(records: Sequence[Sequence[str]]) -> int:
    """The number of fields that most records have; the header counts only where it stands alone."""
    counts = Counter(len(record) for record in records[1:] or records)
    columns = max(counts, key=lambda n: (counts[n], n))
    if columns > COLUMN_LIMIT:
        raise FileProblem("too_many_columns", columns=columns, limit=COLUMN_LIMIT)
    return columns


def _warnings(records: Sequence[Sequence[str]], columns: int, header: bool) -> Iterator[Note]:
    if columns == 1:
        yield note("one_column")
    if len({len(record) for record in records}) > 1:
        yield note("ragged")
    if not header:
        yield note("no_header")
    elif len(records) == 1:
        yield note("header_only")


def _quote(lines: Sequence[str]) -> str:
    """Apostrophes quote only where no line has a double quote and half the lines have a whole value in them."""
    if any('"' in line for line in lines):
        return '"'
    whole = re.compile(r"(?:^|[\t;|,])\s?'[^']*'(?=[\t;|,\r\n]|$)")
    return "'" if sum(1 for line in lines if whole.search(line)) * 2 > len(lines) else '"'


def _records(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """The sample's records. A quote that stays open for 50 lines is taken as text, so that it cannot hide the rest."""
    records: list[list[str]] = []
    at = 0
    while at < len(lines):
        end = at + 1
        if quote and lines[at].count(quote) % 2:
            odd = (i for i in range(at + 1, min(at + 50, len(lines))) if lines[i].count(quote) % 2)
            end = next(odd, at) + 1
        records.append(fields("".join(lines[at:end]), delimiter, quote))
        at = end
    return records


def fields(text: str, delimiter: str, quote: str, *, skip_blanks: bool = False) -> list[str]:
    """The values of one record (without its line end), leniently; [text] where it cannot be read at all."""
    text = text.rstrip("\r\n")
    if delimiter == BLANKS:
        text, skip_blanks = text.replace("\t", " ").strip(" "), True
    if not quote or quote not in text:
        return text.split(delimiter) if delimiter != BLANKS else text.split()
    try:
        return next(csv.reader([text], delimiter=delimiter, quotechar=quote, skipinitialspace=skip_blanks), [])
    except csv.Error:
        return [text]


def _delimiter(lines: Sequence[str], quote: str) -> str:
    """The separator that gives most lines, the first among them, the same number (> 1) of fields."""
    best = (0.0, ",")
    for delimiter in (*DELIMITERS, BLANKS):
        records = _records(lines, delimiter, quote)
        widths = Counter(len(record) for record in records)
        common, times = max(widths.items(), key=lambda item: (item[1], item[0]))
        if common < 2:
            continue
        share = times / len(records)
        if delimiter == BLANKS and (share < 0.95 or common < 3 or len(records) < 2 or best[0]):
            continue
        score = share + (0.5 if len(records[0]) == common else 0.0)
        if score > best[0] + 0.1:
            best = (score, delimiter)
    return best[1]


def _blanks_after(lines: Sequence[str], delimiter: str) -> bool:
    """Whether nearly every separator is followed by a blank, which then belongs to no value."""
    if delimiter in (BLANKS, "\t"):
        return False
    total = sum(line.count(delimiter) for line in lines)
    return total > 0 and sum(line.count(delimiter + " ") for line in lines) >= 0.9 * total


def _has_header(records: Sequence[Sequence[str]], columns: int) -> bool:
    """Names are distinct texts that look like no value; among texts only, a name does not recur in its own column."""
    first = [cell.strip() for cell in records[0]][:columns]
    named = [cell for cell in first if cell]
    if not named or any(is_value(cell) for cell in named) or len(set(named)) < len(named) * 0.8:
        return False
    return not any(name in _column(records[1:], i) for i, name in enumerate(first) if name)


def _column(records: Iterable[Sequence[str]], at: int) -> set[str]:
    return {record[at].strip() for record in records if at < len(record)}


def is_value(cell: str) -> bool:
    """Whether a cell is a number, a date, an e-mail address or a truth value rather than a column's name."""
    return bool(_VALUE.match(cell))
