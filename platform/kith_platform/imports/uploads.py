"""Uploads in the tenant's files: kept as they came, and their table beside them where they are workbooks, Parquet or packed."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, BinaryIO, NamedTuple

from kith_platform.blobs import TenantBlobs
from kith_platform.errors import TooLarge
from kith_platform.i18n import N_
from kith_platform.imports.containers import kind_of
from kith_platform.imports.problems import FileProblem, Note, note
from kith_platform.imports.unpack import unpacked

PIECE = 1 << 20
SEVERAL = " · "  # between the names of sheets


class Kept(NamedTuple):
    """A file in the tenant's store: `blob` is what is read as text, made of the upload where that was a workbook, Parquet or
    packed. `sha256` and `size` (bytes) are the upload's; `notes` tell which sheet was read."""

    blob: str
    sha256: str
    size: int
    notes: tuple[Note, ...] = ()


def keep_file(blobs: TenantBlobs, stream: IO[bytes], *, limit: int | None = None, part: str = "") -> Kept:
    """Copy an upload into the tenant's files. `part`: the sheet of a workbook or the file of an archive to read.

    Raises TooLarge beyond `limit` bytes, FileProblem for a container that cannot be read.
    """
    folder, digest, size = f"imports/{uuid.uuid4().hex}", hashlib.sha256(), 0
    name = f"{folder}/source"
    with blobs.open(name, "wb") as out:
        while piece := stream.read(PIECE):
            digest.update(piece)
            size += len(piece)
            if limit is not None and size > limit:
                break
            out.write(piece)
    if limit is not None and size > limit:
        blobs.remove(name)
        raise too_large(limit)
    kept = Kept(name, digest.hexdigest(), size)
    with blobs.open(name) as source:
        packed = kind_of(source.read(16)) is not None
    try:
        return unpacked_beside(blobs, kept, f"{folder}/table", part) if packed else kept
    except FileProblem:
        blobs.remove(folder)
        raise


def unpacked_beside(blobs: TenantBlobs, kept: Kept, table: str, part: str) -> Kept:
    """The same upload with its table as CSV beside it; reading goes through a scratch folder, as containers want to seek."""
    with TemporaryDirectory(prefix="kith-unpack-") as scratch:
        path, into = Path(scratch, "source"), Path(scratch, "table")
        with blobs.open(kept.blob) as source, path.open("wb") as local:
            shutil.copyfileobj(source, local, PIECE)
        found = unpacked(path, into, part)
        with into.open("rb") as made, blobs.open(table, "wb") as out:
            shutil.copyfileobj(made, out, PIECE)
    told: tuple[Note, ...] = ()
    if found.others:
        told = (note("part_of_several", part=found.part, others=SEVERAL.join(found.others)),)
    return kept._replace(blob=table, notes=told)


def too_large(limit: int) -> TooLarge:
    """What to do with a file beyond `limit` bytes."""
    return TooLarge(
        N_("This file is larger than %(megabytes)s MB. Split it, or let your operator load it with `kith import`."),
        megabytes=limit // 1_000_000,
    )


def open_file(blobs: TenantBlobs, blob: str) -> BinaryIO:
    """The kept upload, open for reading."""
    return blobs.stream(blob)
