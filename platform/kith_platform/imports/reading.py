"""Records of a file, chunk by chunk, without loading the file. Every physical line is counted once.

Lines without a quote are split by Polars; the others, and only those, by the csv module, strictly.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import polars as pl

from kith_platform.imports.dialect import BLANKS, Dialect
from kith_platform.imports.encoding import lenient
from kith_platform.imports.lines import KEPT, LINE_LIMIT, Lines, LongLine, OpenBinary
from kith_platform.imports.problems import reason

CHUNK_LINES = 5_000
CELL_LIMIT = 131_072  # characters; the csv module's own
RECORD_LINES = 500  # a quoted value that runs over more lines, or characters, is an unclosed quote
RECORD_CHARACTERS = 262_144
LINE, RAW = "line", "raw"


@dataclass(frozen=True)
class Offset:
    """A place in a file between two records: byte, number of the line that begins there, whether the header lies before."""

    byte: int = 0
    line: int = 1
    header_read: bool = False


@dataclass(frozen=True)
class Rejected:
    """A line that is no record: a reason of `problems.LINE`, its parameters, and the line as it stands (at most 64 KiB)."""

    line: int
    reason: str
    raw: str
    params: tuple[tuple[str, object], ...] = ()

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The reason as a sentence, in the language of `translate` (gettext)."""
        return reason(self.reason, dict(self.params), translate=translate)


@dataclass(frozen=True)
class Chunk:
    """Some records. `rows`: line (Int64), raw (String), then c1…cn (String), in the file's order. Reading again from
    `start` gives the same chunk, from `end` the next. `lines` = rows + rejected + blank + header + continued, where
    `continued` are the further lines of records (and of a header) that run over several."""

    start: Offset
    end: Offset
    rows: pl.DataFrame
    rejected: tuple[Rejected, ...]
    lines: int
    blank: int
    header: int
    continued: int


def column(position: int) -> str:
    """The name in `Chunk.rows` of the column at a 1-based position."""
    return f"c{position}"


def chunks(open_binary: OpenBinary, dialect: Dialect, *, start: Offset | None = None, rows: int = CHUNK_LINES) -> Iterator[Chunk]:
    """The file from `start` in chunks of about `rows` physical lines; a record is never cut. No chunk for no line.

    A line that cannot be read is in `rejected`; nothing is raised for the content of the file.
    """
    place = start or Offset()
    with open_binary() as binary:
        lines = Lines(binary, dialect.encoding, place.byte)
        want = rows
        while taken := lines.take(want):
            block = _Block(taken, lines.codec, place, dialect, lines.at_end())
            used = block.read()
            if not used:  # one record fills the block: look further
                lines.give_back(taken)
                want *= 2
                continue
            lines.give_back(taken[used:])
            chunk = block.chunk(used, lines.size(taken[:used]))
            yield chunk
            place, want = chunk.end, rows


@dataclass
class _Block:
    """Some lines being sorted into records, rejects, blanks and header."""

    taken: Sequence[bytes]
    codec: str
    place: Offset
    dialect: Dialect
    ended: bool
    rejected: list[Rejected] = field(default_factory=list)
    parts: list[pl.DataFrame] = field(default_factory=list)
    blank: int = 0
    header: int = 0
    header_read: bool = False
    continued: int = 0

    def read(self) -> int:
        """Sort the lines; how many are settled. The rest begins with a record that needs lines beyond this block."""
        texts = self._decoded()
        frame = pl.DataFrame({"at": range(len(texts)), RAW: texts}, schema={"at": pl.Int64, RAW: pl.String})
        frame = frame.with_columns(text=pl.col(RAW).str.strip_chars_end("\r\n"))
        first = self._preamble(frame)
        if first is None:
            return 0
        quoted = frame.filter(pl.col("at") >= first, self._needs_csv())
        used, covered = self._read_quoted(texts, quoted["at"].to_list())
        plain = frame.filter(pl.col("at").is_between(first, used - 1), ~self._needs_csv(), pl.col("text").is_not_null())
        if covered:
            plain = plain.filter(~pl.col("at").is_in(list(covered)))
        self._read_plain(plain)
        return used

    def chunk(self, used: int, size: int) -> Chunk:
        """What `read` found, for its first `used` lines, which take `size` bytes."""
        end = Offset(self.place.byte + size, self.place.line + used, self.place.header_read or self.header_read)
        parts = [part for part in self.parts if part.height]
        rows = (pl.concat(parts) if parts else self._frame([], [], [])).sort(LINE)
        settled = (reject for reject in self.rejected if reject.line < end.line)
        rejected = tuple(sorted(settled, key=lambda reject: reject.line))
        return Chunk(self.place, end, rows, rejected, used, self.blank, self.header, self.continued)

    def _decoded(self) -> list[str | None]:
        """The lines' text; None for those rejected for their bytes."""
        joined = b"".join(self.taken)
        texts: list[str | None]
        try:
            texts = [line.decode(self.codec) for line in self.taken]
        except UnicodeDecodeError:
            texts = [self._decode(i) for i in range(len(self.taken))]
        if b"\x00" in joined:
            for i, text in enumerate(texts):
                if text is not None and "\x00" in text:
                    self._refuse(i, "nul", text)
                    texts[i] = None
        if len(joined) >= KEPT:
            for i, line in enumerate(self.taken):
                if isinstance(line, LongLine):
                    self._refuse(i, "long_line", lenient(line, self.codec), limit=LINE_LIMIT)
                    texts[i] = None
        if self.place.line == 1 and texts and texts[0] is not None:
            texts[0] = texts[0].removeprefix("\ufeff")
        if self.ended and texts and texts[-1] is not None:
            texts[-1] = texts[-1].rstrip("\x1a")
        return texts

    def _decode(self, at: int) -> str | None:
        try:
            return self.taken[at].decode(self.codec)
        except UnicodeDecodeError:
            if isinstance(self.taken[at], LongLine):
                return ""  # the cut may have hit a character
            self._refuse(at, "decode", lenient(self.taken[at], self.codec), encoding=self.dialect.encoding)
            return None

    def _preamble(self, frame: pl.DataFrame) -> int | None:
        """Count what stands before the data: preamble, blank lines and header. The data's first line; None where the
        header runs beyond the block."""
        if self.place.header_read or not (self.dialect.has_header or self.dialect.preamble):
            return 0
        skip = min(max(0, self.dialect.preamble - self.place.line + 1), frame.height)
        self.header += skip
        if not self.dialect.has_header:
            return skip
        texts = frame[RAW].to_list()
        for at, text in enumerate(frame["text"].to_list()[skip:], skip):
            if text is not None and not text.strip(" "):
                self.blank += 1
                continue
            self.header_read = True
            if text is None:  # rejected already
                return at + 1
            found = self._record(texts, at)
            if found is None:
                return None
            length = 1 if isinstance(found, str) else found[1]
            self.header += 1
            self.continued += length - 1
            return at + length
        return frame.height

    def _needs_csv(self) -> pl.Expr:
        long = pl.col("text").str.len_chars() > CELL_LIMIT
        quote = self.dialect.quote
        return (pl.col("text").str.contains(quote, literal=True) | long) if quote else long

    def _read_quoted(self, texts: Sequence[str | None], places: Sequence[int]) -> tuple[int, set[int]]:
        """Read the lines with quotes. How many lines of the block are settled, and which lines continue a record."""
        if rows := self._all_single(texts, places):
            self._judge(list(places), [texts[at] or "" for at in places], rows)
            return len(texts), set()
        covered: set[int] = set()
        kept: list[int] = []
        raws: list[str] = []
        rows = []
        for at in places:
            if at in covered:
                continue
            found = self._record(texts, at)
            if found is None:
                break
            if not isinstance(found, str) and found[1] > 1 and len(found[0]) != self.dialect.columns:
                found = "unclosed_quote"
            if isinstance(found, str):
                self._refuse(at, found, texts[at] or "", limit=CELL_LIMIT)
                continue
            record, length = found
            covered.update(range(at + 1, at + length))
            kept.append(at)
            raws.append("".join(text or "" for text in texts[at : at + length]))
            rows.append(record)
        else:
            at = len(texts)
        self.continued += len(covered)
        self._judge(kept, raws, rows)
        return at, covered

    def _all_single(self, texts: Sequence[str | None], places: Sequence[int]) -> list[list[str]]:
        """The records of the lines with quotes where each of them is one record, else nothing."""
        lines = [self._trimmed(texts[at] or "") for at in places]
        try:
            rows = list(self._reader(iter(lines)))
        except csv.Error:
            return []
        return rows if len(rows) == len(lines) else []

    def _record(self, texts: Sequence[str | None], at: int) -> tuple[list[str], int] | str | None:
        """The record that begins at a line and the number of its lines; a reason if there is none; None where the block
        ends too early to tell."""
        size = 0
        cut = False

        def following() -> Iterator[str]:
            nonlocal size, cut
            for text in islice(texts, at, at + RECORD_LINES):
                if text is None or (size := size + len(text)) > max(RECORD_CHARACTERS, len(texts[at] or "")):
                    cut = True
                    return
                yield self._trimmed(text)
            cut = at + RECORD_LINES <= len(texts)

        reader = self._reader(following())
        try:
            return next(reader), int(reader.line_num)
        except StopIteration:
            return "unclosed_quote"
        except csv.Error as error:
            if "unexpected end" in str(error):
                return "unclosed_quote" if cut or self.ended else None
            if "field larger" in str(error):
                return "long_cell"
            return "unclosed_quote" if reader.line_num > 1 else "stray_quote"

    def _trimmed(self, text: str) -> str:
        if self.dialect.delimiter != BLANKS:
            return text
        body = text.rstrip("\r\n")
        return body.replace("\t", " ").strip(" ") + text[len(body) :]

    def _reader(self, lines: Iterator[str]) -> Any:
        dialect = self.dialect
        blanks = dialect.skip_blanks or dialect.delimiter == BLANKS
        return csv.reader(
            lines, delimiter=dialect.delimiter, quotechar=dialect.quote or None, strict=True, skipinitialspace=blanks
        )

    def _judge(self, places: Sequence[int], raws: Sequence[str], rows: Sequence[list[str]]) -> None:
        """Keep the records that have as many fields as the file has columns."""
        good = [i for i, row in enumerate(rows) if len(row) == self.dialect.columns]
        if len(good) < len(rows):
            fine = set(good)
            for i in (i for i in range(len(rows)) if i not in fine):
                self._reject_ragged(places[i], raws[i], len(rows[i]))
        chosen = [rows[i] for i in good]
        self.parts.append(self._frame([places[i] for i in good], [raws[i].rstrip("\r\n") for i in good], chosen))

    def _frame(self, places: Sequence[int], raws: Sequence[str], rows: Sequence[Sequence[str]]) -> pl.DataFrame:
        columns = zip(*rows, strict=True) if rows else ([] for _ in range(self.dialect.columns))
        cells = {column(i): pl.Series(values, dtype=pl.String) for i, values in enumerate(columns, 1)}
        numbers = pl.Series(places, dtype=pl.Int64) + self.place.line
        return pl.DataFrame({LINE: numbers, RAW: pl.Series(raws, dtype=pl.String), **cells})

    def _read_plain(self, frame: pl.DataFrame) -> None:
        """Split the lines without quotes."""
        text = pl.col("text")
        delimiter, columns = self.dialect.delimiter, self.dialect.columns
        split = text.str.strip_chars(" \t").str.replace_all(r"[ \t]+", " ") if delimiter == BLANKS else text
        empty = text.str.strip_chars(" \t" if delimiter == BLANKS else " ") == ""
        frame = frame.with_columns(split=split, empty=empty)
        self.blank += int(frame["empty"].sum())
        frame = frame.filter(~pl.col("empty")).with_columns(found=pl.col("split").str.count_matches(delimiter, literal=True) + 1)
        for at, raw, found in frame.filter(pl.col("found") != columns).select("at", "text", "found").iter_rows():
            self._reject_ragged(at, raw, found)
        frame = frame.filter(pl.col("found") == columns)
        cells = frame["split"].str.split_exact(delimiter, columns - 1).struct.unnest()
        cells.columns = [column(i) for i in range(1, columns + 1)]
        if self.dialect.skip_blanks:
            cells = cells.with_columns(pl.all().str.strip_chars_start(" "))
        number = (frame["at"] + self.place.line).alias(LINE)
        self.parts.append(pl.DataFrame([number, frame["text"].alias(RAW), *cells.get_columns()]))

    def _reject_ragged(self, at: int, raw: str, found: int) -> None:
        expected = self.dialect.columns
        self._refuse(at, "too_few" if found < expected else "too_many", raw, found=found, expected=expected)

    def _refuse(self, at: int, why: str, raw: str, **params: object) -> None:
        line = self.place.line + at
        self.rejected.append(Rejected(line, why, raw.rstrip("\r\n")[:KEPT], tuple(params.items())))
