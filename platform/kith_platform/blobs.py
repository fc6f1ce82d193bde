"""Files of a tenant: uploads, snapshots, models, exports. Each tenant has a prefix; no user's file name is in any path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, cast

import fsspec


class Blobs:
    """The blob store at an fsspec URL: a local folder by default, S3 and others by URL."""

    def __init__(self, url: str) -> None:
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = PurePosixPath(root)

    def of(self, tenant_id: int) -> TenantBlobs:
        return TenantBlobs(self._files, self._root / "tenants" / str(tenant_id))


class TenantBlobs:
    """One tenant's files, by relative names such as `imports/7/source`."""

    def __init__(self, files: Any, root: PurePosixPath) -> None:
        self._files, self.root = files, root

    @property
    def files(self) -> Any:
        """The fsspec file system, for readers that open paths of ours themselves."""
        return self._files

    def path(self, name: str) -> str:
        """Absolute path or key of `name`. Raises ValueError for a name that leaves the tenant's prefix."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or "\0" in name or any(part in {"..", "."} for part in parts):
            raise ValueError(f"{name!r} is not a name inside the tenant's files")
        return str(self.root / name)

    @contextmanager
    def open(self, name: str, mode: str = "rb") -> Iterator[IO[bytes]]:
        """Open for reading or writing. A file written here appears whole or not at all."""
        path = self.path(name)
        if "w" not in mode:
            with self._files.open(path, mode) as stream:
                yield stream
            return
        self._files.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        part = f"{path}.part"
        with self._files.open(part, mode) as stream:
            yield stream
        self._files.mv(part, path)

    def stream(self, name: str) -> BinaryIO:
        """An open file to read; the caller closes it."""
        return cast("BinaryIO", self._files.open(self.path(name), "rb"))

    def exists(self, name: str) -> bool:
        return bool(self._files.exists(self.path(name)))

    def size(self, name: str) -> int:
        """Bytes. Raises FileNotFoundError."""
        return int(self._files.size(self.path(name)))

    def remove(self, name: str) -> None:
        """Remove a file or folder; none is no error."""
        path = self.path(name)
        if self._files.exists(path):
            self._files.rm(path, recursive=True)
