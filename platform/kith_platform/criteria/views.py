"""Pages of success criteria: which there are, one with its versions, and the form that signs."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.criteria import service, words
from kith_platform.criteria.models import DRAFT, SIGNED, STATES, SuccessCriterion
from kith_platform.criteria.scores import scored
from kith_platform.customers.service import owners
from kith_platform.errors import Invalid, NotFound
from kith_platform.metrics import service as metrics
from kith_platform.metrics.answers import Offered
from kith_platform.scorecards import words as metric_words
from kith_platform.scorecards.card import card, month_name
from kith_platform.web.forms import Form

pages = Blueprint("criteria", __name__, url_prefix="/c/<slug>/criteria")


@pages.get("/")
@requires("criteria:read")
def index(slug: str) -> str:
    """Records, newest first, by state."""
    session = current_db()
    state = request.args.get("state", "")
    rows = service.page(session, state=state if state in STATES else "", before=_key(request.args.get("after", "")))
    shown = rows[: service.PAGE]
    return render_template(
        "criteria/index.html",
        slug=slug,
        rows=shown,
        next=str(shown[-1].public_id) if len(rows) > len(shown) else None,
        state=state,
        offered=_offered(),
        people=owners(session, [row.owner_id for row in shown]) if shown else {},
        words=words,
        written=metric_words.written,
        say=gettext,
        may_sign=current_actor().can(service.SIGN),
    )


@pages.get("/new")
@requires("criteria:sign")
def new(slug: str) -> str:
    """The form for a new record, or for a new version of the one in force for ?key=."""
    session, key = current_db(), request.args.get("key", "")
    old = service.in_force(session, [key]).get(key) if key else None
    member = owners(session, [current_actor().member_id]).get(current_actor().member_id or 0)
    start = _stored(old) if old else {"key": key, "owner": str(member[0]) if member else ""}
    return _form(slug, None, Form({**start, "baseline_month": _first_month(key)} if not old else start), key)


@pages.post("/new")
@requires("criteria:sign")
def create(slug: str) -> Any:
    """Keep a draft, or sign at once."""
    session, actor = current_db(), current_actor()
    try:
        row = service.draft(session, actor, runtime().plugins, request.form)
    except Invalid as error:
        return _form(slug, None, Form(request.form, error.fields), request.form.get("key", "")), 422
    return _kept(slug, row)


@pages.get("/<uuid:public_id>")
@requires("criteria:read")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One record: a draft as a form, any other as it was signed, with its versions."""
    session = current_db()
    row = service.get(session, public_id)
    if row.state == DRAFT and current_actor().can(service.SIGN):
        return _form(slug, row, Form(_stored(row)), row.key)
    return _page(slug, row, Form())


@pages.post("/<uuid:public_id>")
@requires("criteria:sign")
def change(slug: str, public_id: uuid.UUID) -> Any:
    """Change a draft, and sign it where the button says so."""
    session, actor = current_db(), current_actor()
    row = service.get(session, public_id)
    try:
        service.change(session, actor, runtime().plugins, row, request.form)
    except Invalid as error:
        return _form(slug, row, Form(request.form, error.fields), request.form.get("key", "")), 422
    return _kept(slug, row)


@pages.post("/<uuid:public_id>/withdraw")
@requires("criteria:sign")
def withdraw(slug: str, public_id: uuid.UUID) -> Any:
    """End it; it is kept."""
    session = current_db()
    row = service.get(session, public_id)
    try:
        service.withdraw(session, current_actor(), row, request.form.get("reason", ""))
    except Invalid as error:
        return _page(slug, row, Form(request.form, error.fields)), 422
    flash(gettext("Withdrawn. The record is kept with its reason."), "good")
    return redirect(url_for("criteria.show", slug=slug, public_id=public_id))


def _kept(slug: str, row: SuccessCriterion) -> AnyResponse:
    if request.form.get("do") == "sign":
        service.sign(current_db(), current_actor(), row)
        flash(gettext("Signed. From now on it is judged by this."), "good")
        return redirect(url_for("scorecards.index", slug=slug))
    flash(gettext("The draft is kept. It counts once it is signed."), "good")
    return redirect(url_for("criteria.show", slug=slug, public_id=row.public_id))


def _page(slug: str, row: SuccessCriterion, form: Form) -> str:
    session, kith = current_db(), runtime()
    found = _offered().get(row.key)
    versions = service.versions(session, row)
    shown = _card(found) if found else None
    value = shown[0] if shown else None
    result = scored(value, service.criterion(row)) if row.state == SIGNED and shown else None
    return render_template(
        "criteria/show.html",
        slug=slug,
        row=row,
        metric=found.metric if found else None,
        module=gettext(kith.plugins[found.plugin].manifest.title) if found else "",
        card=shown[1] if shown else None,
        result=result,
        versions=versions,
        people=owners(session, [one for version in versions for one in (version.owner_id, version.signed_by, version.ended_by)]),
        initiative=service.initiatives(session).get(row.initiative, row.initiative),
        form=form,
        words=words,
        written=metric_words.written,
        month=month_name,
        say=gettext,
        may_sign=current_actor().can(service.SIGN),
    )


def _form(slug: str, row: SuccessCriterion | None, form: Form, key: str) -> str:
    session = current_db()
    offered = _offered()
    found = offered.get(key)
    return render_template(
        "criteria/form.html",
        slug=slug,
        row=row,
        form=form,
        metric=found.metric if found else None,
        card=_card(found)[1] if found else None,
        choices=[(one.metric.key, gettext(one.metric.name)) for one in offered.values() if one.metric.unit != "list"],
        months=_months(found) if found else [],
        people=[(str(public_id), name) for public_id, name in owners(session).values()],
        initiatives=service.initiatives(session),
        say=gettext,
    )


def _offered() -> dict[str, Offered]:
    return {one.metric.key: one for one in metrics.catalogue(current_db(), runtime().plugins)}


def _card(found: Offered) -> tuple[float | None, Any]:
    """The metric's newest value, and its card."""
    session = current_db()
    period = metrics.latest_period(session)
    if period is None:
        return None, None
    [shown] = metrics.shown(session, [found], period)
    series = metrics.series(session, [found.metric.key], period)[found.metric.key]
    return shown.value.value if shown.value else None, card(shown, series, runtime().facts)


def _months(found: Offered) -> list[tuple[str, str]]:
    """Months that have a value, the newest first, each with it."""
    session = current_db()
    period = metrics.latest_period(session)
    if period is None:
        return []
    line = metrics.series(session, [found.metric.key], period)[found.metric.key]
    return [
        (f"{place.start:%Y-%m}", f"{month_name(place)}: {metric_words.written(found.metric, value.value)}")
        for place, value in reversed(line)
        if value is not None and value.value is not None
    ]


def _first_month(key: str) -> str:
    """The month that the form begins with: the newest that is over, else the newest."""
    found = _offered().get(key)
    months = _months(found) if found else []
    return months[min(1, len(months) - 1)][0] if months else ""


def _stored(row: SuccessCriterion) -> dict[str, Any]:
    people = owners(current_db(), [row.owner_id])
    return {
        "key": row.key,
        "baseline_month": f"{row.baseline_month:%Y-%m}" if row.baseline_month else "",
        "baseline": "" if row.baseline_month else f"{row.baseline:.10g}",
        "baseline_reason": row.baseline_reason,
        "target": f"{row.target:.10g}",
        "owner": str(people[row.owner_id][0]) if row.owner_id in people else "",
        "due_on": row.due_on.isoformat(),
        "initiative": row.initiative,
        "note": row.note,
    }


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise NotFound from None
