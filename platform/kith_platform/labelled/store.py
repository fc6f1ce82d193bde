"""The lines of a labelled table: as text, column by column, in the tenant's files."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from kith_platform.blobs import TenantBlobs
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.imports import uploads
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.reading import RAW, Rejected, chunks, column

CELLS = 20_000_000  # lines × columns: what a training holds in memory
OCCURRENCE = "\0occurrence"  # no column of a file can be called so


class TooManyCells(Invalid):
    code = "too_many_cells"
    default = N_("The table would hold more than %(limit)s values (lines × columns). Leave out columns or lines.")


@dataclass(frozen=True)
class Read:
    """A file read: its lines as text by column, and the lines that are none."""

    texts: pl.DataFrame
    rejected: tuple[Rejected, ...]

    @property
    def lines(self) -> int:
        """Lines of the file that hold or should hold a row."""
        return self.texts.height + len(self.rejected)


def read(
    blobs: TenantBlobs, blob: str, dialect: Dialect, names: Sequence[str], *, tell: Callable[[int], None] = lambda _lines: None
) -> Read:
    """The whole file. Raises TooManyCells."""
    parts: list[pl.DataFrame] = []
    rejected: list[Rejected] = []
    lines = 0
    for chunk in chunks(partial(uploads.open_file, blobs, blob), dialect):
        parts.append(chunk.rows.drop("line", RAW))
        rejected += chunk.rejected
        lines += chunk.rows.height
        refuse_large(lines, len(names))
        tell(lines + len(rejected))
    empty = pl.DataFrame(schema={column(at): pl.String for at in range(1, len(names) + 1)})
    texts = pl.concat([empty, *parts])
    texts.columns = list(names)
    return Read(texts, tuple(rejected))


def refuse_large(lines: int, columns: int) -> None:
    """Raises TooManyCells."""
    if lines * columns > CELLS:
        raise TooManyCells(limit=f"{CELLS:,}")


def added(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The lines of `now` that `before` does not hold, in their order. Equal lines count: the third of its kind is new where
    there were two."""
    numbered = [frame.with_columns(pl.int_range(pl.len()).over(frame.columns).alias(OCCURRENCE)) for frame in (before, now)]
    return (
        numbered[1]
        .join(numbered[0], on=numbered[1].columns, how="anti", nulls_equal=True, maintain_order="left")
        .drop(OCCURRENCE)
    )


def write(blobs: TenantBlobs, blob: str, texts: pl.DataFrame) -> str:
    """Keep the lines; the SHA-256 of what they say."""
    buffer = io.BytesIO()
    texts.write_parquet(buffer, compression="zstd", statistics=False)
    with blobs.open(blob, "wb") as out:
        out.write(buffer.getvalue())
    return hashlib.sha256(texts.write_csv().encode()).hexdigest()


def load(blobs: TenantBlobs, blob: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The lines as they were kept, all columns or some."""
    with blobs.open(blob) as stream:
        return pl.read_parquet(io.BytesIO(stream.read()), columns=list(columns) if columns is not None else None)
