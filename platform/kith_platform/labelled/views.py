"""Questions of one's own: bring a table, say what to predict, see what came of it and what was left out."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.attributes.kinds import definitions
from kith_platform.attributes.shown import hidden
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.errors import FieldError, Forbidden, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.imports import uploads
from kith_platform.imports.service import DEFAULT_SOURCE
from kith_platform.imports.views import limit
from kith_platform.jobs.models import Job
from kith_platform.jobs.subjects import told
from kith_platform.labelled import outcome, questions, service, serving, words
from kith_platform.labelled.columns import KIND_WORDS, WHY, Column, why_not
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.labelled.shown import said
from kith_platform.predict import charts, figures, versions
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.sentences import direction
from kith_platform.predict.views import DRIVERS, STATES, grade
from kith_platform.web.forms import Form
from kith_platform.web.locale import language

if TYPE_CHECKING:
    from kith_platform.jobs.shown import Shown
    from kith_tenants.context import Actor

pages = Blueprint("labelled", __name__, url_prefix="/c/<slug>/questions")


@pages.get("/")
@requires("models:read")
def index(slug: str) -> str:
    """Questions with their verdicts, and the tables that were brought."""
    return _index(slug, Form())


def _index(slug: str, form: Form) -> str:
    session = current_db()
    secret = hidden(session, current_actor())
    return render_template(
        "labelled/index.html",
        slug=slug,
        questions=[(said(row, table, language()), version) for row, table, version in questions.listing(session)],
        tables=service.listing(session),
        grade=grade,
        attributes={one.key: one.label for one in definitions(session) if one.key not in secret and one.kind != "text"},
        form=form,
        job=running(),
    )


@pages.post("/attributes")
@requires("models:train")
def ask_attribute(slug: str) -> str | tuple[str, int] | AnyResponse:
    """Ask about an attribute of customers."""
    blobs = runtime().blobs.of(current_tenant().id)
    asked = f"{questions.ATTRIBUTE}{request.form.get('outcome', '')}{request.form.get('test', '').strip()}"
    try:
        _question, job = questions.ask(current_db(), current_actor(), blobs, asked)
    except Invalid as error:
        return _index(slug, Form(request.form, [FieldError("outcome", error.message, error.params)])), 422
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))


def running() -> Shown | None:
    """The oldest import or training of this kind that waits or runs."""
    kinds = (service.LOAD, service.TRAIN, service.USE)
    statement = select(Job).where(Job.kind.in_(kinds), Job.finished_at.is_(None)).order_by(Job.id).limit(1)
    found = current_db().execute(statement).scalar_one_or_none()
    return told(current_db(), [found], gettext)[0] if found is not None else None


@pages.get("/new")
@requires("imports:write")
def new(slug: str) -> str:
    """Choose a file."""
    return _upload_form(slug, Form({"source": DEFAULT_SOURCE}))


def _upload_form(slug: str, form: Form) -> str:
    return render_template("labelled/new.html", slug=slug, form=form, limit=limit())


@pages.post("/new")
@requires("imports:write")
def upload(slug: str) -> str | tuple[str, int] | AnyResponse:
    """Keep the file and ask for its import."""
    if (request.content_length or 0) > limit() + 1_000_000:
        raise uploads.too_large(limit())
    file = request.files.get("file")
    if file is None or not file.filename:
        return _upload_form(slug, Form(request.form, [FieldError("file", N_("Choose a file to import."))])), 422
    try:
        job = take(current_actor(), file, request.form.get)
    except Invalid as error:
        wrong = error.fields or [FieldError("file", error.message, error.params)]
        return _upload_form(slug, Form(request.form, wrong)), 422
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))


def take(actor: Actor, file: Any, given: Callable[[str, str], Any]) -> Job:
    """Keep an uploaded file and ask for its import; the page's and the API's way. `given` reads a field. Raises Invalid."""
    blobs, kept = runtime().blobs.of(current_tenant().id), None
    try:
        with closing(file):
            kept = uploads.keep_file(blobs, file.stream, limit=limit())
        return service.ask_load(
            current_db(),
            actor,
            blobs,
            kept,
            file.filename or "",
            name=given("name", ""),
            source=given("source", "").strip() or DEFAULT_SOURCE,
            as_of_column=given("as_of_column", "").strip(),
            customer_column=given("customer_column", "").strip(),
        )
    except Invalid:
        if kept is not None:
            blobs.remove(kept.blob.rpartition("/")[0])
        raise


@pages.get("/tables/<uuid:public_id>")
@requires("models:read")
def table(slug: str, public_id: uuid.UUID) -> str:
    """A table's columns, and the question to ask of it."""
    return _table(slug, service.get(current_db(), public_id), Form())


def _table(slug: str, row: LabelledSet, form: Form) -> str:
    columns = service.columns_of(row)
    return render_template(
        "labelled/table.html",
        slug=slug,
        row=row,
        form=form,
        columns=[(one, gettext(KIND_WORDS[one.kind]), _role(row, one)) for one in columns],
        choices=_choices(columns),
        asked=questions.of_set(current_db(), row),
        job=running(),
    )


def _role(row: LabelledSet, one: Column) -> str:
    """Why no model sees a column; "" where models may."""
    why = {row.customer_column: "customer", row.as_of_column: "as_of"}.get(one.name) or why_not(one, row.lines)
    return str(gettext(WHY[why])) if why else ""


def _choices(columns: tuple[Column, ...]) -> dict[str, Any]:
    """Columns to ask about: those with two values first, the others need a test."""
    plain = {one.name: one.name for one in columns if outcome.is_yes_no(one)}
    further = {one.name: one.name for one in columns if one.distinct > len(("yes", "no"))}
    found = {str(gettext("Two values: ask as they stand")): plain, str(gettext("More values: say which are a yes")): further}
    return {label: names for label, names in found.items() if names}


@pages.post("/tables/<uuid:public_id>")
@requires("models:train")
def ask(slug: str, public_id: uuid.UUID) -> str | tuple[str, int] | AnyResponse:
    """Ask a question of a table."""
    session, row = current_db(), service.get(current_db(), public_id)
    blobs = runtime().blobs.of(current_tenant().id)
    asked = f"{row.name}.{request.form.get('outcome', '')}{request.form.get('test', '').strip()}"
    try:
        _question, job = questions.ask(session, current_actor(), blobs, asked, in_order="in_order" in request.form)
    except Invalid as error:
        return _table(slug, row, Form(request.form, [FieldError("outcome", error.message, error.params)])), 422
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))


@pages.post("/tables/<uuid:public_id>/delete")
@requires("models:train")
def remove_table(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Delete a table with its questions."""
    row = service.get(current_db(), public_id)
    service.delete(current_db(), current_actor(), row)
    flash(gettext("“%(name)s” is deleted, with its questions and their models.", name=row.name), "good")
    return redirect(url_for("labelled.index", slug=slug))


@pages.get("/<uuid:public_id>")
@requires("models:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """What came of a question: verdict, splits, suspects, drivers, charts, former versions."""
    session = current_db()
    question = questions.get(session, public_id)
    row = versions.serving(session, question.task)
    return render_template(
        "labelled/show.html",
        slug=slug,
        said=said(question, questions.table_of(session, question), language()),
        row=row,
        grade=grade,
        history=versions.history(session, question.task),
        states={key: gettext(label) for key, label in STATES.items()},
        job=running(),
        **(_evidence(question, row) if row is not None else {}),
    )


def _evidence(question: OwnQuestion, row: ModelVersion) -> dict[str, Any]:
    drivers = [
        (one["feature"], one["weight"], direction(one, language()), one["direction"])
        for one in row.report.get("drivers", ())[:DRIVERS]
    ]
    leaks = list(words.leaks(row, gettext))
    left_out = list(words.left_out(row, gettext))
    kept = set(question.keep)
    return {
        "verdict": words.verdict(row, gettext),
        "warnings": [words.warning(one, gettext) for one in row.warnings],
        "splits": list(words.splits(row, gettext)),
        "leaks": leaks,
        "left_out": left_out,
        "doubtful": [*(name for name, _why in leaks), *sorted(kept), *_sensitive(row, kept)],
        "drivers": drivers,
        "charts": charts.of_version(row, current_actor().currency),
        "facts": figures.facts(row),
    }


def _sensitive(row: ModelVersion, kept: set[str]) -> list[str]:
    """Sensitive columns that this person may give to models."""
    if not current_actor().can(questions.SENSITIVE):
        return []
    return [name for name, why in row.report.get("left_out", {}).items() if why == "sensitive" and name not in kept]


@pages.post("/<uuid:public_id>/train")
@requires("models:train")
def train(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Train again, with the columns that were put back and the order as the form says."""
    session, row = current_db(), questions.get(current_db(), public_id)
    chosen = "choose" in request.form  # else the button that asks the same again
    keep, in_order = (request.form.getlist("keep"), "in_order" in request.form) if chosen else (None, None)
    job = questions.again(session, current_actor(), row, keep=keep, in_order=in_order)
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))


@pages.post("/<uuid:public_id>/versions/<uuid:version>")
@requires("models:train")
def use_again(slug: str, public_id: uuid.UUID, version: uuid.UUID) -> AnyResponse:
    """Let an earlier version serve again."""
    session = current_db()
    job = serving.use_again(session, current_actor(), questions.get(session, public_id), version)
    return redirect(url_for("jobs.show", slug=slug, public_id=job.public_id))


@pages.post("/<uuid:public_id>/delete")
@requires("models:train")
def remove(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Delete a question with its models and scores."""
    questions.delete(current_db(), current_actor(), questions.get(current_db(), public_id))
    flash(gettext("The question is deleted, with its models and scores."), "good")
    return redirect(url_for("labelled.index", slug=slug))


@pages.get("/<uuid:public_id>/lines.csv")
@requires("customers:export")
def lines(slug: str, public_id: uuid.UUID) -> Response:  # noqa: ARG001 - the edge reads it
    """Every line with its chance."""
    row = questions.get(current_db(), public_id)
    if current_actor().reach != "all":
        raise Forbidden(N_("You see some customers alone, and this file speaks of all. Ask an admin of the company for it."))
    if not row.scored:
        raise NotFound(N_("There are no chances yet: the question was not answered."))
    stream = runtime().blobs.of(current_tenant().id).stream(row.scored)
    return send_file(stream, mimetype="text/csv", as_attachment=True, download_name="chances.csv")
