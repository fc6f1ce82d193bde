"""The module catalogue, the switches, and each module's own page with its settings."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kith_platform.auth import permissions
from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.auth.joining import INDUSTRIES
from kith_platform.errors import Invalid, NotFound
from kith_platform.i18n import LANGUAGES, N_
from kith_platform.modules import service
from kith_platform.modules.catalogue import ADDS, Card, catalogue, rank
from kith_platform.modules.web import endpoint
from kith_platform.web.forms import Form
from kith_platform.web.navigation import NavItem

pages = Blueprint("modules", __name__, url_prefix="/c/<slug>/modules")
NAVIGATION = (
    NavItem(
        key="modules",
        label=N_("Modules"),
        icon="puzzle",
        endpoint="modules.index",
        permission="modules:read",
        section="settings",
        order=10,
    ),
)
HEADINGS = (N_("For your industry"), N_("For every company"), N_("For other industries"))


@pages.get("/")
@requires("modules:read")
def index(slug: str) -> str:
    """Everything there is to switch on, the company's industry first."""
    found, industry = catalogue(current_db(), runtime().plugins), current_tenant().industry
    groups = [
        (gettext(heading), [card for card in found.cards if rank(card.plugin, industry) == number])
        for number, heading in enumerate(HEADINGS)
    ]
    return render_template(
        "modules/index.html",
        slug=slug,
        groups=[group for group in groups if group[1]],
        left_out=found.left_out,
        industries=INDUSTRIES,
        headings={kind: heading for kind, (heading, _attribute) in ADDS.items()},
    )


@pages.get("/<name>")
@requires("modules:read")
def show(slug: str, name: str) -> str:
    """One module: what it adds, what it asks for, its settings and its troubles."""
    values = service.settings_of(current_db(), runtime().plugins, name)
    return _show(slug, name, Form(values))


@pages.post("/<name>")
@requires("modules:manage")
def save(slug: str, name: str) -> AnyResponse | str | tuple[str, int]:
    """Keep the settings."""
    try:
        service.save_settings(current_db(), current_actor(), runtime().plugins, name, request.form.to_dict())
    except Invalid as error:
        return _show(slug, name, Form(request.form, error.fields)), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("modules.show", slug=slug, name=name))


@pages.post("/<name>/enable")
@requires("modules:manage")
def enable(slug: str, name: str) -> AnyResponse:
    """Switch a module on, at once."""
    plugins = runtime().plugins
    service.enable(current_db(), current_actor(), plugins, name)
    flash(gettext("%(module)s is on.", module=gettext(plugins[name].manifest.title)), "good")
    return redirect(_back(slug, name))


@pages.post("/<name>/disable")
@requires("modules:manage")
def disable(slug: str, name: str) -> AnyResponse:
    """Switch a module off, at once; its data stay."""
    plugins = runtime().plugins
    service.disable(current_db(), current_actor(), plugins, name)
    flash(gettext("%(module)s is off. Its data stay.", module=gettext(plugins[name].manifest.title)), "good")
    return redirect(_back(slug, name))


def _back(slug: str, name: str) -> str:
    """To the module's own page when the switch was pressed there, else to the catalogue."""
    if request.form.get("from") == "module":
        return url_for("modules.show", slug=slug, name=name)
    return url_for("modules.index", slug=slug)


def _show(slug: str, name: str, form: Form) -> str:
    plugins = runtime().plugins
    card = next((one for one in catalogue(current_db(), plugins).cards if one.name == name), None)
    if card is None:
        raise NotFound
    return render_template(
        "modules/show.html",
        slug=slug,
        card=card,
        form=form,
        settings=card.plugin.brings["settings"],
        headings={kind: heading for kind, (heading, _attribute) in ADDS.items()},
        own_pages=_own_pages(slug, card),
        languages=[LANGUAGES.get(one, one) for one in card.plugin.manifest.languages],
        granted=_granted(card),
        industries=INDUSTRIES,
        troubles=[(dt.datetime.fromtimestamp(one.at, dt.UTC), one) for one in card.troubles],
    )


def _own_pages(slug: str, card: Card) -> list[tuple[str, str]]:
    """(title, address) of the module's pages, where it is on and the reader may see them."""
    found: tuple[Any, ...] = card.plugin.brings["pages"] if card.on else ()
    return [
        (gettext(page.title), url_for(endpoint(card.name, page.path), slug=slug))
        for page in found
        if current_actor().can(page.permission)
    ]


def _granted(card: Card) -> list[tuple[str, list[str]]]:
    """(what is allowed, roles that start with it) for each permission of the module's own."""
    return [(gettext(one.label), _roles(one.key)) for one in card.plugin.manifest.permissions]


def _roles(permission: str) -> list[str]:
    return [gettext(words) for role, words in permissions.ROLE_NAMES.items() if permission in permissions.of_role(role)]
