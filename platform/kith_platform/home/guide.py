"""The first-run guide: industry and modules, a file, results. Each step may be skipped, and all stay open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.demo.companies import companies
from kith_platform.errors import FieldError, Invalid, NotFound
from kith_platform.home import service
from kith_platform.i18n import N_
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.imports.models import DRAFT
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import DISPATCHED, QUEUED, RUNNING
from kith_platform.jobs.subjects import told
from kith_platform.modules import service as modules
from kith_platform.predict import service as predict
from kith_platform.predict import verdicts
from kith_platform.web.forms import Form

pages = Blueprint("guide", __name__, url_prefix="/c/<slug>/guide")
SAMPLES = Path(__file__).parent / "samples"
TABLES = {
    "orders": N_("Orders, with their customers"),
    "customers": N_("Customers"),
    "order_lines": N_("Order lines, with orders and products"),
    "products": N_("Products"),
    "tickets": N_("Tickets and complaints"),
    "survey_responses": N_("Survey answers"),
    "subscription_events": N_("Subscription events"),
}
SOURCE = "file"
SAMPLE = "kith-sample-orders.csv"


@pages.get("/")
@requires("home:read")
def show(slug: str) -> str:
    """The guide, with what is done and what runs."""
    return _page(slug, Form({"table": "orders"}))


def _page(slug: str, form: Form) -> str:
    session, actor, held = current_db(), current_actor(), runtime()
    on = modules.enabled(session, held.plugins)
    active = jobs.listing(session, actor, states=(QUEUED, DISPATCHED, RUNNING), limit=5) if actor.can("jobs:read") else []
    brought = imports.listing(session, most=20) if actor.can("imports:read") else []
    taken = [row for row in brought if row.state != DRAFT and not row.dry_run][:5]
    industry = current_tenant().industry
    demo = {company.slug for company in companies(held.plugins)}
    return render_template(
        "guide/show.html",
        slug=slug,
        industry=industry,
        modules=[(name, plugin.manifest, name in on) for name, plugin in held.plugins.loaded.items()],
        taken=taken,
        begun=service.has_customers(session),
        jobs=told(session, active, gettext),
        models=predict.overview(session),
        say=lambda row: verdicts.of_version(row, actor.currency, gettext),
        worth=service.worth(session, actor) if actor.can("models:read") else None,
        tables={key: gettext(label) for key, label in TABLES.items()},
        demos=[company for company in actor.companies if company.slug in demo and company.slug != slug],
        form=form,
    )


@pages.get("/sample.csv")
@requires("home:read")
def sample(slug: str) -> Response:  # noqa: ARG001 - the edge settles the company by it
    """A small invented file, as this company's industry would export it."""
    headers = {"Content-Disposition": f'attachment; filename="{SAMPLE}"'}
    return Response(_sample_file().read_bytes(), mimetype="text/csv", headers=headers)


@pages.post("/modules")
@requires("modules:manage")
def choose(slug: str) -> AnyResponse:
    """Switch modules on and off as ticked."""
    session, actor, plugins = current_db(), current_actor(), runtime().plugins
    wanted, on = set(request.form.getlist("modules")), modules.enabled(session, plugins)
    for name in plugins.loaded:
        if name in wanted and name not in on:
            modules.enable(session, actor, plugins, name)
        elif name in on and name not in wanted:
            modules.disable(session, actor, plugins, name)
    flash(gettext("The modules are set."), "good")
    return redirect(url_for("guide.show", slug=slug, _anchor="import"))


@pages.post("/import")
@requires("imports:write")
def load(slug: str) -> Any:
    """Take a file in by the guessed mapping and start its import."""
    given = request.files.get("file")
    table = request.form.get("table", "orders")
    if table not in TABLES:
        raise NotFound
    try:
        if given is None or not given.filename:
            raise Invalid(fields=[FieldError("file", N_("Choose a file first."))])
        _start(table, given.filename, given.stream)
    except Invalid as error:
        problems = error.fields or (FieldError("file", error.message, dict(error.params)),)
        return _page(slug, Form(request.form, problems)), 422
    flash(gettext("The import has begun. You may leave this page; the bell rings when it is done."), "good")
    return redirect(url_for("guide.show", slug=slug, _anchor="import"))


@pages.post("/sample")
@requires("imports:write")
def load_sample(slug: str) -> AnyResponse:
    """Import the sample file, for those who have none at hand."""
    with _sample_file().open("rb") as stream:
        _start("orders", SAMPLE, stream)
    flash(gettext("The sample is on its way. Undo its import when you bring your own data."), "good")
    return redirect(url_for("guide.show", slug=slug, _anchor="import"))


def _sample_file() -> Path:
    found = SAMPLES / f"{current_tenant().industry}.csv"
    # Only files that lie here are sent, whatever an industry may be called.
    return found if found.parent == SAMPLES and found.is_file() else SAMPLES / "retail.csv"


def _start(table: str, name: str, stream: Any) -> None:
    """Keep the file, guess its columns, ask for the import. Raises FileProblem, MissingColumns."""
    session, held = current_db(), runtime()
    blobs = held.blobs.of(current_tenant().id)
    kept = uploads.keep_file(blobs, stream)
    seen = imports.look(session, held.facts, blobs, kept[0], table, source=SOURCE)
    imports.start(session, current_actor(), table=table, source=SOURCE, file_name=name, kept=kept, seen=seen)
