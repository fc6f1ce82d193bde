"""The left-hand navigation: parts and plugins fill it, a page shows what the role may see and what exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_babel import gettext
from werkzeug.routing import BuildError

from kith_platform.i18n import N_
from kith_platform.web import context

SECTIONS: dict[str, str] = {
    "work": "",  # Home, Customers, Segments, Scorecards, Predictions: no heading
    "act": N_("Act"),
    "sales": N_("Sales"),
    "service": N_("Service"),
    "data": N_("Data"),
    "modules": N_("Modules"),
    "settings": N_("Settings"),
}


@dataclass(frozen=True, kw_only=True)
class NavItem:
    """One entry. `label` is a marked English string; `endpoint` takes the company's slug as its only argument.

    `permission` empty: every member sees it. `module`: shown only where the company enabled that plugin.
    `order` sorts within the section. `icon` is a name from assets/icons.js.
    """

    key: str
    label: str
    icon: str
    endpoint: str
    permission: str = ""
    section: str = "work"
    order: int = 100
    module: str = ""


@dataclass(frozen=True)
class Link:
    """An entry as the template shows it."""

    label: str
    icon: str
    url: str
    active: bool


@dataclass(frozen=True)
class Section:
    key: str
    label: str
    links: tuple[Link, ...]


class Navigation:
    """The registry of one app. Keys are unique; a second item with the same key is a programming error."""

    def __init__(self) -> None:
        self._items: dict[str, NavItem] = {}

    def add(self, items: Iterable[NavItem]) -> None:
        """Add entries at start-up. Raises ValueError for a key already taken or an unknown section."""
        for item in items:
            if item.key in self._items:
                raise ValueError(f"navigation entry {item.key!r} exists already")
            if item.section not in SECTIONS:
                raise ValueError(f"navigation entry {item.key!r}: there is no section {item.section!r}")
            self._items[item.key] = item

    def __iter__(self) -> Iterator[NavItem]:
        return iter(sorted(self._items.values(), key=lambda item: (item.order, item.key)))


def install(app: Flask) -> Navigation:
    """Give the app its registry and templates the global `navigation()`."""
    registry = Navigation()
    app.extensions["kith.navigation"] = registry
    app.jinja_env.globals["navigation"] = sections
    return registry


def registry() -> Navigation:
    """The running app's registry."""
    found: Navigation = current_app.extensions["kith.navigation"]
    return found


def sections() -> list[Section]:
    """What the person of this request may see, grouped, with the current place marked. Empty on public pages."""
    actor = context.actor()
    if actor is None:
        return []
    modules = context.enabled_modules()
    shown: dict[str, list[Link]] = {key: [] for key in SECTIONS}
    for item in registry():
        if item.permission and not actor.can(item.permission):
            continue
        if item.module and item.module not in modules:
            continue
        try:
            url = url_for(item.endpoint, slug=actor.company_slug)
        except BuildError:  # the part that owns the page is not installed: only what exists is shown
            continue
        shown[item.section].append(Link(gettext(item.label), item.icon, url, _here(item, url)))
    return [Section(k, gettext(SECTIONS[k]) if SECTIONS[k] else "", tuple(v)) for k, v in shown.items() if v]


def _here(item: NavItem, url: str) -> bool:
    if request.endpoint == item.endpoint:
        return True
    return url.rstrip("/").count("/") > 2 and request.path.startswith(url.rstrip("/") + "/")
