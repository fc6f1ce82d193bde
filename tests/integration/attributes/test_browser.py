"""With a real browser: keep a column with one click, see its values in the list, remove it knowing what uses it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attributes_company import Company
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
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

FILE = "customer_id,name,email,Seats,Tier,Health notes\n" + "".join(
    f"{n},Person {n},{n}@x.org,{'lots' if n == 4 else n},{'Gold' if n % 2 else 'Tin'},{'asthma' if n == 1 else ''}\n"
    for n in range(1, 30)
)


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


@pytest.mark.parametrize(("width", "language"), [(390, "zh_Hans"), (1440, "en")])
def test_a_column_becomes_an_attribute_by_a_click_and_leaves_by_two(
    browser: Browser, site: str, company: Company, client_for: Callable[..., Any], width: int, language: str
) -> None:
    company.load(FILE)
    client = client_for("owner")
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    context.add_cookies(
        [{"name": COOKIE, "value": client.key, "url": site}, {"name": "kith_language", "value": language, "url": site}]
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    base = f"{site}/c/{company.tenant.slug}"
    page.goto(f"{base}/attributes/")
    whole(page, f"attributes-columns-{width}")
    for column in ("Seats", "Tier"):
        page.goto(f"{base}/attributes/")
        page.locator("tr", has_text=column).locator("form button").click()
        page.wait_for_url("**/attributes/" + column.lower())
        company.work()
    page.reload()
    whole(page, f"attributes-one-{width}")
    page.goto(f"{base}/attributes/")
    expect(page.locator("table.data").first.locator("tbody tr")).to_have_count(2)
    whole(page, f"attributes-list-{width}")
    page.goto(f"{base}/attributes/seats/misfits")
    expect(page.locator("code").first).to_have_text("lots")
    page.goto(f"{base}/customers/?columns=attribute.seats&columns=attribute.tier&columns=last")
    expect(page.locator("table.data tbody tr").first).to_contain_text("Gold")
    whole(page, f"attributes-customers-{width}")
    page.goto(f"{base}/attributes/tier/remove")
    whole(page, f"attributes-remove-{width}")
    page.locator("main form button.btn-danger-soft").click()
    page.wait_for_url("**/attributes/")
    expect(page.locator("table.data").first.locator("tbody tr")).to_have_count(1)
    assert wrong == []
    context.close()


def whole(page: Page, name: str) -> None:
    """The page fits its width. With KITH_SHOTS it also leaves a picture there."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if folder := os.environ.get("KITH_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
