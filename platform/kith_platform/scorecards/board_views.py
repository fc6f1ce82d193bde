"""The pages Scorecards and Goals: how far the company has come, by what was agreed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.criteria import service as criteria
from kith_platform.criteria import words as criteria_words
from kith_platform.customers.figures import today
from kith_platform.customers.service import owners
from kith_platform.i18n import N_
from kith_platform.metrics import service as metrics
from kith_platform.metrics import store
from kith_platform.metrics.periods import months, of_text
from kith_platform.placements import service as placements
from kith_platform.placements import spans
from kith_platform.scorecards import board as boards
from kith_platform.scorecards import words
from kith_platform.scorecards.board import Board, Line
from kith_platform.scorecards.card import card, month_name, polyline
from kith_platform.scorecards.goals import GOALS, Goal
from kith_platform.sdk.types import Period
from kith_platform.web.charts import Chart, Series
from kith_platform.web.navigation import NavItem

pages = Blueprint("scorecards", __name__, url_prefix="/c/<slug>/scorecards")
NAVIGATION = (
    NavItem(
        key="scorecards",
        label=N_("Scorecards"),
        icon="gauge",
        endpoint="scorecards.index",
        permission="criteria:read",
        section="work",
        order=35,
    ),
)


@pages.get("/")
@requires("criteria:read")
def index(slug: str) -> str:
    """A card per scorecard: index, its past, and how much of it is agreed."""
    session, kith = current_db(), runtime()
    period = _period()
    found = boards.boards(session, kith.plugins, period) if period else []
    if period is None or not found:
        return _empty(slug, any_card=bool(found) or period is None)
    return render_template("scorecards/index.html", slug=slug, boards=found, **_frame(period), line=_index_line)


@pages.get("/goals")
@requires("criteria:read")
def goals(slug: str) -> str:
    """The six goals with what leads them."""
    session, kith = current_db(), runtime()
    period = _period()
    if period is None:
        return _empty(slug, any_card=True)
    lines = boards.read(session, kith.plugins, [key for goal in GOALS for key in goal.metrics], period)
    return render_template(
        "scorecards/goals.html",
        slug=slug,
        goals=[(goal, [lines[key] for key in goal.metrics if key in lines], _staying(goal)) for goal in GOALS],
        **_frame(period),
        **_told(list(lines.values())),
    )


@pages.get("/<key>")
@requires("criteria:read")
def show(slug: str, key: str) -> str:
    """One scorecard: each metric by criterion, against its record."""
    session, kith = current_db(), runtime()
    period = _period()
    if period is None:
        return _empty(slug, any_card=True)
    found = boards.board(session, kith.plugins, key, period)
    return render_template(
        "scorecards/show.html",
        slug=slug,
        board=found,
        chart=_trend(found),
        labels={one.key: gettext(one.label) for one in found.card.profiles},
        notes={one.key: gettext(one.note) for one in found.card.profiles},
        **_frame(period),
        **_told(found.lines),
    )


def _staying(goal: Goal) -> tuple[str, float] | None:
    """Of the goal's placement: the share of those who stayed within the last month, in words and as a number."""
    session, kith = current_db(), runtime()
    key, code = goal.stays or ("", "")
    found = next((one for one in placements.catalogue(session, kith.plugins) if one.placement.key == key), None) if key else None
    span = spans.span(session, current_actor(), found.placement) if found else None
    shares = [(gettext(one.label), value) for one, value in span.shares if one.start == one.end == (code,)] if span else []
    return next(((label, value) for label, value in shares if value is not None), None)


def _empty(slug: str, *, any_card: bool) -> str:
    return render_template("scorecards/empty.html", slug=slug, any_card=any_card)


def _period() -> Period | None:
    text = request.args.get("period", "")
    return of_text(text) if text else boards.judged_period(current_db())


def _frame(period: Period) -> dict[str, Any]:
    """What every page of them shows around its content."""
    session = current_db()
    newest = metrics.latest_period(session) or period
    return {
        "period": period,
        "period_name": month_name(period),
        "choices": [(f"{place.start:%Y-%m}", month_name(place)) for place in reversed(months(newest.start))],
        "noted": store.noted(session, period),
        "say": gettext,  # the words of modules may hold a bare per cent sign
        "may_sign": current_actor().can(criteria.SIGN),
    }


def _told(lines: list[Line]) -> dict[str, Any]:
    """Cards, owners and words of the lines."""
    session, facts = current_db(), runtime().facts
    day = today(session)
    return {
        "cards": {line.key: card(line.shown, line.months, facts) for line in lines},
        "people": owners(session, [line.agreed.owner_id for line in lines if line.agreed]) if _agreed(lines) else {},
        "progress": {line.key: _progress(line, day) for line in lines},
        "written": words.written,
    }


def _agreed(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.agreed]


def _progress(line: Line, day: dt.date) -> tuple[str, str]:
    """Words and tone: how far it has come, or that its day is over."""
    late = line.agreed is not None and line.agreed.due_on < day and line.scored.state != "reached"
    label, tone = criteria_words.PROGRESS["late" if late else line.scored.state]
    return gettext(label), tone


def _index_line(found: Board) -> str:
    return polyline([one.value for _place, one in found.trend])


def _trend(found: Board) -> Chart | None:
    values = [one.value for _place, one in found.trend]
    if sum(value is not None for value in values) < 2:
        return None
    published = any(one.published is not None for _place, one in found.trend)
    return Chart(
        key="trend",
        title=gettext("%(name)s: index by month", name=gettext(found.card.label)),
        kind="line",
        categories=[month_name(place) for place, _one in found.trend],
        series=[Series(name=gettext("Index"), values=values, dashed=not published)],
        x_label=gettext("Month"),
        note=gettext("0 to 100, by the criteria in force now; 50 is the baseline and 100 the target."),
    )
