"""What kind of file it is: encodings, separators, headers; and what is refused with advice."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith_platform.imports.dialect import Dialect, detect
from kith_platform.imports.problems import FileProblem
from kith_platform.imports.reading import chunks

SIMPLIFIED = "订单号,商品名称,备注\nA1,苹果手机壳,请尽快发货\nA2,蓝牙耳机,不用发票\n"
TRADITIONAL = "訂單編號,商品名稱,備註\nA1,蘋果手機殼,請盡快出貨\nA2,藍牙耳機,不用發票\n"
WESTERN = "Größe;Straße\nMüller;Köln\nJosé;Café\n"


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8"),
        (SIMPLIFIED, "utf-16", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (WESTERN, "cp1252", "cp1252"),
        ("a,b\n1,2\n", "ascii", "utf-8"),
    ],
)
def test_the_encoding_is_found_and_the_header_reads_well(text: str, encoding: str, expected: str) -> None:
    found = detect(text.encode(encoding))
    assert found.encoding == expected
    assert found.header == tuple(text.splitlines()[0].replace(";", ",").split(","))


def test_a_guess_between_chinese_encodings_says_that_it_is_one() -> None:
    found = detect("a,b\n1,陳\n".encode("big5"))
    assert "encoding_unsure" in [note.code for note in found.warnings]


def test_one_bad_byte_does_not_turn_a_utf_8_file_into_another_encoding() -> None:
    text = "id,name\n" + "".join(f"{i},Zoë\n" for i in range(30))
    found = detect(text.encode() + b"99,Zo\xeb\n")
    assert found.encoding == "utf-8"
    assert "encoding_mixed" in [note.code for note in found.warnings]


def test_a_character_cut_by_the_samples_end_is_no_error() -> None:
    text = "姓名,城市\n" + "张伟,北京\n" * 20_000
    for encoding in ("utf-8", "gb18030", "utf-16"):
        data = text.encode(encoding)
        for size in (262_144, 262_145, 262_146, 262_147):
            assert detect(data[:size]).header == ("姓名", "城市")


@pytest.mark.parametrize(
    ("text", "delimiter", "header"),
    [
        ("a,b\n1,2\n", ",", ("a", "b")),
        ("a;b\n1,5;2,5\n", ";", ("a", "b")),
        ("a\tb c\n1\t2 3\n", "\t", ("a", "b c")),
        ("a|b\n1|2,3\n", "|", ("a", "b")),
        ("sep=;\na;b\n1;2\n", ";", ("a", "b")),
        (" 00004 0001 19970101  2   29.33\r\n 00004 0001 19970118  2   29.73\r\n", " ", ()),
        ("1,2\n3,4\n", ",", ()),
        ("name\nBob Smith\nAnn Miller\n", ",", ("name",)),
        ("'a','b, c'\n'1','2'\n", ",", ("a", "b, c")),
        ('"a";"b"\n"x;y";"z"\n', ";", ("a", "b")),
        ("a,b,c\n", ",", ("a", "b", "c")),
        (",a,b\n0,x,y\n", ",", ("", "a", "b")),
    ],
)
def test_separator_and_header_are_found(text: str, delimiter: str, header: tuple[str, ...]) -> None:
    found = detect(text.encode())
    assert (found.delimiter, found.header) == (delimiter, header)


def test_what_the_user_lays_down_is_taken_as_it_is() -> None:
    found = detect(b"a;b,c\nd;e,f\n", delimiter=";", has_header=False)
    assert (found.delimiter, found.columns, found.has_header) == (";", 2, False)


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\r\n \n", "empty"),
        (packed(), "archive"),
        (gzip.compress(b"a,b"), "archive"),
        (b"%PDF-1.7 ...", "pdf"),
        (b"<!DOCTYPE html><html>", "markup"),
        (b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">]>', "markup"),
        (b'{"a": 1}', "json"),
        (b"\x7fELF" + bytes(range(256)) * 4, "binary"),
        (b"\x00" * 100, "binary"),
        (b",".join([b"a"] * 501) + b"\n", "too_many_columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",  # an archive carries the time: named by it, two runners differ
)
def test_what_is_no_table_is_refused_with_advice(data: bytes, problem: str) -> None:
    with pytest.raises(FileProblem) as raised:
        detect(data)
    assert raised.value.code == problem
    assert "%(" not in str(raised.value)


def test_an_encoding_that_is_unknown_or_wrong_is_refused_naming_it() -> None:
    for name in ("klingon", "utf-7", "zlib", "cp037"):
        with pytest.raises(FileProblem, match=name):
            detect(b"a,b\n", encoding=name)
    with pytest.raises(FileProblem, match="byte 4"):
        detect("a,b\n北京,上海\n".encode("big5"), encoding="utf-8")
    assert detect("a,b\n1,é\n".encode("latin-1"), encoding="latin-1").encoding == "iso8859-1"


BROKEN = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).flatmap(
        lambda text: st.sampled_from(["utf-8", "utf-16", "gb18030"]).map(lambda name: text.encode(name, "replace"))
    ),
    st.lists(
        st.sampled_from(
            [b"a,b\n", b"1;2;3\r", b'"', b"\x00", b"\xff", b"\t", b"19970101", b" ", codecs.BOM_UTF16_LE, b"\xa4\xa4"]
        ),
        max_size=40,
    ).map(b"".join),
)


@settings(deadline=None, max_examples=300)
@given(BROKEN)
def test_any_bytes_give_a_problem_or_are_read_with_every_line_counted(data: bytes) -> None:
    try:
        found: Dialect = detect(data)
    except FileProblem:
        return
    read = list(chunks(partial(io.BytesIO, data), found, rows=3))
    for chunk in read:
        assert chunk.lines == chunk.rows.height + len(chunk.rejected) + chunk.blank + chunk.header + chunk.continued
        assert all(reject.text() and "%(" not in reject.text() for reject in chunk.rejected)
    assert read[-1].end.byte == len(data)
