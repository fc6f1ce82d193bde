"""The recommendation report: what is told and what is not, in three languages, as page, workbook, PDF and document."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from kith_platform.cli import root
from kith_platform.cli.report import report
from kith_platform.criteria import service as criteria
from kith_platform.customers.models import Customer
from kith_platform.customers.service import owners
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.placements.models import CustomerPlacement, PlacementMove, PlacementTrack
from kith_platform.predict.models import Score
from kith_platform.reports import paper, service
from kith_platform.reports.reader import Reader
from kith_platform.reports.wording import written
from kith_platform.sdk.types import Period
from kith_tenants import registry
from kith_tenants.context import Actor

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
LAST = "2026-04-20T10:00:00+00:00"


def at(year: int, day: int) -> str:
    return f"{year}-03-{day:02d}T10:00:00+00:00"


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    """A year ago 60 customers bought for 100 each and 48 of 60 were content; this March 40 for 80, and 36 of 60."""
    made = vectors(name="=茶铺 Tea")
    made.bring("products", [{"id": "P", "name": "Sales"}])
    sales = [(2025, who, 100) for who in range(60)] + [(2026, who, 80) for who in range(45, 85)]
    orders = [
        {"id": f"O{n}", "customer": f"C{who}", "ordered_at": at(year, 10), "net": net} for n, (year, who, net) in enumerate(sales)
    ]
    made.bring("orders", [*orders, {"id": "later", "customer": "C0", "ordered_at": LAST, "net": 5}])
    made.bring(
        "order_lines",
        [{"id": f"L{n}", "order": f"O{n}", "product": "P", "quantity": 1, "net": net} for n, (_y, _w, net) in enumerate(sales)],
    )
    made.bring(
        "survey_responses",
        [
            {"id": f"A{year}-{n}", "customer": f"C{n}", "sent_at": at(year, 12), "kind": "csat", "score": 5 if n < content else 2}
            for year, content in ((2025, 48), (2026, 36))
            for n in range(60)
        ],
    )
    made.compute("2026-03")
    made.compute("2026-03", grain="product")
    _sign(made)
    return made


def _sign(made: Any) -> None:
    """The owner agrees that 95 % are to be content."""
    with made.runtime.doors.tenant_scope(made.tenant.id) as session:
        [(member, (public_id, _name))] = owners(session).items()
        actor = Actor(member, None, "Owner", "owner", frozenset({"criteria:sign"}))
        given = {
            "key": "cim.sat.csat",
            "target": "95%",
            "owner": str(public_id),
            "due_on": "2026-12-31",
            "baseline_month": "2025-03",
        }
        criteria.sign(session, actor, criteria.draft(session, actor, made.runtime.plugins, given))


def ask(company: Any, path: str = "", *, client: FlaskClient | None = None, **asked: str) -> Any:
    return (client or company.client).get(f"/c/{company.tenant.slug}/reports/{path}", query_string=asked or MARCH)


def document(company: Any, **asked: str) -> dict[str, Any]:
    answer = company.client.get("/api/v1/reports", query_string=asked or MARCH, headers={"X-Kith-Tenant": company.tenant.slug})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_what_changed_is_told_with_its_money_and_its_owner(company: Any) -> None:
    told = document(company)
    found = {one["key"]: one for one in told["findings"] if one["section"] != "products"}
    [product] = [one for one in told["findings"] if one["section"] == "products"]
    assert (product["name"], product["value"], product["compared"]) == ("Sales by product: Sales", 3200.0, {"yoy": 6000.0})
    sales = found["cim.sal.product_mix"]
    assert (sales["section"], sales["value"], sales["compared"]["yoy"], sales["better"]) == ("sales", 3200.0, 6000.0, False)
    assert "$2,800 less" in " ".join(sales["so_what"])
    assert (sales["confidence"], sales["flags"]) == ("medium", ["margin_is_net"])  # 40 lines are fewer than 100
    assert sales["owner"] is None
    csat = found["cim.sat.csat"]
    assert (csat["value"], csat["compared"]["yoy"], csat["n"]) == (0.6, 0.8, 60)
    assert csat["low"] < 0.6 < csat["high"] < 0.8
    assert csat["agreed"]["behind"]
    assert csat["owner"]
    read = dt.datetime.fromisoformat(told["read_at"]).date()
    assert csat["due"] == (read + dt.timedelta(days=14)).isoformat()
    assert told["snapshot"]


def test_too_few_cases_are_no_finding_and_the_report_says_so(company: Any) -> None:
    told = document(company)
    left = {one["key"]: one["why"] for one in told["left_out"]}
    assert left["cim.acq.new"] == "few"  # 25 customers are new
    assert left["cim.svc.sla"] == "none:import:tickets"
    assert not {"cim.acq.new", "cim.svc.sla"} & {one["key"] for one in told["findings"]}
    page = ask(company).text
    assert "Too few cases to tell, now or before." in page
    assert "New customers" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Recommendation report", "60.0%, −20.0 pts on the year before (80.0%).")),
        ("zh_Hans", ("建议报告", "看到什么", "产品销售：Sales", "较去年同期 −20.0 个百分点（80.0%）")),
        ("zh_Hant", ("建議報告", "看到什麼")),
    ],
)
def test_the_page_speaks_three_languages(company: Any, language: str, words: tuple[str, ...]) -> None:
    company.client.set_cookie("kith_language", language)
    shown = ask(company)
    company.client.delete_cookie("kith_language")
    assert shown.status_code == 200
    assert [one for one in words if one not in shown.text] == []


def test_days_that_are_not_computed_are_asked_for(company: Any) -> None:
    quarter = {"from": "2026-01-01", "to": "2026-03-31"}
    assert "have not been computed" in ask(company, **quarter).text
    assert ask(company, "report.xlsx", **quarter).status_code == 404
    asked = company.client.post(f"/c/{company.tenant.slug}/reports/compute", data=quarter)
    assert asked.status_code == 302
    waiting = ask(company, **quarter).text
    assert "job-" in waiting
    assert "have not been computed" not in waiting
    assert company.client.post(f"/c/{company.tenant.slug}/reports/compute", data={**quarter, "by": "product"}).status_code == 302
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        asked_for = session.execute(select(Job.args).where(Job.kind == "metrics.compute")).scalars()
        assert {one["grain"] for one in asked_for} == {"tenant", "product"}
    assert ask(company, **{"from": "2026-03-31", "to": "2026-03-01"}).status_code == 422
    assert ask(company, **{"from": "soon", "to": "2026-03-01"}).status_code == 422


def test_the_workbook_holds_numbers_days_and_no_formula(company: Any) -> None:
    got = ask(company, "report.xlsx")
    assert got.status_code == 200
    assert ask(company, "report.xlsx").data == got.data  # the same snapshot, the same file
    book = CalamineWorkbook.from_filelike(io.BytesIO(got.data))
    rows = book.get_sheet_by_name("Findings").to_python()
    head = rows[0]
    sales = next(row for row in rows if row[-1] == "cim.sal.product_mix")
    cell = dict(zip(head, sales, strict=True))
    assert (cell["Value"], cell["A year before"], cell["Unit"]) == (3200.0, 6000.0, "USD")
    assert cell["Change in a year"] == pytest.approx(-0.4667, abs=1e-4)
    assert isinstance(cell["To be done by"], dt.date)
    assert book.get_sheet_by_name("About").to_python()[0][1] == "=茶铺 Tea"
    assert len(book.get_sheet_by_name("Left out").to_python()) > 30


def test_a_metric_comes_as_a_workbook(company: Any) -> None:
    got = company.client.get(f"/c/{company.tenant.slug}/metrics/cim.sat.csat.xlsx", query_string={"period": "2026-03"})
    assert got.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    [sheet] = CalamineWorkbook.from_filelike(io.BytesIO(got.data)).sheet_names
    rows = CalamineWorkbook.from_filelike(io.BytesIO(got.data)).get_sheet_by_name(sheet).to_python()
    assert rows[0][:4] == ["From", "To", "Value", "Cases"]
    assert rows[-1][:4] == [dt.date(2026, 3, 1), dt.date(2026, 3, 31), 0.6, 60.0]


def test_a_pdf_is_made_once_asked_for_and_stays_with_its_company(company: Any, member_of: Callable[..., FlaskClient]) -> None:
    company.client.set_cookie("kith_language", "zh_Hans")
    assert ask(company, "report.pdf").status_code == 404
    for _ in range(2):  # a second click is the same request
        assert company.client.post(f"/c/{company.tenant.slug}/reports/print", data=MARCH).status_code == 302
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        [job] = session.execute(select(Job.id).where(Job.kind == service.PRINT)).scalars()
    run_job(company.runtime, company.tenant.id, job, unrouted=True)
    got = ask(company, "report.pdf")
    assert got.status_code == 200, got.text
    assert got.data.startswith(b"%PDF-")
    assert (b"Skia/PDF" in got.data) is (paper.chromium() is not None)  # a browser that is there has printed it
    with company.runtime.doors.auth_scope() as session:
        other = registry.create(session, f"o-{uuid.uuid4().hex[:12]}", name="Other")
    stranger = member_of(other, "owner")
    assert ask(company, "report.pdf", client=stranger).status_code == 404
    assert stranger.get(f"/c/{other.slug}/reports/report.pdf", query_string=MARCH).status_code == 404
    assert "60.0%" not in stranger.get(f"/c/{other.slug}/reports/", query_string=MARCH).text
    company.client.delete_cookie("kith_language")
    assert ask(company, "report.pdf").status_code == 404  # in English nobody asked for it


@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_without_a_browser_the_pdf_is_set_and_the_same_each_time(company: Any, language: str) -> None:
    tenant, runtime = company.tenant, company.runtime
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        found = service.read(session, runtime.plugins, tenant, Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1)))
    told = written(found, Reader(language, tenant.currency, tenant.timezone, runtime.facts))
    made = paper.pdf(told, "/no/such/browser")  # a browser that is not there is left aside
    assert made.startswith(b"%PDF-")
    assert made == paper.pdf(told, None)
    assert made.count(b"/Type /Page\n") in range(2, 6)
    assert (b"/MSung-Light" in made, b"/STSong-Light" in made) == (language == "zh_Hant", language != "zh_Hant")
    assert told.title in paper.html(told)
    assert "=茶铺 Tea" in paper.html(told)


def test_who_moved_and_who_is_about_to_leave_are_findings_too(company: Any) -> None:
    """In February 36 of 40 of the best stayed so, in March 20; 50 of 80 may leave, and each is worth 10."""
    end, march = dt.date(2026, 3, 31), dt.date(2026, 3, 20)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        people = list(session.execute(select(Customer.id).order_by(Customer.id).limit(80)).scalars())
        session.add(PlacementTrack(key="group", first_day=dt.date(2026, 1, 31), last_day=end))
        codes = ["B"] * 4 + ["L"] * 16 + ["E"] * 20  # of those who were E when February began
        session.add_all(
            CustomerPlacement(customer_id=who, key="group", code=code) for who, code in zip(people, codes, strict=False)
        )
        gone = zip(people[:20], codes[:4] + codes[4:20], strict=True)
        session.add_all(
            PlacementMove(
                customer_id=who, key="group", moved_on=march if code == "L" else dt.date(2026, 2, 9), from_code="E", to_code=code
            )
            for who, code in gone
        )
        for who, chance in zip(people, [0.6] * 50 + [0.1] * 30, strict=True):
            told = {"customer_id": who, "band": 1, "tier": "boosted", "as_of": end, "version": 1}
            session.add_all([Score(task="churn", value=chance, **told), Score(task="clv", value=10.0, **told)])
    found = {(one["kind"], one["name"]): one for one in document(company)["findings"]}
    stays = found["placement", "Groups: E stays E"]
    assert (stays["section"], stays["value"], stays["compared"]["mom"]) == ("risk", pytest.approx(20 / 36), pytest.approx(0.9))
    leaving = found["model", "Customers about to leave"]
    assert (leaving["value"], leaving["n"], leaving["confidence"]) == (50.0, 80, "low")  # no model has proven itself
    assert "$500" in " ".join(leaving["so_what"])


def test_the_command_writes_files(company: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(root.Console, "runtime", company.runtime)
    monkeypatch.setattr(root.Console, "close", lambda _self: None)
    days = [company.tenant.slug, "--from", MARCH["from"], "--to", MARCH["to"]]
    assert CliRunner().invoke(report, [*days, "--format", "pdf"]).exit_code == 2  # without a file to write
    for kind, first in (("xlsx", b"PK"), ("json", b"{")):
        out = tmp_path / f"report.{kind}"
        done = CliRunner().invoke(report, [*days, "--format", kind, "--out", str(out), "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        assert out.read_bytes().startswith(first)
        assert json.loads(done.stdout)["findings"] > 3
    printed = CliRunner().invoke(report, [*days, "--language", "zh_Hant"], catch_exceptions=False)
    assert "建議報告" in printed.stdout
