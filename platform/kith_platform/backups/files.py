"""The companies' files: from the blob store into a backup and back, with the sum of each as it passes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import fsspec

from kith_platform.backups.manifest import BLOBS, PIECE, FileSum

TENANTS = "tenants"
UNFINISHED = ".part"


class Store:
    """Every company's files at an fsspec URL, by names such as `tenants/7/imports/…/source`."""

    def __init__(self, url: str) -> None:
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = PurePosixPath(root)

    def names(self) -> list[str]:
        """What lies there whole, sorted."""
        found = self._files.find(str(self._root / TENANTS)) if self._files.exists(str(self._root / TENANTS)) else []
        names = (PurePosixPath("/", path).relative_to(PurePosixPath("/", self._root)) for path in found)
        return sorted(str(name) for name in names if name.suffix != UNFINISHED)

    def save(self, folder: Path) -> Iterator[tuple[str, FileSum]]:
        """Copy everything into `folder`/blobs. What somebody removes meanwhile is left out: the database had let it go."""
        for name in self.names():
            target = folder / BLOBS / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with self._files.open(str(self._root / name), "rb") as source, target.open("wb") as kept:
                    copied = _copy(source, kept)
            except FileNotFoundError:
                target.unlink(missing_ok=True)
                continue
            yield f"{BLOBS}/{name}", copied

    def put_back(self, folder: Path, name: str) -> None:
        """Copy one file of the backup (by its path in it) to where it was."""
        path = str(self._root / PurePosixPath(name).relative_to(BLOBS))
        self._files.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        with (folder / name).open("rb") as source, self._files.open(path, "wb") as target:
            _copy(source, target)


def _copy(source: IO[bytes] | Any, target: IO[bytes] | Any) -> FileSum:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        digest.update(piece)
        size += len(piece)
        target.write(piece)
    return FileSum(size, digest.hexdigest())
