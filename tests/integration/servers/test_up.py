"""`kith up` and `kith down` over a site of two small programs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kith_platform.config import Settings
from kith_platform.servers.embedded import Embedded
from kith_platform.servers.up import MARK, down

SITE = """
import sys
from pathlib import Path
from kith_platform.config import Settings
from kith_platform.errors import KithError
from kith_platform.servers.programs import Program
from kith_platform.servers.up import up
HOME, PORT = Path(sys.argv[1]), int(sys.argv[2])
STEADY, WEB = HOME.with_name("steady.py"), HOME.with_name("web.py")
SITE = [Program("steady", (sys.executable, str(STEADY))), Program("crasher", (sys.executable, "-c", "raise SystemExit(3)"))]
SITE.append(Program("web", (sys.executable, str(WEB), str(PORT))))
try:
    up(Settings(home=HOME, secret_key="not to be shown"), PORT, lambda line: print(line, flush=True), SITE)
except KithError as error:
    sys.exit(str(error))
"""

STEADY = """
import os, subprocess, time
from pathlib import Path
horse = subprocess.Popen(["sleep", "1000"], start_new_session=True)
Path(os.environ["KITH_HOME"], "steady").write_text(f"{os.getpid()} {horse.pid}")
time.sleep(1000)
"""

WEB = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
home = Path(os.environ["KITH_HOME"])
class Web(BaseHTTPRequestHandler):
    def do_GET(self):
        (home / "asked").write_text(self.path)
        self.send_response(200 if (home / "loaded").exists() else 503)
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Web).serve_forever()
"""


def eventually(question: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Site:
    """A `kith up` in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        home.with_name("steady.py").write_text(STEADY)
        home.with_name("web.py").write_text(WEB)
        self.said = home.with_suffix(".said")
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        (self.home / "steady").unlink(missing_ok=True)
        with self.said.open("wb") as said:
            command = [sys.executable, "-c", SITE, str(self.home), str(self.port)]
            return subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)

    def children(self) -> tuple[int, int]:
        """The steady program and the process it started in a session of its own, as RQ's worker does."""
        told = self.home / "steady"
        eventually(lambda: self.process.poll() is not None or (told.exists() and told.read_text()))
        assert self.process.poll() is None, self.said.read_text()
        steady, horse = (self.home / "steady").read_text().split()
        return int(steady), int(horse)

    def says(self, words: str) -> None:
        eventually(lambda: words in self.said.read_text())

    def ours(self) -> list[int]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.home):
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    running = Site(settings.home)
    yield running
    down(settings)
    running.process.wait(timeout=60)


def test_a_child_that_is_killed_or_fails_is_started_again(site: Site) -> None:
    steady, _ = site.children()
    site.says("exited: crasher (exit status 3; not expected)")
    (site.home / "steady").unlink()
    os.kill(steady, signal.SIGKILL)
    assert site.children()[0] != steady
    log = site.home / "log" / "supervisord.log"
    eventually(lambda: log.read_text().count("spawned: 'crasher'") >= 3)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_the_servers_last(site: Site, settings: Settings, how: signal.Signals) -> None:
    site.children()
    site.process.send_signal(how)
    assert site.process.wait(timeout=60) == 0
    assert site.ours() == []
    assert not Embedded(settings).alive()
    assert site.said.read_text().endswith("stopped\n")


def test_the_address_is_told_when_the_application_answers_and_not_before(site: Site) -> None:
    asked = site.home / "asked"
    eventually(lambda: asked.exists() and asked.read_text())
    assert asked.read_text() == "/healthz"
    asked.unlink()
    eventually(asked.exists)  # once more, after an answer that was no 200
    assert "Kith is at" not in site.said.read_text()
    (site.home / "loaded").touch()
    site.says(f"Kith is at http://127.0.0.1:{site.port}")


def test_down_stops_a_running_site(site: Site, settings: Settings) -> None:
    site.children()
    down(settings)
    assert site.process.wait(timeout=60) == 0
    assert site.ours() == []
    assert not Embedded(settings).alive()


def test_servers_that_die_are_started_again(site: Site, settings: Settings) -> None:
    steady, _ = site.children()
    servers = Embedded(settings)
    assert servers.postgres is not None
    assert servers.valkey is not None
    before = {servers.postgres.postmaster(), servers.valkey.process()}
    for pid in before:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    eventually(servers.ready)
    assert not before & {servers.postgres.postmaster(), servers.valkey.process()}
    assert lives(steady)


def test_what_a_killed_site_left_is_ended_at_the_next_start(site: Site) -> None:
    orphans = site.children()
    site.process.kill()
    site.process.wait()
    assert all(lives(pid) for pid in orphans)
    site.process = site.start()
    new = site.children()
    assert not set(new) & set(orphans)
    assert not any(lives(pid) for pid in orphans)


def test_supervisor_killed_is_started_again_without_doubling_the_site(site: Site) -> None:
    orphans = site.children()
    (site.home / "steady").unlink()
    os.kill(int((site.home / ".supervisord.pid").read_text()), signal.SIGKILL)
    new = site.children()
    assert not set(new) & set(orphans)
    assert not any(lives(pid) for pid in orphans)


def test_a_second_up_of_the_same_home_is_refused_and_harms_nothing(site: Site) -> None:
    steady, _ = site.children()
    command = [sys.executable, "-c", SITE, str(site.home), str(site.port)]
    second = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert "already up" in second.stderr
    assert lives(steady)


def test_a_port_in_use_is_named(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-c", SITE, str(settings.home), str(port)]
        refused = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert f"Port {port} cannot be used (Address already in use)" in refused.stderr
    assert not Embedded(settings).alive()


def test_no_secret_stands_on_a_command_line_or_in_the_configuration(site: Site) -> None:
    site.children()
    secrets = {path.read_text() for path in (site.home / "keys").iterdir()} | {"not to be shown"}
    shown = (site.home / "supervisord.conf").read_text()
    shown += "".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in site.ours())
    assert not any(secret in shown for secret in secrets)


def test_down_where_nothing_runs_makes_nothing(settings: Settings) -> None:
    down(settings)
    assert not settings.home.exists()
