"""Home: what changed, what it means in money, what to do first."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, current_tenant
from kith_platform.auth.gate import requires
from kith_platform.customers.figures import today
from kith_platform.customers.views import risk_of
from kith_platform.home import service
from kith_platform.home.service import Sales
from kith_platform.i18n import N_
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import DISPATCHED, QUEUED, RUNNING
from kith_platform.jobs.subjects import told
from kith_platform.modules.web import panels
from kith_platform.predict import serving, verdicts, versions
from kith_platform.web import locale
from kith_platform.web.charts import Chart, Series
from kith_platform.web.navigation import NavItem

pages = Blueprint("home", __name__, url_prefix="/c/<slug>")
NAVIGATION = (
    NavItem(key="home", label=N_("Home"), icon="home", endpoint="home.show", permission="home:read", section="work", order=10),
)
SHOWN_JOBS = 3


@pages.get("/")
@requires("home:read")
def show(slug: str) -> str | AnyResponse:
    """Home; a company without customers begins with the guide."""
    session, actor = current_db(), current_actor()
    if not service.has_customers(session):
        return redirect(url_for("guide.show", slug=slug))
    sees, models, facts = actor.can("customers:read"), actor.can("models:read"), actor.can("facts:read")
    sold = service.sales(session, actor) if facts else None
    active = (
        jobs.listing(session, actor, states=(QUEUED, DISPATCHED, RUNNING), limit=SHOWN_JOBS) if actor.can("jobs:read") else []
    )
    return render_template(
        "home/show.html",
        slug=slug,
        sales=sold,
        past=_past(session, sold) if sold else "",
        new=service.new_customers(session, actor, sold.until) if sold else None,
        worth=service.worth(session, actor) if models else None,
        at_risk=service.at_risk(session, actor) if sees and models else [],
        models=models,
        waiting=_waiting(session, actor.currency) if models else None,
        complaints=service.complaints(session, actor) if sees and facts else (0, []),
        once=service.bought_once(session, actor) if sees and facts else [],
        jobs=told(session, active, gettext),
        panels=panels(session, current_tenant(), actor, "home"),
        chart=_months(sold) if sold and len(sold.months) > 1 else None,
        change=change,
        risk_of=risk_of,
    )


def _waiting(session: Session, currency: str) -> tuple[str, str] | None:
    """Why nobody is known to be at risk: title and text; None where every customer has a chance of leaving."""
    if service.knows_who_leaves(session):
        return None
    if serving.active_training(session) is not None:
        text = gettext("When that is done, the customers whose leaving would cost most stand here.")
        return gettext("The models are being trained"), text
    tried = versions.latest(session, "churn")
    if tried is not None:
        return gettext("Kith cannot say yet who is at risk"), verdicts.of_version(tried, currency, gettext)
    text = gettext("Train the models: a minute or two later the customers whose leaving would cost most stand here.")
    return gettext("No model is trained yet"), text


def _past(session: Session, sold: Sales) -> str:
    """The month that the data end in, where it is not the current one."""
    now = today(session)
    return "" if (now.year, now.month) == (sold.until.year, sold.until.month) else str(locale.day(sold.until, "month"))


def change(now: float, before: float | None) -> float | None:
    """Growth as a share; None where there is nothing to compare with."""
    return now / before - 1 if before else None


def _months(sold: Sales) -> Chart:
    return Chart(
        key="sales",
        title=gettext("Net sales by month"),
        kind="bar",
        categories=[str(locale.day(month, "month")) for month, _money in sold.months],
        series=(Series(name=gettext("Net sales"), values=[round(money, 2) for _month, money in sold.months]),),
        unit="money",
        note=gettext("The last month up to %(day)s.", day=locale.day(sold.until)),
    )
