"""`kith up` and `kith down`: every process of a site under supervisor, over the embedded servers."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped]

from kith_platform.config import Settings
from kith_platform.i18n import mark as N_  # noqa: N812 - gettext's usual name
from kith_platform.servers.embedded import Embedded
from kith_platform.servers.home import Home, ServerError, tail
from kith_platform.servers.programs import HOST, Program, environment, programs, write_configuration

WATCH_SECONDS = 1.0
STOP_SECONDS = 60
LONGEST_PAUSE = 30.0  # seconds between two attempts to start a server that does not start
MARK = "KITH_UP"  # in the environment of all we start: names the home, so that orphans are known as ours

Echo = Callable[[str], None]


def up(settings: Settings, port: int, echo: Echo, site: Sequence[Program] | None = None) -> None:
    """Run the site in the foreground until SIGINT, SIGTERM or SIGHUP, then stop all, the embedded servers last.

    `echo` gets one line of English per event; `site` replaces the programs. Call it in the main thread.
    Raises ServerError: a site of this home is already up, the port is taken, a server does not start.
    """
    if settings.public_url == Settings.public_url:
        settings = replace(settings, public_url=f"http://{HOST}:{port}")
    servers = Embedded(replace(settings, home=settings.home.absolute()))
    wanted = list(site) if site is not None else programs(settings, port)
    with _only_one(servers.home), _stop_signals() as stop:
        end_orphans(servers.home, echo)
        _demand_port(port)
        try:
            servers.ensure()
            _supervise(servers, wanted, port, echo, stop)
        finally:
            end_orphans(servers.home, echo)
            servers.down()
            echo("stopped")


def down(settings: Settings, echo: Echo = lambda _: None) -> None:
    """Stop a running `kith up`, whatever it left, and the embedded servers. No error where nothing runs."""
    servers = Embedded(replace(settings, home=settings.home.absolute()))
    if not servers.home.path.is_dir():
        return
    if (pid := running_site(servers.home)) is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while running_site(servers.home) == pid and time.monotonic() < deadline:
            time.sleep(0.1)
    end_orphans(servers.home, echo)
    servers.down()


def end_orphans(home: Home, echo: Echo) -> None:
    """End what a killed `kith up` of this home left, or what outlived its supervisor."""
    for how, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        told: set[int] = set()
        deadline = time.monotonic() + seconds
        # Looked for again and again: the ending ones may start others. A zombie has no environment and is not found.
        while (orphans := [one for one in psutil.process_iter() if _is_ours(one, home)]) and time.monotonic() < deadline:
            for orphan in (one for one in orphans if one.pid not in told):
                echo(f"ending process {orphan.pid}, which an earlier `kith up` left")
                told.add(orphan.pid)
                with suppress(psutil.NoSuchProcess):
                    orphan.send_signal(how)
            time.sleep(0.1)


def _is_ours(process: psutil.Process, home: Home) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        return bool(process.environ().get(MARK) == str(home.path))
    except (psutil.Error, OSError):
        return False


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    home.prepare()
    with (home.path / ".up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(
                N_("Kith is already up in %(home)s. Use it, or stop it with `kith down`."), home=home.path
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def running_site(home: Home) -> int | None:
    """Process id of the `kith up` that holds this home's lock."""
    try:
        with (home.path / ".up.lock").open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
    except (FileNotFoundError, ValueError):
        pass
    return None


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    former = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _demand_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn: a closed site's port is free
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServerError(
                N_("Port %(port)s cannot be used (%(why)s). Stop what listens there, or choose another: `kith up --port N`."),
                port=port,
                why=error.strerror,
            ) from None


def _supervise(servers: Embedded, site: Sequence[Program], port: int, echo: Echo, stop: threading.Event) -> None:
    """Keep supervisor and the embedded servers running until `stop` is set; then end supervisor."""
    configuration = write_configuration(servers.home, site)
    supervisor = _start_supervisor(servers, configuration)
    news = _News(servers.home.log_file("supervisord"), port, echo)
    echo(f"starting {', '.join(program.name for program in site)}; logs are in {servers.home.logs}")
    pause = 0.0
    try:
        while not stop.wait(WATCH_SECONDS + pause):
            news.read()
            try:
                if not servers.alive():
                    echo("an embedded server has ended; starting it again")
                    servers.ensure()
                if supervisor.poll() is not None:
                    echo("supervisor has ended; starting it again")
                    end_orphans(servers.home, echo)
                    supervisor = _start_supervisor(servers, configuration)
                pause = 0.0
            except ServerError as error:
                pause = min(2 * pause + 1, LONGEST_PAUSE)
                echo(str(error))
    finally:
        echo("stopping")
        _end(supervisor, max(program.stop_seconds for program in site) + 10)


def _start_supervisor(servers: Embedded, configuration: Path) -> subprocess.Popen[bytes]:
    log = servers.home.fresh_log("supervisord")
    # A session of its own: Ctrl-C in the terminal reaches us alone, and we stop things in their order.
    with log.open("ab") as complaints:
        supervisor = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)],
            env={**os.environ, **environment(servers.settings), MARK: str(servers.home.path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
        )
    time.sleep(0.2)
    if supervisor.poll() is not None:
        raise ServerError(N_("The supervisor does not start. Its log %(log)s ends:\n%(end)s"), log=log, end=tail(log))
    return supervisor


def _end(supervisor: subprocess.Popen[bytes], seconds: int) -> None:
    supervisor.terminate()
    try:
        supervisor.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


class _News:
    """Tells once that the site answers, and what supervisor logs about children that end, as it happens."""

    def __init__(self, log: Path, port: int, echo: Echo) -> None:
        self._log, self._port, self._echo = log, port, echo
        self._read_to = log.stat().st_size
        self._answered = False

    def read(self) -> None:
        if not self._answered and _answers(self._port):
            self._answered = True
            self._echo(f"Kith is at http://{HOST}:{self._port}")
        with self._log.open("rb") as log:
            log.seek(self._read_to)
            for line in log:
                if b" exited: " in line or b" FATAL " in line:
                    self._echo(line.decode(errors="replace").split(" ", 3)[-1].strip())
            self._read_to = log.tell()


def _answers(port: int) -> bool:
    """Whether the application answers: gunicorn listens some seconds before it has loaded it."""
    web = HTTPConnection(HOST, port, timeout=1)
    try:
        web.request("GET", "/healthz")
        return web.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        web.close()
