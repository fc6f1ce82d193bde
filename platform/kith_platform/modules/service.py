"""Switching modules on and off, and their settings. Core asks `enabled` at every gate; nothing outlives a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.errors import Conflict, FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.modules.models import Module
from kith_platform.plugins import Plugin, Plugins
from kith_platform.sdk.types import Setting
from kith_tenants.context import Actor


def enabled(session: Session, plugins: Plugins) -> frozenset[str]:
    """Names of the loaded plugins this tenant has switched on."""
    names = session.execute(select(Module.plugin).where(Module.enabled)).scalars()
    return frozenset(name for name in names if name in plugins.loaded)


def settings_of(session: Session, plugins: Plugins, name: str) -> dict[str, Any]:
    """The module's settings with its defaults filled in. Raises NotFound for a plugin that is not loaded."""
    plugin = known(plugins, name)
    stored = session.execute(select(Module.settings).where(Module.plugin == name)).scalar_one_or_none() or {}
    return {setting.key: stored.get(setting.key, setting.default) for setting in plugin.brings["settings"]}


def known(plugins: Plugins, name: str) -> Plugin:
    """Raises NotFound."""
    if name not in plugins.loaded:
        raise NotFound(N_("There is no module '%(name)s' in this installation."), name=name)
    return plugins[name]


def enable(session: Session, actor: Actor | None, plugins: Plugins, name: str) -> None:
    """Switch a module on; on already is no error. Raises Conflict where a module it needs is off."""
    manifest = known(plugins, name).manifest
    missing = [needed for needed in manifest.requires_modules if needed not in enabled(session, plugins)]
    if missing:
        raise Conflict(N_("%(name)s needs %(missing)s. Switch that on first."), name=name, missing=", ".join(missing))
    _set(session, actor, name, on=True)


def disable(session: Session, actor: Actor | None, plugins: Plugins, name: str) -> None:
    """Switch a module off; its data stay. Raises Conflict while another module that is on needs it."""
    known(plugins, name)
    users = [other for other in enabled(session, plugins) if name in plugins[other].manifest.requires_modules]
    if users:
        raise Conflict(N_("%(users)s needs %(name)s. Switch that off first."), users=", ".join(users), name=name)
    _set(session, actor, name, on=False)


def enable_defaults(session: Session, plugins: Plugins, industry: str) -> list[str]:
    """What a new company starts with: modules for everyone and those of its industry. Returns their names."""
    chosen = [
        name for name, plugin in plugins.loaded.items() if plugin.manifest.for_everyone or industry in plugin.manifest.industries
    ]
    for name in chosen:
        _set(session, None, name, on=True)
    return chosen


def save_settings(session: Session, actor: Actor, plugins: Plugins, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Check and keep a settings form. Raises Invalid with an error per field."""
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
    _set(session, actor, name, on=None, settings=values)
    return values


def _value(setting: Setting, raw: str) -> Any:
    """The typed value of one field. Raises ValueError with a marked message."""
    text = raw.strip()
    if setting.kind == "boolean":
        return text.lower() in {"1", "on", "true", "yes"}
    if text == "":
        return setting.default
    if setting.kind in {"integer", "number"}:
        try:
            number = int(text) if setting.kind == "integer" else float(text)
        except ValueError:
            raise ValueError(N_("This is not a number.")) from None
        if (setting.minimum is not None and number < setting.minimum) or (
            setting.maximum is not None and number > setting.maximum
        ):
            raise ValueError(N_("Choose a number from %(low)s to %(high)s."))
        return number
    if setting.kind == "choice" and text not in {key for key, _label in setting.choices}:
        raise ValueError(N_("Choose one of the values of the list."))
    return text


def _set(session: Session, actor: Actor | None, name: str, *, on: bool | None, settings: dict[str, Any] | None = None) -> None:
    values: dict[str, Any] = {"changed_by": actor.member_id if actor else None}
    if on is not None:
        values["enabled"] = on
    if settings is not None:
        values["settings"] = settings
    statement = insert(Module).values(plugin=name, **{"enabled": False, **values})
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Module.tenant_id, Module.plugin], set_={**values, "changed_at": func.now()}
        )
    )
