"""Reading a file: the same cells come out, every line is counted, and reading resumes where it stopped."""

from __future__ import annotations

import csv
import io
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith_platform.imports.dialect import Dialect
from kith_platform.imports.reading import Chunk, Offset, chunks

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff\x1a"), max_size=8) | st.sampled_from(
    ["", "a,b", 'x"y', '"', "two\nlines", "cr\r\nlf", "\r", "北京", " padded ", "1;2", "\t", "|", "😀㐀𠀀"]
)


def read(data: bytes, dialect: Dialect, *, rows: int = 5_000, start: Offset | None = None) -> list[Chunk]:
    return list(chunks(partial(io.BytesIO, data), dialect, start=start, rows=rows))


def cells(found: list[Chunk]) -> list[tuple[str, ...]]:
    return [row[2:] for chunk in found for row in chunk.rows.iter_rows()]


def lines_of(data: bytes) -> int:
    return len(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")) if data else 0


def assert_conserved(found: list[Chunk], data: bytes) -> None:
    for chunk in found:
        counted = chunk.rows.height + len(chunk.rejected) + chunk.blank + chunk.header + chunk.continued
        assert chunk.lines == counted
    assert sum(chunk.lines for chunk in found) == lines_of(data)
    if found:
        assert found[0].start.byte == 0
        assert found[-1].end.byte == len(data)
    numbers = [n for chunk in found for n in [*chunk.rows["line"].to_list(), *(r.line for r in chunk.rejected)]]
    assert len(numbers) == len(set(numbers))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], Dialect, str, str]:
    width = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=12))
    delimiter = draw(st.sampled_from(",;\t|"))
    dialect = Dialect(
        encoding=draw(st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "gb18030"])),
        delimiter=delimiter,
        columns=width,
        has_header=draw(st.booleans()),
    )
    return rows, dialect, draw(st.sampled_from(["\n", "\r\n", "\r"])), draw(st.sampled_from(["minimal", "all"]))


def written(rows: list[list[str]], dialect: Dialect, newline: str, quoting: str) -> bytes:
    out = io.StringIO(newline="")
    # The writer leaves a line end that is not its own unquoted.
    breaks = any("\r" in cell or "\n" in cell for row in rows for cell in row)
    style = csv.QUOTE_ALL if breaks or quoting == "all" else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=dialect.delimiter, lineterminator=newline, quoting=style).writerows(rows)
    return out.getvalue().encode(dialect.encoding)


@settings(deadline=None)
@given(tables())
def test_any_table_written_as_csv_comes_back_cell_by_cell(table: tuple[list[list[str]], Dialect, str, str]) -> None:
    rows, dialect, newline, quoting = table
    # A line of blanks alone is a blank line, not a record of one value.
    rows = [row for row in rows if len(row) > 1 or row[0].strip(" ") or not row[0]] or [["x"] * dialect.columns]
    data = written(rows, dialect, newline, quoting)
    found = read(data, dialect)
    expected = rows[1:] if dialect.has_header else rows
    assert cells(found) == [tuple(row) for row in expected]
    assert not any(chunk.rejected for chunk in found)


@settings(deadline=None)
@given(tables(), st.integers(1, 4))
def test_reading_resumes_at_any_chunk_and_gives_the_same_rows(
    table: tuple[list[list[str]], Dialect, str, str], size: int
) -> None:
    rows, dialect, newline, quoting = table
    data = written(rows, dialect, newline, quoting)
    whole = read(data, dialect, rows=size)
    assert cells(whole) == cells(read(data, dialect))
    for i, chunk in enumerate(whole):
        assert cells(read(data, dialect, rows=size, start=chunk.end)) == cells(whole[i + 1 :])


PIECES = [
    *(b"a,b,c\n", b"1,2,3\r\n", b"1,2\n", b"1,2,3,4\r", b"\n", b"  \n", b'"x', b'"', b'"",', b"\x00", b"\xff\xfe", b"\x1a"),
    *('"é\n",2,3\n'.encode(), b",", b"\r", b'"a"b,2,3\n', b'1,5" pipe,3\n', b'1,"two\nlines",3\n', "中,文,字\n".encode()),
]
PIECES = [
    *(b"a,b,c\n", b"1,2,3\r\n", b"1,2\n", b"1,2,3,4\r", b"\n", b"  \n", b'"x', b'"', b'"",', b"\x00", b"\xff\xfe", b"\x1a"),
    *('"é\n",2,3\n'.encode(), b",", b"\r", b'"a"b,2,3\n', b'1,5" pipe,3\n', b'1,"two\nlines",3\n', "中,文,字\n".encode()),
]
FRAGMENTS = st.lists(st.sampled_from(PIECES), max_size=25)


@settings(deadline=None)
@given(FRAGMENTS, st.integers(1, 6), st.sampled_from(["utf-8", "gb18030", "cp1252", "big5"]), st.booleans())
def test_every_line_of_a_broken_file_is_counted_once_and_nothing_is_raised(
    parts: list[bytes], size: int, encoding: str, has_header: bool
) -> None:
    data = b"".join(parts)
    dialect = Dialect(encoding=encoding, delimiter=",", columns=3, has_header=has_header)
    whole = read(data, dialect)
    assert_conserved(whole, data)
    small = read(data, dialect, rows=size)
    assert_conserved(small, data)
    assert cells(small) == cells(whole)
    assert [r for c in small for r in c.rejected] == [r for c in whole for r in c.rejected]


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_any_bytes_read_as_utf_16_are_refused_line_by_line(data: bytes, encoding: str) -> None:
    found = read(data, Dialect(encoding=encoding, delimiter=",", columns=2, has_header=False), rows=3)
    if data:
        assert found[-1].end.byte == len(data)
    for chunk in found:
        assert chunk.lines == chunk.rows.height + len(chunk.rejected) + chunk.blank + chunk.continued


def rejects(data: bytes, columns: int = 2, **options: object) -> list[tuple[int, str]]:
    dialect = Dialect(encoding="utf-8", delimiter=",", columns=columns, has_header=False, **options)  # type: ignore[arg-type]
    found = read(data, dialect)
    assert_conserved(found, data)
    return [(reject.line, reject.reason) for chunk in found for reject in chunk.rejected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"1,2\n1\n1,2,3\n3,4\n", [(2, "too_few"), (3, "too_many")]),
        (b"1,2\n\xe9,2\n3,4\n", [(2, "decode")]),
        (b"1,2\n1,\x002\n3,4\n", [(2, "nul")]),
        (b'1,2\n1,"2\n3,4\n5,6\n', [(2, "unclosed_quote")]),
        (b'1,"a"b\n3,4\n', [(1, "stray_quote")]),
        (b'1,5" pipe\n3,"6"" nail"\n', []),
        (b'1,"' + b"\n".join([b"x"] * 600) + b'"\n3,4\n', [(1, "unclosed_quote")] + [(i, "too_few") for i in range(2, 600)]),
    ],
)
def test_a_bad_line_is_rejected_alone_with_its_reason(data: bytes, expected: list[tuple[int, str]]) -> None:
    found = rejects(data)
    assert [item for item in found if item in expected] == expected
    if len(expected) < 10:
        assert found == expected


def test_a_value_that_is_too_long_is_rejected_and_the_next_line_is_read() -> None:
    assert rejects(b"1," + b"x" * 131_073 + b"\n3,4\n") == [(1, "long_cell")]
    assert rejects(b'1,"' + b"x" * 131_073 + b'"\n3,4\n') == [(1, "long_cell")]
    assert rejects(b"1," + b"x" * 131_072 + b"\n3,4\n") == []


def test_a_line_of_a_million_columns_and_one_without_end_are_rejected() -> None:
    assert rejects(b"1,2\n" + b"a," * 1_000_000 + b"\n3,4\n") == [(2, "too_many")]
    data = b"1,2\n" + b"x" * 9_000_000 + b"\r\n3,4\n"
    assert rejects(data) == [(2, "long_line")]
    assert rejects(b"x" * 5_000_000) == [(1, "long_line")]
    wide = "1,2\n" + "é" * 5_000_000 + "\n3,4"
    found = read(wide.encode("utf-16-le"), Dialect(encoding="utf-16-le", delimiter=",", columns=2, has_header=False))
    assert found[-1].end.byte == len(wide) * 2
    assert cells(found) == [("1", "2"), ("3", "4")]
    assert all(len(reject.raw) <= 65_536 for chunk in found for reject in chunk.rejected)


def test_the_byte_order_mark_the_end_of_file_sign_and_a_missing_last_newline_are_no_data() -> None:
    dialect = Dialect(encoding="utf-8", delimiter=",", columns=2, header=("a", "b"))
    assert cells(read(b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\x1a", dialect)) == [("1", "2"), ("3", "4")]
    assert cells(read(b"a,b\n1,2\n\x1a", dialect, rows=2)) == [("1", "2")]


def test_runs_of_blanks_separate_and_blanks_after_commas_belong_to_no_value() -> None:
    blanks = Dialect(encoding="utf-8", delimiter=" ", columns=3, has_header=False)
    assert cells(read(b' 00004 \t 1   2.5\r\n  7 "a b"  3 \n', blanks)) == [("00004", "1", "2.5"), ("7", "a b", "3")]
    after = Dialect(encoding="utf-8", delimiter=",", columns=3, has_header=False, skip_blanks=True)
    assert cells(read(b'a, , b\n"x", "y, z", \n', after)) == [("a", "", "b"), ("x", "y, z", "")]


def test_a_record_keeps_its_raw_text_and_first_line() -> None:
    dialect = Dialect(encoding="utf-8", delimiter=",", columns=2, header=("a", "b"))
    (chunk,) = read(b'a,b\n\n1,"two\r\nlines"\n3,4\n', dialect)
    assert chunk.rows.select("line", "raw").rows() == [(3, '1,"two\r\nlines"'), (5, "3,4")]
    assert (chunk.header, chunk.blank, chunk.continued, chunk.lines) == (1, 1, 1, 5)
