"""Pages of placements: the map of each, and who moved where between two days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.placements import drawing, durations, history, service, spans
from kith_platform.placements.spans import SPANS
from kith_platform.web.charts import Chart

pages = Blueprint("placements", __name__, url_prefix="/c/<slug>/placements")
FEW = 16  # more codes than these are not drawn one by one


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
        for figure in (*placement.figures, durations.STAY)
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
    placement = service.offered(session, kith.plugins, key).placement
    track = history.track(session, key)
    asked, by_amount = request.args.get("span", ""), request.args.get("by") == "amount"
    name = asked if asked in SPANS else "month"
    shared = {"slug": slug, "placement": placement, "say": gettext, "maps": service.catalogue(session, kith.plugins)}
    end = _day(request.args.get("to", ""))
    found = spans.span(session, actor, placement, months=SPANS[name], end=end, by_amount=by_amount)
    if track is None or found is None:
        return render_template("placements/moves.html", matrix=None, **shared)
    matrix, rates = found.matrix, found.rates
    words = drawing.names(placement, sorted(matrix.codes()))
    return render_template(
        "placements/moves.html",
        matrix=matrix,
        rates=rates,
        words=words,
        ends=spans.ends(track),
        span=name,
        by_amount=by_amount,
        moved=drawing.moved(matrix),
        shares=[(gettext(one.label), value, one.better) for one, value in found.shares],
        chart=drawing.matrix_of(rates, words, list(words)),
        projection=drawing.projection_of(matrix.stock(), found.after, words, list(words)),
        **shared,
    )


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        return None
