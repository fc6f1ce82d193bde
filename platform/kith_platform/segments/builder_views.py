"""The page on which a rule is made by clicks, with its live count."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import phrases
from kith_platform.errors import Conflict, FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.segments import builder, counting, reading, service, vocabulary, words
from kith_platform.segments.models import Segment
from kith_platform.segments.rules import OPS
from kith_platform.segments.vocabulary import FIELDS, Vocabulary, filterable, parts_of, sort_of, summed
from kith_platform.web.forms import Form

pages = Blueprint("segment_builder", __name__, url_prefix="/c/<slug>/segments")


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
    known = _vocabulary()
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
    known = _vocabulary()
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
    document = builder.edited(builder.whole(request.form, _vocabulary()), request.form.get("edit", ""))
    return render_template("segments/rule.html", **_words_of(slug, document))


@pages.post("/count")
@requires("segments:read")
def count(slug: str) -> Any:
    """How many customers the rule of a sent form holds for: a fragment; nothing while the builder waits for another answer."""
    if f"{builder.ROOT}.mode" not in request.form:
        return "", 204
    session = current_db()
    known = _vocabulary()
    found, wrong = builder.finished(builder.whole(request.form, known), known)
    scope = service.scope(session, runtime().facts, known)
    counted = counting.live(session, runtime(), current_tenant(), current_actor(), found, scope)
    return render_template("segments/count.html", slug=slug, count=counted, unfinished=len(wrong), everybody=not found.parts)


@pages.post("/exact")
@requires("segments:read")
def exact(slug: str) -> str:
    """The exact number where the live one is an estimate: a fragment."""
    session = current_db()
    known = _vocabulary()
    found, _wrong = builder.finished(builder.whole(request.form, known), known)
    scope = service.scope(session, runtime().facts, known)
    counted = counting.exact(session, runtime(), current_tenant(), current_actor(), found, scope)
    return render_template("segments/exact.html", slug=slug, count=counted)


def _vocabulary() -> Vocabulary:
    return vocabulary.of_company(current_db(), runtime().facts, runtime().plugins, current_actor())


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
    known = _vocabulary()
    wrong = builder.finished(document, known)[1] if mark else {}
    return {
        "slug": slug,
        "document": document,
        "vocabulary": known,
        "fields": FIELDS,
        "scores": {
            f"{task}.{part}": words.score(task, part, known) for task in known.scores for part in parts_of(known.scores[task])
        },
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
        "percent": builder.is_chance,
        "kinds": words.kinds,
        "wrong": {place: error.text(gettext) for place, error in wrong.items()},
        "deepest": reading.DEEPEST,
        "own": own,
        "word": phrases.word,
        "word_of": lambda choices: {code: phrases.word(code) for code in choices},
    }
