"""Agreed, then judged: a company signs what a metric is to reach and sees its score; an initiative is entered and seen to pay."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import expect
from visitor import PATIENCE_FOR_JOBS, Visitor

TODAY = dt.datetime.now(dt.UTC).date()
# Both languages look at one company: each signs another metric.
KEYS = {"en": "cim.loy.repeat", "zh_Hans": "cim.prf.sales_growth"}
NAMES = {"en": "Call centre", "zh_Hans": "呼叫中心"}
WORDS = {"en": ("Customer interface", "Score", "Target"), "zh_Hans": ("客户接触管理", "评分", "目标")}


def test_a_record_is_signed_and_the_score_is_seen(at_shop: Visitor) -> None:
    visitor, page = at_shop, at_shop.page
    key = KEYS[visitor.language]
    visitor.company("scorecards/cim")
    visitor.fits()
    visitor.shot("60-scorecard-before")
    title, *columns = WORDS[visitor.language]
    expect(page.locator("h1")).to_have_text(title)
    for column in columns:
        expect(page.locator("thead", has_text=column).first).to_be_visible()
    with page.expect_event("load"):
        page.locator(f"a[href$='criteria/new?key={key}']").click()
    page.fill("#f-target", "0%")
    page.fill("#f-due_on", (TODAY + dt.timedelta(days=90)).isoformat())
    visitor.refused_on_purpose = True
    with page.expect_event("load"):
        page.click("button[name=do][value=sign]")
    expect(page.locator("#e-target")).to_be_visible()  # below the baseline, and higher is better
    assert page.input_value("#f-target") == "0%"
    visitor.fits()
    visitor.shot("61-criteria-refused")
    page.fill("#f-target", "99%")
    with page.expect_event("load"):
        page.click("button[name=do][value=sign]")
    score = page.locator(".number", has_text=re.compile("/ 100")).locator(".value").inner_text()
    assert 0 <= float(score.split("/")[0]) <= 100
    visitor.fits()
    visitor.shot("62-criteria-signed")
    visitor.company("scorecards/cim")
    row = page.locator("tr", has=page.locator(f"a[href$='/metrics/{key}']"))
    expect(row).to_contain_text("99.0%")
    expect(page.locator("#index .pill-warn").first).to_be_visible()  # one or two criteria of sixteen: provisional
    expect(page.locator("#chart-trend canvas").first).to_be_visible()
    page.wait_for_timeout(500)  # the chart draws itself
    visitor.fits()
    visitor.shot("63-scorecard-cim")
    for path in ("scorecards/", "scorecards/cem", "scorecards/goals", "criteria/"):
        visitor.company(path)
        visitor.fits()
        visitor.shot(f"64-{path.strip('/').replace('/', '-')}")
    visitor.clean()


def test_an_initiative_is_entered_and_its_return_is_seen(at_shop: Visitor) -> None:
    visitor, page = at_shop, at_shop.page
    visitor.company("returns/")
    visitor.fits()
    visitor.shot("65-returns-before")
    with page.expect_event("load"):
        page.locator("main a.btn-primary").first.click()
    page.fill("#f-name", NAMES[visitor.language])
    visitor.submit()
    assert visitor.path.startswith(f"/c/{visitor.slug}/returns/")
    address = visitor.path
    visitor.goto(f"{address}/add/cost")
    page.fill("#f-amount", "1000")
    visitor.submit()
    visitor.goto(f"{address}/add/benefit")
    for name, value in {"amount": "1500", "share_cim": "50%", "share_cem": "30%", "share_csm": "30%"}.items():
        page.fill(f"#f-{name}", value)
    page.select_option("#f-grade", "A")
    visitor.refused_on_purpose = True
    visitor.submit()
    expect(page.locator("#e-share_csm")).to_contain_text("1.1")
    visitor.fits()
    visitor.shot("66-benefit-refused")
    page.fill("#f-share_csm", "20%")
    visitor.submit()
    expect(page.locator("main")).to_contain_text("50.0%")  # the return
    expect(page.locator("main")).to_contain_text("50% / 30% / 20%")
    expect(page.locator("#chart-split canvas").first).to_be_visible()
    page.wait_for_timeout(500)
    visitor.fits()
    visitor.shot("67-initiative")
    visitor.company("returns/")
    visitor.fits()
    visitor.shot("68-returns")
    visitor.clean()


def test_the_report_is_read_and_downloaded(at_shop: Visitor) -> None:
    visitor, page = at_shop, at_shop.page
    visitor.company("reports/")
    expect(page.locator("h1")).to_have_text("建议报告" if visitor.language == "zh_Hans" else "Recommendation report")
    expect(page.locator("main section h2")).to_have_count(7)  # six sections, and what was left out
    visitor.fits()
    visitor.shot("69-report")
    with page.expect_download() as workbook:
        page.click("a[href*='report.xlsx']")
    assert workbook.value.path().read_bytes().startswith(b"PK")
    with page.expect_event("load"):
        page.click("form[action$='/reports/print'] button")
    link = page.locator("a[href*='report.pdf']")
    expect(link).to_be_visible(timeout=PATIENCE_FOR_JOBS)  # the page shows itself anew when the job is done
    with page.expect_download() as paper:
        link.click()
    assert paper.value.path().read_bytes().startswith(b"%PDF-")
    visitor.shot("69-report-printed")
    visitor.clean()
