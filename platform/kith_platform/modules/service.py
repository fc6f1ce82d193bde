"""Switching modules on and off, and their settings. Core asks `enabled` at every gate; nothing outlives a request."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.auth.who import system
from kith_platform.errors import Conflict, FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.modules.models import Module
from kith_platform.plugins import Plugin, Plugins
from kith_platform.refresh import service as refresh
from kith_platform.sdk.types import Setting
from kith_tenants.context import Actor

ON = "modules switched on"  # in a session's info


def enabled(session: Session, plugins: Plugins) -> frozenset[str]:
    """Names of the loaded plugins this tenant has switched on: asked once a session, for many parts of a page ask."""
    if ON not in session.info:
        session.info[ON] = frozenset(session.execute(select(Module.plugin).where(Module.enabled)).scalars())
    return frozenset(name for name in session.info[ON] if name in plugins.loaded)


def is_enabled(session: Session, plugins: Plugins, name: str) -> bool:
    """Whether the plugin is loaded and this tenant has switched it on."""
    return name in plugins.loaded and name in enabled(session, plugins)


def settings_of(session: Session, plugins: Plugins, name: str) -> dict[str, Any]:
    """The module's settings with its defaults filled in. Raises NotFound for a plugin that is not loaded."""
    plugin = known(plugins, name)
    stored = session.execute(select(Module.settings).where(Module.plugin == name)).scalar_one_or_none() or {}
    return {setting.key: stored.get(setting.key, setting.default) for setting in plugin.brings["settings"]}


def known(plugins: Plugins, name: str) -> Plugin:
    """The loaded plugin. Raises NotFound."""
    if name not in plugins.loaded:
        raise NotFound(N_("There is no module '%(name)s' in this installation."), name=name)
    return plugins[name]


def enable(session: Session, actor: Actor, plugins: Plugins, name: str) -> bool:
    """Switch a module on; whether it was off. Raises NotFound, and Conflict where a module it needs is off."""
    manifest = known(plugins, name).manifest
    on = enabled(session, plugins)
    missing = [needed for needed in manifest.requires_modules if needed not in on]
    if missing:
        raise Conflict(N_("%(name)s needs %(missing)s. Switch that on first."), name=name, missing=", ".join(missing))
    if name in on:
        return False
    _keep(session, actor, name, {"enabled": True})
    record(session, actor, "module:enabled", f"module:{name}", {"version": manifest.version})
    refresh.ask_refresh(session, asked_by=actor.member_id)  # its metrics and placements
    return True


def disable(session: Session, actor: Actor, plugins: Plugins, name: str) -> bool:
    """Switch a module off; whether it was on. Its data stay. Raises NotFound, and Conflict while a module that is on needs it."""
    known(plugins, name)
    on = enabled(session, plugins)
    users = [other for other in sorted(on) if name in plugins[other].manifest.requires_modules]
    if users:
        raise Conflict(N_("%(users)s needs %(name)s. Switch that off first."), users=", ".join(users), name=name)
    if name not in on:
        return False
    _keep(session, actor, name, {"enabled": False})
    record(session, actor, "module:disabled", f"module:{name}")
    return True


def enable_defaults(session: Session, plugins: Plugins, industry: str) -> list[str]:
    """Switch on what a new company starts with: modules for everyone, those of its industry, and what these need.

    A module the company has switched before stays as it is. Returns the names.
    """
    chosen = {
        name for name, plugin in plugins.loaded.items() if plugin.manifest.for_everyone or industry in plugin.manifest.industries
    }
    waiting = list(chosen)
    while waiting:
        asked = plugins[waiting.pop()].manifest.requires_modules
        needs = [name for name in asked if name in plugins.loaded and name not in chosen]
        chosen.update(needs)
        waiting += needs
    before = set(session.execute(select(Module.plugin)).scalars())
    for name in sorted(chosen - before):
        _keep(session, system(), name, {"enabled": True})
        record(session, system(), "module:enabled", f"module:{name}", {"version": plugins[name].manifest.version})
    return sorted(chosen)


def save_settings(session: Session, actor: Actor, plugins: Plugins, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Check and keep a settings form. Raises NotFound, and Invalid with an error per field."""
    plugin = known(plugins, name)
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for setting in plugin.brings["settings"]:
        try:
            values[setting.key] = _value(setting, given.get(setting.key, ""))
        except ValueError as error:
            errors.append(FieldError(setting.key, str(error), {"low": setting.minimum, "high": setting.maximum}))
    if errors:
        raise Invalid(fields=errors)
    _keep(session, actor, name, {"settings": values})
    record(session, actor, "module:configured", f"module:{name}", {"settings": values})
    return values


def _value(setting: Setting, raw: str) -> Any:
    """The typed value of one field. Raises ValueError with a marked message."""
    text = raw.strip()
    if setting.kind == "boolean":
        return text.lower() in {"1", "on", "true", "yes"}
    if text == "":
        return setting.default
    if setting.kind in {"integer", "number"}:
        return _number(setting, text)
    if setting.kind == "choice" and text not in {key for key, _label in setting.choices}:
        raise ValueError(N_("Choose one of the values of the list."))
    if setting.kind == "day":
        try:
            return dt.date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValueError(N_("This is not a day. Write it like 2026-11-30.")) from None
    return text


def _number(setting: Setting, text: str) -> int | float:
    try:
        number = int(text) if setting.kind == "integer" else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(N_("This is not a whole number.") if setting.kind == "integer" else N_("This is not a number."))
    low, high = setting.minimum, setting.maximum
    if low is not None and high is not None and not low <= number <= high:
        raise ValueError(N_("Choose a number from %(low)s to %(high)s."))
    if low is not None and number < low:
        raise ValueError(N_("Choose a number of at least %(low)s."))
    if high is not None and number > high:
        raise ValueError(N_("Choose a number of at most %(high)s."))
    return number


def _keep(session: Session, actor: Actor, name: str, changes: dict[str, Any]) -> None:
    session.info.pop(ON, None)
    values = {"changed_by": actor.member_id, **changes}
    statement = insert(Module).values(plugin=name, **{"enabled": False, **values})
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Module.tenant_id, Module.plugin], set_={**values, "changed_at": func.now()}
        )
    )
