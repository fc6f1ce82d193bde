"""The real site for a browser: `kith up` on a free port in a home of its own, with dispatcher, schedule and workers."""

from __future__ import annotations

import datetime as dt
import os
import secrets
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
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from kith_platform.web import static_files

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # `visitor` and `files` stand beside this file

import files  # noqa: E402
from visitor import PASSWORD, PATIENCE_FOR_JOBS, Visitor  # noqa: E402

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


@dataclass(frozen=True)
class Shop:
    """A company whose numbers are there, and its owner's address."""

    slug: str
    email: str


SHOPS: dict[str, Shop] = {}  # by the site: the first file that wants it makes it, all look at it


@pytest.fixture(scope="module")
def shop(site: str, browser: Browser) -> Shop:
    """One company with `files.sales` in, for files that look at numbers: an import and a refresh are paid for once."""
    if site not in SHOPS:
        one, email = Visitor.open(browser, site), f"owner-{secrets.token_hex(4)}@shop.example"
        page = one.goto("/sign-up")
        for field, text in {"company": "山间茶铺", "name": "林小雨", "email": email, "password": PASSWORD}.items():
            page.fill(f"#f-{field}", text)
        one.submit()
        slug = one.slug
        one.company("scorecards/", slug)
        expect(page.locator(".empty-state")).to_be_visible()  # says what to do
        one.company("imports/new", slug)
        page.select_option("#f-table", "order_lines")
        content = files.sales(dt.datetime.now(dt.UTC).date())
        page.set_input_files("#f-file", files=[{"name": "sales.csv", "mimeType": "text/csv", "buffer": content}])
        one.submit()
        with page.expect_event("load"):
            page.click("button[name=do][value=load]")
        expect(page.locator(".job.is-running, .job.is-queued")).to_have_count(0, timeout=PATIENCE_FOR_JOBS)
        for _ in range(PATIENCE_FOR_JOBS // 1_000):
            one.company("scorecards/", slug)
            if page.locator("#cim").count():
                break
            page.wait_for_timeout(1_000)
        else:
            pytest.fail("no numbers came within the patience for jobs")
        one.clean()
        one.close()
        SHOPS[site] = Shop(slug, email)
    return SHOPS[site]


@pytest.fixture(scope="module", params=[("en", 1440), ("zh_Hans", 390)], ids=["english-desk", "chinese-phone"])
def at_shop(request: pytest.FixtureRequest, site: str, browser: Browser, shop: Shop) -> Iterator[Visitor]:
    """The shop's owner at a desk in English, and on a phone in Chinese; at the company's Home."""
    one = Visitor.open(browser, site, *request.param)
    one.sign_in(shop.email)
    one.context.add_cookies([{"name": "kith_language", "value": one.language, "url": site}])
    one.company("", shop.slug)
    yield one
    one.close()
