"""The Metrics page, a page per metric, and the request for another month."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform import workbook
from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.metrics import service, store
from kith_platform.metrics.grains import LABELS, TENANT
from kith_platform.metrics.periods import months, of_text
from kith_platform.metrics.service import Shown
from kith_platform.placements import service as placements
from kith_platform.scorecards import units, words
from kith_platform.scorecards.card import Series as Months
from kith_platform.scorecards.card import card, month_name
from kith_platform.sdk.types import Period
from kith_platform.web.charts import Chart, Series
from kith_platform.web.navigation import NavItem

pages = Blueprint("metrics", __name__, url_prefix="/c/<slug>/metrics")
NAVIGATION = (
    NavItem(
        key="metrics",
        label=N_("Metrics"),
        icon="chart-line",
        endpoint="metrics.index",
        permission="metrics:read",
        section="work",
        order=40,
    ),
)


@pages.get("/")
@requires("metrics:read")
def index(slug: str) -> str:
    """Every metric of the enabled modules, by module."""
    session, kith = current_db(), runtime()
    found = service.catalogue(session, kith.plugins)
    newest = service.latest_period(session)
    period = _asked() or newest
    if period is None or not found:
        return render_template("metrics/empty.html", slug=slug, any_metric=bool(found))
    lines = service.series(session, [one.metric.key for one in found], period)
    by_module: dict[str, list[Any]] = {}
    for one in service.shown(session, found, period):
        shown = card(one, lines[one.metric.key], kith.facts)
        by_module.setdefault(gettext(kith.plugins[one.plugin].manifest.title), []).append(shown)
    return render_template(
        "metrics/index.html",
        slug=slug,
        modules=by_module,
        period=period,
        choices=[(f"{place.start:%Y-%m}", month_name(place)) for place in reversed(months((newest or period).start))],
        noted=store.noted(session, period),
        say=gettext,  # the words of modules may hold a bare per cent sign
        maps=placements.catalogue(session, kith.plugins),
    )


@pages.get("/<key>")
@requires("metrics:read")
def show(slug: str, key: str) -> str:
    """One metric: its months, how it is computed, from what, and the numbers behind it."""
    session, actor, kith = current_db(), current_actor(), runtime()
    found = service.offered(session, kith.plugins, key)
    period = _asked() or service.latest_period(session)
    if period is None:
        return render_template("metrics/empty.html", slug=slug, any_metric=True)
    [shown] = service.shown(session, [found], period)
    line = service.series(session, [key], period)[key]
    by = units.of_request(session, actor, found, period, request.args)
    rows = service.readable_rows(session, actor, shown.value) if shown.value else []
    return render_template(
        "metrics/show.html",
        slug=slug,
        card=card(shown, line, kith.facts),
        shown=shown,
        module=gettext(kith.plugins[found.plugin].manifest.title),
        inputs=_inputs(shown),
        chart=_chart(shown, line),
        figures=[row for row in rows if "name" in row and "customer" not in row],
        curve=_curve([row for row in rows if "customers" in row]),
        people=[row for row in rows if "customer" in row],
        say=gettext,  # the words of modules may hold a bare per cent sign
        written=words.written,
        noted=store.noted(session, period),
        period_name=month_name(period),
        period_text=request.args.get("period") or f"{period.start:%Y-%m}",
        versions=store.versions(session, key, period),
        grains=[(grain, gettext(LABELS[grain])) for grain in found.metric.grains if grain != TENANT],
        by=by,
    )


@pages.get("/<key>.csv")
@requires("metrics:read")
def download(slug: str, key: str) -> AnyResponse:  # noqa: ARG001 - part of the address
    """The metric's months, or the units of a grain over the period, as a file that spreadsheets read."""
    session, actor = current_db(), current_actor()
    found = service.offered(session, runtime().plugins, key)
    period = _asked() or service.latest_period(session)
    lines = units.csv_lines(session, actor, found, period, request.args.get("by", "")) if period else iter(())
    name = "-".join(filter(None, [key, request.args.get("by", "")]))
    headers = {"Content-Disposition": f"attachment; filename={name}.csv"}
    return Response("".join(lines), mimetype="text/csv", headers=headers)


@pages.get("/<key>.xlsx")
@requires("metrics:read")
def download_workbook(slug: str, key: str) -> AnyResponse:  # noqa: ARG001 - part of the address
    """The same as a workbook."""
    session, grain = current_db(), request.args.get("by", "")
    found = service.offered(session, runtime().plugins, key)
    period = _asked() or service.latest_period(session)
    if period is None:
        raise NotFound(N_("There are no numbers yet. Import customers and orders first."))
    headers = {"Content-Disposition": f"attachment; filename={'-'.join(filter(None, [key, grain]))}.xlsx"}
    return Response(units.book(session, current_actor(), found, period, grain), mimetype=workbook.MIMETYPE, headers=headers)


@pages.post("/compute")
@requires("metrics:read")
def compute(slug: str) -> AnyResponse:
    """Ask for a period, or the units of a grain, that a refresh does not keep."""
    period, text = of_text(request.form.get("period", "")), request.form.get("period", "")
    grain, key = service.grain_of(request.form.get("by") or TENANT), request.form.get("key", "")
    service.ask_period(current_db(), current_actor(), period, grain)
    flash(gettext("Computing %(period)s. The page shows it when it is there.", period=month_name(period)), "good")
    if key:
        return redirect(url_for("metrics.show", slug=slug, key=key, period=text, by=grain if grain != TENANT else None))
    return redirect(url_for("metrics.index", slug=slug, period=f"{period.start:%Y-%m}"))


def _asked() -> Period | None:
    text = request.args.get("period", "")
    return of_text(text) if text else None


def _inputs(shown: Shown) -> str:
    facts = runtime().facts
    names = [gettext(facts.by_plural(one).label_plural) for need in shown.metric.needs for one in need.split("|")]
    models = [gettext("scores of the model '%(model)s'", model=one) for one in shown.metric.needs_scores]
    return ", ".join([*names, *models])


def _chart(shown: Shown, line: Months) -> Chart | None:
    values = [found.value if found else None for _place, found in line]
    if sum(value is not None for value in values) < 2:
        return None
    low, high = ([getattr(found, end) if found else None for _place, found in line] for end in ("low", "high"))
    banded = any(value is not None for value in low)
    name = gettext(shown.metric.name)
    unit: Any = words.SHARES.get(shown.metric.unit, "number")
    partial = shown.value is not None and "partial" in shown.value.flags
    return Chart(
        key="months",
        title=gettext("%(name)s by month", name=name),
        kind="line",
        categories=[month_name(place) for place, _found in line],
        series=[Series(name=name, values=values, low=low if banded else (), high=high if banded else ())],
        unit=unit,
        x_label=gettext("Month"),
        note=gettext("The last month is not over yet.") if partial else "",
    )


def _curve(rows: list[dict[str, Any]]) -> Chart | None:
    if not rows:
        return None
    return Chart(
        key="curve",
        title=gettext("How much of the margin the best customers give"),
        kind="line",
        categories=[f"{round(100 * row['customers'])}%" for row in rows],
        series=[Series(name=gettext("Share of the margin"), values=[row["margin"] for row in rows])],
        unit="percent",
        x_label=gettext("Share of customers, the best first"),
    )
