"""Pages of customers' goals: the list, one goal with its confirmation and its measure, and its form."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers import service as customers
from kith_platform.customers.figures import today
from kith_platform.customers.models import Customer
from kith_platform.errors import Invalid
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_platform.outcomes import service
from kith_platform.outcomes.service import Filter
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("outcomes", __name__, url_prefix="/c/<slug>/goals")
NAVIGATION = (
    NavItem(
        key="outcomes",
        label=N_("Customers' goals"),
        icon="target-arrow",
        endpoint="outcomes.index",
        permission="success:read",
        section="service",
        order=30,
    ),
)
SHOW_WORDS = {
    "running": N_("Running"),
    "due": N_("Due soon"),
    "unconfirmed": N_("Not confirmed"),
    "measured": N_("Measured"),
    "all": N_("All"),
}


@pages.get("/")
@requires("success:read")
def index(slug: str) -> str:
    """What customers want to reach, newest first."""
    session, actor, asked = current_db(), current_actor(), request.args
    show = asked.get("show", "")
    wanted = Filter(show if show in service.SHOW else "running")
    return render_template(
        "outcomes/index.html",
        slug=slug,
        page=service.page(session, actor, wanted, after=asked.get("after", ""), before=asked.get("before", "")),
        wanted=wanted,
        shows={code: gettext(words) for code, words in SHOW_WORDS.items()},
        counts=service.counts(session, actor),
        reached=service.reached,
        today=today(session),
        soon=service.SOON,
    )


@pages.get("/<uuid:public_id>")
@requires("success:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One goal."""
    return _show(slug, service.get(current_db(), current_actor(), public_id))


def _show(slug: str, row: Any, form: Form | None = None) -> str:
    values = {"currency": row.currency, "verified": row.verified, "confirmed_by": row.confirmed_by}
    values |= {name: plain(getattr(row, name)) for name in ("actual", "value", "own_cost")}
    return render_template(
        "outcomes/show.html",
        slug=slug,
        row=row,
        customer=_customer_of(row),
        reached=service.reached(row),
        today=today(current_db()),
        form=form or Form(values),
    )


@pages.get("/of/<uuid:public_id>")
@requires("success:write")
def new(slug: str, public_id: uuid.UUID) -> str:
    """The form of a customer's new goal."""
    return _form(slug, None, customers.get(current_db(), current_actor(), public_id), Form())


@pages.post("/of/<uuid:public_id>")
@requires("success:write")
def create(slug: str, public_id: uuid.UUID) -> Any:
    """Agree on a goal."""
    session, actor = current_db(), current_actor()
    customer = customers.get(session, actor, public_id)
    try:
        row = service.create(session, actor, request.form, customer)
    except Invalid as error:
        return _form(slug, None, customer, Form(request.form, error.fields)), 422
    flash(gettext("The goal is written down. Have the customer confirm it."), "good")
    return _to(slug, row.public_id)


@pages.get("/<uuid:public_id>/edit")
@requires("success:write")
def edit(slug: str, public_id: uuid.UUID) -> str:
    """The form of a goal."""
    row = service.get(current_db(), current_actor(), public_id)
    given = {name: getattr(row, name) for name in service.FIELDS}
    return _form(slug, row, _customer_of(row), Form(given | {name: plain(given[name]) for name in ("baseline", "target")}))


@pages.post("/<uuid:public_id>/edit")
@requires("success:write")
def change(slug: str, public_id: uuid.UUID) -> Any:
    """Save a goal's form."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    try:
        service.change(session, actor, row, request.form)
    except Invalid as error:
        return _form(slug, row, _customer_of(row), Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/confirm")
@requires("success:write")
def confirm(slug: str, public_id: uuid.UUID) -> Any:
    """Note that the customer confirmed it."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    try:
        service.confirm(session, actor, row, request.form.get("confirmed_by", ""), request.form.get("confirmed_at"))
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Confirmed."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/measure")
@requires("success:write")
def measure(slug: str, public_id: uuid.UUID) -> Any:
    """Write down what came of it."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    try:
        service.measure(session, actor, row, {**request.form, "verified": "verified" in request.form})
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Written down."), "good")
    return _to(slug, public_id)


def plain(number: Any) -> str | None:
    """An exact number for a field: without the zeros its column adds."""
    return None if number is None else f"{number.normalize():f}"


def _customer_of(row: Any) -> Customer | None:
    record = select(CustomerRecord.customer_id).where(CustomerRecord.id == row.record_id).scalar_subquery()
    return current_db().execute(select(Customer).where(Customer.id == record)).scalar_one_or_none()


def _to(slug: str, public_id: uuid.UUID) -> AnyResponse:
    return redirect(url_for("outcomes.show", slug=slug, public_id=public_id))


def _form(slug: str, row: Any, customer: Customer | None, form: Form) -> str:
    return render_template("outcomes/form.html", slug=slug, row=row, customer=customer, form=form)
