"""What a page may know about who looks at it. Auth sets `flask.g.actor`; public pages have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from flask import current_app, g
from flask_babel import gettext

from kith_platform.i18n import N_


class CompanyLink(Protocol):
    """A company the person belongs to, for the switcher."""

    @property
    def name(self) -> str: ...
    @property
    def slug(self) -> str: ...


class Actor(Protocol):
    """Who asks, for which company. The auth part implements it."""

    @property
    def identity_name(self) -> str: ...
    @property
    def company_name(self) -> str: ...
    @property
    def company_slug(self) -> str: ...
    @property
    def role(self) -> str: ...
    def can(self, permission: str) -> bool: ...


# Further attributes are read where an actor has them: identity_email, identity_id, tenant_id, language (the person's
# choice), company_language, timezone, currency, companies (Sequence[CompanyLink]).


def actor() -> Actor | None:
    """The signed-in person in a company, or None on public pages."""
    return cast("Actor | None", g.get("actor"))


def detail(name: str, default: Any = None) -> Any:
    """An optional attribute of the actor (`timezone`, `currency`, …), or `default`."""
    value = getattr(g.get("actor"), name, None)
    return default if value in (None, "") else value


ROLES = {"owner": N_("Owner"), "admin": N_("Admin"), "analyst": N_("Analyst"), "agent": N_("Agent"), "viewer": N_("Viewer")}


def role_name(role: str) -> str:
    """A role as people read it."""
    return gettext(ROLES[role]) if role in ROLES else role


def timezone() -> str:
    """The company's zone; UTC where there is no company."""
    return str(detail("timezone", "UTC"))


def currency() -> str:
    """The company's currency; USD where there is no company."""
    return str(detail("currency", "USD"))


def companies() -> Sequence[CompanyLink]:
    """The companies the person may switch to."""
    return cast("Sequence[CompanyLink]", detail("companies", ()))


def enabled_modules() -> frozenset[str]:
    """Plugins the company has switched on. The module gate sets `g.enabled_modules`."""
    return frozenset(g.get("enabled_modules", ()))


def runtime() -> Any:
    """The process's Runtime (settings, doors, redis, blobs, plugins), given to create_app."""
    return current_app.extensions["kith"]
