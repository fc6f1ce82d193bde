"""The Imports pages: bring a file, see how Kith reads it, load it, watch, look at the result, take it back."""

from __future__ import annotations

import uuid
from contextlib import closing

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.attributes import columns as attributes
from kith_platform.attributes import service as attribute_service
from kith_platform.attributes.words import kind_word
from kith_platform.auth.edge import current_actor, current_db, current_tenant
from kith_platform.auth.gate import requires
from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.imports import drafts, layouts, samples, saved, service, templates, undo, uploads
from kith_platform.imports.form import Sheet, chosen
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import DRAFT, Import
from kith_platform.imports.preview import Preview
from kith_platform.imports.problems import reason
from kith_platform.imports.shown import shown
from kith_platform.sdk.templates import ImportTemplate
from kith_platform.web.context import runtime
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("imports", __name__, url_prefix="/c/<slug>/imports")
NAVIGATION = (
    NavItem(
        key="imports",
        label=N_("Imports"),
        icon="upload",
        endpoint="imports.index",
        permission="imports:read",
        section="data",
        order=10,
    ),
)
PAGE = 50
SHOWN_REJECTS = 20


@pages.get("/")
@requires("imports:read")
def index(slug: str) -> str:
    """Imports, newest first. Drafts that nobody went on with for a week are forgotten on this occasion."""
    session, held, company = current_db(), runtime(), current_tenant()
    if drafts.stale(session):
        # A transaction of its own: the one of a page only reads.
        with held.doors.tenant_scope(company.id) as writing:
            drafts.forget(writing, held.blobs.of(company.id))
    after = request.args.get("after", "")
    rows = service.listing(session, before=int(after) if after.isdigit() else None, most=PAGE + 1)
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    known = held.facts
    return render_template("imports/index.html", slug=slug, rows=[shown(session, row, known) for row in rows[:PAGE]], next=more)


@pages.get("/new")
@requires("imports:write")
def new(slug: str) -> str:
    """Choose a table and a file."""
    return _upload_form(slug, Form({"table": request.args.get("table", ""), "source": service.DEFAULT_SOURCE}))


def _upload_form(slug: str, form: Form) -> str:
    return render_template("imports/new.html", slug=slug, form=form, tables=samples.tables(runtime().facts), limit=limit())


def limit() -> int:
    """The largest file in bytes."""
    megabytes: int = runtime().settings.upload_mb
    return megabytes * 1_000_000


@pages.get("/sample/<table>.csv")
@requires("imports:read")
def sample(slug: str, table: str) -> Response:  # noqa: ARG001 - the edge reads it
    """A small file of the table's own columns, to fill in."""
    head = {"Content-Disposition": f'attachment; filename="{table}.csv"'}
    return Response(samples.sample(runtime().facts, table), mimetype="text/csv; charset=utf-8", headers=head)


@pages.post("/new")
@requires("imports:write")
def upload(slug: str) -> str | tuple[str, int] | AnyResponse:
    """Keep the file, look at it, and go on to its columns."""
    if (request.content_length or 0) > limit() + 1_000_000:
        raise uploads.too_large(limit())
    file, table = request.files.get("file"), request.form.get("table", "")
    source = request.form.get("source", "").strip() or service.DEFAULT_SOURCE
    wrong = []
    if file is None or not file.filename:
        wrong.append(FieldError("file", N_("Choose a file to import.")))
    if table not in {fact.plural for fact in layouts.tables(runtime().facts).values()}:
        wrong.append(FieldError("table", N_("Say what the file holds.")))
    if wrong or file is None:
        return _upload_form(slug, Form(request.form, wrong)), 422
    session, blobs = current_db(), runtime().blobs.of(current_tenant().id)
    kept = None
    try:
        with closing(file):
            kept = uploads.keep_file(blobs, file.stream, limit=limit())
        seen = service.look(session, runtime().facts, blobs, kept[0], table, source=source)
        name = file.filename or ""
        row = service.draft(session, current_actor(), table=table, source=source, file_name=name, kept=kept, seen=seen)
        _look(row)  # as the next page will, with encoding and columns laid down
    except Invalid as error:
        if kept:
            blobs.remove(kept.blob.rpartition("/")[0])
        return _upload_form(slug, Form(request.form, [FieldError("file", error.message, error.params)])), 422
    return redirect(url_for("imports.show", slug=slug, public_id=row.public_id))


@pages.get("/<uuid:public_id>")
@requires("imports:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """A draft's columns, or how an import goes and went."""
    session = current_db()
    row = service.get(session, public_id)
    if row.state == DRAFT:
        return _columns(slug, row, _look(row))
    rejected = [
        (one.line, reason(one.reason, one.params, translate=gettext), one.raw)
        for one in service.rejects(session, row, most=SHOWN_REJECTS)
    ]
    view = shown(session, row, runtime().facts)
    draft = service.draft_of(session, row) if row.dry_run else None
    return render_template("imports/show.html", slug=slug, it=view, rejected=rejected, draft=draft)


@pages.get("/<uuid:public_id>/progress")
@requires("imports:read")
def progress(slug: str, public_id: uuid.UUID) -> str | Response:
    """The progress fragment; when the work is over, the page shows itself anew."""
    view = shown(current_db(), service.get(current_db(), public_id), runtime().facts)
    if view.over:
        return Response(status=200, headers={"HX-Redirect": url_for("imports.show", slug=slug, public_id=public_id)})
    return render_template("imports/progress.html", slug=slug, it=view)


def _look(row: Import, mapping: Mapping | None = None) -> Preview:
    blobs = runtime().blobs.of(current_tenant().id)
    wanted = mapping or Mapping.from_json(row.mapping)
    return service.look(current_db(), runtime().facts, blobs, row.blob, row.table_name, source=row.source, mapping=wanted)


def _columns(slug: str, row: Import, seen: Preview, form: Form | None = None) -> str:
    again = service.same_file(current_db(), row)
    sheet = Sheet(row, seen, layouts.tables(runtime().facts))
    return render_template(
        "imports/columns.html",
        slug=slug,
        row=row,
        sheet=sheet,
        form=form or Form(),
        again=again,
        parts=service.parts(row),
        template=_looks_like(row, seen),
        offers=attributes.offered(current_db(), row, seen),
        kind_word=kind_word,
    )


@pages.post("/<uuid:public_id>/part")
@requires("imports:write")
def read_part(slug: str, public_id: uuid.UUID) -> str | tuple[str, int] | AnyResponse:
    """Read another sheet of a draft's workbook, or another file of its archive."""
    session, blobs = current_db(), runtime().blobs.of(current_tenant().id)
    row = service.get(session, public_id)
    try:
        service.read_part(session, runtime().facts, blobs, row, request.form.get("part", ""))
    except Invalid as error:
        return _columns(slug, row, _look(row), Form(request.form, [FieldError("", error.message, error.params)])), 422
    return redirect(url_for("imports.show", slug=slug, public_id=public_id))


def _looks_like(row: Import, seen: Preview) -> ImportTemplate | None:
    """The template that the file looks like, unless its mapping is used already or people have confirmed one of their own."""
    found = templates.recognised(seen.dialect, templates.offered(current_db(), runtime().plugins))
    if found is None or saved.mapping_of(current_db(), row.source, row.table_name, seen.dialect):
        return None
    targets = set(templates.places_of(found, seen.dialect.header))
    return None if found.table == row.table_name and targets <= set(seen.guess.mapping.targets) else found


@pages.post("/<uuid:public_id>/template")
@requires("imports:write")
def use_template(slug: str, public_id: uuid.UUID) -> str | tuple[str, int] | AnyResponse:
    """Take a template's columns over into a draft."""
    session, held = current_db(), runtime()
    row = service.get(session, public_id)
    try:
        found = templates.named(templates.offered(session, held.plugins), request.form.get("template", ""))
        service.use_template(session, held.facts, held.blobs.of(current_tenant().id), row, found)
    except Invalid as error:
        return _columns(slug, row, _look(row), Form(request.form, [FieldError("", error.message, error.params)])), 422
    flash(gettext("The columns are those of: %(template)s.", template=gettext(found.name)), "good")
    return redirect(url_for("imports.show", slug=slug, public_id=public_id))


@pages.post("/<uuid:public_id>")
@requires("imports:write")
def settle(slug: str, public_id: uuid.UUID) -> str | tuple[str, int] | AnyResponse:
    """Take the chosen columns over; `do` says what then: show (look again), try (dry run) or load."""
    session = current_db()
    row = service.get(session, public_id)
    facts = layouts.tables(runtime().facts)
    try:
        seen = _look(row, chosen(request.form, row, _look(row), facts))
        service.amend(row, seen)
        todo = request.form.get("do", "show")
        if todo.startswith("keep:"):
            _keep(row, seen, todo.removeprefix("keep:"))
        if todo == "show" or todo.startswith("keep:"):
            return redirect(url_for("imports.show", slug=slug, public_id=public_id))
        row, _job = service.begin(session, current_actor(), row, seen, dry_run=todo == "try")
    except Invalid as error:
        form = Form(request.form, [FieldError("", error.message, error.params)])
        return _columns(slug, row, _look(row), form), 422
    return redirect(url_for("imports.show", slug=slug, public_id=row.public_id))


def _keep(row: Import, seen: Preview, source: str) -> None:
    """Keep a column of a draft as an attribute, of this file and of all that come after it."""
    offer = attributes.offered(current_db(), row, seen).get(source)
    if offer is not None and not offer.made:
        made = attribute_service.keep(current_db(), current_actor(), offer.attribute)
        flash(gettext("“%(name)s” is an attribute now.", name=made.label), "good")


@pages.get("/<uuid:public_id>/rejects.csv")
@requires("imports:read")
def rejects(slug: str, public_id: uuid.UUID) -> Response:  # noqa: ARG001 - the edge reads it
    """The lines that were not taken, with line number and reason."""
    row = service.get(current_db(), public_id)
    stream = service.open_rejects(runtime().blobs.of(current_tenant().id), row)
    return send_file(stream, mimetype="text/csv", as_attachment=True, download_name=f"rejects-{row.table_name}.csv")


@pages.get("/<uuid:public_id>/undo")
@requires("imports:write")
def undo_preview(slug: str, public_id: uuid.UUID) -> str:
    """What undoing would do."""
    session = current_db()
    row = service.get(session, public_id)
    found = undo.preview(session, runtime().facts, row)
    return render_template("imports/undo.html", slug=slug, it=shown(session, row, runtime().facts), found=found, label=_label)


def _label(fact: str) -> str:
    words: str = gettext(runtime().facts[fact].label_plural)
    return words


@pages.post("/<uuid:public_id>/undo")
@requires("imports:write")
def take_back(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Undo the import."""
    session = current_db()
    service.ask_undo(session, current_actor(), service.get(session, public_id), runtime().facts)
    flash(gettext("Kith takes the import back."), "good")
    return redirect(url_for("imports.show", slug=slug, public_id=public_id))
