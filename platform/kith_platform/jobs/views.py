"""The Jobs page: what runs, what waits, what failed and why; cancel and try again. Its fragments keep themselves fresh."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.i18n import N_
from kith_platform.jobs import service
from kith_platform.jobs.models import CANCELLED, DISPATCHED, DONE, FAILED, QUEUED, RUNNING
from kith_platform.jobs.subjects import told
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("jobs", __name__, url_prefix="/c/<slug>/jobs")
NAVIGATION = (
    NavItem(
        key="jobs", label=N_("Jobs"), icon="activity", endpoint="jobs.index", permission="jobs:read", section="data", order=80
    ),
)
PAGE = 50

# What the filter offers, and the states of rows behind it.
FILTERS = {
    "active": (N_("Waiting and running"), (QUEUED, DISPATCHED, RUNNING)),
    FAILED: (N_("Failed"), (FAILED,)),
    DONE: (N_("Done"), (DONE,)),
    CANCELLED: (N_("Cancelled"), (CANCELLED,)),
}


@pages.get("/")
@requires("jobs:read")
def index(slug: str) -> str:
    """Jobs, newest first."""
    session, actor = current_db(), current_actor()
    wanted = request.args.get("state", "")
    rows = service.listing(
        session,
        actor,
        states=FILTERS[wanted][1] if wanted in FILTERS else (),
        before=_key(request.args.get("after", "")),
        limit=PAGE + 1,
    )
    return render_template(
        "jobs/index.html",
        slug=slug,
        rows=list(zip(rows[:PAGE], told(session, rows[:PAGE], gettext), strict=True)),
        askers=service.askers(session, rows),
        next=rows[PAGE - 1].public_id if len(rows) > PAGE else None,
        filters=[(key, gettext(label)) for key, (label, _) in FILTERS.items()],
        form=Form(request.args),
    )


@pages.get("/<uuid:public_id>")
@requires("jobs:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One job, with its live progress."""
    session = current_db()
    row = service.get(session, current_actor(), public_id)
    (job,) = told(session, [row], gettext)
    return render_template("jobs/show.html", slug=slug, row=row, job=job, askers=service.askers(session, [row]))


@pages.get("/<uuid:public_id>/progress")
@requires("jobs:read")
def progress(slug: str, public_id: uuid.UUID) -> Response:
    """The progress fragment, which asks for itself again while the job is active.

    When the job is over, or is not as the page says (`was`), the page shows itself anew: its numbers are old.
    """
    session = current_db()
    (job,) = told(session, [service.get(session, current_actor(), public_id)], gettext)
    fresh = Response(render_template("jobs/progress.html", slug=slug, job=job))
    if job.over or request.args.get("was", job.state) != job.state:
        fresh.headers["HX-Refresh"] = "true"
    return fresh


@pages.get("/running")
@requires("jobs:read")
def running(slug: str) -> str:
    """For the top bar: how many jobs are active."""
    return render_template("jobs/running.html", slug=slug, active=service.active_count(current_db(), current_actor()))


@pages.post("/<uuid:public_id>/cancel")
@requires("jobs:manage")
def cancel(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Cancel a job."""
    row = service.cancel(current_db(), current_actor(), public_id)
    words = gettext("Cancelled.") if row.finished_at else gettext("The job stops at its next step.")
    flash(words, "good")
    return redirect(url_for("jobs.show", slug=slug, public_id=public_id))


@pages.post("/<uuid:public_id>/retry")
@requires("jobs:manage")
def retry(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Queue a failed or cancelled job again."""
    service.retry(current_db(), current_actor(), public_id)
    flash(gettext("The job waits for its turn."), "good")
    return redirect(url_for("jobs.show", slug=slug, public_id=public_id))


def _key(typed: str) -> uuid.UUID | None:
    """The page key in the address; what is none starts from the newest."""
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None
