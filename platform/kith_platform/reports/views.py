"""The page of the recommendation report, and its files."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform import workbook
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.jobs.subjects import told as told_jobs
from kith_platform.metrics import service as metrics
from kith_platform.metrics.grains import PRODUCT, TENANT
from kith_platform.reports import files, service, sheets
from kith_platform.reports.reader import Reader
from kith_platform.reports.report import Report
from kith_platform.reports.wording import Told, Written, written
from kith_platform.sdk.types import Period
from kith_platform.web import locale
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("reports", __name__, url_prefix="/c/<slug>/reports")
NAVIGATION = (
    NavItem(
        key="reports",
        label=N_("Recommendations"),
        icon="report-analytics",
        endpoint="reports.index",
        permission="metrics:read",
        section="work",
        order=47,
    ),
)
SOURCES = {"metric": "metrics.show", "placement": "placements.show", "model": "predict.show"}


@pages.get("/")
@requires("metrics:read")
def index(slug: str) -> str:
    """What changed, what it means and what to do, over ?from= to ?to=."""
    session, actor = current_db(), current_actor()
    period = _asked()
    if period is None:
        return render_template("reports/empty.html", slug=slug)
    report = service.read(session, runtime().plugins, current_tenant(), period)
    told = written(report, _reader())
    running = service.active(session, actor, period, locale.language())
    [job] = told_jobs(session, [running], gettext) if running else [None]
    return render_template(
        "reports/show.html",
        slug=slug,
        form=Form(_days(period)),
        days=_days(period),
        report=report,
        told=told,
        job=job,
        waits=running is not None and running.kind == metrics.KIND,
        unseen=any(one.why == "not_asked" for one in report.omitted),
        printed=report.computed and _blobs().exists(files.place(report, told)),
        source=_source(slug, period),
    )


@pages.post("/compute")
@requires("metrics:read")
def compute(slug: str) -> AnyResponse:
    """Ask for the metrics of the period, or with `by` of its products."""
    period = _given()
    metrics.ask_period(current_db(), current_actor(), period, PRODUCT if request.form.get("by") == PRODUCT else TENANT)
    return redirect(url_for("reports.index", slug=slug, **_days(period)))


@pages.post("/print")
@requires("metrics:read")
def ask_print(slug: str) -> AnyResponse:
    """Ask for the report as PDF in the reader's language."""
    period = _given()
    service.ask_print(current_db(), current_actor(), period, locale.language())
    flash(gettext("The PDF is being made. The page shows it when it is there."), "good")
    return redirect(url_for("reports.index", slug=slug, **_days(period)))


@pages.get("/report.pdf")
@requires("metrics:read")
def as_pdf(slug: str) -> AnyResponse:  # noqa: ARG001 - part of the address
    """The print of the report as it reads now."""
    report, told = _whole()
    name = files.place(report, told)
    if not _blobs().exists(name):
        raise NotFound(N_("This report has not been printed since its numbers changed. Make the PDF again on its page."))
    return send_file(_blobs().stream(name), mimetype="application/pdf", as_attachment=True, download_name=_name(report, "pdf"))


@pages.get("/report.xlsx")
@requires("metrics:read")
def as_workbook(slug: str) -> Response:  # noqa: ARG001 - part of the address
    """The report as a workbook."""
    report, told = _whole()
    headers = {"Content-Disposition": f"attachment; filename={_name(report, 'xlsx')}"}
    return Response(sheets.book(report, told, _reader()), mimetype=workbook.MIMETYPE, headers=headers)


def _asked() -> Period | None:
    return service.period_of(current_db(), request.args.get("from", ""), request.args.get("to", ""))


def _given() -> Period:
    period = service.period_of(current_db(), request.form.get("from", ""), request.form.get("to", ""))
    if period is None:
        raise NotFound(N_("There are no numbers yet. Import customers and orders first."))
    return period


def _whole() -> tuple[Report, Written]:
    """The report asked for. Raises NotFound where its numbers are not there."""
    period = _asked()
    report = service.read(current_db(), runtime().plugins, current_tenant(), period) if period else None
    if report is None or not report.computed:
        raise NotFound(N_("The numbers of this period are not computed. Open the report's page and have them computed."))
    return report, written(report, _reader())


def _reader() -> Reader:
    tenant = current_tenant()
    return Reader(locale.language(), tenant.currency, tenant.timezone, runtime().facts)


def _blobs() -> Any:
    return runtime().blobs.of(current_tenant().id)


def _days(period: Period) -> dict[str, Any]:
    return {"from": period.start.isoformat(), "to": (period.end - dt.timedelta(days=1)).isoformat()}


def _name(report: Report, kind: str) -> str:
    days = _days(report.period)
    return f"report-{days['from']}-{days['to']}.{kind}"


def _source(slug: str, period: Period) -> Any:
    """Where a finding comes from."""
    days = _days(period)

    def source(one: Told) -> str:
        if one.kind == "model":
            return url_for(SOURCES["model"], slug=slug, task=one.key)
        more: dict[str, Any] = {"period": f"{days['from']}..{days['to']}"} if one.kind == "metric" else {}
        return url_for(SOURCES[one.kind], slug=slug, key=one.key, **more)

    return source
