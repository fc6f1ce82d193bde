"""The dashboards: their cards, and the computing of values that a refresh does not keep."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.dashboards import asked as asking
from kith_platform.dashboards.asked import Asked
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.metrics import service
from kith_platform.web.navigation import NavItem

pages = Blueprint("dashboards", __name__, url_prefix="/c/<slug>/dashboards")
NAVIGATION = (
    NavItem(
        key="dashboards",
        label=N_("Dashboards"),
        icon="chart-bar",
        endpoint="dashboards.index",
        permission="metrics:read",
        section="work",
        order=36,
    ),
)


@pages.get("/")
@requires("metrics:read")
def index(slug: str) -> str:
    """A card for each."""
    newest = service.latest_period(current_db())
    return render_template("dashboards/index.html", slug=slug, newest=newest, may_sales=current_actor().can("sales:read"))


@pages.post("/compute")
@requires("metrics:read")
def compute(slug: str) -> Any:  # noqa: ARG001 - the address has it
    """Ask for the values that a dashboard lacks. The page itself sends this once it is open; without scripts, its button does."""
    endpoint, found = _asked()
    asking.ask(endpoint, found)
    if "HX-Request" in request.headers:
        return _fragment(endpoint, found)
    return redirect(asking.back(endpoint, found))


@pages.get("/computing")
@requires("metrics:read")
def computing(slug: str) -> Response:  # noqa: ARG001 - the address has it
    """How far the computing is; once it is done the page shows itself anew."""
    endpoint, found = _asked()
    fresh = Response(_fragment(endpoint, found))
    if not found.missing:
        fresh.headers["HX-Refresh"] = "true"
    return fresh


def _fragment(endpoint: str, found: Asked) -> str:
    return render_template("dashboards/waiting.html", endpoint=endpoint, asked=found, **asking.waiting(endpoint, found))


def _asked() -> tuple[str, Asked]:
    endpoint = request.args.get("of", "")
    found = asking.asked(endpoint) if asking.wanted(endpoint) else None
    if found is None:
        raise NotFound(N_("There is no such dashboard."))
    return endpoint, found
