"""The audit trail as a page."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask_babel import gettext

from kith_platform.audit import service
from kith_platform.audit.words import ACTIONS, DETAILS
from kith_platform.auth import members
from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.i18n import N_
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("audit", __name__, url_prefix="/c/<slug>/audit")
NAVIGATION = (
    NavItem(
        key="audit",
        label=N_("Audit"),
        icon="list-check",
        endpoint="audit.index",
        permission="audit:read",
        section="settings",
        order=90,
    ),
)


@pages.get("/")
@requires("audit:read")
def index(slug: str) -> str:
    """Who did what, newest first, narrowed by kind, person and day."""
    session, actor = current_db(), current_actor()
    people = members.every(session, actor)
    by_member = {str(one.row.public_id): one.row.identity_id for one in people}
    wanted = service.Filter(
        action=request.args.get("action", ""),
        identity_id=by_member.get(request.args.get("who", "")),
        since=_day(request.args.get("since", ""), actor.timezone),
        until=_day(request.args.get("until", ""), actor.timezone, days=1),
    )
    after = request.args.get("after", "")
    rows = service.page(session, wanted, before=int(after) if after.isdigit() else None)
    return render_template(
        "audit/index.html",
        slug=slug,
        rows=rows[: service.PAGE],
        next=rows[service.PAGE - 1].id if len(rows) > service.PAGE else None,
        actions=service.actions(session),
        words=lambda action: gettext(ACTIONS.get(action, action)),
        detail=lambda key: gettext(DETAILS.get(key, key)),
        people=[(str(one.row.public_id), one.name or one.email) for one in people],
        form=Form(request.args),
        narrowed=any(request.args.get(key) for key in ("action", "who", "since", "until")),
    )


def _day(typed: str, zone: str, *, days: int = 0) -> dt.datetime | None:
    """The start of a day as the company's calendar has it; None for what is no day."""
    try:
        day = dt.date.fromisoformat(typed)
    except ValueError:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), ZoneInfo(zone))
