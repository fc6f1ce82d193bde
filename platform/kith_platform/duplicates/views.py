"""Pages of duplicates: the review queue, the merges with their undoing, and which value a customer shows."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.attributes.kinds import definitions
from kith_platform.attributes.shown import hidden_columns
from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers import service as customers
from kith_platform.duplicates import service, side_by_side, surviving, words
from kith_platform.duplicates.jobs import KIND
from kith_platform.errors import BadRequest
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_platform.jobs import service as jobs
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("duplicates", __name__, url_prefix="/c/<slug>/duplicates")
NAVIGATION = (
    NavItem(
        key="duplicates",
        label=N_("Duplicates"),
        icon="copy",
        endpoint="duplicates.index",
        permission="customers:merge",
        section="data",
        order=30,
    ),
)
PAGE = 50


@pages.get("/")
@requires("customers:merge")
def index(slug: str) -> str:
    """What people should look at, the surest first, side by side."""
    session, actor = current_db(), current_actor()
    return render_template(
        "duplicates/index.html",
        slug=slug,
        pairs=side_by_side.pairs(session, service.queue(session, actor), hidden_columns(session, actor)),
        waiting=service.waiting(session, actor),
        run=service.last_run(session),
        words=words,
    )


@pages.post("/look")
@requires("customers:merge")
def look(slug: str) -> AnyResponse:
    """Compare all customers now."""
    job = jobs.ask(current_db(), KIND, {}, dedupe_key=KIND, asked_by=current_actor().member_id)
    flash(gettext("Kith is comparing your customers. The bell rings when it is done."), "good")
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))


@pages.get("/<uuid:left>/<uuid:right>")
@requires("customers:merge")
def show(slug: str, left: uuid.UUID, right: uuid.UUID) -> str:
    """Two customers side by side."""
    session = current_db()
    actor = current_actor()
    found = service.between(session, actor, left, right)
    pair = side_by_side.pairs(session, [found], hidden_columns(session, actor))[0]
    return render_template("duplicates/show.html", slug=slug, pair=pair, words=words)


@pages.post("/<uuid:left>/<uuid:right>/merge")
@requires("customers:merge")
def merge(slug: str, left: uuid.UUID, right: uuid.UUID) -> AnyResponse:
    """Make the two one."""
    service.merge(current_db(), current_actor(), left, right)
    flash(gettext("They are one customer now. Under Merged you can undo it."), "good")
    return redirect(url_for("duplicates.index", slug=slug))


@pages.post("/<uuid:left>/<uuid:right>/different")
@requires("customers:merge")
def different(slug: str, left: uuid.UUID, right: uuid.UUID) -> AnyResponse:
    """The two are two."""
    service.tell_apart(current_db(), current_actor(), left, right)
    flash(gettext("Kith will not take these two for one again."), "good")
    return redirect(url_for("duplicates.index", slug=slug))


@pages.get("/merged")
@requires("customers:merge")
def merged(slug: str) -> str:
    """Every merge and split, newest first."""
    after = request.args.get("after", "")
    before = int(after) if after.isdigit() else None
    rows = service.merges(current_db(), current_actor(), before=before, most=PAGE + 1)
    more = rows[PAGE - 1][0].id if len(rows) > PAGE else None
    return render_template("duplicates/merged.html", slug=slug, rows=rows[:PAGE], next=more)


@pages.post("/merged/<uuid:public_id>/undo")
@requires("customers:merge")
def undo(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Take a merge or split back."""
    service.undo(current_db(), current_actor(), public_id)
    flash(gettext("It is undone: both customers are as they were."), "good")
    return redirect(url_for("duplicates.merged", slug=slug))


@pages.post("/customers/<uuid:public_id>/split")
@requires("customers:merge")
def split(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Take the chosen records out of a customer."""
    session, actor = current_db(), current_actor()
    customers.get(session, actor, public_id)
    try:
        chosen = [uuid.UUID(one) for one in request.form.getlist("records")]
    except ValueError:
        raise BadRequest from None
    service.split(session, actor, public_id, chosen)
    flash(gettext("The records are a customer of their own now. Under Duplicates, Merged you can undo it."), "good")
    return redirect(url_for("customers.show", slug=slug, public_id=public_id))


@pages.get("/shown")
@requires("customers:merge")
def shown(slug: str) -> str:
    """Which of several values a customer shows."""
    session = current_db()
    labels = _labels()
    chosen = surviving.rules(session, [field.removeprefix(surviving.OWN) for field in labels if field.startswith(surviving.OWN)])
    form = Form({**{field: rule.rule for field, rule in chosen.items()}, "sources": ", ".join(chosen["name"].sources)})
    return render_template("duplicates/shown.html", slug=slug, words=words, labels=labels, form=form, sources=_sources())


def _labels() -> dict[str, str]:
    """The fields that have a rule, the company's own attributes last, in words."""
    own = {surviving.OWN + one.key: one.label for one in definitions(current_db())}
    return {**{field: gettext(words.SHOWN[field]) for field in surviving.FIELDS}, **own}


@pages.post("/shown")
@requires("customers:merge")
def choose(slug: str) -> AnyResponse:
    """Save the rules that changed."""
    session, actor = current_db(), current_actor()
    labels, known = _labels(), _sources()
    before = surviving.rules(session, [field.removeprefix(surviving.OWN) for field in labels if field.startswith(surviving.OWN)])
    typed = [one.strip() for one in request.form.get("sources", "").split(",")]
    order = [one for one in dict.fromkeys(typed) if one in known]
    for field in labels:
        wanted = surviving.Rule(request.form.get(field, before[field].rule), tuple(order))
        if wanted != before[field]:
            surviving.set_rule(session, actor, field, wanted.rule, wanted.sources)
    flash(gettext("Saved."), "good")
    return redirect(url_for("duplicates.shown", slug=slug))


def _sources() -> list[str]:
    statement = (
        select(CustomerRecord.source).where(CustomerRecord.source != surviving.PEOPLE).distinct().order_by(CustomerRecord.source)
    )
    return list(current_db().execute(statement).scalars())
