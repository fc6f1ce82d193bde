"""Sales without another system: a lead is converted, its deal goes over the board with buttons alone, is lost, and counts.

Once in English at a desk and once in Chinese on a phone; each step also leaves pictures in shots/.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from visitor import PASSWORD, Visitor


@pytest.fixture(scope="module", params=[("en", 1440), ("zh_Hans", 390)], ids=["english-desk", "chinese-phone"])
def one(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Visitor]:
    """Somebody with a company that has sold nothing yet."""
    language, width = request.param
    visitor = Visitor.open(browser, site, language, width)
    page = visitor.goto("/sign-up")
    for field, text in {"company": "Lathe Works", "name": "Ida", "password": PASSWORD}.items():
        page.fill(f"#f-{field}", text)
    page.fill("#f-email", f"owner-{secrets.token_hex(4)}@shop.example")
    visitor.submit()
    yield visitor
    visitor.close()


def press(one: Visitor, selector: str) -> None:
    """Press a button that posts, and wait for the page it leads to."""
    with one.page.expect_event("load"):
        one.page.locator(selector).first.click()


def test_a_lead_is_contacted_and_converted(one: Visitor) -> None:
    page = one.company("leads/")
    one.shot("60-leads-empty")
    expect(page.locator(".empty-state")).to_be_visible()
    for company, money in (("Berg Tools", "12000"), ("南山机床有限公司", "8000")):
        one.company("leads/new")
        page.fill("#f-company", company)
        page.fill("#f-email", f"buyer-{money}@tools.example")
        page.fill("#f-channel", "fair")
        page.fill("#f-estimate", money)
        one.submit()
        one.fits()
        page.fill("#f-subject", "Lathes")
        press(one, "form[action$='/contact'] button")
        press(one, "form[action$='/qualify'] button")
        one.shot("61-lead")
        press(one, "#convert button")
        expect(page.locator("#stages li")).to_have_count(1)
        one.fits()
    one.company("leads/?status=converted")
    expect(page.locator("table.data tbody tr")).to_have_count(2)
    one.shot("62-leads")
    one.fits()
    one.clean()


def test_a_deal_goes_over_the_board_and_is_lost(one: Visitor) -> None:
    page = one.company("opportunities/")
    column = page.locator("#board section")
    expect(column).to_have_count(4)
    expect(column.nth(0).locator("article")).to_have_count(2)
    one.fits()
    one.shot("63-board")
    card = column.nth(0).locator("article").first
    with page.expect_event("load"):
        card.locator("form button").click()  # the next stage is chosen already
    expect(column.nth(1).locator("article")).to_have_count(1)
    moved = column.nth(1).locator("article")
    moved.locator("select").select_option("negotiation")
    with page.expect_event("load"):
        moved.locator("form button").click()
    expect(column.nth(3).locator("article")).to_have_count(1)
    one.shot("64-board-moved")
    with page.expect_event("load"):
        column.nth(3).locator("article a").first.click()
    expect(page.locator("#stages li")).to_have_count(3)
    page.select_option("#f-loss_reason", "competitor")
    page.fill("#f-competitor", "Acme")
    press(one, "#lose button")
    expect(page.locator("main")).to_contain_text({"en": "Went to a competitor", "zh_Hans": "选择了竞争对手"}[one.language])
    one.shot("65-opportunity-lost")
    one.fits()
    one.company("funnel/")
    expect(page.locator("figure.chart")).to_have_count(3)
    page.wait_for_timeout(500)
    one.shot("66-funnel")
    one.fits()
    one.company("targets/new")
    page.fill("#f-amount", "50000")
    one.submit()
    expect(page.locator(".table-frame table.data tbody tr")).to_have_count(1)
    one.shot("67-targets")
    one.fits()
    for path in ("opportunities/list", "opportunities/stages/", "opportunities/new?q=Berg"):
        one.company(path)
        one.shot(f"68-{path.partition('/')[2].partition('?')[0].strip('/')}")
        one.fits()
    one.clean()
