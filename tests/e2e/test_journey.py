"""A new user's whole way: sign up, import, look, enable a module, train, invite, leave and come back.

Once in English at a desk and once in Chinese on a phone; each step also leaves pictures in shots/.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import files
import pytest
from playwright.sync_api import Browser, expect
from visitor import PASSWORD, PATIENCE_FOR_JOBS, Visitor

WORDS = {
    "en": {
        "company": "Tea House",
        "name": "Ida Marlow",
        "not_trained": "Not trained",
        "home": "Home",
        "customers": "Customers",
        "stores": "Stores",
        "rejected": "is not a date",
        "no_data": "no data",
    },
    "zh_Hans": {
        "company": "山间茶铺",
        "name": "林小雨",
        "not_trained": "未训练",
        "home": "首页",
        "customers": "客户",
        "stores": "门店",
        "rejected": "不是日期",
        "no_data": "暂无数据",
    },
}
JOURNEYS = [("en", 1440), ("zh_Hans", 390)]


@dataclass
class Journey:
    """A person on the way, and what they brought."""

    visitor: Visitor
    email: str
    slug: str
    today: dt.date
    words: dict[str, str]

    def __post_init__(self) -> None:
        self.orders = files.order_lines(self.today)
        self.lines = list(csv.DictReader(io.StringIO(self.orders.decode()), delimiter=";"))

    def open(self, path: str) -> None:
        self.visitor.company(path, self.slug)


def sign_up(one: Visitor, email: str, words: dict[str, str]) -> None:
    page = one.goto("/")
    assert one.path == "/sign-in"
    one.shot("01-sign-in")
    page.locator("a[href='/sign-up']").click()
    page.wait_for_url("**/sign-up")
    assert page.input_value("#f-timezone") == ("Europe/London" if one.language == "en" else "Asia/Shanghai")
    page.fill("#f-company", words["company"])
    page.select_option("#f-currency", "EUR" if one.language == "en" else "CNY")
    page.fill("#f-name", words["name"])
    page.fill("#f-email", email)
    page.fill("#f-password", "short")
    one.refused_on_purpose = True
    one.submit()
    expect(page.locator("#e-password")).to_be_visible()
    one.shot("02-sign-up-refused")
    assert page.input_value("#f-company") == words["company"], "nothing typed is lost"
    page.fill("#f-password", PASSWORD)
    one.submit()
    one.refused_on_purpose = False


@pytest.fixture(scope="module", params=JOURNEYS, ids=["english-desk", "chinese-phone"])
def journey(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Journey]:
    """A company that has just signed up, without an industry: no industry's module is on yet."""
    language, width = request.param
    one = Visitor.open(browser, site, language, width)
    email, words = f"owner-{secrets.token_hex(4)}@shop.example", WORDS[language]
    sign_up(one, email, words)
    yield Journey(one, email, one.slug, dt.datetime.now(dt.UTC).date(), words)
    one.close()


def bring(on: Journey, table: str, name: str, content: bytes) -> None:
    """Choose a file on the import page and look at its columns."""
    on.open("imports/new")
    page = on.visitor.page
    page.select_option("#f-table", table)
    page.set_input_files("#f-file", files=[{"name": name, "mimeType": "text/csv", "buffer": content}])
    on.visitor.submit()
    expect(page.locator("h1")).to_have_text(name)


def press(on: Journey, todo: str) -> None:
    with on.visitor.page.expect_event("load"):
        on.visitor.page.click(f"button[name=do][value={todo}]")


def counts(on: Journey) -> list[int]:
    """Read, new, changed, as before, twice, rejected: what the result page shows when the import is over."""
    page = on.visitor.page
    expect(page.locator(".number .value").first).to_be_visible(timeout=PATIENCE_FOR_JOBS)
    expect(page.locator(".job.is-running, .job.is-queued")).to_have_count(0, timeout=PATIENCE_FOR_JOBS)
    return [int(re.sub(r"\D", "", text)) for text in page.locator(".number .value").all_inner_texts()]


@pytest.fixture(scope="module")
def imported(journey: Journey) -> Journey:
    """The journey with customers, orders and complaints in."""
    on, one, page = journey, journey.visitor, journey.visitor.page
    on.open("imports/")
    one.shot("03-imports-empty")
    bring(on, "customers", "customers.csv", files.customers())
    one.shot("04-columns")
    one.fits()
    assert "00001" in page.inner_text("main"), "ids keep their zeros"
    # A column that Kith does not know: the person gives it a place, and takes another one away.
    places = page.locator("select[name^='target.']")
    assert places.nth(7).input_value() == ""
    assert places.nth(6).input_value() == "customer_record.since"
    places.nth(5).select_option("")
    press(on, "show")
    assert page.locator("select[name^='target.']").nth(5).input_value() == "", "the change is kept"
    page.locator("select[name^='target.']").nth(5).select_option("customer_record.country")
    press(on, "try")
    assert counts(on) == [files.CUSTOMERS, files.CUSTOMERS, 0, 0, 0, 0]
    one.shot("05-dry-run")
    on.open("customers/")
    assert page.locator("table.data").count() == 0, "a dry run changes nothing"
    one.shot("06-customers-empty")
    on.open("imports/")
    page.locator("table.data tbody a", has_text="customers.csv").last.click()
    page.wait_for_selector("button[name=do][value=load]")
    press(on, "load")
    assert counts(on) == [files.CUSTOMERS, files.CUSTOMERS, 0, 0, 0, 0]

    bring(on, "order_lines", "orders.csv", on.orders)
    one.shot("07-columns-wide")
    press(on, "load")
    one.shot("08-importing")
    read, new, *_others, rejected = counts(on)
    one.shot("09-imported")
    assert (read, rejected) == (len(on.lines), 2)
    assert new == read - rejected
    assert on.words["rejected"] in page.inner_text("main")

    bring(on, "tickets", "tickets.csv", files.tickets(on.today))
    press(on, "load")
    assert counts(on)[:2] == [6, 6]
    return on


def test_sign_up_leads_to_the_guide(journey: Journey) -> None:
    one, page = journey.visitor, journey.visitor.page
    one.company("", journey.slug)
    page.wait_for_url("**/guide/")
    one.shot("02-guide")
    one.fits()
    expect(page.locator("#modules, #import, #results")).to_have_count(3)
    one.clean()


def test_a_file_goes_in_with_every_line_counted(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("imports/")
    one.shot("10-imports")
    assert page.locator("table.data tbody tr").count() == 4  # one of them the dry run
    one.clean()


def test_customers_are_found_and_filtered(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("customers/")
    one.shot("11-customers")
    one.fits()
    assert str(files.CUSTOMERS + 5) in page.inner_text(".pager")
    page.fill("main input[name=q]", files.FOUND_BY_NAME)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    assert page.locator("table.data tbody th").all_inner_texts()[0].startswith(files.FOUND_BY_NAME)
    imported.open("customers/?q=c3@shop.example")
    assert page.locator("table.data tbody tr").count() == 1
    imported.open("customers/")
    page.locator("details:has(select[name=complaint]) > summary").click()
    one.shot("12-filters")
    page.select_option("select[name=complaint]", "1")
    with page.expect_event("load"):
        page.locator("form:has(select[name=complaint]) button").last.click()
    assert page.locator("table.data tbody tr").count() == 1
    assert files.FOUND_BY_NAME in page.inner_text("table.data tbody")
    imported.open("customers/?q=nobody-is-called-so")
    one.shot("12-nobody")
    expect(page.locator(".empty-state")).to_be_visible()
    one.clean()


def test_a_customers_page_tells_their_story(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("customers/?q=c1@shop.example")
    page.locator("table.data tbody th a").first.click()
    expect(page.locator("h1")).to_have_text(files.FOUND_BY_NAME)
    one.shot("13-customer")
    one.fits()
    own = [line for line in imported.lines if line["Customer ID"] == "00001" and re.match(r"20\d\d-", line["Order date"])]
    newest = max(line["Order date"] for line in own)
    seen = page.inner_text("ol.timeline")
    assert any(line["Product"] in seen for line in own if line["Order date"] == newest)
    assert "Late parcel" in seen
    assert "c1@shop.example" in page.inner_text("main")
    page.locator(".tabs a").nth(1).click()
    page.wait_for_url("**show=*")
    assert "Late parcel" not in page.inner_text("ol.timeline"), "the tab shows orders alone"
    one.clean()


def test_a_module_switched_on_brings_its_page(imported: Journey) -> None:
    one, page, stores = imported.visitor, imported.visitor.page, imported.words["stores"]
    imported.open("modules/")
    one.shot("14-modules")
    assert stores not in [label for label, _ in one.navigation()]
    with page.expect_event("load"):
        page.locator("#industry_retail form button").click()
    assert stores in [label for label, _ in one.navigation()]
    one.shot("15-module-on")
    one.goto(dict(one.navigation())[stores])
    expect(page.locator("h1")).to_have_text(stores)
    one.shot("16-stores")
    for name in ("industry_retail", "analytics_cem"):
        imported.open(f"modules/{name}")
        one.fits()
        one.shot(f"17-{name}")
    one.clean()


def test_models_say_what_they_lack(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("models/")
    one.shot("18-models-before")
    page.locator(".action form button").click()
    expect(page.locator(".job.is-done, .job.is-failed, .job.is-cancelled")).to_be_visible(timeout=PATIENCE_FOR_JOBS)
    assert page.locator(".job.is-done").count(), page.locator(".job").inner_text()
    one.shot("19-trained")
    imported.open("models/")
    one.shot("20-models")
    one.fits()
    said = [text for text in page.locator(".card-body").all_inner_texts() if imported.words["not_trained"] in text]
    assert said
    assert any(len(re.findall(r"\d+", text)) >= 2 for text in said), "how much there is and how much is needed"
    one.clean()


def test_metrics_show_values_with_their_units(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("metrics/")
    for _ in range(60):  # until the refresh that follows the imports is through
        if "%" in page.inner_text("main"):
            break
        page.wait_for_timeout(1000)
        page.reload()
    one.shot("21-metrics")
    one.fits()
    values = page.locator(".number .value").all_inner_texts()
    assert any(re.search(r"\d+(\.\d+)?%", text) for text in values)
    one.clean()


def test_home_says_what_changed(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("")
    expect(page.locator("#chart-sales canvas, figure.chart canvas").first).to_be_visible()
    one.shot("22-home")
    one.fits()
    assert ("€" if one.language == "en" else "¥") in page.locator(".number .value").first.inner_text()
    assert "Late parcel" in page.inner_text("main"), "the open complaint"
    one.clean()


def test_the_bell_has_rung_for_what_is_over(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("jobs/")
    one.shot("23-jobs")
    one.fits()
    expect(page.locator("table.data .pill-good").first).to_be_visible()
    page.locator("#bell > summary").click()
    expect(page.locator("#bell a").first).to_be_visible()
    page.locator("#bell form button").click()
    expect(page.locator("#bell .pill")).to_have_count(0)
    one.clean()


def test_a_colleague_is_invited_and_joins(imported: Journey, visitor: object) -> None:
    one, page = imported.visitor, imported.visitor.page
    email = f"new-{secrets.token_hex(4)}@shop.example"
    imported.open("members/")
    page.fill("#f-email", email)
    page.select_option("#f-role", "viewer")
    one.submit("form[action$='/invite']")
    one.shot("24-members")
    one.fits()
    assert email in page.inner_text("main")
    imported.open("members/outbox")
    expect(page.locator("main")).to_contain_text("/join/")
    one.shot("25-messages")
    link = re.search(r"http://[^\s<]+/join/[^\s<]+", page.inner_text("main"))
    assert link
    assert callable(visitor)
    colleague = visitor(one.language, one.width)
    colleague.goto(link[0])
    colleague.shot("26-join")
    colleague.page.fill("#f-name", "Ben")
    colleague.page.fill("#f-password", PASSWORD)
    colleague.submit()
    assert colleague.slug == imported.slug
    labels = [label for label, _ in colleague.navigation()]
    assert imported.words["customers"] in labels
    assert len(labels) < len(one.navigation()), "a viewer's menu holds only what a viewer may see"
    colleague.clean()
    one.clean()


def test_one_signs_out_and_in_again(imported: Journey) -> None:
    one, page = imported.visitor, imported.visitor.page
    imported.open("")
    page.locator("details.menu:has(.avatar-letter) > summary").click()
    with page.expect_event("load"):
        page.locator("form[action$='/sign-out'] button").click()
    assert one.path == "/sign-in"
    imported.open("customers/")
    assert one.path == "/sign-in", "nothing opens without a session"
    page.fill("#f-email", imported.email)
    page.fill("#f-password", PASSWORD)
    one.submit()
    assert one.path.endswith(f"/c/{imported.slug}/customers/"), "and the way goes on where it was"
    one.clean()
