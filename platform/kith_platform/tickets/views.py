"""Pages of tickets: the list, one ticket, opening and changing one, and what is done with it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers import listing as customer_list
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.customers.phrases import word
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.opportunities import reps
from kith_platform.tickets import clock, listing, satisfaction, service, words
from kith_platform.tickets.levels import NORMAL, SEVERITIES
from kith_platform.tickets.listing import Filter
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("tickets", __name__, url_prefix="/c/<slug>/tickets")
NAVIGATION = (
    NavItem(
        key="tickets",
        label=N_("Tickets"),
        icon="lifebuoy",
        endpoint="tickets.index",
        permission="tickets:read",
        section="service",
        order=10,
    ),
)
MATCHES = 8  # customers offered for a typed name
DOES = {
    "wait": (service.wait, N_("The ticket waits for the customer; its clock stands.")),
    "resume": (service.resume, N_("The ticket goes on; its clock runs.")),
    "solve": (service.solve, N_("The ticket is solved.")),
    "reopen": (service.reopen, N_("The ticket is open again.")),
    "close": (service.close, N_("The ticket is closed.")),
}


@pages.get("/")
@requires("tickets:read")
def index(slug: str) -> str:
    """Unsolved tickets by what is due first; solved and all of them newest first."""
    session, actor, asked = current_db(), current_actor(), request.args
    show, severity = asked.get("show", ""), asked.get("severity", "")
    wanted = Filter(
        show=show if show in listing.SHOW else "open",
        q=asked.get("q", "").strip()[: service.LONGEST],
        rep=asked.get("rep", ""),
        severity=severity if severity in SEVERITIES else "",
        complaint=asked.get("complaint") == "1",
    )
    now = dt.datetime.now(dt.UTC)
    found = listing.page(session, actor, wanted, after=asked.get("after", ""))
    return render_template(
        "tickets/index.html",
        slug=slug,
        rows=[(row, customer, clock.standing(row, now)) for row, customer in found.rows],
        next=found.next,
        wanted=wanted,
        counts=listing.counts(session, actor),
        staff=reps.staff(session),
        form=Form(asked),
        say=words,
    )


@pages.get("/<uuid:public_id>")
@requires("tickets:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One ticket."""
    return _show(slug, service.get(current_db(), current_actor(), public_id))


def _show(slug: str, row: Any, form: Form | None = None) -> str:
    session, actor = current_db(), current_actor()
    history, messages = service.history(session, row), service.messages(session, row)
    steps = [("state", one.occurred_at, one) for one in history] + [("said", one.occurred_at, one) for one in messages]
    return render_template(
        "tickets/show.html",
        slug=slug,
        row=row,
        customer=service.customer_of(session, row),
        stands=clock.standing(row, dt.datetime.now(dt.UTC)),
        steps=sorted(steps, key=lambda step: (step[1], step[0] == "said")),
        survey=satisfaction.of_ticket(session, row),
        staff=reps.staff(session),
        own=reps.own(session, actor),
        kinds={kind: word(kind) for kind in service.KINDS},
        form=form or Form({"direction": "out"}),
        say=words,
        word=word,
    )


@pages.get("/new")
@requires("tickets:write")
def new(slug: str) -> str:
    """First who asks, then the form."""
    session, actor, asked = current_db(), current_actor(), request.args
    if "customer" in asked:
        return _form(slug, None, _customer(), Form({"severity": NORMAL, "rep": reps.own(session, actor)}))
    typed = asked.get("q", "").strip()[: customers.LONGEST]
    found = customer_list.page(session, actor, customer_list.Filter(q=typed), limit=MATCHES).customers if typed else ()
    return render_template("tickets/choose.html", slug=slug, typed=typed, found=found)


@pages.post("/new")
@requires("tickets:write")
def create(slug: str) -> Any:
    """Open a ticket."""
    customer = _customer()
    try:
        row = service.create(current_db(), current_actor(), _typed(), customer)
    except Invalid as error:
        return _form(slug, None, customer, Form(request.form, error.fields)), 422
    flash(gettext("The ticket is open."), "good")
    return _to(slug, row.public_id)


@pages.get("/<uuid:public_id>/edit")
@requires("tickets:write")
def edit(slug: str, public_id: uuid.UUID) -> str:
    """The form of a ticket."""
    row = service.get(current_db(), current_actor(), public_id)
    severity = (row.severity or NORMAL).casefold()
    plain = {name: getattr(row, name) for name in service.FIELDS} | {"severity": severity}
    return _form(slug, row, service.customer_of(current_db(), row), Form(plain))


@pages.post("/<uuid:public_id>/edit")
@requires("tickets:write")
def change(slug: str, public_id: uuid.UUID) -> Any:
    """Save a ticket's form."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    try:
        service.change(session, actor, row, _typed())
    except Invalid as error:
        return _form(slug, row, service.customer_of(session, row), Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/take")
@requires("tickets:write")
def take(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Give it to somebody: the one chosen, or whoever presses the button."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    rep = request.form.get("rep", reps.own(session, actor))
    service.change(session, actor, row, {"rep": rep})
    flash(gettext("%(name)s handles it now.", name=reps.staff(session).name(rep) or gettext("Nobody")), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/say")
@requires("tickets:write")
def say(slug: str, public_id: uuid.UUID) -> Any:
    """Write down what was said, and if wished go on with the ticket."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    try:
        service.say(session, actor, row, request.form)
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    then = request.form.get("then", "")
    if then in DOES:
        DOES[then][0](session, actor, row)
    flash(gettext("Written down."), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/do/<what>")
@requires("tickets:write")
def do(slug: str, public_id: uuid.UUID, what: str) -> AnyResponse:
    """Wait, go on, solve, open again, close: `what` is a key of DOES."""
    row = service.get(current_db(), current_actor(), public_id, lock=True)
    if what in DOES:
        act, told = DOES[what]
        act(current_db(), current_actor(), row)
        flash(gettext(told), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/answer")
@requires("tickets:write")
def answer(slug: str, public_id: uuid.UUID) -> Any:
    """Enter how content the customer was, or note that the question was put."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    try:
        if request.form.get("what") == "ask":
            satisfaction.ask(session, actor, row)
        else:
            satisfaction.answer(session, actor, row, request.form)
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Written down."), "good")
    return _to(slug, public_id)


def _to(slug: str, public_id: uuid.UUID) -> AnyResponse:
    return redirect(url_for("tickets.show", slug=slug, public_id=public_id))


def _form(slug: str, row: Any, customer: Customer | None, form: Form) -> str:
    session = current_db()
    people = reps.staff(session).choices(form.value("rep"))
    return render_template("tickets/form.html", slug=slug, row=row, customer=customer, form=form, people=people, say=words)


def _typed() -> dict[str, Any]:
    given = {name: request.form[name] for name in service.FIELDS if name in request.form}
    return {**given, "is_complaint": "is_complaint" in request.form}


def _customer() -> Customer | None:
    """The customer the address names; None where it says that nobody is known. Raises NotFound."""
    typed = request.args.get("customer", "")
    try:
        chosen = uuid.UUID(typed)
    except ValueError:
        return None
    return customers.get(current_db(), current_actor(), chosen)
