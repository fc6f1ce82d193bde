"""Pages of customers: the list, one customer seen from all sides, adding and changing one, giving it to an owner."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sized
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.attributes import editing
from kith_platform.attributes import shown as attributes
from kith_platform.attributes import words as own_words
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import advice, figures, listing, phrases, placed, predicted, service, timeline, told
from kith_platform.customers.listing import Filter
from kith_platform.customers.models import Customer
from kith_platform.duplicates import accounts
from kith_platform.duplicates import service as duplicates
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.modules.web import panels
from kith_platform.outcomes import card
from kith_platform.predict import scores
from kith_platform.quality import issues
from kith_platform.segments import history as membership
from kith_platform.segments import saved_views
from kith_platform.segments import service as segments
from kith_platform.web.forms import Form
from kith_platform.web.locale import language
from kith_platform.web.navigation import NavItem

pages = Blueprint("customers", __name__, url_prefix="/c/<slug>/customers")
NAVIGATION = (
    NavItem(
        key="customers",
        label=N_("Customers"),
        icon="users",
        endpoint="customers.index",
        permission="customers:read",
        section="work",
        order=20,
    ),
)
COLUMNS = ("place", "last", "net", "clv", "churn", "owner", "email", "phone", "orders")
SHOWN = ("last", "net", "clv", "churn", "owner")  # beside the first placements; what a desk has room for
SCORED = ("clv", "churn")  # of these columns models say the values
PLACES_SHOWN = 2
RISK_WORDS = {"high": N_("High: more likely than not"), "medium": N_("Medium: one in four or more"), "low": N_("Low")}
WORTH_WORDS = {"high": N_("Best fifth"), "medium": N_("Next three tenths"), "low": N_("The other half")}
TAB_WORDS = {
    "": N_("Everything"),
    "orders": N_("Orders"),
    "sales": N_("Sales"),
    "service": N_("Service"),
    "success": N_("Success"),
    "contact": N_("Contacts"),
    "money": N_("Payments"),
    "events": N_("Events"),
}


@pages.get("/")
@requires("customers:read")
def index(slug: str) -> str:
    """The list."""
    session, actor, asked = current_db(), current_actor(), request.args
    places = placed.filterable(session, runtime().plugins)
    groups = segments.listed(session) if actor.can("segments:read") else ()
    wanted = Filter(
        q=asked.get("q", "").strip()[: service.LONGEST],
        risk=asked.get("risk", ""),
        worth=asked.get("worth", ""),
        country=asked.get("country", ""),
        owner=_owner(asked.get("owner", "")),
        complaint=asked.get("complaint") == "1",
        segment=next((one.id for one in groups if str(one.public_id) == asked.get("segment")), None),
        quality=asked.get("quality", ""),
        placed={place.key: code for place in places if (code := asked.get(place.key)) and code in (place.codes or (code,))},
    )
    sort = asked.get("sort", "name")
    found = listing.page(session, actor, wanted, sort=sort, after=asked.get("after", ""), before=asked.get("before", ""))
    ids = [row.id for row in found.customers]
    own = attributes.shown(session, actor)
    columns = (*COLUMNS, *(one.listed for one in own))
    members, scored = service.owners(session), scores.of_customers(session, ids) if ids else {}
    standing = [f"p_{place.key}" for place in places if place.codes]
    shown = [name for name in asked.getlist("columns") if name in (*standing, *columns)] or _usual(standing, members)
    told_of = [key for key in SCORED if key in shown]
    return render_template(
        "customers/index.html",
        slug=slug,
        page=found,
        sort=sort,
        wanted=wanted,
        count=listing.count(session, actor, wanted),
        counted=listing.COUNTED,
        scores=scored,
        figures=figures.of_customers(session, ids),
        none=figures.NONE,
        places=places,
        placed=placed.of_customers(session, [place for place in places if f"p_{place.key}" in shown], ids),
        owners=members,
        members=members,
        countries=listing.countries(session),
        quality=quality(wanted.quality),
        segments=groups,
        views=saved_views.listed(session, actor),
        columns=columns,
        own={one.listed: one for one in own},
        written=own_words.written,
        shown=shown,
        as_of=min((one.as_of for mine in scored.values() for key, one in mine.items() if key in told_of), default=None),
        risk_of=risk_of,
        risks={key: gettext(label) for key, label in RISK_WORDS.items()},
        worths={key: gettext(label) for key, label in WORTH_WORDS.items()},
        form=Form(asked),
    )


@pages.get("/<uuid:public_id>")
@requires("customers:read")
def show(slug: str, public_id: uuid.UUID) -> str | AnyResponse:
    """One customer from all sides."""
    session, actor, held = current_db(), current_actor(), runtime()
    customer = service.get(session, actor, public_id)
    if customer.public_id != public_id:
        return redirect(url_for("customers.show", slug=slug, public_id=customer.public_id), 301)
    records = service.records(session, customer.id)
    record_ids = [row.id for row in records]
    known = figures.of_customers(session, [customer.id]).get(customer.id, figures.NONE)
    mine = scores.of_customers(session, [customer.id])[customer.id] if actor.can("models:read") else {}
    consents = service.consents(session, record_ids)
    reachable = [row.channel for row in consents if row.status == "granted"]
    tab = request.args.get("show", "")
    story = (
        timeline.page(session, held.facts, record_ids, tab=tab, after=request.args.get("after", ""))
        if actor.can("facts:read")
        else timeline.Story((), None)
    )
    own = attributes.shown(session, actor)
    labels = {one.key: (one.label, one.hidden) for one in own}
    items = [{**told.item(one, held.facts[one.kind], labels), **told.page_of(one, slug, actor)} for one in story.happenings]
    if request.headers.get("HX-Request") and request.args.get("after"):
        return render_template("customers/story.html", slug=slug, customer=customer, items=items, story=story, tab=tab)
    places = placed.filterable(session, held.plugins)
    owner = service.owners(session, [customer.owner_id]) if customer.owner_id else {}
    return render_template(
        "customers/show.html",
        slug=slug,
        customer=customer,
        records=records,
        figures=known,
        today=figures.today(session),
        year=figures.YEAR,
        advice=advice.advise(known, mine, reachable, held_back=customer.held_back),
        consents=consents,
        own=own,
        written=own_words.written,
        word=phrases.word,
        items=items,
        story=story,
        tab=tab,
        tabs={key: gettext(label) for key, label in TAB_WORDS.items()},
        places=places,
        placed=placed.of_customers(session, places, [customer.id]).get(customer.id, {}),
        placed_as_of=placed.as_of(session, places),
        steps=placed.history(session, places, customer.id),
        segments=membership.of_customer(session, customer.id) if actor.can("segments:read") else None,
        as_day=dt.date.fromisoformat,
        panels=panels(session, current_tenant(), actor, "customer", [customer.id]),
        desk=card.of_customer(session, actor, record_ids),
        owner=next(iter(owner.values()), None),
        members=service.owners(session) if actor.can("customers:write") else {},
        merges=duplicates.merges(session, actor, of=customer.id) if actor.can("customers:merge") else [],
        above=accounts.above(session, actor, customer),
        below=accounts.below(session, actor, customer),
        most_below=accounts.MOST,
        risk_of=risk_of,
        **predicted.of_customer(session, actor, held.plugins, customer.id, mine, language(), actor.currency),
    )


@pages.get("/new")
@requires("customers:write")
def new(slug: str) -> str:
    """The form for a new customer."""
    return _form(slug, None, Form({"kind": "person"}))


@pages.post("/new")
@requires("customers:write")
def create(slug: str) -> Any:
    """Add a customer."""
    session, actor = current_db(), current_actor()
    try:
        said = editing.checked(session, actor, request.form)
        row = service.create(session, actor, request.form)
        editing.write(session, actor, row, said)
    except Invalid as error:
        return _form(slug, None, Form(request.form, error.fields)), 422
    flash(gettext("%(name)s is added.", name=row.name), "good")
    return redirect(url_for("customers.show", slug=slug, public_id=row.public_id))


@pages.get("/<uuid:public_id>/edit")
@requires("customers:write")
def edit(slug: str, public_id: uuid.UUID) -> str:
    """The form of a customer."""
    row = service.get(current_db(), current_actor(), public_id)
    plain = {name: getattr(row, name) for name in service.FIELDS}
    return _form(slug, row, Form({**plain, **editing.texts(editing.fields(current_db(), current_actor()), row)}))


@pages.post("/<uuid:public_id>/edit")
@requires("customers:write")
def change(slug: str, public_id: uuid.UUID) -> Any:
    """Save a customer's form."""
    session, actor = current_db(), current_actor()
    row = service.get(session, actor, public_id)
    try:
        said = editing.checked(session, actor, request.form, row)
        service.change(session, actor, row, request.form)
        editing.write(session, actor, row, said)
    except Invalid as error:
        return _form(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("customers.show", slug=slug, public_id=row.public_id))


def _form(slug: str, customer: Customer | None, form: Form) -> str:
    own = editing.fields(current_db(), current_actor())
    return render_template("customers/form.html", slug=slug, customer=customer, form=form, own=own, prefix=editing.FIELD)


@pages.post("/<uuid:public_id>/owner")
@requires("customers:write")
def own(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Give one customer to an owner."""
    session, actor = current_db(), current_actor()
    row = service.set_owner(session, actor, service.get(session, actor, public_id), _member(request.form.get("owner", "")))
    flash(gettext("The owner is changed."), "good")
    return redirect(url_for("customers.show", slug=slug, public_id=row.public_id))


@pages.post("/owner")
@requires("customers:write")
def own_selected(slug: str) -> AnyResponse:
    """Give the selected customers of a list to an owner."""
    session, actor, member = current_db(), current_actor(), _member(request.form.get("owner", ""))
    chosen = [one for typed in request.form.getlist("ids")[: listing.PAGE] if (one := _member(typed))]
    for public_id in chosen:
        service.set_owner(session, actor, service.get(session, actor, public_id), member)
    flash(
        ngettext("The owner of %(num)s customer is changed.", "The owner of %(num)s customers is changed.", len(chosen)), "good"
    )
    return redirect(url_for("customers.index", slug=slug))


def risk_of(value: float) -> str:
    """high, medium or low, for a chance of leaving."""
    return next(key for key, (low, high) in listing.RISKS.items() if low <= value < high)


def quality(code: str) -> str:
    """An issue of data quality in words, empty for none."""
    if not issues.known(code):
        return ""
    words, field = issues.title(code)
    return str(gettext(words, field=gettext(field)) if field else gettext(words))


def _usual(standing: list[str], members: Sized) -> list[str]:
    """The columns of a list nobody has arranged. Who looks after a customer matters where there are several."""
    return standing[:PLACES_SHOWN] + [name for name in SHOWN if name != "owner" or len(members) > 1]


def _owner(typed: str) -> int | None:
    """The owner filter: `me`, `none`, or a member's public id."""
    if typed == "me":
        return current_actor().member_id
    if typed == "none":
        return 0
    wanted = _member(typed)
    if wanted is None:
        return None
    return next((key for key, (public_id, _name) in service.owners(current_db()).items() if public_id == wanted), None)


def _member(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None
