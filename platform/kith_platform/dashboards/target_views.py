"""The dashboard of targets: who is on pace, the gap in money, and what the pipeline may add (domain S56)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.dashboards import asked as asking
from kith_platform.dashboards import attainment
from kith_platform.dashboards.attainment import Line
from kith_platform.i18n import N_
from kith_platform.opportunities import csv_file, reps
from kith_platform.targets.views import kinds, period_name, whose

pages = Blueprint("dashboard_targets", __name__, url_prefix="/c/<slug>/dashboards/targets")
SHOW = "dashboard_targets.show"
WHY = {
    attainment.NO_TEAM: N_("Orders name people, and nobody is known to be in this team."),
    attainment.NOT_COUNTED: N_("This kind is not counted from your data."),
    attainment.NOTHING: N_("Nothing was sold or won under this name yet."),
}
FILE = ("whose", "due", "whole", "actual", "pace", "gap", "pipeline", "foreseen")


@pages.get("/")
@requires("sales:read")
def show(slug: str) -> str:
    """People, teams, and targets without an actual."""
    session, actor, found = current_db(), current_actor(), asking.asked(SHOW)
    if found is None or found.missing or not asking.offered(session, attainment.ATTAINED):
        return asking.page("dashboards/off.html", SHOW, slug, found)
    staff = reps.staff(session)
    return asking.page(
        "dashboards/targets.html",
        SHOW,
        slug,
        found,
        company=attainment.company(session, actor, found.period),
        people=attainment.people(session, actor, found.period),
        teams=attainment.teams(session, actor, found.period),
        silent=[
            (one, whose(one.row, one.product, staff), gettext(WHY[one.why]))
            for one in attainment.silent(session, actor, found.period)
        ],
        kinds=kinds(),
        period_name=period_name,
    )


@pages.get("/attainment.csv")
@requires("sales:read")
def file(slug: str) -> Response:  # noqa: ARG001 - the address has it
    """People and teams, as a file."""
    session, actor, found = current_db(), current_actor(), asking.asked(SHOW)
    head = [gettext("Kind"), gettext("Whose"), gettext("Due by now"), gettext("Target"), gettext("Actual"), gettext("Pace")]
    head += [gettext("Gap"), gettext("Weighted pipeline"), gettext("With the pipeline")]
    lines: list[list[Any]] = []
    if found is not None:
        lines += [[gettext("Staff member"), *_cells(one)] for one in attainment.people(session, actor, found.period)]
        lines += [[gettext("Team"), *_cells(one)] for one in attainment.teams(session, actor, found.period)]
    return csv_file.answer(f"attainment-{found.text if found else 'none'}.csv", head, lines)


def _cells(line: Line) -> list[Any]:
    return [getattr(line, name) for name in FILE]
