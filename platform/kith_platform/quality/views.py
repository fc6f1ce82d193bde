"""The page on data quality: how far the data can be trusted, what to mend first, and what that would bring."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from kith_platform import i18n
from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.i18n import N_
from kith_platform.metrics import service as metrics
from kith_platform.quality import issues, lift, service
from kith_platform.quality.fields import FIELDS
from kith_platform.quality.issues import Issue
from kith_platform.quality.measures import INDEX, WEIGHTS
from kith_platform.quality.required import choose, required
from kith_platform.quality.service import Line, Overview
from kith_platform.web import locale
from kith_platform.web.charts import Chart, Series
from kith_platform.web.navigation import NavItem

pages = Blueprint("quality", __name__, url_prefix="/c/<slug>/quality")
NAVIGATION = (
    NavItem(
        key="quality",
        label=N_("Data quality"),
        icon="checkup-list",
        endpoint="quality.show",
        permission="metrics:read",
        section="data",
        order=20,
    ),
)
NAMES = {
    "completeness": N_("Completeness"),
    "validity": N_("Validity"),
    "uniqueness": N_("Uniqueness"),
    "consistency": N_("Consistency"),
    "freshness": N_("Freshness"),
    "index": N_("Data quality index"),
}
ANSWERS = {
    "completeness": N_("Are the fields filled that every customer should have?"),
    "validity": N_("Can what is filled be right?"),
    "uniqueness": N_("Is each customer there once?"),
    "consistency": N_("Do the sources agree?"),
    "freshness": N_("Was it verified or used in the last 180 days?"),
    "index": N_("All five in one number"),
}
UNITS = {
    "customers": i18n.mark_plural("%(number)s customer", "%(number)s customers", "count"),
    "lines": i18n.mark_plural("%(number)s line", "%(number)s lines", "count"),
    "pairs": i18n.mark_plural("%(number)s pair", "%(number)s pairs", "count"),
    "days": i18n.mark_plural("%(number)s day", "%(number)s days", "count"),
}
REASONS = {
    lift.UNUSED: N_("No estimate: the model does not look at it, as too few customers had it when it was trained."),
    lift.FEW: N_("No estimate: too few customers have it to tell."),
    lift.EVERYBODY: N_("Nothing to gain: every customer has it."),
    lift.CHANCE: N_("No estimate: what the model owes to it cannot be told from chance."),
}
SOURCES_SHOWN = 12


@dataclass(frozen=True)
class Shown:
    """An issue in the reader's language, with where it leads and where an import would mend it."""

    issue: Issue
    title: str
    harms: str
    count: str
    url: str
    mend_url: str


@pages.get("/")
@requires("metrics:read")
def show(slug: str) -> str:
    """Overview, trend, issues, sources and fields, and what filling fields would bring a model."""
    session, actor = current_db(), current_actor()
    found = service.overview(session)
    if found.run is None:
        return render_template("quality/show.html", slug=slug, found=found)
    source, field = _chosen(found)
    lines = service.trend(session, found.run)
    own = service.trend(session, found.run, source, field) if source or field else lines
    offered = {one.metric.key for one in metrics.catalogue(session, runtime().plugins)}
    former = found.run.day - service.FORMER
    wanted = required(session)
    return render_template(
        "quality/show.html",
        slug=slug,
        found=found,
        cards=[_card(slug, metric, found, lines[metric], former, offered) for metric in (INDEX, *WEIGHTS)],
        chart=_chart(own, source, field),
        issues=[_issue(slug, one) for one in issues.listed(session, actor, now=dt.datetime.now(dt.UTC))],
        sources=found.sources[:SOURCES_SHOWN],
        fields={one: service.fields_of(found, one) for one in found.sources[:SOURCES_SHOWN]},
        all_fields=FIELDS,
        required=wanted,
        names=NAMES,
        chosen=(source, field),
        lifts=_lifts(session),
        days=service.COMPARED_DAYS,
        metrics_of_fields=("completeness", "validity", "consistency"),
    )


@pages.post("/required")
@requires("modules:manage")
def require(slug: str) -> AnyResponse:
    """Choose the fields that every customer should have."""
    choose(current_db(), current_actor(), request.form.getlist("fields"))
    flash(gettext("Saved. Kith measures again."), "good")
    return redirect(url_for("quality.show", slug=slug))


def _chosen(found: Overview) -> tuple[str, str]:
    """Source and field whose trend is asked for; those that there are not count as none."""
    source, field = request.args.get("source", ""), request.args.get("field", "")
    return (source if source in found.sources else ""), (field if field in FIELDS else "")


def _card(slug: str, metric: str, found: Overview, line: Line, former: dt.date, offered: set[str]) -> dict[str, Any]:
    value, then = found.value(metric), service.at(line, former)
    key = f"cim.dq.{metric}"
    moved = value - then if value is not None and then is not None else None
    return {
        "name": gettext(NAMES[metric]),
        "answers": gettext(ANSWERS[metric]),
        "value": locale.percent(value) if value is not None else None,
        "change": moved,
        "moved": _points(moved),
        "url": url_for("metrics.show", slug=slug, key=key) if key in offered else "",
        "reading": found.readings.get((metric, "", "")),
    }


def _points(moved: float | None) -> str:
    if moved is None:
        return ""
    words = gettext("pts")
    return f"{'+' if moved > 0 else ''}{locale.number(moved * 100, 1)} {words}"


def _chart(lines: dict[str, Line], source: str, field: str) -> Chart | None:
    """The lines of the five measures on the days on which any of them changed; None before there are two."""
    drawn = {metric: line for metric, line in lines.items() if line and metric in WEIGHTS}
    days = sorted({day for line in drawn.values() for day, _value in line})
    if len(days) < 2:
        return None
    of = gettext(FIELDS[field].label) if field else ""
    title = " · ".join([gettext("How it went"), *([source] if source else []), *([of] if of else [])])
    return Chart(
        key="trend",
        title=title,
        kind="line",
        categories=[i18n.day(day, locale.language()) for day in days],
        series=[
            Series(name=gettext(NAMES[metric]), values=[service.at(line, day) for day in days]) for metric, line in drawn.items()
        ],
        unit="percent",
        note=gettext("The days on which a refresh found something else than before."),
    )


def _issue(slug: str, one: Issue) -> Shown:
    words = {name: gettext(value) if name in one.said else value for name, value in one.params.items()}
    number = locale.number(one.count)
    counted = i18n.translate(UNITS[one.unit], locale.language(), number=number, count=one.count)
    urls = {
        "customers": lambda: url_for("customers.index", slug=slug, quality=one.subject),
        "import": lambda: url_for("imports.show", slug=slug, public_id=one.subject),
        "duplicates": lambda: url_for("duplicates.index", slug=slug),
        "imports": lambda: url_for("imports.new", slug=slug),
    }
    may = current_actor().can("imports:write")
    return Shown(
        issue=one,
        title=gettext(one.title, **words) if words else gettext(one.title),
        harms=gettext(one.harms),
        count=gettext("more than %(count)s", count=counted) if one.more else counted,
        url=urls[one.leads]() if one.leads != "imports" or may else "",
        mend_url=url_for("imports.new", slug=slug, table=one.table) if one.table and may else "",
    )


def _lifts(session: Session) -> list[dict[str, Any]]:
    """What each field is worth to a model, in words."""
    facts, shown = runtime().facts, []
    for row in lift.rows(session):
        plural, _, name = row.field.partition(".")
        fact = facts.by_plural(plural)
        about = lift.of(row)
        shown.append(
            {
                "field": f"{gettext(fact.label_plural)}: {gettext(fact.column(name).label)}",
                "row": row,
                "about": about,
                "reason": gettext(REASONS[row.reason]) if row.reason in REASONS else "",
            }
        )
    return shown
