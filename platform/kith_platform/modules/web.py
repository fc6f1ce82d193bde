"""Where plugins meet Flask: their pages' addresses and templates, the navigation, and panels of core's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import Flask, g, render_template, request, url_for
from flask_babel import gettext
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.errors import KithError
from kith_platform.guard import SLOW_PANEL, PluginFailed
from kith_platform.modules import gate, service
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Page, Panel
from kith_platform.web.locale import language
from kith_platform.web.navigation import NavItem
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

log = structlog.get_logger(__name__)


def install(app: Flask) -> None:
    """Give the app the pages, templates and navigation of all loaded plugins; the gate decides per request who has them."""
    plugins: Plugins = app.extensions["kith"].plugins
    folders = {name: FileSystemLoader(plugin.folder / "templates") for name, plugin in plugins.loaded.items()}
    core: BaseLoader | None = app.jinja_loader
    app.jinja_loader = ChoiceLoader([*([core] if core else []), PrefixLoader(folders)])
    for name, plugin in plugins.loaded.items():
        for page in plugin.brings["pages"]:
            app.add_url_rule(f"/c/<slug>/m/{name}/{page.path}", endpoint(name, page.path), _view(name, page))
        items = [_entry(name, page) for page in plugin.brings["pages"] if page.in_navigation]
        app.extensions["kith.navigation"].add(items)
    # A plugin's words may hold a bare per cent sign, which Jinja's own _() would take for a parameter.
    app.jinja_env.globals["said"] = gettext
    app.before_request(_note_modules)


def endpoint(plugin: str, path: str) -> str:
    """The Flask endpoint of a plugin's page."""
    return f"m.{plugin}.{path.replace('/', '.')}"


def _entry(plugin: str, page: Page) -> NavItem:
    return NavItem(
        key=f"{plugin}.{page.path}",
        label=page.title,
        icon=page.icon or "puzzle",
        endpoint=endpoint(plugin, page.path),
        permission=page.permission,
        section="modules",
        module=plugin,
    )


def _view(plugin: str, page: Page) -> Callable[..., str]:
    @requires("modules:read")  # and the page's own permission, once it is known that the module is on
    def show(slug: str) -> str:
        plugins, session, actor = runtime().plugins, current_db(), current_actor()
        gate.admit(session, plugins, actor, plugin, page.permission)
        visit = gate.visit(session, plugins, actor, plugin, language=language(), query=request.args.to_dict())

        def address(path: str, **query: object) -> str:
            """Another page of the same plugin."""
            return url_for(endpoint(plugin, path), **{**query, "slug": slug})  # type: ignore[arg-type]

        def answer() -> str:
            context = _mapping(page.view(visit), "the view")
            words = {"title": gettext(page.title), "answers": gettext(page.answers) if page.answers else ""}
            return render_template(f"{plugin}/{page.template}", **{**words, **context, "slug": slug, "page_url": address})

        try:
            return gate.guarded(session, plugins, plugin, f"page {page.path}", answer)
        except PluginFailed as error:
            raise gate.ModuleTrouble(module=gettext(plugins[plugin].manifest.title)) from error

    return show


@dataclass(frozen=True)
class ShownPanel:
    """A plugin's part of a core page. `parts` by customer id (0 on Home) is safe HTML; `failed` where it could not answer."""

    plugin: str
    key: str
    title: str
    parts: Mapping[int, Markup] = field(default_factory=dict)
    failed: bool = False


def panels(session: Session, tenant: TenantContext, actor: Actor, slot: str, ids: Sequence[int] = (0,)) -> list[ShownPanel]:
    """The panels of a core page's slot (`customer` with the customers' ids, `home`), of the modules this company has on.

    A panel that fails is there with `failed`: the page shows a note in its place. One without anything to say has no parts.
    """
    plugins = runtime().plugins
    found = plugins.brought("panels", service.enabled(session, plugins))
    wanted = [(name, panel) for name, panel in found if panel.slot == slot and actor.can(panel.permission)]
    return [
        ShownPanel(name, panel.key, gettext(panel.title), failed=True)
        if plugins.guard.is_open(name, tenant.id)
        else _panel(session, actor, name, panel, ids)
        for name, panel in wanted
    ]


def _panel(session: Session, actor: Actor, plugin: str, panel: Panel, ids: Sequence[int]) -> ShownPanel:
    plugins = runtime().plugins
    title = gettext(panel.title)

    def answer() -> dict[int, Markup]:
        visit = gate.visit(session, plugins, actor, plugin, language=language())
        contexts = _mapping(panel.view(visit, ids), "the panel")
        return {
            key: Markup(render_template(f"{plugin}/{panel.template}", **_mapping(contexts[key], "each part of the panel")))  # noqa: S704 - a template escapes
            for key in ids
            if key in contexts
        }

    try:
        parts = gate.guarded(session, plugins, plugin, f"panel {panel.key}", answer, seconds=SLOW_PANEL)
    except (PluginFailed, KithError):
        return ShownPanel(plugin, panel.key, title, failed=True)
    return ShownPanel(plugin, panel.key, title, parts)


def _mapping(answer: Any, what: str) -> Mapping[Any, Any]:
    if not isinstance(answer, Mapping):
        raise TypeError(f"{what} must return a mapping, not {type(answer).__name__}")
    return answer


class _EnabledModules:
    """The names of the modules that are on, asked once a request and only if somebody wants to know."""

    def __init__(self) -> None:
        self._names: frozenset[str] | None = None

    def __iter__(self) -> Iterator[str]:
        if self._names is None:
            try:
                self._names = service.enabled(current_db(), runtime().plugins)
            except (SQLAlchemyError, KithError) as error:
                # The frame of an error page, shown after the transaction broke: without modules, rather than not at all.
                log.warning("modules not known", error=str(error))
                return iter(())
        return iter(self._names)


def _note_modules() -> None:
    g.enabled_modules = _EnabledModules()
