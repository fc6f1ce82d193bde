"""Every page of the menu, in three languages and at both widths; the second factor; keyboard alone; the weight of pages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import struct
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from visitor import PASSWORD, Visitor

FIRST_PAGE = 400_000  # bytes as they travel, looks.md
LATER_PAGES = 60_000
# Words of our own pages that no Chinese page shows. What companies and files are called may well be English.
ENGLISH = (
    "Home Customers Predictions Metrics Imports Jobs Modules Stores Members Tokens Audit Settings Show Save Name Done Waiting"
)
SENTENCE = re.compile(r"\b[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}\b")
MARKERS = re.compile(r"%\([a-z_]+\)s|\{\{|\}\}|\bundefined\b|lazy_gettext")
SIMPLIFIED = re.compile("[户订单导览们这个设员计费]")


@pytest.fixture(scope="module")
def company(site: str, browser: Browser) -> tuple[str, str]:
    """A retailer that brought the guide's invented file: its slug and its owner's address. All names are Chinese."""
    one = Visitor.open(browser, site, "zh_Hans", 1440)
    page, email = one.goto("/sign-up"), f"boss-{secrets.token_hex(4)}@shop.example"
    page.fill("#f-company", "茶铺")
    page.select_option("#f-industry", "retail")
    page.fill("#f-name", "林小雨")
    page.fill("#f-email", email)
    page.fill("#f-password", PASSWORD)
    one.submit()
    slug = one.slug
    with page.expect_event("load"):
        page.locator("form[action$='/guide/sample'] button").click()
    one.shot("30-guide-importing")
    for _ in range(60):
        one.company("imports/", slug)
        if page.locator("table.data .pill-good").count():
            break
        page.wait_for_timeout(1000)
    expect(page.locator("table.data .pill-good").first).to_be_visible()
    one.company("jobs/?state=active", slug)
    for _ in range(60):
        if not page.locator("table.data tbody tr").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    one.clean()
    one.close()
    return slug, email


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("zh_Hans", 1440), ("zh_Hant", 390)])
def test_every_page_of_the_menu_is_whole(
    company: tuple[str, str], visitor: Callable[..., Visitor], language: str, width: int
) -> None:
    slug, email = company
    one = visitor(language, width)
    one.context.add_cookies([{"name": "kith_language", "value": language, "url": one.site}])
    one.sign_in(email)
    one.company("", slug)
    places = one.navigation()
    assert len(places) >= 10
    more = [
        "guide/",
        "imports/new",
        "customers/new",
        "models/churn",
        "models/clv",
        "modules/industry_retail",
        "modules/analytics_cem",
    ]
    for path in [*(path for _, path in places), *(f"/c/{slug}/{path}" for path in more), "/account"]:
        page = one.goto(path)
        name = path.removeprefix(f"/c/{slug}/").strip("/").replace("/", "-") or "home"
        one.shot(f"40-{name}")
        one.fits()
        words = page.inner_text("body")
        assert not (found := MARKERS.search(words)), f"{path}: {found}"
        assert page.locator("h1").inner_text().strip()
        if language != "en":
            _chinese(path, page, words, traditional=language == "zh_Hant")
    one.clean()


def _chinese(path: str, page: Page, words: str, *, traditional: bool) -> None:
    own = page.locator("nav, h1, .line, th, label, button, a.btn, .number .name").all_inner_texts()
    left = set(ENGLISH.split()) & {text.strip() for text in own}
    assert not left, f"{path} is not Chinese: {left}"
    assert not (found := SENTENCE.search(words)), (
        f"{path} is not Chinese: …{words[max(0, found.start() - 30) : found.end() + 40]}…"
    )
    if traditional:
        # The switch names 简体中文 and the names that people typed are as they are.
        rest = words.replace("简体中文", "")
        assert not (found := SIMPLIFIED.search(rest)), (
            f"{path} mixes scripts: {rest[max(0, found.start() - 15) : found.end() + 15]}"
        )


def test_an_address_that_leads_nowhere_says_so(company: tuple[str, str], visitor: Callable[..., Visitor]) -> None:
    one = visitor("zh_Hans", 390)
    one.goto("/nowhere")
    one.shot("50-nowhere")
    one.fits()
    assert "没有" in one.page.inner_text("main")
    assert one.page.locator("main a").count()


def code_at(key: str, moment: float) -> str:
    """The six digits an authenticator app shows (RFC 6238)."""
    secret = base64.b32decode(
        key.replace("-", "").replace(" ", "").upper() + "=" * (-len(key.replace("-", "").replace(" ", "")) % 8)
    )
    digest = hmac.new(secret, struct.pack(">Q", int(moment) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_second_factor_guards_the_door(site: str, visitor: Callable[..., Visitor]) -> None:
    one = visitor()
    page, email = one.goto("/sign-up"), f"careful-{secrets.token_hex(4)}@shop.example"
    for field, text in {"company": "Careful", "name": "Cora", "email": email, "password": PASSWORD}.items():
        page.fill(f"#f-{field}", text)
    one.submit()
    one.goto("/account/second-factor")
    one.shot("51-second-factor")
    key = page.inner_text("main code")
    page.fill("#f-code", "000000")
    one.refused_on_purpose = True
    one.submit()
    expect(page.locator("#e-code")).to_be_visible()
    assert page.inner_text("main code") == key, "a wrong code does not ask to scan again"
    page.fill("#f-code", code_at(key, time.time()))
    one.submit()
    one.shot("52-recovery-codes")
    recovery = page.inner_text("#codes").split()
    assert len(recovery) >= 5

    again = visitor("en", 390)
    again.sign_in(email)
    assert again.path == "/second-factor"
    again.shot("53-asked-for-code")
    again.fits()
    again.goto("/")
    assert again.path == "/sign-in", "the password alone opens nothing"
    again.sign_in(email)
    again.page.fill("#f-code", recovery[0])
    again.submit()
    assert again.path.startswith("/c/careful")
    once_more = visitor("en", 390)
    once_more.sign_in(email)
    once_more.refused_on_purpose = True
    once_more.page.fill("#f-code", recovery[0])
    once_more.submit()
    assert once_more.path == "/second-factor", "a recovery code opens once"
    for visit in (one, again, once_more):
        visit.clean()


def test_keyboard_alone_is_enough(company: tuple[str, str], visitor: Callable[..., Visitor]) -> None:
    slug, email = company
    one = visitor("en", 1440)
    page = one.goto("/sign-in")
    _tab_to(page, "#f-email")
    page.keyboard.type(email)
    _tab_to(page, "#f-password")
    page.keyboard.type(PASSWORD)
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    one.company("", slug)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    _tab_to(page, f"#nav a[href='/c/{slug}/customers/']")
    focused = "getComputedStyle(document.activeElement)"
    outline = page.evaluate(f"{focused}.outlineStyle + {focused}.boxShadow")
    assert outline != "nonenone", "one sees where the focus is"
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    assert one.path == f"/c/{slug}/customers/"
    _tab_to(page, "table.data tbody th a")
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    expect(page.locator("ol.timeline")).to_be_visible()
    one.clean()


def _tab_to(page: Page, selector: str, most: int = 60) -> None:
    for _ in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_pages_are_light(company: tuple[str, str], visitor: Callable[..., Visitor]) -> None:
    slug, email = company
    one = visitor("en", 1440)
    travelled: list[float] = []
    listening = one.context.new_cdp_session(one.page)
    listening.send("Network.enable")
    listening.on("Network.loadingFinished", lambda event: travelled.append(event["encodedDataLength"]))
    one.goto("/sign-in").wait_for_load_state("networkidle")
    assert 0 < sum(travelled) <= FIRST_PAGE
    one.sign_in(email)
    one.company("", slug).wait_for_selector("figure.chart canvas")  # brings the charts' script, once
    assert sum(travelled) <= FIRST_PAGE + 2 * LATER_PAGES
    travelled.clear()
    one.company("customers/").wait_for_load_state("networkidle")
    assert sum(travelled) <= LATER_PAGES
