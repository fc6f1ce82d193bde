"""API tokens: make, see once, revoke."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth import permissions, tokens
from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.auth.who import aware_now
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.web.forms import Form
from kith_platform.web.limits import limiter
from kith_platform.web.navigation import NavItem

pages = Blueprint("tokens", __name__, url_prefix="/c/<slug>/tokens")
NAVIGATION = (
    NavItem(
        key="tokens",
        label=N_("API tokens"),
        icon="key",
        endpoint="tokens.index",
        permission="tokens:manage",
        section="settings",
        order=30,
    ),
)
LASTS = (7, 30, 90, 180, 365)  # days to choose from


@pages.get("/")
@requires("tokens:manage")
def index(slug: str) -> str:
    """The company's tokens and the form of a new one."""
    return _index(slug, Form({"days": 90}))


def _index(slug: str, form: Form, made: tokens.Made | None = None) -> str:
    words = permissions.known()
    scopes = [(key, f"{gettext(words[key])} ({key})") for key in tokens.grantable(current_actor())]
    return render_template(
        "tokens/index.html",
        slug=slug,
        form=form,
        made=made,
        tokens=tokens.every(current_db()),
        scopes=scopes,
        day_choices=[(days, ngettext("%(num)s day", "%(num)s days", days)) for days in LASTS],
        now=aware_now(),
    )


@pages.post("/")
@requires("tokens:manage")
@limiter.limit("30 per hour")
def make(slug: str) -> AnyResponse:
    """Make a token and show it this once."""
    form = request.form
    days = form.get("days", "")
    try:
        made = tokens.make(
            current_db(),
            current_actor(),
            name=form.get("name", ""),
            scopes=form.getlist("scopes"),
            days=int(days) if days.isdigit() else 0,
        )
    except Invalid as error:
        return make_response(_index(slug, Form(form, error.fields)), 422)
    return make_response(_index(slug, Form({"days": 90}), made))


@pages.post("/<uuid:public_id>/revoke")
@requires("tokens:manage")
def revoke(slug: str, public_id: uuid.UUID) -> AnyResponse:
    """End a token at once."""
    row = tokens.revoke(current_db(), current_actor(), public_id)
    flash(gettext("The token %(name)s no longer works.", name=row.name), "good")
    return redirect(url_for("tokens.index", slug=slug))
