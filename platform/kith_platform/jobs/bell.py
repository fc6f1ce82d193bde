"""The bell in the top bar: what the person asked for and is over, until they looked."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.jobs import service
from kith_platform.jobs.subjects import told

pages = Blueprint("bell", __name__, url_prefix="/c/<slug>/bell")


@pages.get("/")
@requires("jobs:read")
def show(slug: str) -> str:
    """The bell with its number and list, as a fragment."""
    session = current_db()
    rows = service.unseen(session, current_actor())
    return render_template("jobs/bell.html", slug=slug, rows=list(zip(rows, told(session, rows, gettext), strict=True)))


@pages.post("/seen")
@requires("jobs:read")
def seen(slug: str) -> str:
    """The person has looked: an empty bell."""
    service.mark_seen(current_db(), current_actor())
    return render_template("jobs/bell.html", slug=slug, rows=[])
