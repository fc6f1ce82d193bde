"""The page on which a company says what it promises per severity."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.calendar.service import of_tenant
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.tickets import levels, words
from kith_platform.tickets.levels import Level
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("service_levels", __name__, url_prefix="/c/<slug>/service-levels")
NAVIGATION = (
    NavItem(
        key="service_levels",
        label=N_("Service levels"),
        icon="gauge",
        endpoint="service_levels.show",
        permission=levels.PERMISSION,
        section="settings",
        order=16,
    ),
)


@pages.get("/")
@requires(levels.PERMISSION)
def show(slug: str) -> str:
    """Reply and solution per severity, in business minutes."""
    known = levels.levels(current_db())
    values = {f"{name}_reply": one.reply for name, one in known.items()}
    return _page(slug, Form(values | {f"{name}_solve": one.solve for name, one in known.items()}))


@pages.post("/")
@requires(levels.PERMISSION)
def save(slug: str) -> Any:
    """Set all of them."""
    wanted = {name: Level(_number(f"{name}_reply"), _number(f"{name}_solve")) for name in levels.SEVERITIES}
    try:
        levels.set_levels(current_db(), current_actor(), wanted)
    except Invalid as error:
        return _page(slug, Form(request.form, error.fields)), 422
    flash(gettext("Saved. New tickets are due by these times; what is promised already stays."), "good")
    return redirect(url_for("service_levels.show", slug=slug))


def _number(name: str) -> int:
    """0 for what is no number: no level may be 0."""
    typed = request.form.get(name, "").strip()
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


def _page(slug: str, form: Form) -> str:
    day = of_tenant(current_db()).day_minutes
    return render_template("tickets/levels.html", slug=slug, form=form, severities=words.severities(), day=day)
