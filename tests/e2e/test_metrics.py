"""Numbers looked at: product sales as a dashboard, and the page of a metric with another period, its units and its file.

Once in English at a desk and once in Chinese on a phone; each step also leaves pictures in shots/.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import files
from playwright.sync_api import Locator, expect
from visitor import PATIENCE_FOR_JOBS, Visitor

TODAY = dt.datetime.now(dt.UTC).date()
LAST = f"{TODAY.replace(day=1) - dt.timedelta(days=1):%Y-%m}"  # the month before, which is over
KEY = "cim.sal.product_mix"
BEST = files.PRODUCTS[0][1]
WORDS = {
    "en": {
        "dashboards": "Dashboards",
        "products": "Product sales",
        "class": "Class",
        "metric": "Sales by product",
        "how": "How it is computed",
        "by": "By product",
        "people": "People and customers",
        "off": "This has not been computed for the period.",
    },
    "zh_Hans": {
        "dashboards": "仪表盘",
        "products": "产品销售",
        "class": "类别",
        "metric": "产品销售",
        "how": "如何计算",
        "by": "按产品",
        "people": "员工与客户",
        "off": "尚未计算",
    },
}


def computed(visitor: Visitor) -> None:
    """The page asks for its values by itself and shows them when they are there."""
    waiting = visitor.page.locator("form[hx-trigger=load], .job.is-queued, .job.is-running")
    expect(waiting).to_have_count(0, timeout=PATIENCE_FOR_JOBS)
    expect(visitor.page.locator(".table-frame table.data")).to_be_visible(timeout=PATIENCE_FOR_JOBS)


def download(visitor: Visitor, link: Locator) -> list[list[str]]:
    """The lines of the file behind a link."""
    with visitor.page.expect_download() as got:
        link.click()
    return list(csv.reader(io.StringIO(Path(got.value.path()).read_text("utf-8-sig"))))


def look(visitor: Visitor, name: str) -> None:
    visitor.page.wait_for_timeout(400)  # charts draw themselves
    visitor.fits()
    visitor.shot(f"metrics-{name}")


def test_product_sales_as_table_map_and_file(at_shop: Visitor) -> None:
    visitor, page, words = at_shop, at_shop.page, WORDS[at_shop.language]
    visitor.company("dashboards/")
    expect(page.locator("h1")).to_have_text(words["dashboards"])
    expect(page.locator("main a.card")).to_have_count(4)
    look(visitor, "dashboards")
    with page.expect_event("load"):
        page.locator("main a.card", has_text=words["products"]).click()
    page.fill("input[name=period]", LAST)
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    computed(visitor)
    rows = page.locator(".table-frame table.data tbody tr")
    expect(rows).to_have_count(len(files.PRODUCTS))
    expect(rows.first).to_contain_text(BEST)
    expect(rows.first).to_contain_text("20.0%")  # a fifth above the year before
    for chart in ("classes", "best"):
        expect(page.locator(f"#chart-{chart} canvas").first).to_be_visible()
    look(visitor, "products")
    with page.expect_event("load"):
        page.locator("th", has_text=words["class"]).locator("a").click()
    assert "sort=code" in page.url
    with page.expect_event("load"):
        rows.first.locator("td a").click()  # its class narrows the table
    assert "code=" in page.url
    assert 1 <= rows.count() <= len(files.PRODUCTS)
    with page.expect_event("load"):
        page.locator("#table a").click()
    lines = download(visitor, page.locator("a[href*='products.csv']"))
    assert len(lines) == 1 + len(files.PRODUCTS)
    assert lines[0][-1] == words["class"]
    assert lines[1][1] == BEST
    visitor.clean()


def test_the_page_of_a_metric_by_period_unit_and_as_a_file(at_shop: Visitor) -> None:
    visitor, page, words = at_shop, at_shop.page, WORDS[at_shop.language]
    visitor.company(f"metrics/{KEY}")
    expect(page.locator("h1")).to_have_text(words["metric"])
    expect(page.locator("main")).to_contain_text(words["how"])
    expect(page.locator("#chart-months canvas").first).to_be_visible()
    now = page.locator(".number .value").first.inner_text()
    page.fill("#period", LAST)
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    assert page.locator(".number .value").first.inner_text() != now
    with page.expect_event("load"):
        page.locator("a.btn", has_text=words["by"]).click()
    rows = page.locator(".table-frame table.data tbody tr")
    expect(rows).to_have_count(len(files.PRODUCTS))  # the dashboard had them computed
    look(visitor, "metric")
    lines = download(visitor, page.locator(f"a[href*='{KEY}.csv']"))
    assert len(lines) == 1 + len(files.PRODUCTS)
    assert lines[0][0] == "product"
    page.fill("#period", f"{int(LAST[:4]) - 1}-W07")
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(words["off"])
    look(visitor, "metric-not-computed")
    page.fill("#period", "soon")
    visitor.refused_on_purpose = True
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("2026-Q3")  # says what a period is
    visitor.clean()


def test_who_looks_after_whom(at_shop: Visitor) -> None:
    visitor, page, words = at_shop, at_shop.page, WORDS[at_shop.language]
    visitor.company("dashboards/people/")
    expect(page.locator("h1")).to_have_text(words["people"])
    computed(visitor)
    rows = page.locator(".table-frame table.data tbody tr")
    expect(rows.first).to_contain_text("Ben Sale")
    look(visitor, "people")
    with page.expect_event("load"):
        rows.first.locator("th a").click()
    expect(page.locator("h1")).to_have_text("Ben Sale")
    expect(page.locator("#chart-sales canvas").first).to_be_visible()
    look(visitor, "person")
    visitor.company("dashboards/targets/")
    expect(page.locator(".empty-state, form[hx-trigger=load], .job").first).to_be_visible()
    visitor.clean()
