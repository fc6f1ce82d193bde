"""What a backup says of itself: versions, rows and a checksum of every table, and a SHA-256 of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from kith_platform.errors import Invalid
from kith_platform.i18n import N_

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
BLOBS = "blobs"
KEYS = "keys"
PIECE = 1 << 20


class NotABackup(Invalid):
    """The folder holds no backup, or one that is damaged or that this version cannot read."""

    code = "not_a_backup"


@dataclass(frozen=True)
class TableSum:
    """Rows of a table and the sum of their hashes, which does not depend on the rows' order."""

    rows: int
    checksum: str


@dataclass(frozen=True)
class FileSum:
    """Bytes of a file and their SHA-256."""

    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class BackupManifest:
    """`made_at` is the moment of the database, ISO 8601 in UTC. `streams` is the schema's revision by stream, `tables` by
    schema.table, `files` by path inside the backup, `keys` the fingerprint by key's name.
    """

    format: int
    kith: str
    postgresql: str
    made_at: str
    companies: int
    streams: Mapping[str, str]
    tables: Mapping[str, TableSum]
    files: Mapping[str, FileSum]
    keys: Mapping[str, str]
    with_keys: bool

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())

    @property
    def blobs(self) -> list[str]:
        """Paths of the companies' files inside the backup."""
        return [path for path in self.files if path.startswith(f"{BLOBS}/")]

    def write(self, folder: Path) -> None:
        """Written last: a folder without it is no backup."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n", "utf-8")


def read(folder: Path) -> BackupManifest:
    """The manifest of a backup whose files are all there and unchanged. Raises NotABackup naming what is wrong."""
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
        version = found["format"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NotABackup(
            N_("%(folder)s is not a finished backup: it has no %(file)s that can be read. Name the folder `kith backup` wrote."),
            folder=folder,
            file=MANIFEST,
        ) from error
    if version != FORMAT:
        raise NotABackup(
            N_(
                "This backup has format %(found)s, and this Kith reads %(ours)s. Install the Kith %(kith)s that made it.",
            ),
            found=version,
            ours=FORMAT,
            kith=found.get("kith", "?"),
        )
    found["tables"] = {name: TableSum(**value) for name, value in found["tables"].items()}
    found["files"] = {name: FileSum(**value) for name, value in found["files"].items()}
    manifest = BackupManifest(**found)
    for name, known in manifest.files.items():
        _prove(folder, name, known)
    return manifest


def _prove(folder: Path, name: str, known: FileSum) -> None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file() or file_sum(path) != known:
        raise NotABackup(
            N_("%(file)s of the backup in %(folder)s is missing or damaged. Nothing was restored; use another copy."),
            file=name,
            folder=folder,
        )


def file_sum(path: Path) -> FileSum:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return FileSum(path.stat().st_size, digest.hexdigest())


def fingerprint(key: str) -> str:
    """By which a key is recognised and not found: 16 hex digits of a hash of 256 random bits."""
    return hashlib.sha256(f"kith fingerprint\0{key}".encode()).hexdigest()[:16]
