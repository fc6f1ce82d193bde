"""Pages of segments: the list, and one segment with its members, history and export."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import listing
from kith_platform.customers.listing import Filter
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.segments import export, few, history, service, vocabulary, words
from kith_platform.segments.models import Segment
from kith_platform.segments.rules import EVERYBODY, Group, conditions, meets
from kith_platform.segments.vocabulary import Vocabulary
from kith_platform.web.charts import Chart, Series
from kith_platform.web.locale import day as write_day
from kith_platform.web.navigation import NavItem

pages = Blueprint("segments", __name__, url_prefix="/c/<slug>/segments")
NAVIGATION = (
    NavItem(
        key="segments",
        label=N_("Segments"),
        icon="users-group",
        endpoint="segments.index",
        permission="segments:read",
        section="work",
        order=25,
    ),
)


@pages.get("/")
@requires("segments:read")
def index(slug: str) -> str:
    """The list."""
    session = current_db()
    segments = service.listed(session)
    known = _vocabulary(session)
    return render_template(
        "segments/index.html",
        slug=slug,
        segments=segments,
        sizes={one.id: _size(session, one) for one in segments},
        rules={one.id: _told(one, known) for one in segments},
    )


@pages.get("/<uuid:public_id>")
@requires("segments:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One segment: its members and why they are in it, or who came and went."""
    session, actor, asked = current_db(), current_actor(), request.args
    row = service.get(session, public_id)
    known = _vocabulary(session)
    tab = "history" if asked.get("tab") == "history" else ""
    sizes = service.sizes(session, row)
    return render_template(
        "segments/show.html",
        slug=slug,
        segment=row,
        size=_size(session, row),
        rule=_told(row, known),
        tab=tab,
        problem=gettext(row.problem) % row.problem_params if row.problem else "",
        sizes=sizes,
        chart=_chart(sizes) if len(sizes) > 1 else None,
        **(_history(session, row, known) if tab else _members(session, row, known)),
        may_export=actor.can("customers:export"),
        may_write=actor.can("segments:write"),
    )


@pages.post("/<uuid:public_id>/members.csv")
@requires("customers:export")
def members(slug: str, public_id: uuid.UUID) -> Response:  # noqa: ARG001 - the address has it
    """The members as a file. A post, because it is written down who took them."""
    session, actor, held = current_db(), current_actor(), runtime()
    row = service.get(session, public_id)
    export.allow(session, actor, row)
    lines = export.lines(held, current_tenant().id, actor, row.id)
    head = {"Content-Disposition": f'attachment; filename="segment-{row.public_id.hex[-8:]}.csv"'}
    return Response(stream_with_context(lines), mimetype="text/csv; charset=utf-8", headers=head)


@pages.post("/<uuid:public_id>/count-again")
@requires("segments:write")
def count_again(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Ask for the members now."""
    row = service.get(current_db(), public_id)
    service.ask(current_db(), row, asked_by=current_actor().member_id)
    flash(gettext("The members are being counted."), "good")
    return redirect(url_for("segments.show", slug=slug, public_id=public_id))


@pages.post("/<uuid:public_id>/remove")
@requires("segments:write")
def remove(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Remove the segment; its rule stays in the audit trail."""
    row = service.get(current_db(), public_id)
    service.remove(current_db(), current_actor(), row)
    flash(gettext("%(name)s is removed. Its customers stay as they are.", name=row.name), "good")
    return redirect(url_for("segments.index", slug=slug))


def _vocabulary(session: Session) -> Vocabulary:
    return vocabulary.of_company(session, runtime().facts, runtime().plugins, current_actor())


def _told(segment: Segment, known: Vocabulary) -> Any:
    """The rule in words; None where it speaks of something that is there no more."""
    try:
        return _tree(service.rule_of(segment, known), known)
    except Invalid:
        return None


def _tree(part: Any, known: Vocabulary) -> Any:
    if isinstance(part, Group):
        return {"mode": part.mode, "parts": [_tree(one, known) for one in part.parts]}
    return words.sentence(part, known)


def _size(session: Session, segment: Segment) -> int:
    """How many members the actor may see."""
    return history.size(session, current_actor(), segment)


def _rule_or_everybody(segment: Segment, known: Vocabulary) -> Group:
    try:
        return service.rule_of(segment, known)
    except Invalid:
        return EVERYBODY


def _members(session: Session, row: Segment, known: Vocabulary) -> dict[str, Any]:
    asked, actor = request.args, current_actor()
    page = listing.page(session, actor, Filter(segment=row.id), after=asked.get("after", ""), before=asked.get("before", ""))
    ids = [one.id for one in page.customers]
    rule = _rule_or_everybody(row, known)
    scope = service.scope(session, runtime().facts, known)
    wanted = list(conditions(rule))
    values = dict(few.values(session, rule, scope, ids)) if wanted and ids else {}
    reasons = {
        customer: [
            (words.sentence(one, known), words.value(one, value, known), meets(one, value, scope.today))
            for one, value in zip(wanted, found, strict=True)
        ]
        for customer, found in values.items()
    }
    return {"page": page, "since": history.since(session, row, ids), "reasons": reasons}


def _history(session: Session, row: Segment, known: Vocabulary) -> dict[str, Any]:
    before = request.args.get("after", "")
    moves = history.moves(session, current_actor(), row, before=int(before) if before.isdigit() else None)
    return {"moves": history.told(session, row, moves, known), "older": moves[-1].id if len(moves) == history.PAGE else None}


def _chart(sizes: Any) -> Chart:
    return Chart(
        key="size",
        title=gettext("Members by day"),
        kind="line",
        categories=[str(write_day(one.day, "short")) for one in sizes],
        series=[Series(name=gettext("Members"), values=[one.size for one in sizes])],
    )
