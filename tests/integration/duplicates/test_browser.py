"""With a real browser: review two customers, merge them, see the one, undo it, see the two."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from duplicates_company import Company
from flask import Flask
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from kith_platform.auth.cookies import COOKIE
from kith_platform.web import static_files

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt install chromium fonts-noto-cjk"),
    pytest.mark.skipif(not (static_files.DIST / "manifest.json").is_file(), reason="the front end is not built: run make ready"),
]

PAIR = """id,name,email,city
a,Xaver Featherstone,x@acme.example,Bath
b,Xaver Featherstone,featherstone@home.example,Bath
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def site(web: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, web, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", [390, 1440])
def test_two_are_merged_and_undone_by_clicks(
    browser: Browser, site: str, company: Company, client_for: Callable[..., Any], width: int
) -> None:
    company.load("customers", PAIR)
    company.find()
    client = client_for("analyst")
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    context.add_cookies([{"name": COOKIE, "value": client.key, "url": site}])
    page = context.new_page()
    page.goto(f"{site}/c/{client.slug}/duplicates/")
    expect(page.get_by_text("featherstone@home.example")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="They are one").click()
    expect(page.get_by_text("They are one customer now.")).to_be_visible()
    assert set(company.homes().values()) == {"a"}
    page.get_by_role("link", name="Merged").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is undone")).to_be_visible()
    assert company.homes() == {"a": "a", "b": "b"}
    page.get_by_role("button", name="Merge again").click()
    expect(page.get_by_text("They are one customer now.")).to_be_visible()
    assert set(company.homes().values()) == {"a"}
    context.close()
