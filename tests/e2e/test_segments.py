"""A segment made by clicks: the number moves with each of them, it is saved, and its members say why they are in it.

Once in English at a desk and once in Chinese on a phone; each step also leaves pictures in shots/.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from visitor import PASSWORD, PATIENCE_FOR_JOBS, Visitor

PEOPLE = (("Lin Hai", "CN"), ("Mei Lan", "CN"), ("Max Unger", "DE"))


@pytest.fixture(scope="module", params=[("en", 1440), ("zh_Hans", 390)], ids=["english-desk", "chinese-phone"])
def one(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Visitor]:
    """Somebody with a company of three customers."""
    language, width = request.param
    visitor = Visitor.open(browser, site, language, width)
    page = visitor.goto("/sign-up")
    for field, text in {"company": "Tea House", "name": "Ida", "password": PASSWORD}.items():
        page.fill(f"#f-{field}", text)
    page.fill("#f-email", f"owner-{secrets.token_hex(4)}@shop.example")
    visitor.submit()
    for name, country in PEOPLE:
        visitor.company("customers/new")
        page.fill("#f-name", name)
        page.fill("#f-country", country)
        visitor.submit()
    yield visitor
    visitor.close()


def number(page: Page, shown: int) -> None:
    """The live count shows this number."""
    expect(page.locator("#count .value")).to_have_text(re.compile(rf"^{shown}$"))


def choose(page: Page, place: str, what: str) -> None:
    """Choose what the condition at a place asks, and wait for its fields."""
    page.locator(f"select[name='{place}.what']").select_option(what)
    page.wait_for_selector(f"input[name='{place}.was'][value='{what}']", state="attached")


def test_a_segment_is_made_by_clicks(one: Visitor) -> None:
    page = one.company("segments/")
    one.shot("30-segments-empty")
    expect(page.locator(".empty-state")).to_be_visible()
    page.locator(".empty-state a.btn").first.click()
    page.wait_for_url("**/segments/new")
    number(page, 3)
    choose(page, "r.0", "field:country")
    page.fill("input[name='r.0.v1']", "CN")
    number(page, 2)
    page.locator("button[value='add:r']").click()
    choose(page, "r.1", "field:name")
    page.locator("select[name='r.1.op']").select_option("starts")
    page.fill("input[name='r.1.v1']", "Mei")
    number(page, 1)
    page.locator("select[name='r.mode']").select_option("any")
    number(page, 2)
    page.locator("button[value='group:r']").click()
    choose(page, "r.2.0", "fact:orders")
    expect(page.locator("select[name='r.2.0.w0.column']")).to_have_value("status")
    page.locator("button[value='add:r']").click()
    expect(page.locator("select[name='r.3.what']")).to_be_visible()
    page.locator("button[value='drop:r.1']").click()
    expect(page.locator("select[name='r.3.what']")).to_have_count(0)
    expect(page.locator("select[name='r.1.0.what']")).to_have_value("fact:orders")
    page.locator("button[value='drop:r.2']").click()
    expect(page.locator("select[name='r.2.what']")).to_have_count(0)
    number(page, 2)
    one.fits()
    one.shot("31-builder")
    page.fill("#f-name", "At home")
    with page.expect_event("load"):
        page.locator(".form-end .btn-primary").click()
    one.clean()


def test_its_members_appear_and_say_why(one: Visitor) -> None:
    page = one.page
    expect(page.locator("table.data tbody tr")).to_have_count(2, timeout=PATIENCE_FOR_JOBS)
    assert "CN" in page.locator("ul.why").first.inner_text()
    assert "Max" not in page.inner_text("table.data")
    one.shot("32-segment")
    one.fits()
    there = page.url
    with page.expect_download() as download:
        page.locator("form[action$='members.csv'] button").click()
    assert "Lin Hai" in download.value.path().read_text("utf-8")
    page.locator("a[href*='segment=']").click()
    page.wait_for_url("**/customers/?segment=*")
    assert page.locator("table.data tbody tr").count() == 2
    one.goto(f"{there}?tab=history")
    expect(page.locator(".empty-state")).to_be_visible()
    one.shot("33-segment-history")
    one.fits()
    one.company("segments/")
    expect(page.locator("table.data tbody tr")).to_have_count(1)
    one.shot("34-segments")
    one.fits()
    one.clean()
