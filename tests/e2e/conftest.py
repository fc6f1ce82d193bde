"""The real site for a browser: `kith up` on a free port in a home of its own, with dispatcher, schedule and workers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from kith_platform.web import static_files

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # `visitor` and `files` stand beside this file

from visitor import Visitor  # noqa: E402

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
START_SECONDS = 240
STOP_SECONDS = 60


def chromium() -> str | None:
    """The browser itself where Debian puts it, else whatever is called so."""
    for path in ("/usr/lib/chromium/chromium", "/usr/bin/chromium"):
        if Path(path).is_file():
            return path
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="no Chromium here: apt install chromium fonts-noto-cjk")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if chromium() is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the running site. KITH_E2E_SITE names one that runs already, for work on these tests."""
    if running := os.environ.get("KITH_E2E_SITE"):
        yield running
        return
    if not (static_files.DIST / "manifest.json").is_file():
        pytest.fail("The front end is not built. Run `make ready`, then again.")
    with tempfile.TemporaryDirectory(prefix="kith-e2e-") as folder:
        port = _free_port()
        log = Path(folder) / "up.log"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("KITH_")}
        environment |= {"KITH_HOME": str(Path(folder) / "home"), "KITH_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(Path(sysconfig.get_path("scripts")) / "kith"), "up", "--port", str(port)],
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The site does not answer within {START_SECONDS} s. `kith up` said:\n{log.read_text()}")


# One file at a time: Playwright allows one of itself in a process, and other browser tests bring their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def visitor(site: str, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """`visitor("zh_Hans", 390)` is a person with a fresh browser in that language and width."""
    made: list[Visitor] = []

    def make(language: str = "en", width: int = 1440) -> Visitor:
        made.append(Visitor.open(browser, site, language, width))
        return made[-1]

    yield make
    for one in made:
        one.close()
