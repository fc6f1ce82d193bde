"""Pages of attributes: which there are, which columns could become one, and each by itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.attributes import columns, misfits, service, words
from kith_platform.attributes.features import refused
from kith_platform.attributes.kinds import KINDS, TIMING_HELP, TIMINGS, Column, Definition
from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers.models import Attribute, Customer
from kith_platform.errors import Forbidden, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.predict.service import TASKS
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem
from kith_tenants.context import Reach

pages = Blueprint("attributes", __name__, url_prefix="/c/<slug>/attributes")
NAVIGATION = (
    NavItem(
        key="attributes",
        label=N_("Attributes"),
        icon="tag",
        endpoint="attributes.index",
        permission="attributes:read",
        section="data",
        order=30,
    ),
)
_APART = "\x1f"  # between source and column in a form's value


@pages.get("/")
@requires("attributes:read")
def index(slug: str) -> str:
    """The attributes there are, and the columns that could become one."""
    session = current_db()
    rows = service.listed(session)
    return render_template(
        "attributes/index.html",
        slug=slug,
        rows=rows,
        uses=service.uses(session),
        people=_people(rows),
        offers=columns.seen(session),
        words=words,
        refused=refused,
        of=Definition.of,
        may_see=current_actor().can(service.SEE),
        sees_all=current_actor().reach is Reach.ALL,
        may_write=current_actor().can("attributes:write"),
    )


@pages.post("/keep")
@requires("attributes:write")
def keep(slug: str) -> AnyResponse:
    """Keep a column as the attribute that Kith takes it for."""
    session, asked = current_db(), (request.form.get("source", ""), request.form.get("column", ""))
    offer = next((one for one in columns.seen(session) if (one.source, one.column) == asked), None)
    if offer is None:
        raise NotFound(N_("No imported customer says anything in this column any more."))
    row = service.keep(session, current_actor(), offer.guess)
    flash(gettext("“%(name)s” is an attribute now. Its values are being filled in.", name=row.label), "good")
    return redirect(url_for("attributes.show", slug=slug, key=row.key))


@pages.get("/new")
@requires("attributes:write")
def new(slug: str) -> str:
    """The form for a new attribute."""
    return _form(slug, None, Form({"kind": "text", "timing": "current"}))


@pages.post("/new")
@requires("attributes:write")
def create(slug: str) -> Any:
    """Make an attribute."""
    try:
        row = service.create(current_db(), current_actor(), _given())
    except Invalid as error:
        return _form(slug, None, Form(request.form, error.fields)), 422
    flash(gettext("“%(name)s” is an attribute now. Its values are being filled in.", name=row.label), "good")
    return redirect(url_for("attributes.show", slug=slug, key=row.key))


@pages.get("/<key>")
@requires("attributes:read")
def show(slug: str, key: str) -> str:
    """One attribute: what it is, where it comes from, what uses it."""
    row = service.get(current_db(), key)
    return _form(slug, row, Form(_stored(row)))


@pages.post("/<key>")
@requires("attributes:write")
def change(slug: str, key: str) -> Any:
    """Save an attribute's form."""
    session = current_db()
    row = service.get(session, key)
    try:
        service.change(session, current_actor(), row, _given())
    except Invalid as error:
        return _form(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("attributes.show", slug=slug, key=key))


@pages.post("/<key>/models")
@requires("attributes:write")
def allow(slug: str, key: str) -> Any:
    """Let models learn from it, or not."""
    session = current_db()
    allowed = request.form.get("in_models") == "1"
    recorded = {name: request.form.get(name, "") for name in ("purpose", "consent")}
    try:
        service.allow(session, current_actor(), service.get(session, key), in_models=allowed, **recorded)
    except Invalid as error:
        row = service.get(session, key)
        return _form(slug, row, Form({**_stored(row), **recorded}, error.fields)), 422
    told = N_("Models may learn from it with the next training.") if allowed else N_("The next training leaves it out.")
    flash(gettext(told), "good")
    return redirect(url_for("attributes.show", slug=slug, key=key))


@pages.get("/<key>/misfits")
@requires("attributes:read")
def misfit(slug: str, key: str) -> str:
    """What does not fit, and why."""
    session, actor = current_db(), current_actor()
    row = service.get(session, key)
    if row.sensitive and not actor.can(service.SEE):
        raise Forbidden
    after = request.args.get("after", "")
    found = misfits.page(session, actor, Definition.of(row), after=int(after) if after.isdigit() else 0)
    more = found[misfits.PAGE - 1].id if len(found) > misfits.PAGE else None
    return render_template(
        "attributes/misfits.html", slug=slug, row=row, found=found[: misfits.PAGE], more=more, why=words.misfit
    )


@pages.get("/<key>/remove")
@requires("attributes:write")
def removal(slug: str, key: str) -> str:
    """What removing it would do."""
    session = current_db()
    row = service.get(session, key)
    return render_template("attributes/remove.html", slug=slug, row=row, uses=_named(service.uses(session)[key]))


@pages.post("/<key>/remove")
@requires("attributes:write")
def remove(slug: str, key: str) -> AnyResponse:
    """Remove it."""
    session = current_db()
    row = service.get(session, key)
    service.remove(session, current_actor(), row)
    flash(gettext("“%(name)s” is removed. Keep its column again to have it back.", name=row.label), "good")
    return redirect(url_for("attributes.index", slug=slug))


def _form(slug: str, row: Attribute | None, form: Form) -> str:
    session = current_db()
    offers = [(one.source, one.column) for one in columns.seen(session)]
    own = [(one["source"], one["column"]) for one in row.columns] if row else []
    return render_template(
        "attributes/form.html",
        slug=slug,
        row=row,
        form=form,
        kinds=_kinds(row),
        timings={key: f"{gettext(label)}: {gettext(TIMING_HELP[key])}" for key, label in TIMINGS.items()},
        columns={_APART.join(one): f"{one[0]}: {one[1]}" for one in (*own, *offers)},
        uses=_named(service.uses(session)[row.key]) if row else service.Uses(),
        people=_people([row] if row else []),
        refused=gettext(refused(Definition.of(row))) if row else "",
        may_see=current_actor().can(service.SEE),
        may_write=current_actor().can("attributes:write"),
    )


def _kinds(row: Attribute | None) -> dict[str, str]:
    own = {row.kind: row.kind} if row is not None and row.kind not in KINDS else {}
    return {**{key: gettext(label) for key, label in KINDS.items()}, **own}


def _stored(row: Attribute) -> dict[str, Any]:
    return {
        "label": row.label,
        "kind": row.kind,
        "timing": row.timing,
        "sensitive": row.sensitive,
        "choices": "\n".join(row.choices),
        "columns": [_APART.join((one["source"], one["column"])) for one in row.columns],
    }


def _given() -> dict[str, Any]:
    """What the form says. Only columns that are there can be chosen; each is looked at for how it writes its values."""
    session, form = current_db(), request.form
    kind = form.get("kind", "")
    known = {(one.source, one.column) for one in columns.seen(session)}
    known |= {(one["source"], one["column"]) for row in service.listed(session) for one in row.columns}
    chosen = [tuple(one.split(_APART, 1)) for one in form.getlist("columns")]
    found: list[Column] = [columns.column(session, *one, kind) for one in dict.fromkeys(chosen) if one in known]
    return {
        "label": form.get("label", ""),
        "kind": kind,
        "timing": form.get("timing", ""),
        "sensitive": form.get("sensitive") == "1",
        "choices": form.get("choices", "").splitlines(),
        "columns": found,
    }


def _named(uses: service.Uses) -> service.Uses:
    models = tuple(gettext(TASKS[task].label) if task in TASKS else task for task in uses.models)
    return service.Uses(uses.segments, uses.views, models)


def _people(rows: Any) -> int:
    """How many customers there are, for the share that has an attribute."""
    if not any(row.counted_at for row in rows):
        return 0
    living = select(func.count()).select_from(Customer).where(Customer.merged_into.is_(None), Customer.is_test.is_(False))
    return current_db().execute(living).scalar_one()
