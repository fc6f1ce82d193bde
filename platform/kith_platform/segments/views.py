"""Pages of segments: the list, the builder with its live count, one segment with its members, history and export."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import listing, told
from kith_platform.customers.listing import Filter
from kith_platform.errors import Conflict, FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.segments import builder, counting, export, few, history, reading, service, vocabulary, words
from kith_platform.segments.models import Segment
from kith_platform.segments.rules import EVERYBODY, OPS, Group, conditions, meets
from kith_platform.segments.vocabulary import FIELDS, SCORES, Vocabulary, filterable, sort_of, summed
from kith_platform.web.charts import Chart, Series
from kith_platform.web.forms import Form
from kith_platform.web.locale import day as write_day
from kith_platform.web.navigation import NavItem

pages = Blueprint("segments", __name__, url_prefix="/c/<slug>/segments")
NAVIGATION = (
    NavItem(
        key="segments",
        label=N_("Segments"),
        icon="users-group",
        endpoint="segments.index",
        permission="segments:read",
        section="work",
        order=25,
    ),
)


@pages.get("/")
@requires("segments:read")
def index(slug: str) -> str:
    """The list."""
    session = current_db()
    segments = service.listed(session)
    known = _vocabulary(session)
    return render_template(
        "segments/index.html",
        slug=slug,
        segments=segments,
        sizes={one.id: _size(session, one) for one in segments},
        rules={one.id: _told(one, known) for one in segments},
    )


@pages.get("/new")
@requires("segments:write")
def new(slug: str) -> str:
    """The builder of a new segment."""
    return _builder(slug, None, {"name": "", "about": "", "dynamic": "1"}, {"all": [{"": ""}]})


@pages.post("/new")
@requires("segments:write")
def create(slug: str) -> Any:
    """Make the segment; without scripts also each button of the builder."""
    session = current_db()
    known = _vocabulary(session)
    document = builder.whole(request.form, known)
    if "edit" in request.form:
        return _builder(slug, None, request.form, builder.edited(document, request.form["edit"]))
    try:
        row = service.create(session, current_actor(), _given(document), known)
    except Invalid as error:
        return _builder(slug, None, request.form, document, error.fields), 422
    flash(gettext("%(name)s is made. Its members are being counted.", name=row.name), "good")
    return redirect(url_for("segments.show", slug=slug, public_id=row.public_id))


@pages.get("/<uuid:public_id>/edit")
@requires("segments:write")
def edit(slug: str, public_id: uuid.UUID) -> str:
    """The builder of a segment."""
    row = service.get(current_db(), public_id)
    return _builder(slug, row, {"name": row.name, "about": row.about, "dynamic": "1" if row.dynamic else "0"}, row.rule)


@pages.post("/<uuid:public_id>/edit")
@requires("segments:write")
def change(slug: str, public_id: uuid.UUID) -> Any:
    """Save the builder of a segment."""
    session = current_db()
    row = service.get(session, public_id)
    known = _vocabulary(session)
    document = builder.whole(request.form, known)
    if "edit" in request.form:
        return _builder(slug, row, request.form, builder.edited(document, request.form["edit"]))
    try:
        service.change(session, current_actor(), row, _given(document), known)
    except Invalid as error:
        return _builder(slug, row, request.form, document, error.fields), 422
    except Conflict as error:
        return _builder(slug, row, request.form, document, [FieldError("", error.message, error.params)]), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("segments.show", slug=slug, public_id=row.public_id))


@pages.post("/rule")
@requires("segments:write")
def rule(slug: str) -> str:
    """The builder's conditions after a click: a fragment."""
    document = builder.edited(builder.whole(request.form, _vocabulary(current_db())), request.form.get("edit", ""))
    return render_template("segments/rule.html", **_words_of(slug, document))


@pages.post("/count")
@requires("segments:read")
def count(slug: str) -> Any:
    """How many customers the rule of a sent form holds for: a fragment; nothing while the builder waits for another answer."""
    if f"{builder.ROOT}.mode" not in request.form:
        return "", 204
    session = current_db()
    known = _vocabulary(session)
    found, wrong = builder.finished(builder.whole(request.form, known), known)
    scope = service.scope(session, runtime().facts, known)
    counted = counting.live(session, runtime(), current_tenant(), current_actor(), found, scope)
    return render_template("segments/count.html", slug=slug, count=counted, unfinished=len(wrong), everybody=not found.parts)


@pages.post("/exact")
@requires("segments:read")
def exact(slug: str) -> str:
    """The exact number where the live one is an estimate: a fragment."""
    session = current_db()
    known = _vocabulary(session)
    found, _wrong = builder.finished(builder.whole(request.form, known), known)
    scope = service.scope(session, runtime().facts, known)
    counted = counting.exact(session, runtime(), current_tenant(), current_actor(), found, scope)
    return render_template("segments/exact.html", slug=slug, count=counted)


@pages.get("/<uuid:public_id>")
@requires("segments:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One segment: its members and why they are in it, or who came and went."""
    session, actor, asked = current_db(), current_actor(), request.args
    row = service.get(session, public_id)
    known = _vocabulary(session)
    tab = "history" if asked.get("tab") == "history" else ""
    sizes = service.sizes(session, row)
    return render_template(
        "segments/show.html",
        slug=slug,
        segment=row,
        size=_size(session, row),
        rule=_told(row, known),
        tab=tab,
        problem=gettext(row.problem) % row.problem_params if row.problem else "",
        sizes=sizes,
        chart=_chart(sizes) if len(sizes) > 1 else None,
        **(_history(session, row, known) if tab else _members(session, row, known)),
        may_export=actor.can("customers:export"),
        may_write=actor.can("segments:write"),
    )


@pages.post("/<uuid:public_id>/members.csv")
@requires("customers:export")
def members(slug: str, public_id: uuid.UUID) -> Response:  # noqa: ARG001 - the address has it
    """The members as a file. A post, because it is written down who took them."""
    session, actor, held = current_db(), current_actor(), runtime()
    row = service.get(session, public_id)
    export.allow(session, actor, row)
    lines = export.lines(held, current_tenant().id, actor, row.id)
    head = {"Content-Disposition": f'attachment; filename="segment-{row.public_id.hex[-8:]}.csv"'}
    return Response(stream_with_context(lines), mimetype="text/csv; charset=utf-8", headers=head)


@pages.post("/<uuid:public_id>/count-again")
@requires("segments:write")
def count_again(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Ask for the members now."""
    row = service.get(current_db(), public_id)
    service.ask(current_db(), row, asked_by=current_actor().member_id)
    flash(gettext("The members are being counted."), "good")
    return redirect(url_for("segments.show", slug=slug, public_id=public_id))


@pages.post("/<uuid:public_id>/remove")
@requires("segments:write")
def remove(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Remove the segment; its rule stays in the audit trail."""
    row = service.get(current_db(), public_id)
    service.remove(current_db(), current_actor(), row)
    flash(gettext("%(name)s is removed. Its customers stay as they are.", name=row.name), "good")
    return redirect(url_for("segments.index", slug=slug))


def _vocabulary(session: Session) -> Vocabulary:
    return vocabulary.of_company(session, runtime().facts, runtime().plugins)


def _given(document: dict[str, Any]) -> dict[str, Any]:
    form = request.form
    return {
        "name": form.get("name", ""),
        "about": form.get("about", ""),
        "dynamic": form.get("dynamic", "1") == "1",
        "rule": document,
    }


def _builder(slug: str, segment: Segment | None, form: Any, document: dict[str, Any], errors: Any = ()) -> str:
    wrong = [one for one in errors if not one.field.startswith("rule")]
    unfinished = any(one.field.startswith("rule") for one in errors)
    if unfinished:
        wrong.append(FieldError("", N_("Finish the marked conditions, or take them out.")))
    return render_template(
        "segments/builder.html",
        segment=segment,
        form=Form(form, wrong),
        **_words_of(slug, document, own=segment, mark=unfinished),
    )


def _words_of(slug: str, document: dict[str, Any], own: Segment | None = None, *, mark: bool = False) -> dict[str, Any]:
    """What the conditions' template needs; `mark` shows what is wrong with each, else only what is typed wrongly."""
    known = _vocabulary(current_db())
    wrong = builder.finished(document, known)[1] if mark else {}
    return {
        "slug": slug,
        "document": document,
        "vocabulary": known,
        "fields": FIELDS,
        "scores": SCORES,
        "ops": OPS,
        "op_words": words.OPS,
        "measures": words.MEASURES,
        "consents": words.CONSENTS,
        "modes": builder.MODE_WORDS,
        "what_of": builder.what_of,
        "sort_of_what": builder.sort_of_what,
        "sort_of": sort_of,
        "filterable": filterable,
        "summed": summed,
        "percent": builder.PERCENT,
        "wrong": {place: error.text(gettext) for place, error in wrong.items()},
        "deepest": reading.DEEPEST,
        "own": own,
        "word": told.word,
        "word_of": lambda choices: {code: told.word(code) for code in choices},
    }


def _told(segment: Segment, known: Vocabulary) -> Any:
    """The rule in words; None where it speaks of something that is there no more."""
    try:
        return _tree(service.rule_of(segment, known), known)
    except Invalid:
        return None


def _tree(part: Any, known: Vocabulary) -> Any:
    if isinstance(part, Group):
        return {"mode": part.mode, "parts": [_tree(one, known) for one in part.parts]}
    return words.sentence(part, known)


def _size(session: Session, segment: Segment) -> int:
    """How many members the actor may see."""
    return history.size(session, current_actor(), segment)


def _rule_or_everybody(segment: Segment, known: Vocabulary) -> Group:
    try:
        return service.rule_of(segment, known)
    except Invalid:
        return EVERYBODY


def _members(session: Session, row: Segment, known: Vocabulary) -> dict[str, Any]:
    asked, actor = request.args, current_actor()
    page = listing.page(session, actor, Filter(segment=row.id), after=asked.get("after", ""), before=asked.get("before", ""))
    ids = [one.id for one in page.customers]
    rule = _rule_or_everybody(row, known)
    scope = service.scope(session, runtime().facts, known)
    wanted = list(conditions(rule))
    values = dict(few.values(session, rule, scope, ids)) if wanted and ids else {}
    reasons = {
        customer: [
            (words.sentence(one, known), words.value(one, value, known), meets(one, value, scope.today))
            for one, value in zip(wanted, found, strict=True)
        ]
        for customer, found in values.items()
    }
    return {"page": page, "since": history.since(session, row, ids), "reasons": reasons}


def _history(session: Session, row: Segment, known: Vocabulary) -> dict[str, Any]:
    before = request.args.get("after", "")
    moves = history.moves(session, current_actor(), row, before=int(before) if before.isdigit() else None)
    return {"moves": history.told(session, row, moves, known), "older": moves[-1].id if len(moves) == history.PAGE else None}


def _chart(sizes: Any) -> Chart:
    return Chart(
        key="size",
        title=gettext("Members by day"),
        kind="line",
        categories=[str(write_day(one.day, "short")) for one in sizes],
        series=[Series(name=gettext("Members"), values=[one.size for one in sizes])],
    )
