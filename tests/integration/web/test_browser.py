"""What only a browser shows: the content policy holds, charts draw, messages land, phones do not scroll sideways."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Blueprint, g
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from kith_platform import app as application
from kith_platform.config import Settings
from kith_platform.errors import Conflict
from kith_platform.i18n import N_
from kith_platform.web import static_files, style

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt install chromium fonts-noto-cjk"),
    pytest.mark.skipif(not (static_files.DIST / "manifest.json").is_file(), reason="the front end is not built: run make ready"),
]

FORM = """{% extends "layout/page.html" %}{% import "macros/forms.html" as forms %}{% block title %}Form{% endblock %}
{% block content %}<form hx-post="{{ url_for('trial.save', slug='s') }}" hx-target="this">
{{ forms.field(Form(), 'name', 'Name') }}
{{ forms.actions('Save') }}</form>
<div id="more" hx-get="{{ url_for('trial.more', slug='s') }}" hx-trigger="click">more</div>{% endblock %}"""
MORE = '{% from "macros/charts.html" import chart %}{{ chart(c) }}'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The style page and two views of a part, served on a free port."""
    from flask import render_template_string

    pages = Blueprint("trial", __name__, url_prefix="/c/<slug>/trial")

    @pages.before_request
    def somebody() -> None:
        g.actor = style.Sample()

    @pages.get("/")
    def show(slug: str) -> str:
        return render_template_string(FORM)

    @pages.post("/save")
    def save(slug: str) -> str:
        raise Conflict(N_("The import %(name)s is running."), name="orders.csv")

    @pages.get("/more")
    def more(slug: str) -> str:
        return render_template_string(MORE, c=style._charts()[1])

    standing = SimpleNamespace(settings=Settings(home=Path(tmp_path_factory.mktemp("home"))), redis=None, secret_key="k" * 32)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PARTS", "PAGES", "API"):
            patch.setattr(application, name, ())
        made = application.create_app(standing, testing=True)  # type: ignore[arg-type]
        made.register_blueprint(pages)
    server = make_server("127.0.0.1", 0, made, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


def visit(
    browser: Browser, url: str, *, width: int = 1440, language: str = "en-US", script: bool = True
) -> tuple[Page, list[str]]:
    """A page and the complaints of its console."""
    page = browser.new_page(viewport={"width": width, "height": 900}, locale=language, java_script_enabled=script)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    return page, complaints


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("language", ["en-US", "zh-CN", "zh-TW"])
def test_the_style_page_is_whole(site: str, browser: Browser, width: int, language: str) -> None:
    page, complaints = visit(browser, f"{site}/_style/", width=width, language=language)
    for key in ("sales", "groups", "drivers", "cohorts", "calibration"):
        page.wait_for_selector(f"#chart-{key} canvas")
    page.hover("#chart-sales canvas")
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def test_a_refused_form_keeps_what_was_typed(site: str, browser: Browser) -> None:
    page, _complaints = visit(browser, f"{site}/c/s/trial/")
    page.fill("#f-name", "Lindenhof")
    page.click("text=Save")
    page.wait_for_selector("#notices .notice-bad")
    assert "The import orders.csv is running." in page.inner_text("#notices")
    assert page.input_value("#f-name") == "Lindenhof"
    page.context.close()


def test_a_chart_that_arrives_later_is_drawn(site: str, browser: Browser) -> None:
    page, complaints = visit(browser, f"{site}/c/s/trial/")
    page.click("#more")
    page.wait_for_selector("#chart-groups canvas")
    assert complaints == []
    page.context.close()


def test_a_phone_opens_the_menu_as_a_drawer(site: str, browser: Browser) -> None:
    page, _complaints = visit(browser, f"{site}/_style/", width=390)
    assert not page.is_visible("#nav >> text=Customers")
    page.click(".bar-drawer")
    page.wait_for_selector("#nav >> text=Customers")
    page.keyboard.press("Escape")
    page.wait_for_selector("#nav >> text=Customers", state="hidden")
    page.context.close()


def test_reading_works_without_script(site: str, browser: Browser) -> None:
    page, _complaints = visit(browser, f"{site}/_style/", width=390, script=False)
    page.click("#chart-groups >> text=Show as a table")
    assert "940" in page.inner_text("#chart-groups table")
    page.click(".bar-drawer")
    assert page.is_visible("#nav >> text=Customers")
    page.context.close()
