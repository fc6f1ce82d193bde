"""Pages of leads: the list, one lead, adding and changing one, contacting, qualifying, converting."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.leads import converting, known, listing, scored, service, words
from kith_platform.leads.listing import Filter
from kith_platform.opportunities import contacts, products, reps, stages
from kith_platform.opportunities.paging import COUNTED, PAGE
from kith_platform.opportunities.service import LONGEST
from kith_platform.web.forms import Form
from kith_platform.web.locale import language
from kith_platform.web.navigation import NavItem

pages = Blueprint("leads", __name__, url_prefix="/c/<slug>/leads")
NAVIGATION = (
    NavItem(
        key="leads",
        label=N_("Leads"),
        icon="user-plus",
        endpoint="leads.index",
        permission="sales:read",
        section="sales",
        order=10,
    ),
)
NEW_CUSTOMER = "new"


@pages.get("/")
@requires("sales:read")
def index(slug: str) -> str:
    """The list."""
    session, actor, asked = current_db(), current_actor(), request.args
    status = asked.get("status", "open")
    wanted = Filter(
        q=asked.get("q", "").strip()[:LONGEST],
        status=status if status in listing.STATES else "open",
        rep=asked.get("rep", ""),
        channel=asked.get("channel", ""),
    )
    page = listing.page(session, actor, wanted, after=asked.get("after", ""), before=asked.get("before", ""))
    return render_template(
        "leads/index.html",
        slug=slug,
        page=page,
        scores=scored.serving(session, actor, "leads", [row.id for (row,) in page.rows]),
        wanted=wanted,
        count=listing.count(session, actor, wanted),
        counted=COUNTED,
        by_status=listing.by_status(session, actor, wanted),
        states=listing.STATES,
        channels=listing.channels(session, actor),
        staff=reps.staff(session),
        form=Form(asked),
        say=words,
    )


@pages.post("/assign")
@requires("sales:write")
def assign_selected(slug: str) -> AnyResponse:
    """Give the selected leads of a list to a person."""
    session, actor = current_db(), current_actor()
    chosen = [one for typed in request.form.getlist("ids")[:PAGE] if (one := _id(typed))]
    for public_id in chosen:
        service.assign(session, actor, service.get(session, actor, public_id, lock=True), request.form.get("rep", ""))
    flash(ngettext("%(num)s lead is given away.", "%(num)s leads are given away.", len(chosen)), "good")
    return redirect(url_for("leads.index", slug=slug))


@pages.get("/new")
@requires("sales:write")
def new(slug: str) -> str:
    """The form for a new lead."""
    actor = current_actor()
    return _form(slug, None, Form({"rep": reps.own(current_db(), actor), "currency": actor.currency}))


@pages.post("/new")
@requires("sales:write")
def create(slug: str) -> Any:
    """Add a lead."""
    try:
        row = service.create(current_db(), current_actor(), _typed())
    except Invalid as error:
        return _form(slug, None, Form(request.form, error.fields)), 422
    flash(gettext("%(name)s is added.", name=service.told(row)), "good")
    return _to(slug, row.public_id)


@pages.get("/<uuid:public_id>/edit")
@requires("sales:write")
def edit(slug: str, public_id: uuid.UUID) -> str:
    """The form of a lead."""
    row = service.get(current_db(), current_actor(), public_id)
    plain = {name: getattr(row, name) for name in service.FIELDS}
    plain["estimate"] = None if row.estimate is None else f"{row.estimate.normalize():f}"
    plain["product"] = products.names(current_db(), [row.product_id]).get(row.product_id)
    return _form(slug, row, Form(plain))


@pages.post("/<uuid:public_id>/edit")
@requires("sales:write")
def change(slug: str, public_id: uuid.UUID) -> Any:
    """Save a lead's form."""
    row = _held(public_id)
    try:
        service.change(current_db(), current_actor(), row, _typed())
    except Invalid as error:
        return _form(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return _to(slug, public_id)


@pages.get("/<uuid:public_id>")
@requires("sales:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One lead."""
    return _show(slug, service.get(current_db(), current_actor(), public_id))


def _show(slug: str, row: Any, form: Form | None = None) -> str:
    session, actor = current_db(), current_actor()
    customer = service.customer_of(session, row)
    is_open = row.status not in (service.CONVERTED, service.DISQUALIFIED)
    found = known.find(session, actor, row) if is_open and customer is None else []
    taken = next((str(one.customer.public_id) for one in found if one.certain and one.seen), NEW_CUSTOMER)
    first = {
        "customer": taken,
        "kind": "company" if row.company else "person",
        "opportunity": service.told(row),
        "amount": None if row.estimate is None else f"{row.estimate.normalize():f}",
    }
    score = scored.serving(session, actor, "leads", [row.id]).get(row.id)
    return render_template(
        "leads/show.html",
        slug=slug,
        row=row,
        score=score,
        because=scored.why("leads", score, language(), actor.currency) if score else None,
        name=service.told(row),
        customer=customer,
        opportunities=service.opportunities_of(session, row),
        known=found,
        held_by_others=any(one.certain and not one.seen for one in found) and taken == NEW_CUSTOMER,
        is_open=is_open,
        product=products.names(session, [row.product_id]).get(row.product_id),
        activities=contacts.of(session, lead=row.id),
        stages={stage.key: words.stage_name(stage) for stage in stages.stages(session)},
        staff=reps.staff(session),
        form=form or Form(first),
        contact=Form({"kind": "call"}) if form is None or "opportunity" in request.form else form,
        say=words,
    )


@pages.post("/<uuid:public_id>/assign")
@requires("sales:write")
def assign(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Give it to a person."""
    service.assign(current_db(), current_actor(), _held(public_id), request.form.get("rep", ""))
    flash(gettext("The lead is given away."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/contact")
@requires("sales:write")
def contact(slug: str, public_id: uuid.UUID) -> Any:
    """Write down a contact."""
    row = _held(public_id)
    try:
        service.contact(current_db(), current_actor(), row, request.form)
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Written down."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/qualify")
@requires("sales:write")
def qualify(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Worth pursuing."""
    service.qualify(current_db(), current_actor(), _held(public_id))
    flash(gettext("The lead is qualified. Convert it when it becomes a deal."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/disqualify")
@requires("sales:write")
def disqualify(slug: str, public_id: uuid.UUID) -> Any:
    """Not worth pursuing."""
    row = _held(public_id)
    try:
        service.disqualify(current_db(), current_actor(), row, request.form.get("reason", ""))
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("The lead is disqualified. You can take it back on its page."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/take-back")
@requires("sales:write")
def take_back(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Worth pursuing after all."""
    service.take_back(current_db(), current_actor(), _held(public_id))
    flash(gettext("The lead is open again."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/convert")
@requires("sales:write")
def convert(slug: str, public_id: uuid.UUID) -> Any:
    """Make it a customer with an opportunity."""
    row, typed = _held(public_id), request.form
    given = {name: typed.get(name, "") for name in ("kind", "amount", "stage", "close_on")}
    chosen = _id(typed.get("customer", ""))
    anew = typed.get("customer") == NEW_CUSTOMER
    try:
        done = converting.convert(
            current_db(),
            current_actor(),
            row,
            {**given, "name": typed.get("opportunity", "")},
            customer=chosen,
            new_customer=anew,
        )
    except Invalid as error:
        return _show(slug, row, Form(typed, error.fields)), 422
    said = gettext("%(name)s was a customer already and has a further opportunity.", name=done.customer.name)
    flash(said if done.found else gettext("%(name)s is a customer now.", name=done.customer.name), "good")
    return redirect(url_for("opportunities.show", slug=slug, public_id=done.opportunity.public_id))


def _held(public_id: uuid.UUID) -> Any:
    return service.get(current_db(), current_actor(), public_id, lock=True)


def _to(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """The lead's page; the list where the actor does not see the lead any more."""
    statement = service.seen(current_db(), service.select_one(public_id), current_actor())
    if current_db().execute(statement).first() is None:
        return redirect(url_for("leads.index", slug=slug))
    return redirect(url_for("leads.show", slug=slug, public_id=public_id))


def _form(slug: str, row: Any, form: Form) -> str:
    session = current_db()
    people = reps.staff(session).choices(form.value("rep") or None)
    names = products.offered(session)
    return render_template("leads/form.html", slug=slug, row=row, form=form, people=people, products=names, told=service.told)


def _typed() -> dict[str, Any]:
    return {name: request.form[name] for name in (*service.FIELDS, "product") if name in request.form}


def _id(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None
