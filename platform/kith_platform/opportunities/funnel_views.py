"""The dashboard of the funnel: its charts with the tables behind them, for any days and person, and as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.i18n import N_
from kith_platform.opportunities import csv_file, funnel, reps, words
from kith_platform.opportunities.funnel import Loss, Span, Step
from kith_platform.web.charts import Chart, Series
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("funnel", __name__, url_prefix="/c/<slug>/funnel")
NAVIGATION = (
    NavItem(
        key="funnel",
        label=N_("Funnel"),
        icon="filter",
        endpoint="funnel.show",
        permission="sales:read",
        section="sales",
        order=30,
    ),
)


@pages.get("/")
@requires("sales:read")
def show(slug: str) -> str:
    """Where deals stop, how long they take, and why they are lost."""
    session, actor = current_db(), current_actor()
    span = _span()
    steps = funnel.steps(session, actor, span)
    losses = funnel.losses(session, actor, span)
    staff = reps.staff(session)
    outcomes = funnel.outcomes(session, actor, span)
    return render_template(
        "opportunities/funnel.html",
        slug=slug,
        span=span,
        steps=steps,
        losses=losses,
        outcomes=outcomes,
        entered=_entered(steps),
        days=_days(steps),
        reasons=_reasons(losses),
        through=steps[-1].went_on if steps else 0,
        window=funnel.WINDOW,
        staff=staff,
        form=Form({"start": span.start.isoformat(), "end": span.end.isoformat(), "rep": span.rep}),
        say=words,
        file=url_for("funnel.file", slug=slug, start=span.start, end=span.end, rep=span.rep or None),
    )


@pages.get("/funnel.csv")
@requires("sales:read")
def file(slug: str) -> Response:  # noqa: ARG001 - the address has it
    """The funnel's table."""
    span = _span()
    head = [gettext("Stage"), gettext("Entered"), gettext("Went on so far"), gettext("Entered long enough ago")]
    head += [gettext("Went on in time"), gettext("Conversion"), gettext("Median days")]
    rows = [
        (words.step_name(one), one.entered, one.went_on, one.mature, one.passed, one.conversion, one.median_days)
        for one in funnel.steps(current_db(), current_actor(), span)
    ]
    return csv_file.answer(f"funnel-{span.start}-{span.end}.csv", head, rows)


def _span() -> Span:
    asked = request.args
    return funnel.span(current_db(), _day(asked.get("start", "")), _day(asked.get("end", "")), asked.get("rep", ""))


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        return None


def _names(steps: Sequence[Step]) -> list[str]:
    return [words.step_name(one) for one in steps]


def _entered(steps: Sequence[Step]) -> Chart:
    return Chart(
        key="entered",
        title=gettext("Opportunities that came as far as this stage"),
        kind="row",
        categories=_names(steps),
        series=[Series(name=gettext("Opportunities"), values=[one.entered for one in steps])],
        note=gettext("One that skips a stage counts in it too."),
    )


def _days(steps: Sequence[Step]) -> Chart:
    days = [one.median_days if one.median_days is None else round(one.median_days, 1) for one in steps[:-1]]
    return Chart(
        key="days",
        title=gettext("Median days in a stage"),
        kind="row",
        categories=_names(steps[:-1]),
        series=[Series(name=gettext("Days"), values=days)],
        note=gettext("Of stays that have ended; who stands there still is not counted."),
    )


def _reasons(losses: Sequence[Loss]) -> Chart:
    return Chart(
        key="reasons",
        title=gettext("Why opportunities were lost"),
        kind="row",
        categories=[words.reason(one.reason) or gettext("No reason given") for one in losses],
        series=[Series(name=gettext("Lost"), values=[one.count for one in losses])],
    )
