"""Members, teams and units of a company, its invitations, and the messages that carry them."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth import invitations, members
from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires, signed_in
from kith_platform.auth.models import ACTIVE
from kith_platform.auth.permissions import DEFAULT_REACH, OWNER, ROLE_NAMES
from kith_platform.errors import Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.mail import service as mail
from kith_platform.web.forms import Form
from kith_platform.web.limits import limiter
from kith_platform.web.navigation import NavItem
from kith_tenants.context import Reach

pages = Blueprint("members", __name__, url_prefix="/c/<slug>/members")
NAVIGATION = (
    NavItem(
        key="members",
        label=N_("Members and teams"),
        icon="users-group",
        endpoint="members.index",
        permission="members:read",
        section="settings",
        order=20,
    ),
)
REACHES = {Reach.ALL: N_("All customers"), Reach.TEAM: N_("Customers of their units"), Reach.OWN: N_("Their own customers")}


@pages.get("/")
@requires("members:read")
def index(slug: str) -> str:
    """Who works here, who is invited, units and teams."""
    return _index(slug)


def _index(slug: str, **filled: Form) -> str:
    session, actor = current_db(), current_actor()
    forms = {"invite": Form({"role": "analyst", "reach": "all"}), "unit": Form(), "team": Form(), **filled}
    removed = request.args.get("removed", "")
    everyone, units = members.every(session, actor), members.units(session)
    return render_template(
        "members/index.html",
        slug=slug,
        members=[one for one in everyone if one.row.status == ACTIVE],
        removed=next((one for one in everyone if str(one.row.public_id) == removed and one.row.status != ACTIVE), None),
        former=[one for one in everyone if one.row.status != ACTIVE],
        waiting=invitations.waiting(session),
        units=units,
        unit_choices=[(str(unit.public_id), unit.name) for unit in units],
        teams=members.teams(session),
        roles=_roles(),
        role_names={key: gettext(words) for key, words in ROLE_NAMES.items()},
        reaches={key.value: gettext(words) for key, words in REACHES.items()},
        filled=forms,
    )


def _roles() -> dict[str, str]:
    """Roles this actor may give."""
    may_own = current_actor().can("company:own")
    return {key: gettext(words) for key, words in ROLE_NAMES.items() if key != OWNER or may_own}


def _back(slug: str, **query: str) -> AnyResponse:
    return redirect(url_for("members.index", slug=slug, **query))  # type: ignore[arg-type]


def _ids(name: str) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(one) for one in request.form.getlist(name) if one]
    except ValueError as error:
        raise NotFound from error


@pages.post("/invite")
@requires("members:manage")
@limiter.limit("30 per minute; 200 per hour")
def invite(slug: str) -> AnyResponse:
    """Mail an invitation."""
    form, role = request.form, request.form.get("role", "")
    reach = form.get("reach") or (DEFAULT_REACH[role].value if role in DEFAULT_REACH else "")
    try:
        row = invitations.invite(
            current_db(),
            runtime(),
            current_actor(),
            email=form.get("email", ""),
            role=role,
            reach=reach,
            units=_ids("units"),
        )
    except Invalid as error:
        return make_response(_index(slug, invite=Form(form, error.fields)), 422)
    if runtime().settings.mail_url:
        flash(gettext("An invitation is on its way to %(email)s.", email=row.email), "good")
    else:
        flash(gettext("This Kith sends no mail. Copy the invitation of %(email)s under Messages.", email=row.email), "warn")
    return _back(slug)


@pages.post("/invitations/<uuid:public_id>/withdraw")
@requires("members:manage")
def withdraw(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """End an invitation."""
    invitations.withdraw(current_db(), current_actor(), public_id)
    flash(gettext("The invitation is withdrawn; its link no longer works."), "good")
    return _back(slug)


@pages.get("/outbox")
@requires("members:manage")
def outbox(slug: str) -> str:
    """The company's messages, to read and copy."""
    messages = [(row, mail.body_of(runtime(), row)) for row in mail.of_company(current_db())]
    return render_template("members/outbox.html", slug=slug, messages=messages, by_mail=bool(runtime().settings.mail_url))


@pages.get("/<uuid:public_id>")
@requires("members:manage")
def show(slug: str, public_id: uuid.UUID) -> str:
    """One member's role, reach, units and team."""
    return _show(slug, public_id)


def _show(slug: str, public_id: uuid.UUID, form: Form | None = None) -> str:
    session = current_db()
    found = next((one for one in members.every(session, current_actor()) if one.row.public_id == public_id), None)
    if found is None:
        raise NotFound
    units, teams = members.units(session), members.teams(session)
    held = {
        "role": found.row.role,
        "reach": found.row.reach,
        "units": [unit.public_id for unit in units if unit.id in found.units],
        "team": next((team.public_id for team in teams if team.id == found.row.team_id), ""),
    }
    roles = _roles()
    roles.setdefault(found.row.role, gettext(ROLE_NAMES[found.row.role]))
    return render_template(
        "members/one.html",
        slug=slug,
        one=found,
        form=form or Form(held),
        roles=roles,
        reaches={key.value: gettext(words) for key, words in REACHES.items()},
        unit_choices=[(str(unit.public_id), unit.name) for unit in units],
        team_choices=[(str(team.public_id), team.name) for team in teams],
    )


@pages.post("/<uuid:public_id>/change")
@requires("members:manage")
def change(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Set role, reach, units and team."""
    form, session, actor = request.form, current_db(), current_actor()
    given = {"role": form.get("role", ""), "reach": form.get("reach", "")}
    try:
        members.change(session, actor, public_id, **given, units=_ids("units"))
    except Invalid as error:
        return make_response(_show(slug, public_id, Form(form, error.fields)), 422)
    team = _ids("team")
    members.put_in_team(session, actor, public_id, team[0] if team else None)
    flash(gettext("Saved. It counts from the next page on."), "good")
    return _back(slug)


@pages.post("/<uuid:public_id>/remove")
@requires("members:manage")
def remove(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """End a membership, with undo."""
    row = members.remove(current_db(), current_actor(), public_id)
    if row.id == current_actor().member_id:
        return redirect("/")
    return _back(slug, removed=str(public_id))


@pages.post("/leave")
@signed_in
def leave(slug: str) -> AnyResponse:  # noqa: ARG001 - the edge has read it
    """Leave the company oneself."""
    actor, session = current_actor(), current_db()
    row = members.by_id(session, actor.member_id or 0)
    members.remove(session, actor, row.public_id)
    flash(gettext("You have left %(company)s.", company=actor.company_name), "good")
    return redirect("/")


@pages.post("/<uuid:public_id>/restore")
@requires("members:manage")
def restore(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """Undo a removal."""
    row = members.restore(current_db(), current_actor(), public_id)
    flash(gettext("%(name)s is a member again.", name=members.name_of(current_db(), row)), "good")
    return _back(slug)


@pages.post("/units")
@requires("members:manage")
def add_unit(slug: str) -> AnyResponse:
    """A new unit."""
    try:
        members.add_unit(current_db(), current_actor(), request.form.get("unit_name", ""))
    except Invalid as error:
        return make_response(_index(slug, unit=Form(request.form, error.fields)), 422)
    return _back(slug)


@pages.post("/teams")
@requires("members:manage")
def add_team(slug: str) -> AnyResponse:
    """A new team."""
    unit = _ids("unit")
    try:
        members.add_team(current_db(), current_actor(), request.form.get("team_name", ""), unit[0] if unit else None)
    except Invalid as error:
        return make_response(_index(slug, team=Form(request.form, error.fields)), 422)
    return _back(slug)
