"""What there is to switch on, as page, API and command line show it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.guard import Trouble
from kith_platform.i18n import N_
from kith_platform.modules.models import Module
from kith_platform.plugins import LeftOut, Plugin, Plugins
from kith_tenants.context import tenant_of

# What a module may add, with its heading and the attribute that names one of them.
ADDS: Mapping[str, tuple[str, str]] = {
    "pages": (N_("Pages"), "title"),
    "panels": (N_("On core's pages"), "title"),
    "metrics": (N_("Metrics"), "name"),
    "placements": (N_("Columns per customer"), "label"),
    "models": (N_("Predictions"), "label"),
    "feature_sets": (N_("What models learn from"), "key"),
    "facts": (N_("Data it keeps"), "label_plural"),
    "api": (N_("API routes"), "path"),
}


@dataclass(frozen=True)
class Card:
    """One module for one company. `adds` holds English msgids by kind; `rests` while its breaker is open."""

    plugin: Plugin
    on: bool
    changed_at: dt.datetime | None
    rests: bool
    troubles: Sequence[Trouble]

    @property
    def name(self) -> str:
        return self.plugin.name

    @property
    def adds(self) -> list[tuple[str, list[str]]]:
        """(kind, names) of everything it brings; the names are msgids."""
        found = []
        for kind, (_heading, attribute) in ADDS.items():
            names = [getattr(item, attribute) for item in self.plugin.brings[kind]]
            if kind == "feature_sets":
                names = [feature.label for item in self.plugin.brings[kind] for feature in item.features]
            if names:
                found.append((kind, names))
        return found


@dataclass(frozen=True)
class Catalogue:
    """All modules, and the plugins that are installed and cannot be used."""

    cards: tuple[Card, ...]
    left_out: tuple[LeftOut, ...]


def catalogue(session: Session, plugins: Plugins) -> Catalogue:
    """The modules as this tenant has set them; those of its industry first, then those for all, then the others."""
    tenant = tenant_of(session)
    rows = {row.plugin: row for row in session.execute(select(Module)).scalars()}
    troubles = plugins.guard.recent(tenant.id)
    cards = [
        Card(
            plugin,
            name in rows and rows[name].enabled,
            rows[name].changed_at if name in rows else None,
            plugins.guard.is_open(name, tenant.id),
            [trouble for trouble in troubles if trouble.plugin == name],
        )
        for name, plugin in plugins.loaded.items()
    ]
    cards.sort(key=lambda card: (rank(card.plugin, tenant.industry), card.name))
    return Catalogue(tuple(cards), tuple(plugins.left_out))


def rank(plugin: Plugin, industry: str) -> int:
    """0 made for this industry, 1 for every industry, 2 for others."""
    if not plugin.manifest.industries:
        return 1
    return 0 if industry in plugin.manifest.industries else 2


def document(card: Card) -> dict[str, Any]:
    """A module as the API and the command line show it."""
    manifest = card.plugin.manifest
    return {
        "name": card.name,
        "title": manifest.title,
        "summary": manifest.summary,
        "version": manifest.version,
        "enabled": card.on,
        "industries": list(manifest.industries),
        "requires": list(manifest.requires_modules),
        "permissions": [permission.key for permission in manifest.permissions],
        "adds": dict(card.adds),
        "resting": card.rests,
        "troubles": [{"what": one.what, "problem": one.problem, "at": _moment(one.at)} for one in card.troubles],
    }


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
