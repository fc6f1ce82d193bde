"""Pages of placements: the map of each, and who moved where between two days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.placements import drawing, history, service
from kith_platform.placements.service import Offered
from kith_platform.web.charts import Chart

pages = Blueprint("placements", __name__, url_prefix="/c/<slug>/placements")
SPANS = {"month": 1, "quarter": 3, "year": 12}
FEW = 16  # more codes than these are not drawn one by one
LISTED = 24  # month-ends to choose from


@pages.get("/<key>")
@requires("customers:read")
def show(slug: str, key: str) -> str:
    """One cell per code; each opens its customers."""
    session, actor, kith = current_db(), current_actor(), runtime()
    found = service.offered(session, kith.plugins, key)
    placement = found.placement
    counted = {cell.code: cell for cell in service.codes(session, key, actor)}
    words = drawing.names(placement, counted)

    def link(code: str) -> str:
        wanted: dict[str, Any] = {"slug": slug, key: code}
        return url_for("customers.index", **wanted)

    track = history.track(session, key)
    figures = [
        (figure, drawing.figure_of(figure, track.figures.get(figure.key, []), link))
        for figure in placement.figures
        if track is not None and actor.can("metrics:read")
    ]
    return render_template(
        "placements/show.html",
        slug=slug,
        placement=placement,
        cells=[(code, words[code], counted.get(code), link(code)) for code in words],
        few=FEW,
        total=sum(cell.customers for cell in counted.values()),
        number=next((one for one in placement.columns if one.kind == "number"), None),
        as_of=service.as_of(session, key),
        track=track,
        limits=service.limits(session, key) if placement.limits else None,
        say=gettext,  # the words of modules may hold a bare per cent sign
        maps=service.catalogue(session, kith.plugins),
        chart=drawing.map_of(placement, counted, words, link),
        charts_beside=[shown for _figure, shown in figures if isinstance(shown, Chart)],
        lists_beside=[(figure, shown) for figure, shown in figures if isinstance(shown, list)],
    )


@pages.post("/<key>/limits")
@requires("modules:manage")
def renew_limits(slug: str, key: str) -> AnyResponse:
    """Have the quarter's limits computed anew."""
    service.thaw(current_db(), current_actor(), runtime().plugins, key)
    flash(gettext("The limits are computed anew. The groups follow in a moment."), "good")
    return redirect(url_for("placements.show", slug=slug, key=key))


@pages.get("/<key>/moves")
@requires("customers:read")
def moves(slug: str, key: str) -> str:
    """The migration matrix between two month-ends."""
    session, actor, kith = current_db(), current_actor(), runtime()
    found = service.offered(session, kith.plugins, key)
    track = history.track(session, key)
    span = SPANS.get(request.args.get("span", ""), 1)
    by_amount = request.args.get("by") == "amount"
    shared = {"slug": slug, "placement": found.placement, "say": gettext, "maps": service.catalogue(session, kith.plugins)}
    ends = [] if track is None else _ends(track.first_day, track.last_day, track.month_end)
    if track is None or not ends:
        return render_template("placements/moves.html", matrix=None, **shared)
    end = _day(request.args.get("to", "")) or track.month_end or ends[0]
    start = max(history.month_end(end, -span), track.first_day)
    if start >= end:
        return render_template("placements/moves.html", matrix=None, **shared)
    matrix = history.matrix(session, key, start, end, actor)
    earlier = history.usual(session, key, matrix, track.first_day, actor) if _few(matrix) else []
    words = drawing.names(found.placement, sorted(matrix.codes()))
    rates = history.rates(matrix, list(words), earlier, by_amount=by_amount)
    plain = history.rates(matrix, list(words), earlier) if by_amount else rates
    after = history.project(plain, matrix.stock(), matrix.arriving())
    return render_template(
        "placements/moves.html",
        matrix=matrix,
        rates=rates,
        words=words,
        ends=ends,
        span=next(name for name, months in SPANS.items() if months == span),
        by_amount=by_amount,
        moved=drawing.moved(matrix),
        shares=_shares(found, matrix, rates, track.first_day),
        chart=drawing.matrix_of(rates, words, list(words)),
        projection=drawing.projection_of(matrix.stock(), after, words, list(words)),
        **shared,
    )


def _shares(found: Offered, matrix: history.Matrix, rates: history.Rates, first: dt.date) -> list[tuple[str, float | None, str]]:
    """(label, value, direction of good) of each key share."""
    session, actor = current_db(), current_actor()
    shares: list[tuple[str, float | None, str]] = []
    for one in found.placement.shares:
        if not one.within_year:
            value = history.share(rates, one)
        else:
            year = max(history.month_end(matrix.end, -12), first)
            whole, part = history.reached(session, found.placement.key, one, year, matrix.end, actor)
            value = part / whole if whole else None
        shares.append((gettext(one.label), value, one.better))
    return shares


def _few(matrix: history.Matrix) -> bool:
    return any(0 < sum(matrix.row(code).values()) < history.FEW for code in matrix.codes())


def _ends(first: dt.date, last: dt.date, month_end: dt.date | None) -> list[dt.date]:
    """The days a span may end on, latest first: the last turn's, and the month-ends since the first."""
    found = [last]
    day = history.month_end(last, -1) if month_end is None or month_end == last else month_end
    while day > first and len(found) < LISTED:
        if day != last:
            found.append(day)
        day = history.month_end(day, -1)
    return found


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        return None
