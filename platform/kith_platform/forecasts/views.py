"""Pages of demand: what to order first, one series with its forecast, and how things are ordered."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.errors import Invalid
from kith_platform.forecasts import advice, drawing, ordering, service, words
from kith_platform.forecasts.make import COMPANY, FAMILY
from kith_platform.forecasts.models import DemandForecast
from kith_platform.forecasts.service import Advised
from kith_platform.i18n import N_
from kith_platform.jobs.subjects import told
from kith_platform.web.forms import Form
from kith_platform.web.locale import day
from kith_platform.web.navigation import NavItem

pages = Blueprint("forecasts", __name__, url_prefix="/c/<slug>/forecasts")
NAVIGATION = (
    NavItem(
        key="forecasts",
        label=N_("Demand"),
        icon="chart-line",
        endpoint="forecasts.index",
        permission="models:read",
        section="work",
        order=55,
    ),
)
PERCENT_FIELDS = ("service",)
WARNED = 6  # seasons ahead on the first page


@pages.get("/")
@requires("models:read")
def index(slug: str) -> str:
    """A products first, each with what to order; the seasons ahead, and the map of families."""
    session, asked = current_db(), request.args
    code = asked.get("class", "") if asked.get("class", "") in {"A", "B", "C"} else ""
    missing = service.missing(session)
    if missing:
        return render_template("forecasts/index.html", slug=slug, missing=_missing(missing), why=missing, job=running())
    after = asked.get("after", "")
    wholes = service.wholes(session)
    return render_template(
        "forecasts/index.html",
        slug=slug,
        missing="",
        run=service.run(session),
        page=service.page(session, code=code, after=after),
        counts=service.counts(session),
        code=code,
        first=not after and not code,
        wholes=wholes,
        name=whole_name,
        seasonal=service.seasonal(session, WARNED) if not after and not code else [],
        chart=drawing.season_map([(whole_name(row), row) for row in wholes]),
        job=running(),
        **_words(),
    )


@pages.get("/products/<uuid:public_id>")
@requires("models:read")
def product(slug: str, public_id: uuid.UUID) -> str:
    """One product: history and forecast, its season, what to order."""
    return _show(slug, service.of_product(current_db(), public_id))


@pages.get("/whole")
@requires("models:read")
def whole(slug: str) -> str:
    """A family (`?family=`) or the whole company."""
    family = request.args.get("family", "")
    return _show(slug, service.of_scope(current_db(), f"{FAMILY}:{family}" if family else COMPANY))


@pages.route("/products/<uuid:public_id>/ordering", methods=["GET", "POST"])
@requires(ordering.PERMISSION)
def order_product(slug: str, public_id: uuid.UUID) -> Any:
    """Lead time, service level, capacity and the rest of one product."""
    found = service.of_product(current_db(), public_id)
    return _ordering(slug, found, url_for("forecasts.product", slug=slug, public_id=public_id))


@pages.route("/whole/ordering", methods=["GET", "POST"])
@requires(ordering.PERMISSION)
def order_whole(slug: str) -> Any:
    """The same for a family or everything."""
    family = request.args.get("family", "")
    found = service.of_scope(current_db(), f"{FAMILY}:{family}" if family else COMPANY)
    return _ordering(slug, found, url_for("forecasts.whole", slug=slug, family=family or None))


@pages.post("/make")
@requires("models:train")
def make(slug: str) -> AnyResponse:
    """Ask for all forecasts anew."""
    job = service.ask_forecasts(current_db(), current_actor())
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))


def running() -> Any:
    """The job that waits or runs, as macros/progress.html shows it."""
    session = current_db()
    found = service.active(session)
    return told(session, [found], gettext)[0] if found is not None else None


def whole_name(row: DemandForecast) -> str:
    """A family by its name, the company in words."""
    return row.family or gettext("Whole company")


def _words() -> dict[str, Any]:
    return {
        "methods": {key: gettext(one) for key, one in words.METHODS.items()},
        "grains": {key: gettext(one) for key, one in words.GRAINS.items()},
        "policies": {key: gettext(one) for key, one in words.POLICIES.items()},
        "confidence": {key: gettext(one) for key, one in words.CONFIDENCE.items()},
        "verdict": lambda row: words.verdict(row, gettext),
        "months": lambda row, low=False: drawing.runs(advice.months_of(row.season, low), len(row.season)),
    }


def _missing(why: str) -> str:
    made = service.run(current_db())
    return words.missing(why, str(day(made.first_on)) if made else "", gettext)


def _show(slug: str, found: Advised) -> str:
    row = found.row
    charts = [drawing.demand(row)] if row.points else []
    charts += [one for one in (drawing.season(row),) if one is not None]
    if found.building is not None:
        charts.append(drawing.plan(row, found.building))
    return render_template(
        "forecasts/show.html", slug=slug, found=found, row=row, title=found.name or whole_name(row), charts=charts,
        run=service.run(current_db()), **_words(),
    )  # fmt: skip


def _ordering(slug: str, found: Advised, back: str) -> Any:
    session, status, form = current_db(), 200, Form(_stored(found.row.scope))
    if request.method == "POST":
        try:
            ordering.put(session, current_actor(), found.row.scope, request.form)
        except Invalid as error:
            form, status = Form(request.form, error.fields), error.status
        else:
            flash(gettext("Saved. The advice goes by it at once."), "good")
            return redirect(back)
    page = render_template(
        "forecasts/ordering.html", slug=slug, found=found, title=found.name or whole_name(found.row), form=form, back=back,
        holds=found.ordering,
    )  # fmt: skip
    return page, status


def _stored(scope: str) -> dict[str, Any]:
    row = ordering.Orderings(current_db()).rows.get(scope)
    values: dict[str, Any] = {}
    for name in ordering.NUMBERS:
        one = getattr(row, name, None)
        if one is not None:
            values[name] = f"{100 * one if name in PERCENT_FIELDS else one:.10g}"
    counted = getattr(row, "counted_on", None)
    return values | ({"counted_on": counted.isoformat()} if counted else {})
