"""Pages of opportunities: board, list, one opportunity, adding and changing one, moving, winning and losing it."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers import listing as customer_list
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.leads import scored
from kith_platform.opportunities import contacts, listing, products, reps, service, stages, words
from kith_platform.opportunities.listing import Filter
from kith_platform.opportunities.paging import COUNTED
from kith_platform.web.forms import Form
from kith_platform.web.locale import language
from kith_platform.web.navigation import NavItem

pages = Blueprint("opportunities", __name__, url_prefix="/c/<slug>/opportunities")
NAVIGATION = (
    NavItem(
        key="opportunities",
        label=N_("Opportunities"),
        icon="report-money",
        endpoint="opportunities.index",
        permission="sales:read",
        section="sales",
        order=20,
    ),
)
MATCHES = 8  # customers offered for a typed name


@pages.get("/")
@requires("sales:read")
def index(slug: str) -> str:
    """The board."""
    session, actor = current_db(), current_actor()
    wanted = _filter("open")
    columns = listing.board(session, actor, wanted)
    return render_template(
        "opportunities/board.html",
        columns=columns,
        stages=stages.stages(session),
        count=sum(column.count for column in columns),
        amount=sum((column.amount for column in columns), Decimal(0)),
        weighted=sum((column.weighted for column in columns), Decimal(0)),
        without_rate=sum(column.without_rate for column in columns),
        scores=scored.serving(session, actor, "opportunities", [card.row.id for column in columns for card in column.cards]),
        **_shared(slug, wanted),
    )


@pages.get("/list")
@requires("sales:read")
def every(slug: str) -> str:
    """The list."""
    session, actor, asked = current_db(), current_actor(), request.args
    wanted = _filter("all")
    page = listing.page(session, actor, wanted, after=asked.get("after", ""), before=asked.get("before", ""))
    return render_template(
        "opportunities/index.html",
        page=page,
        stages=stages.stages(session),
        count=listing.count(session, actor, wanted),
        counted=COUNTED,
        scores=scored.serving(session, actor, "opportunities", [row.id for row, _customer in page.rows if service.stands(row)]),
        **_shared(slug, wanted),
    )


@pages.get("/<uuid:public_id>")
@requires("sales:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One opportunity."""
    return _show(slug, service.get(current_db(), current_actor(), public_id))


def _show(slug: str, row: Any, form: Form | None = None) -> str:
    session, actor = current_db(), current_actor()
    known = stages.stages(session)
    score = scored.serving(session, actor, "opportunities", [row.id]).get(row.id)
    return render_template(
        "opportunities/show.html",
        slug=slug,
        row=row,
        score=score,
        because=scored.why("opportunities", score, language(), actor.currency) if score else None,
        customer=service.customer_of(session, row),
        lead=service.lead_of(session, row),
        product=products.names(session, [row.product_id]).get(row.product_id),
        stages=known,
        stage=stages.by_text(known).get((row.stage or "").casefold(), row.stage),
        is_open=service.stands(row),
        history=listing.history(session, row),
        activities=contacts.of(session, lead=row.lead_id, opportunity=row.id),
        reasons={code: words.reason(code) for code in stages.reasons(session)},
        staff=reps.staff(session),
        form=form or Form({"direction": "out", "kind": "call"}),
        say=words,
    )


@pages.get("/new")
@requires("sales:write")
def new(slug: str) -> str:
    """First whose opportunity it is, then its form."""
    session, actor, asked = current_db(), current_actor(), request.args
    chosen = _id(asked.get("customer", ""))
    if chosen is not None:
        customer = customers.get(session, actor, chosen)
        first = {"rep": reps.own(session, actor), "currency": actor.currency, "stage": stages.stages(session)[0].key}
        return _form(slug, None, customer, Form(first))
    typed = asked.get("q", "").strip()[: customers.LONGEST]
    found = customer_list.page(session, actor, customer_list.Filter(q=typed), limit=MATCHES).customers if typed else ()
    return render_template("opportunities/choose.html", slug=slug, typed=typed, found=found)


@pages.post("/new")
@requires("sales:write")
def create(slug: str) -> Any:
    """Open an opportunity."""
    session, actor = current_db(), current_actor()
    chosen = _id(request.args.get("customer", ""))
    if chosen is None:
        return redirect(url_for("opportunities.new", slug=slug))
    customer = customers.get(session, actor, chosen)
    try:
        row = service.create(session, actor, _typed(), customer)
    except Invalid as error:
        return _form(slug, None, customer, Form(request.form, error.fields)), 422
    flash(gettext("%(name)s is added.", name=row.name), "good")
    return redirect(url_for("opportunities.show", slug=slug, public_id=row.public_id))


@pages.get("/<uuid:public_id>/edit")
@requires("sales:write")
def edit(slug: str, public_id: uuid.UUID) -> str:
    """The form of an opportunity."""
    session = current_db()
    row = service.get(session, current_actor(), public_id)
    plain = {name: getattr(row, name) for name in service.FIELDS}
    percent = None if row.probability is None else (row.probability * 100).normalize()
    amount = None if row.amount is None else f"{row.amount.normalize():f}"
    product = products.names(session, [row.product_id]).get(row.product_id)
    given = {**plain, "amount": amount, "percent": percent if percent is None else f"{percent:f}", "product": product}
    return _form(slug, row, service.customer_of(session, row), Form({**given, "duplicate": row.duplicate}))


@pages.post("/<uuid:public_id>/edit")
@requires("sales:write")
def change(slug: str, public_id: uuid.UUID) -> Any:
    """Save an opportunity's form."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id, lock=True)
    try:
        service.change(session, actor, row, {**_typed(), "duplicate": "duplicate" in request.form})
    except Invalid as error:
        return _form(slug, row, service.customer_of(session, row), Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("opportunities.show", slug=slug, public_id=public_id))


@pages.post("/<uuid:public_id>/move")
@requires("sales:write")
def move(slug: str, public_id: uuid.UUID) -> Any:
    """Move it to a stage, and go back to where the button was."""
    row = service.get(current_db(), current_actor(), public_id, lock=True)
    row = service.move(current_db(), current_actor(), row, request.form.get("stage", ""))
    stage = stages.by_text(stages.stages(current_db())).get((row.stage or "").casefold(), row.stage)
    flash(gettext("%(name)s now stands in: %(stage)s.", name=row.name or "–", stage=words.stage_name(stage)), "good")
    if request.form.get("from") == "board":
        back: dict[str, Any] = {name: value for name in ("q", "rep", "channel") if (value := request.form.get(name))}
        return redirect(url_for("opportunities.index", slug=slug, **back))
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/win")
@requires("sales:write")
def win(slug: str, public_id: uuid.UUID) -> Any:
    """Close it as won."""
    row = service.get(current_db(), current_actor(), public_id, lock=True)
    try:
        service.win(current_db(), current_actor(), row, request.form.get("won_amount"))
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("%(name)s is won.", name=row.name or "–"), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/lose")
@requires("sales:write")
def lose(slug: str, public_id: uuid.UUID) -> Any:
    """Close it as lost; own words win over the list."""
    row, typed = service.get(current_db(), current_actor(), public_id, lock=True), request.form
    try:
        reason = typed.get("own_reason", "").strip() or typed.get("loss_reason", "")
        service.lose(current_db(), current_actor(), row, reason, typed.get("competitor", ""))
    except Invalid as error:
        return _show(slug, row, Form(typed, error.fields)), 422
    flash(gettext("%(name)s is lost. The reason counts in the funnel.", name=row.name or "–"), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/reopen")
@requires("sales:write")
def reopen(slug: str, public_id: uuid.UUID) -> Any:
    """Take a closed one back."""
    row = service.get(current_db(), current_actor(), public_id, lock=True)
    service.reopen(current_db(), current_actor(), row)
    flash(gettext("%(name)s is open again.", name=row.name or "–"), "good")
    return _to(slug, public_id)


@pages.post("/<uuid:public_id>/contact")
@requires("sales:write")
def contact(slug: str, public_id: uuid.UUID) -> Any:
    """Write down a contact."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id)
    try:
        contacts.log(session, actor, request.form, customer=service.customer_of(session, row), opportunity=row)
    except Invalid as error:
        return _show(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Written down."), "good")
    return _to(slug, public_id)


def _to(slug: str, public_id: uuid.UUID) -> AnyResponse:
    return redirect(url_for("opportunities.show", slug=slug, public_id=public_id))


def _form(slug: str, row: Any, customer: Customer | None, form: Form) -> str:
    session = current_db()
    known = stages.stages(session)
    return render_template(
        "opportunities/form.html",
        slug=slug,
        row=row,
        customer=customer,
        form=form,
        stages={stage.key: words.stage_name(stage) for stage in known},
        people=reps.staff(session).choices(form.value("rep")),
        products=products.offered(session),
    )


def _typed() -> dict[str, Any]:
    """The form's fields; the chance is typed in per cent."""
    given: dict[str, Any] = {name: request.form[name] for name in (*service.FIELDS, "product", "stage") if name in request.form}
    percent = request.form.get("percent", "").strip()
    try:
        given["probability"] = Decimal(percent) / 100 if percent else None
    except ArithmeticError:
        given["probability"] = percent
    return given


def _shared(slug: str, wanted: Filter) -> dict[str, Any]:
    return {"slug": slug, "wanted": wanted, "staff": reps.staff(current_db()), "form": Form(request.args), "say": words}


def _filter(status: str) -> Filter:
    asked = request.args
    given = asked.get("status", status)
    return Filter(
        q=asked.get("q", "").strip()[: service.LONGEST],
        status=given if given in listing.STATES else status,
        stage=asked.get("stage", ""),
        rep=asked.get("rep", ""),
        channel=asked.get("channel", ""),
    )


def _id(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None
