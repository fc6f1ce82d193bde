"""A ticket in a browser: a customer asks, the desk answers, waits, solves and closes, and the customer says how it was."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from visitor import PASSWORD, Visitor


@pytest.fixture(scope="module", params=[("en", 1440), ("zh_Hans", 390)], ids=["english-desk", "chinese-phone"])
def visitor(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Visitor]:
    """The owner of a new company with one customer."""
    one = Visitor.open(browser, site, *request.param)
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
    visitor.shot(f"tickets-{name}")


def test_a_ticket_from_opening_to_closing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.company("tickets/")
    expect(page.locator(".empty-state")).to_be_visible()
    look(visitor, "empty")
    with page.expect_event("load"):
        page.click("main .action .btn-primary")
    page.fill("input[name=q]", "王小明")
    visitor.submit()
    look(visitor, "who")
    with page.expect_event("load"):
        page.locator("main a", has_text="王小明").click()
    page.fill("#f-subject", "杯子碎了 Broken cup")
    page.fill("#f-description", "It came broken.\nPlease send another one.")
    page.select_option("#f-severity", "urgent")
    page.check("#f-is_complaint")
    page.fill("#f-channel", "phone")
    look(visitor, "form")
    visitor.submit()
    expect(page.locator("#clock")).to_contain_text({"en": "First reply due", "zh_Hans": "首次回复期限"}[visitor.language])
    expect(page.locator("#clock dd").first).to_contain_text(re.compile(r"\d:\d\d"))  # the service level of urgent tickets
    page.fill("#f-text", "A new cup is on its way.")
    page.select_option("#f-then", "wait")
    visitor.submit("#say form")
    expect(page.locator("#steps")).to_contain_text("A new cup is on its way.")
    look(visitor, "waiting")
    visitor.company("tickets/?show=waiting")
    row = page.locator("table.data tbody tr")
    expect(row).to_have_count(1)
    look(visitor, "list")
    with page.expect_event("load"):
        row.locator("th a").click()
    page.fill("#f-text", "Thank you, it has come.")
    page.select_option("#f-direction", "in")
    visitor.submit("#say form")
    with page.expect_event("load"):
        page.locator(".page-head .btn-primary").click()
    page.check("input[name=score][value='5']")
    visitor.submit("#satisfaction form")
    look(visitor, "solved")
    with page.expect_event("load"):
        page.locator("form[action$='/do/close'] button").click()
    expect(page.locator("#say")).to_have_count(0)
    visitor.company("tickets/?show=solved")
    expect(page.locator("table.data tbody tr")).to_have_count(1)
    visitor.clean()


def test_a_promise_and_a_goal_of_a_customer(visitor: Visitor) -> None:
    page = visitor.page
    visitor.company("customers/?q=王小明")
    with page.expect_event("load"):
        page.locator("table.data tbody th a").first.click()
    customer = page.url
    with page.expect_event("load"):
        page.locator("#open a[href*='/commitments/of/']").click()
    page.fill("#f-what", "Call back about the cup")
    due = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    page.fill("#f-due_at", due.strftime("%Y-%m-%dT10:00"))
    look(visitor, "promise")
    visitor.submit()
    with page.expect_event("load"):
        page.locator("#open a[href*='/goals/of/']").click()
    page.fill("#f-goal", "Half as many broken cups")
    page.fill("#f-baseline", "10")
    page.fill("#f-target", "5")
    page.fill("#f-due_on", (due + dt.timedelta(days=90)).strftime("%Y-%m-%d"))
    look(visitor, "goal-form")
    visitor.submit()
    page.fill("#f-confirmed_by", "王小明")
    visitor.submit("#confirm form")
    page.fill("#f-actual", "6")
    page.fill("#f-value", "500")
    visitor.submit("#measure form")
    expect(page.locator(".as-of")).to_contain_text("80%")
    look(visitor, "goal")
    visitor.goto(customer)
    expect(page.locator("#open")).to_contain_text("Half as many broken cups")
    look(visitor, "customer")
    visitor.company("commitments/")
    look(visitor, "commitments")
    with page.expect_event("load"):
        page.locator("form[action$='/done'] button").click()
    visitor.company("commitments/?show=done")
    expect(page.locator("table.data tbody tr")).to_have_count(1)
    visitor.company("goals/?show=measured")
    look(visitor, "goals")
    visitor.clean()


def test_the_company_says_when_it_works_and_what_it_promises(visitor: Visitor) -> None:
    page = visitor.page
    visitor.company("calendar/")
    page.fill("input[name=closes_0_1]", "12:30")
    page.fill("input[name=opens_0_2]", "13:30")
    page.fill("input[name=closes_0_2]", "18:00")
    visitor.submit("main form:has(input[name=opens_0_1])")
    expect(page.locator("input[name=closes_0_2]")).to_have_value("18:00")
    page.fill("#f-first", (dt.datetime.now(dt.UTC) + dt.timedelta(days=30)).strftime("%Y-%m-%d"))
    page.fill("#f-name", "国庆节")
    visitor.submit("#closed form")
    expect(page.locator("#closed table")).to_contain_text("国庆节")
    look(visitor, "hours")
    visitor.company("service-levels/")
    page.fill("#f-low_solve", "4800")
    visitor.submit()
    expect(page.locator("#f-low_solve")).to_have_value("4800")
    look(visitor, "levels")
    visitor.clean()
