"""$KITH_HOME: its folders, its locks and the secrets made once in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from kith_platform.errors import Unavailable
from kith_platform.i18n import mark as N_  # noqa: N812 - gettext's usual name

LOG_LIMIT = 10_000_000
# Room for "/.s.PGSQL.5432.lock" below 100 bytes; the kernel's own limit is 107.
LONGEST_SOCKET_FOLDER = 80


class ServerError(Unavailable):
    """An embedded server cannot be started, reached or stopped; the message says which and what to do."""


class Home:
    """One installation's folder. Creating the object touches no disk; `prepare()` makes the folders."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path).absolute()
        self.pg = self.path / "pg"
        self.valkey = self.path / "valkey"
        self.keys = self.path / "keys"
        self.blobs = self.path / "blobs"
        self.logs = self.path / "log"

    def prepare(self) -> None:
        """Make the folders, mode 0700. Raises ServerError where one is in the way or belongs to somebody else."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.valkey, self.keys, self.blobs, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
        # The server's unprivileged user is known by the database, which only we can have put into our home.
        _private(self.sockets, {os.geteuid(), (self.pg if self.pg.exists() else self.path).stat().st_uid})

    @property
    def sockets(self) -> Path:
        """Folder of the unix sockets: `run/`, or where home's path is too long for a socket, what `run` links to."""
        run = self.path / "run"
        if len(os.fsencode(run)) <= LONGEST_SOCKET_FOLDER:
            return run
        if not run.is_symlink():
            # The link is written once, so that processes with another TMPDIR find the same sockets.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = Path(tempfile.gettempdir())
            if len(os.fsencode(temporary)) > LONGEST_SOCKET_FOLDER - 24:
                temporary = Path("/tmp")  # noqa: S108 - the folder in it is private, see _private
            name = hashlib.sha256(f"{os.geteuid()}:{self.path}".encode()).hexdigest()[:16]
            try:
                run.symlink_to(temporary / f"kith-{name}")
            except FileExistsError:
                if not run.is_symlink():
                    raise ServerError(N_("%(path)s is in the way: move it, Kith keeps its sockets there."), path=run) from None
        return run.readlink()

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the file lock `name` of this home against every other process and thread; waits for it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path / f".{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def secret(self, name: str) -> str:
        """The random secret `name` (43 URL-safe characters, 256 bits), made on first use and kept in `keys/`, 0600."""
        path = self.keys / name
        if not path.exists():
            self.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.keys) as fresh:  # NamedTemporaryFile is 0600
                fresh.write(secrets.token_urlsafe(32))
                fresh.flush()
                os.fsync(fresh.fileno())
                with suppress(FileExistsError):  # the first of two processes wins
                    os.link(fresh.name, path)  # whole or not at all
        return path.read_text()

    @property
    def secret_key(self) -> str:
        return self.secret("secret_key")

    @property
    def model_key(self) -> str:
        return self.secret("model_key")

    def log_file(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def fresh_log(self, name: str) -> Path:
        """The log for a process about to start, mode 0600; one above 10 MB is moved aside to `<name>.log.1`."""
        path = self.log_file(name)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        path.touch(mode=0o600)
        return path


def _private(folder: Path, owners: set[int]) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
            raise ServerError(
                N_("%(path)s belongs to somebody else: remove it, Kith keeps its sockets there."), path=folder
            ) from None
        folder.chmod(0o700)


def living(pid_file: Path, folder: Path) -> int | None:
    """The process id in a server's pid file, if that process lives and works in `folder`.

    A zombie, or a stranger who got the number of a killed server, is None.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        return pid if Path(psutil.Process(pid).cwd()).samefile(folder) else None
    except (OSError, ValueError, psutil.Error):
        return None


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
