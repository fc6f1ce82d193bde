"""Pages of commitments: what is due, promising something, keeping it and calling it off."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.commitments import service
from kith_platform.commitments.service import Filter
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.customers.phrases import word
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.opportunities import reps
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("commitments", __name__, url_prefix="/c/<slug>/commitments")
NAVIGATION = (
    NavItem(
        key="commitments",
        label=N_("Commitments"),
        icon="clipboard-list",
        endpoint="commitments.index",
        permission="success:read",
        section="service",
        order=20,
    ),
)
SHOW_WORDS = {
    "open": N_("Open"),
    "overdue": N_("Overdue"),
    "mine": N_("Mine"),
    "done": N_("Kept"),
    "all": N_("All"),
}


@pages.get("/")
@requires("success:read")
def index(slug: str) -> str:
    """What was promised: open ones by what is due first."""
    session, actor, asked = current_db(), current_actor(), request.args
    show = asked.get("show", "")
    wanted = Filter(show if show in service.SHOW else "open", asked.get("rep", ""))
    return render_template(
        "commitments/index.html",
        slug=slug,
        page=service.page(session, actor, wanted, after=asked.get("after", "")),
        wanted=wanted,
        shows={code: gettext(words) for code, words in SHOW_WORDS.items()},
        counts=service.counts(session, actor),
        staff=reps.staff(session),
        now=dt.datetime.now(dt.UTC),
        is_open=service.is_open,
        word=word,
    )


@pages.get("/of/<uuid:public_id>")
@requires("success:write")
def new(slug: str, public_id: uuid.UUID) -> str:
    """The form of something promised to a customer."""
    session, actor = current_db(), current_actor()
    customer = customers.get(session, actor, public_id)
    return _form(slug, customer, Form({"kind": "other", "rep": reps.own(session, actor)}))


@pages.post("/of/<uuid:public_id>")
@requires("success:write")
def create(slug: str, public_id: uuid.UUID) -> Any:
    """Write down a promise."""
    session, actor = current_db(), current_actor()
    customer = customers.get(session, actor, public_id)
    try:
        service.create(session, actor, request.form, customer)
    except Invalid as error:
        return _form(slug, customer, Form(request.form, error.fields)), 422
    flash(gettext("Written down."), "good")
    return redirect(url_for("customers.show", slug=slug, public_id=customer.public_id, _anchor="open"))


@pages.post("/<uuid:public_id>/done")
@requires("success:write")
def done(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """It is kept."""
    session, actor = current_db(), current_actor()
    service.done(session, actor, service.get(session, actor, public_id, lock=True))
    flash(gettext("Kept."), "good")
    return _back(slug)


@pages.post("/<uuid:public_id>/cancel")
@requires("success:write")
def cancel(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """It is called off."""
    session, actor = current_db(), current_actor()
    service.cancel(session, actor, service.get(session, actor, public_id, lock=True))
    flash(gettext("Called off: it counts nowhere."), "good")
    return _back(slug)


def _back(slug: str) -> AnyResponse:
    """To the list the button stood on, or to the customer's page."""
    try:
        customer = uuid.UUID(request.form.get("customer", ""))
    except ValueError:
        show = request.form.get("show", "")
        return redirect(url_for("commitments.index", slug=slug, show=show if show in service.SHOW else None))
    return redirect(url_for("customers.show", slug=slug, public_id=customer, _anchor="open"))


def _form(slug: str, customer: Customer, form: Form) -> str:
    people = reps.staff(current_db()).choices(form.value("rep"))
    kinds = {kind: word(kind) for kind in service.KINDS}
    return render_template("commitments/form.html", slug=slug, customer=customer, form=form, people=people, kinds=kinds)
