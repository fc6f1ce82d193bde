"""The map of the groups: a company imports orders, opens the map, and a click on a cell opens that group's customers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect
from visitor import PASSWORD, PATIENCE_FOR_JOBS, Visitor

TODAY = dt.datetime.now(dt.UTC).date()
# By name: days between purchases, purchases, amount. Seldom and small, often and small, seldom and large, often and large.
BUYERS = {"seldom": (60, 3, 20), "often": (20, 10, 20), "dear": (60, 3, 300), "best": (20, 10, 300)}


def orders() -> bytes:
    """Eight customers of each kind, the last purchase a few days ago."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["order_id", "customer_id", "order_date", "amount"])
    for kind, (gap, times, amount) in BUYERS.items():
        for who in range(8):
            for number in range(times):
                day = TODAY - dt.timedelta(days=3 + gap * number)
                rows.writerow([f"{kind}{who}-{number}", f"{kind}{who}", day.isoformat(), amount])
    return text.getvalue().encode()


@pytest.fixture(scope="module", params=[("en", 1440), ("zh_Hans", 390)], ids=["english-desk", "chinese-phone"])
def visitor(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Visitor]:
    """A company that has just imported its orders."""
    one = Visitor.open(browser, site, *request.param)
    page = one.goto("/sign-up")
    page.fill("#f-company", "Tea House")
    page.fill("#f-name", "Ida Marlow")
    page.fill("#f-email", f"owner-{secrets.token_hex(4)}@shop.example")
    page.fill("#f-password", PASSWORD)
    one.submit()
    one.company("imports/new")
    page.select_option("#f-table", "orders")
    page.set_input_files("#f-file", files=[{"name": "orders.csv", "mimeType": "text/csv", "buffer": orders()}])
    one.submit()
    with page.expect_event("load"):
        page.click("button[name=do][value=load]")
    expect(page.locator(".job.is-running, .job.is-queued")).to_have_count(0, timeout=PATIENCE_FOR_JOBS)
    yield one
    one.close()


def until(ready: Callable[[], bool], one: Visitor) -> None:
    """Open the group map again and again until the refresh has placed everybody."""
    for _ in range(60):
        one.company("placements/group")
        if ready():
            return
        one.page.wait_for_timeout(2_000)
    pytest.fail("nobody was placed within the patience for jobs")


def test_a_click_on_the_map_opens_the_groups_customers(visitor: Visitor) -> None:
    page = visitor.page
    until(lambda: page.locator("#chart-group").count() == 1, visitor)
    expect(page.locator("#chart-group canvas").first).to_be_visible()
    page.wait_for_timeout(500)  # the chart draws itself
    visitor.fits()
    visitor.shot("placements-map")
    box = page.locator("#chart-group .chart-canvas").bounding_box()
    assert box is not None
    with page.expect_event("load"):  # the cell at the top right: often, and large orders
        page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.35)
    assert page.url.endswith("?group=E")
    names = page.locator("table.data tbody tr")
    expect(names).to_have_count(8)
    visitor.shot("placements-list")

    visitor.company("placements/group")
    page.locator("#chart-group details summary").click()
    with page.expect_event("load"):
        page.locator("#chart-group table a", has_text=re.compile(r"^D ")).click()
    assert page.url.endswith("?group=D")
    expect(page.locator("table.data tbody tr")).to_have_count(8)
    visitor.clean()


def test_the_page_of_a_customer_says_where_they_stand_and_how_that_came_about(visitor: Visitor) -> None:
    page = visitor.page
    visitor.company("customers/?group=E")
    with page.expect_event("load"):
        page.locator("table.data tbody tr a").first.click()
    stands = page.locator("#placements")
    expect(stands).to_be_visible()
    assert stands.locator(".tone-E").count() >= 1
    visitor.fits()
    visitor.shot("placements-customer")
    visitor.company("placements/group/moves")
    expect(page.locator("#chart-moves canvas").first).to_be_visible()
    visitor.fits()
    visitor.shot("placements-moves")
    visitor.clean()
