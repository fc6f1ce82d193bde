"""Tables that lie in something else than text: workbooks, Parquet, packed files. Each becomes one CSV file in UTF-8.

Read by a process of its own (`unpack`), so that a bomb or a broken file takes nothing with it.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from kith_platform.imports.dialect import COLUMN_LIMIT
from kith_platform.imports.problems import FileProblem

UNPACKED_BYTES, RATIO, ENTRIES, ROWS = 1 << 30, 100, 1000, 5_000_000
PIECE = 1 << 20
WORKBOOK, PARQUET, ZIP, GZIP = "workbook", "parquet", "zip", "gzip"
TABLES = (".csv", ".tsv", ".tab", ".txt")
_WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")


@dataclass(frozen=True)
class Unpacked:
    """What was read: the sheet or packed file, and the others that hold something."""

    part: str = ""
    others: tuple[str, ...] = field(default_factory=tuple)


def kind_of(head: bytes) -> str | None:
    """What a file that begins so is; None for what is read as text, or refused by what reads text."""
    if head.startswith(b"PK\x03\x04"):
        return ZIP
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return WORKBOOK
    if head.startswith(b"PAR1"):
        return PARQUET
    return GZIP if head.startswith(b"\x1f\x8b") else None


def unpack(path: Path, into: Path, part: str = "") -> Unpacked:
    """Write the table of `path` to `into`. `part`: the sheet or packed file to take, else the largest. Raises FileProblem."""
    with path.open("rb") as file:
        kind = kind_of(file.read(16))
    if kind == ZIP:
        kind = _look_inside(path)
    if kind == PARQUET:
        return _parquet(path, into)
    if kind == GZIP:
        with gzip.open(path) as packed:
            _copy(packed, into, path.stat().st_size)
        return Unpacked()
    return _workbook(path, into, part) if kind == WORKBOOK else _zipped(path, into, part)


def _look_inside(path: Path) -> str:
    """Whether a ZIP file is a workbook. Raises FileProblem for one that would unpack into far more than it should."""
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
    except zipfile.BadZipFile:
        raise FileProblem("broken") from None
    size = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES or size > UNPACKED_BYTES or size > RATIO * max(path.stat().st_size, PIECE):
        raise FileProblem("bomb", megabytes=UNPACKED_BYTES >> 20)
    if any(entry.flag_bits & 1 for entry in entries):
        raise FileProblem("locked")
    return WORKBOOK if any(entry.filename in _WORKBOOKS for entry in entries) else ZIP


def _zipped(path: Path, into: Path, part: str) -> Unpacked:
    with zipfile.ZipFile(path) as packed:
        tables = {
            entry.filename: entry
            for entry in packed.infolist()
            if entry.filename.lower().endswith(TABLES) and not entry.filename.startswith("__MACOSX/") and entry.file_size
        }
        if not tables:
            raise FileProblem("nothing_packed")
        chosen = _chosen({name: entry.file_size for name, entry in tables.items()}, part)
        with packed.open(chosen) as file:
            _copy(file, into, path.stat().st_size)
    return Unpacked(chosen, tuple(name for name in tables if name != chosen))


def _chosen(sizes: dict[str, int], part: str) -> str:
    """The part that was asked for, else the largest, the first of equals."""
    if part and part not in sizes:
        raise FileProblem("no_such_part", part=part, parts=", ".join(sizes))
    return part or max(sizes, key=lambda name: sizes[name])


def _copy(file: IO[bytes] | gzip.GzipFile, into: Path, packed_bytes: int) -> None:
    """What a directory says of sizes may be a lie, so that the bytes are counted."""
    most, size = min(UNPACKED_BYTES, RATIO * max(packed_bytes, PIECE)), 0
    try:
        with into.open("wb") as out:
            while piece := file.read(PIECE):
                size += len(piece)
                if size > most:
                    raise FileProblem("bomb", megabytes=UNPACKED_BYTES >> 20)
                out.write(piece)
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError):  # the last: a rare compression
        raise FileProblem("broken") from None


def _workbook(path: Path, into: Path, part: str) -> Unpacked:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            sizes = {name: book.get_sheet_by_name(name).height for name in names}
            sizes = {name: size for name, size in sizes.items() if size}
            if not sizes:
                raise FileProblem("empty")
            chosen = _chosen(sizes, part)
            _write(into, (list(map(text_of, row)) for row in book.get_sheet_by_name(chosen).iter_rows()))
    except PasswordError:
        raise FileProblem("locked") from None
    except (CalamineError, OSError, ValueError):
        raise FileProblem("broken") from None
    return Unpacked(chosen, tuple(name for name in sizes if name != chosen))


def text_of(value: Any) -> str:
    """A cell as its owner sees it: a whole number without a point, a day without midnight, an instant as ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # beyond, digits were lost before
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() and value.tzinfo is None else value.isoformat(" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return "" if value is None else str(value)


def _parquet(path: Path, into: Path) -> Unpacked:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            columns = file.schema_arrow
            if nested := [column.name for column in columns if pa.types.is_nested(column.type)]:
                raise FileProblem("nested", columns=", ".join(nested))
            rows = (
                [text_of(value) for value in row.values()] for batch in file.iter_batches(10_000) for row in batch.to_pylist()
            )
            _write(into, _headed(columns.names, rows))
    except (pa.ArrowException, OSError):
        raise FileProblem("broken") from None
    return Unpacked()


def _headed(names: list[str], rows: Iterable[list[str]]) -> Iterator[list[str]]:
    yield names
    yield from rows


def _write(into: Path, rows: Iterable[list[str]]) -> None:
    with into.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        for count, row in enumerate(rows):
            if count > ROWS:
                raise FileProblem("too_many_rows", limit=ROWS)
            if len(row) > COLUMN_LIMIT:
                raise FileProblem("too_many_columns", columns=len(row), limit=COLUMN_LIMIT)
            writer.writerow(row)
