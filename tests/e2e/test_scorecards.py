"""Agreed, then judged: a company signs what a metric is to reach and sees its score; an initiative is entered and seen to pay."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from visitor import PASSWORD, PATIENCE_FOR_JOBS, Visitor

TODAY = dt.datetime.now(dt.UTC).date()
KEY = "cim.loy.repeat"


def orders() -> bytes:
    """Forty customers over fourteen months; half of them come back."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["order_id", "customer_id", "ordered_at", "amount"])
    for who in range(40):
        for number in range(1 + 2 * (who % 2)):
            day = TODAY - dt.timedelta(days=420 - 10 * who - 45 * number)
            rows.writerow([f"{who}-{number}", f"C{who}", day.isoformat(), 20 + who])
    return text.getvalue().encode()


@pytest.fixture(scope="module", params=[("en", 1440), ("zh_Hans", 390)], ids=["english-desk", "chinese-phone"])
def visitor(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Visitor]:
    """A company whose numbers are there."""
    one = Visitor.open(browser, site, *request.param)
    page = one.goto("/sign-up")
    page.fill("#f-company", "茶铺")
    page.fill("#f-name", "林小雨")
    page.fill("#f-email", f"owner-{secrets.token_hex(4)}@shop.example")
    page.fill("#f-password", PASSWORD)
    one.submit()
    one.company("scorecards/")
    expect(page.locator(".empty-state")).to_be_visible()  # says what to do
    one.company("imports/new")
    page.select_option("#f-table", "orders")
    page.set_input_files("#f-file", files=[{"name": "orders.csv", "mimeType": "text/csv", "buffer": orders()}])
    one.submit()
    with page.expect_navigation():
        page.click("button[name=do][value=load]")
    expect(page.locator(".job.is-running, .job.is-queued")).to_have_count(0, timeout=PATIENCE_FOR_JOBS)
    for _ in range(120):
        one.company("scorecards/")
        if page.locator("#cim").count():
            break
        page.wait_for_timeout(2_000)
    else:
        pytest.fail("no numbers came within the patience for jobs")
    yield one
    one.close()


def test_a_record_is_signed_and_the_score_is_seen(visitor: Visitor) -> None:
    page = visitor.page
    visitor.company("scorecards/cim")
    visitor.fits()
    visitor.shot("60-scorecard-nothing-agreed")
    with page.expect_navigation():
        page.locator(f"a[href$='criteria/new?key={KEY}']").click()
    page.fill("#f-target", "0%")
    page.fill("#f-due_on", (TODAY + dt.timedelta(days=90)).isoformat())
    visitor.refused_on_purpose = True
    with page.expect_navigation():
        page.click("button[name=do][value=sign]")
    expect(page.locator("#e-target")).to_be_visible()  # below the baseline, and higher is better
    assert page.input_value("#f-target") == "0%"
    visitor.fits()
    visitor.shot("61-criteria-refused")
    page.fill("#f-target", "99%")
    with page.expect_navigation():
        page.click("button[name=do][value=sign]")
    score = page.locator(".number", has_text=re.compile("/ 100")).locator(".value").inner_text()
    assert 0 <= float(score.split("/")[0]) <= 100
    visitor.fits()
    visitor.shot("62-criteria-signed")
    visitor.company("scorecards/cim")
    row = page.locator("tr", has=page.locator(f"a[href$='/metrics/{KEY}']"))
    expect(row).to_contain_text("99.0%")
    expect(page.locator("#index .pill-warn").first).to_be_visible()  # one criterion of sixteen: provisional
    expect(page.locator("#chart-trend canvas").first).to_be_visible()
    page.wait_for_timeout(500)  # the chart draws itself
    visitor.fits()
    visitor.shot("63-scorecard-cim")
    for path in ("scorecards/", "scorecards/cem", "scorecards/goals", "criteria/"):
        visitor.company(path)
        visitor.fits()
        visitor.shot(f"64-{path.strip('/').replace('/', '-')}")
    visitor.clean()


def test_an_initiative_is_entered_and_its_return_is_seen(visitor: Visitor) -> None:
    page = visitor.page
    visitor.company("returns/")
    visitor.fits()
    visitor.shot("65-returns-empty")
    with page.expect_navigation():
        page.locator(".empty-state a.btn-primary").click()
    page.fill("#f-name", "呼叫中心")
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


def test_the_report_is_read_and_downloaded(visitor: Visitor) -> None:
    page = visitor.page
    visitor.company("reports/")
    expect(page.locator("h1")).to_have_text("建议报告" if visitor.language == "zh_Hans" else "Recommendation report")
    expect(page.locator("main section h2")).to_have_count(7)  # six sections, and what was left out
    visitor.fits()
    visitor.shot("69-report")
    with page.expect_download() as workbook:
        page.click("a[href*='report.xlsx']")
    assert workbook.value.path().read_bytes().startswith(b"PK")
    with page.expect_navigation():
        page.click("form[action$='/reports/print'] button")
    link = page.locator("a[href*='report.pdf']")
    expect(link).to_be_visible(timeout=PATIENCE_FOR_JOBS)  # the page shows itself anew when the job is done
    with page.expect_download() as paper:
        link.click()
    assert paper.value.path().read_bytes().startswith(b"%PDF-")
    visitor.shot("69-report-printed")
    visitor.clean()
