"""Pages of returns: all initiatives, one with what it cost and brought, and the forms to enter them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.criteria import service as criteria
from kith_platform.criteria import words as criteria_words
from kith_platform.customers.figures import today
from kith_platform.errors import Conflict, FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.metrics import service as metrics
from kith_platform.returns import service, words
from kith_platform.returns.figures import Figures
from kith_platform.scorecards import words as metric_words
from kith_platform.sdk.returns import BUCKETS
from kith_platform.web.charts import Chart, Series
from kith_platform.web.forms import Form
from kith_tenants.context import tenant_of

pages = Blueprint("returns", __name__, url_prefix="/c/<slug>/returns")
Add = Callable[..., Any]
# What can be entered of an initiative: how, the day's field, and what the page says afterwards.
ENTERED: Mapping[str, tuple[Add, str, str]] = {
    "cost": (service.add_cost, "spent_on", N_("The cost is in the books.")),
    "benefit": (service.add_benefit, "gained_on", N_("The benefit is in the books.")),
}


@pages.get("/")
@requires("criteria:read")
def index(slug: str) -> str:
    """What customer work cost and brought, claimed and proven."""
    session, plugins = current_db(), runtime().plugins
    found = service.page(session, plugins, before=_key(request.args.get("after", "")))
    shown = found[: service.PAGE]
    whole = service.total(session, plugins)
    return render_template(
        "returns/index.html",
        slug=slug,
        found=shown,
        next=str(shown[-1].row.public_id) if len(found) > len(shown) else None,
        total=whole,
        chart=_split(whole),
        unknown=service.unknown(session),
        rate=service.discount_rate(session, plugins),
        may_enter=current_actor().can(criteria.SIGN),
    )


@pages.get("/new")
@requires("criteria:sign")
def new(slug: str) -> str:
    """The form for an initiative."""
    return render_template("returns/initiative.html", slug=slug, form=Form({"started_at": today(current_db()).isoformat()}))


@pages.post("/new")
@requires("criteria:sign")
def create(slug: str) -> Any:
    """Enter an initiative."""
    try:
        row = service.add_initiative(current_db(), current_actor(), request.form)
    except Conflict as error:
        form = Form(request.form, [FieldError("code", error.message, error.params)])
        return render_template("returns/initiative.html", slug=slug, form=form), 422
    except Invalid as error:
        return render_template("returns/initiative.html", slug=slug, form=Form(request.form, error.fields)), 422
    flash(gettext("“%(name)s” is there. Agree on its criteria before it starts.", name=row.name), "good")
    return redirect(url_for("returns.show", slug=slug, public_id=row.public_id))


@pages.get("/<uuid:public_id>")
@requires("criteria:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One initiative: figures, the rows behind them, its criteria."""
    session, actor, plugins = current_db(), current_actor(), runtime().plugins
    one = service.get(session, plugins, public_id)
    kind = "benefits" if request.args.get("list") == "benefits" else "costs"
    rows = service.rows(session, actor, kind, one.row.external_id, after=request.args.get("after", ""))
    shown = rows[: service.PAGE]
    return render_template(
        "returns/show.html",
        slug=slug,
        one=one,
        kind=kind,
        rows=shown,
        next=service.key_of(shown[-1]) if len(rows) > len(shown) else None,
        chart=_split(one.figures),
        agreed=criteria.page(session, initiative=one.row.external_id),
        offered={found.metric.key: found.metric for found in metrics.catalogue(session, plugins)},
        rate=service.discount_rate(session, plugins),
        words=words,
        criteria_words=criteria_words,
        written=metric_words.written,
        say=gettext,
        may_enter=actor.can(criteria.SIGN),
    )


@pages.get("/<uuid:public_id>/add/<kind>")
@requires("criteria:sign")
def enter(slug: str, public_id: uuid.UUID, kind: str) -> str:
    """The form for a cost or benefit."""
    session = current_db()
    _enters, day, _said = _entered(kind)
    start = {day: today(session).isoformat(), "currency": tenant_of(session).currency, "pool": "project"}
    return _form(slug, service.get(session, runtime().plugins, public_id), kind, Form(start))


@pages.post("/<uuid:public_id>/add/<kind>")
@requires("criteria:sign")
def add(slug: str, public_id: uuid.UUID, kind: str) -> Any:
    """Enter a cost or benefit."""
    session = current_db()
    one = service.get(session, runtime().plugins, public_id)
    enters, _day, said = _entered(kind)
    try:
        enters(session, current_actor(), {**request.form.to_dict(), "initiative": one.row.external_id})
    except Invalid as error:
        return _form(slug, one, kind, Form(request.form, error.fields)), 422
    flash(gettext(said), "good")
    return redirect(url_for("returns.show", slug=slug, public_id=public_id, list=f"{kind}s"))


def _entered(kind: str) -> tuple[Add, str, str]:
    if kind not in ENTERED:
        raise NotFound
    return ENTERED[kind]


def _form(slug: str, one: service.Listed, kind: str, form: Form) -> str:
    return render_template(
        "returns/enter.html",
        slug=slug,
        one=one,
        kind=kind,
        form=form,
        pools={key: gettext(label) for key, label in words.POOLS.items()},
        grades={key: gettext(label) for key, label in words.GRADES.items()},
        buckets={f"share_{key}": gettext(label) for key, label in words.BUCKETS.items()},
    )


def _split(found: Figures) -> Chart | None:
    """Benefit by bucket, claimed and proven side by side."""
    if not found.claimed.benefit:
        return None
    return Chart(
        key="split",
        title=gettext("Where the benefit lies"),
        kind="row",
        categories=[gettext(words.BUCKETS[bucket]) for bucket in BUCKETS],
        series=[
            Series(name=gettext("Claimed"), values=[found.claimed.split[bucket] for bucket in BUCKETS], colour="muted"),
            Series(name=gettext("Proven"), values=[found.proven.split[bucket] for bucket in BUCKETS], colour="accent"),
        ],
        unit="money",
        note=gettext(
            "Upper bar: claimed. Lower bar: proven, by grades A and B. Shares split each benefit, so nothing counts twice."
        ),
    )


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise NotFound from None
