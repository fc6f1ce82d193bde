"""A survey in a browser, on a phone: made, answered by a stranger without script, read, closed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from visitor import LANGUAGES, PASSWORD, SHOTS, Visitor

WIDTH = 390


@pytest.fixture(scope="module", params=["en", "zh_Hans"])
def visitor(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Visitor]:
    """The owner of a new company with one customer."""
    one = Visitor.open(browser, site, request.param, WIDTH)
    page = one.goto("/sign-up")
    page.fill("#f-company", "Tea House")
    page.fill("#f-name", "Ida Marlow")
    page.fill("#f-email", f"owner-{secrets.token_hex(4)}@shop.example")
    page.fill("#f-password", PASSWORD)
    one.submit()
    one.company("customers/new")
    page.fill("#f-name", "王小明")
    one.submit()
    yield one
    one.close()


def look(visitor: Visitor, name: str) -> None:
    visitor.fits()
    visitor.shot(f"surveys-{name}")


def answer(visitor: Visitor, browser: Browser, link: str, score: int) -> None:
    """A stranger opens the link, without script, answers, and is thanked."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": 844}, locale=LANGUAGES[visitor.language], java_script_enabled=False
    )
    stranger = context.new_page()
    told = stranger.goto(link)
    assert told is not None
    assert told.status == 200
    shot(stranger, visitor, "public")
    stranger.locator(".scale label", has_text=str(score)).last.click()
    stranger.fill("textarea", "很好，就是有点慢。 Good, a little slow.")
    sizes = stranger.locator(".scale span").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(sizes) >= 44
    shot(stranger, visitor, "public-filled")
    with stranger.expect_event("load"):
        stranger.click("button[type=submit]")
    expect(stranger.locator("h1")).to_have_text("谢谢" if visitor.language == "zh_Hans" else "Thank you")
    shot(stranger, visitor, "public-thanks")
    with stranger.expect_event("load"):
        stranger.locator("a[hreflang='zh-Hant']").click()
    expect(stranger.locator("html")).to_have_attribute("lang", "zh-Hant")
    assert context.cookies() == []
    context.close()


def shot(page: Page, visitor: Visitor, name: str) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"surveys-{name}-{visitor.language}-{WIDTH}.png", full_page=True)


def test_a_survey_is_made_answered_and_closed(visitor: Visitor, browser: Browser) -> None:
    page = visitor.page
    visitor.company("surveys/")
    expect(page.locator(".empty-state")).to_be_visible()
    look(visitor, "empty")
    with page.expect_event("load"):
        page.locator("main .action .btn-primary").click()
    look(visitor, "kinds")
    with page.expect_event("load"):
        page.locator("a[href*='kind=nps']").click()
    page.fill("#f-name", "After delivery 送货之后")
    page.fill("#f-touchpoint", "delivery")
    look(visitor, "form")
    visitor.submit()
    look(visitor, "new")
    survey, link = page.url, str(page.locator("#link a").first.get_attribute("href"))
    with page.expect_event("load"):
        page.locator("#link a[href*='qr=1']").click()
    expect(page.locator("#link svg.qr")).to_be_visible()
    look(visitor, "qr")
    for score in (9, 10, 3):
        answer(visitor, browser, link, score)
    with page.expect_event("load"):
        page.locator(".page-head .btn-primary").click()
    page.fill("input[name=q]", "王小明")
    visitor.submit()
    with page.expect_event("load"):
        page.locator("main a", has_text="王小明").click()
    page.locator(".scale label", has_text="7").click()
    look(visitor, "enter")
    visitor.submit()
    look(visitor, "customer")
    visitor.goto(survey)
    expect(page.locator("table.data", has_text="王小明").locator("tbody tr")).to_have_count(4)
    expect(page.locator("figure.chart canvas, figure.chart svg").first).to_be_visible()
    look(visitor, "answered")
    visitor.company("surveys/")
    look(visitor, "list")
    visitor.goto(survey)
    with page.expect_event("load"):
        page.locator("form[action$='/close'] button").click()
    visitor.clean()
    closed = browser.new_page(viewport={"width": WIDTH, "height": 844}, locale=LANGUAGES[visitor.language])
    told = closed.goto(link)
    assert told is not None
    assert told.status == 410
    shot(closed, visitor, "public-closed")
    closed.close()
