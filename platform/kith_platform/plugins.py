"""The plugins of this installation: discovered, checked, asked once what they bring, and called behind a guard.

Partner code runs in this process and is trusted; the guard protects against mistakes, not against malice.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pluggy
import structlog
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from kith_platform.auth import permissions
from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.guard import Guard
from kith_platform.migrate import Stream, plugin_stream
from kith_platform.sdk import hookspecs
from kith_platform.sdk.advice import Advice
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.sdk.models import Model
from kith_platform.sdk.scoring import Scorecard
from kith_platform.sdk.templates import ImportTemplate
from kith_platform.sdk.types import (
    ApiRoute,
    DemoCompany,
    FeatureSet,
    Manifest,
    Metric,
    Page,
    Panel,
    Placement,
    Setting,
)

GROUP = "kith.plugins"
log = structlog.get_logger(__name__)

# What each start-up hook returns a sequence of, and the attribute by which two of them are told apart: in the whole
# installation, or within the plugin where addresses and forms keep plugins apart anyway.
CONTRIBUTIONS: Mapping[str, type[Any]] = {
    "facts": Fact,
    "import_templates": ImportTemplate,
    "settings": Setting,
    "metrics": Metric,
    "scorecards": Scorecard,
    "advice": Advice,
    "placements": Placement,
    "feature_sets": FeatureSet,
    "models": Model,
    "pages": Page,
    "api": ApiRoute,
    "panels": Panel,
    "demo_companies": DemoCompany,
}
INSTALLATION_WIDE = {
    "import_templates": ("key",),
    "metrics": ("key",),
    "scorecards": ("key",),
    "advice": ("key",),
    "placements": ("key",),
    "feature_sets": ("key",),
    "models": ("key",),
    "panels": ("key",),
    "demo_companies": ("key", "slug"),
    "facts": ("name", "plural"),
}
WITHIN_PLUGIN = {"settings": "key", "pages": "path", "api": "path"}


class PluginRefused(RuntimeError):
    """A plugin cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin and what it brings. `folder` holds its templates/, translations/ and migrations/."""

    manifest: Manifest
    folder: Path
    brings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.manifest.name


@dataclass(frozen=True)
class LeftOut:
    """A plugin that is installed and not used."""

    name: str
    reason: str


class Plugins:
    """All plugins of one process. Built once at start-up; never changes afterwards."""

    def __init__(self, points: Iterable[EntryPoint] | None = None, *, strict: bool = False, trace: bool = False) -> None:
        """Load `points` (default: what is installed), by name; of two that clash the later one is left out.

        With `strict` the first plugin that cannot be used raises PluginRefused. `trace` writes each hook call to stderr.
        """
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(hookspecs)
        if trace:
            self.manager.add_hookcall_monitoring(_tell_call, _tell_answer)
        self.loaded: dict[str, Plugin] = {}
        self.left_out: list[LeftOut] = []
        self.guard = Guard(trace=_tell if trace else None)
        for point in sorted(points if points is not None else entry_points(group=GROUP), key=lambda point: point.name):
            try:
                self.loaded[point.name] = self._load(point)
            except (Exception, SystemExit) as error:  # whatever a plugin raises leaves that plugin out, and no other
                reason = str(error) or type(error).__name__
                if strict:
                    raise PluginRefused(f"The plugin {point.name} cannot be used: {reason}") from error
                self.left_out.append(LeftOut(point.name, reason))
                log.error("plugin left out", plugin=point.name, reason=reason)

    def _load(self, point: EntryPoint) -> Plugin:
        if point.name in self.loaded:
            raise PluginRefused("another installed plugin has the same name")
        module = importlib.import_module(point.module)
        try:
            self.manager.register(module, point.name)
            self.manager.check_pending()  # a misspelt hook is an error
            plugin = self._ask(point, Path(str(module.__file__)).parent)
            check_brought(plugin, self.loaded.values())
            for permission in plugin.manifest.permissions:
                permissions.add(plugin.name, permission.key, permission.label, permission.roles)
        except (Exception, SystemExit):
            if self.manager.has_plugin(point.name):
                self.manager.unregister(name=point.name)
            raise
        return plugin

    def _ask(self, point: EntryPoint, folder: Path) -> Plugin:
        manifest = self._one(point.name, "register_manifest")
        if not isinstance(manifest, Manifest):
            raise PluginRefused("it has no register_manifest() that returns a Manifest")
        check_manifest(manifest, point.name)
        brings = {kind: self._many(point.name, kind, expected) for kind, expected in CONTRIBUTIONS.items()}
        return Plugin(manifest, folder, brings)

    def _one(self, plugin: str, hook: str) -> Any:
        others = [other for name, other in self.manager.list_name_plugin() if name != plugin]
        answers = self.manager.subset_hook_caller(hook, others)()
        return answers[0] if answers else None

    def _many(self, plugin: str, kind: str, expected: type[Any]) -> tuple[Any, ...]:
        answer = self._one(plugin, f"register_{kind}")
        if answer is None:
            return ()
        if not isinstance(answer, Sequence) or not all(isinstance(item, expected) for item in answer):
            raise PluginRefused(f"register_{kind}() must return a sequence of {expected.__name__}")
        return tuple(answer)

    def __getitem__(self, name: str) -> Plugin:
        return self.loaded[name]

    def names(self) -> list[str]:
        return list(self.loaded)

    def facts(self) -> list[tuple[str, Fact]]:
        """(plugin, fact) of every loaded plugin: tables exist for all tenants, whoever enables the module."""
        return [(plugin.name, fact) for plugin in self.loaded.values() for fact in plugin.brings["facts"]]

    def brought(self, kind: str, enabled: Iterable[str]) -> list[tuple[str, Any]]:
        """(plugin, item) of one kind from the plugins a tenant has enabled, by plugin name."""
        wanted = set(enabled)
        return [(name, item) for name, plugin in self.loaded.items() if name in wanted for item in plugin.brings[kind]]

    def call(
        self,
        plugin: str,
        tenant_id: int,
        what: str,
        function: Callable[..., Any],
        *args: Any,
        seconds: float | None = None,
    ) -> Any:
        """Call a plugin's function behind the guard; longer than `seconds` counts as trouble (None: as long as it takes,
        for jobs, which run in a killable child). Raises guard.PluginFailed, which the caller turns into a note.
        """
        return self.guard.call(plugin, tenant_id, what, function, *args, seconds=seconds)


def check_manifest(manifest: Manifest, name: str) -> None:
    """Raise PluginRefused where a manifest does not fit its entry point or this platform."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise PluginRefused(f"{name!r} is no name for a plugin: use lower-case letters, digits and _")
    if manifest.name != name:
        raise PluginRefused(f"its manifest is called {manifest.name!r} and its entry point {name!r}")
    platform = installed_version("kith-platform")
    try:
        fits = platform in SpecifierSet(manifest.requires_platform)
    except InvalidSpecifier as error:
        raise PluginRefused(f"requires_platform={manifest.requires_platform!r} is not like '>=0.1,<1'") from error
    if not fits:
        raise PluginRefused(f"it needs Kith {manifest.requires_platform} and this is {platform}: install a version that fits")


def check_brought(plugin: Plugin, others: Iterable[Plugin]) -> None:
    """Raise PluginRefused where what a plugin brings does not hold together, or clashes with core or a plugin before it."""
    taken = {("facts", label, getattr(fact, label)): "Kith itself" for fact in CORE_FACTS for label in ("name", "plural")}
    taken |= {mark: f"the plugin {other.name}" for other in others for mark in _marks(other)}
    mine = Counter(_marks(plugin))
    for kind, label, value in mine:
        if holder := taken.get((kind, label, value)):
            raise PluginRefused(f"{holder} has a {kind.removesuffix('s')} with the {label} {value!r} already: choose another")
    for kind, label in WITHIN_PLUGIN.items():
        mine.update((kind, label, getattr(item, label)) for item in plugin.brings[kind])
    if twice := [mark for mark, times in mine.items() if times > 1]:
        raise PluginRefused("it brings twice: " + ", ".join(f"{kind} {value!r}" for kind, _label, value in twice))
    _check_pages(plugin)
    _check_permissions(plugin)
    _check_references(plugin)
    _check_templates(plugin)


def _marks(plugin: Plugin) -> Iterator[tuple[str, str, str]]:
    for kind, labels in INSTALLATION_WIDE.items():
        for item in plugin.brings[kind]:
            yield from ((kind, label, getattr(item, label)) for label in labels)


def _check_pages(plugin: Plugin) -> None:
    for item in (*plugin.brings["pages"], *plugin.brings["api"]):
        if not re.fullmatch(r"[a-z0-9][a-z0-9_/-]*", item.path):
            raise PluginRefused(f"{item.path!r} is no path for a page or route: use a-z, 0-9, -, _ and /")
    for item in (*plugin.brings["pages"], *plugin.brings["panels"]):
        if not (plugin.folder / "templates" / item.template).is_file():
            raise PluginRefused(f"it has no template templates/{item.template}")


def _check_permissions(plugin: Plugin) -> None:
    known = {*permissions.PERMISSIONS, *(permission.key for permission in plugin.manifest.permissions)}
    for kind in ("pages", "api", "panels"):
        for item in plugin.brings[kind]:
            if item.permission not in known:
                name = getattr(item, "path", "") or getattr(item, "key", "")
                raise PluginRefused(f"{kind} {name!r} ask for {item.permission!r}, which neither core nor its manifest knows")


def _check_references(plugin: Plugin) -> None:
    for model in plugin.brings["models"]:
        if not model.key.startswith(f"{plugin.name}."):
            raise PluginRefused(f"the model {model.key!r} must be called {plugin.name}.…")
    known = {fact.name for fact in (*CORE_FACTS, *plugin.brings["facts"])}
    for fact in plugin.brings["facts"]:
        for column in fact.columns:
            if column.kind is Kind.REFERENCE and column.to not in known:
                raise PluginRefused(f"the fact {fact.name} points to {column.to!r}, which is neither core's nor its own")


def _check_templates(plugin: Plugin) -> None:
    facts = {fact.name: fact for fact in (*CORE_FACTS, *plugin.brings["facts"])}
    for template in plugin.brings["import_templates"]:
        if template.table not in {fact.plural for fact in facts.values()}:
            raise PluginRefused(f"the import template {template.key} fills {template.table!r}, which neither core nor it knows")
        targets = {*(column.target for column in template.columns), *template.constants}
        for target in sorted({*targets, *template.needs}):
            name, _, column = target.partition(".")
            declared = (
                {one.name for one in facts[name].columns} | {"external_id", "customer", "currency"} if name in facts else set()
            )
            if column not in declared or target not in targets:
                raise PluginRefused(f"the import template {template.key} names {target!r}, which is no place for a column")


def _tell(words: str) -> None:
    sys.stderr.write(f"kith plugins: {words}\n")


def _tell_call(hook: str, implementations: Sequence[Any], _given: Mapping[str, Any]) -> None:
    if implementations:
        _tell(f"{hook}() asks {', '.join(one.plugin_name for one in implementations)}")


def _tell_answer(outcome: Any, hook: str, implementations: Sequence[Any], _given: Mapping[str, Any]) -> None:
    if implementations:
        _tell(f"{hook}() → {outcome.exception or outcome.get_result()!r}")


def installed_streams() -> list[Stream]:
    """The migration streams of installed plugins, by name; found without importing a plugin."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            spec = find_spec(point.module)
        except (ImportError, ValueError):
            continue  # a plugin that cannot be found is reported when it is loaded
        folder = Path(spec.origin).parent if spec and spec.origin else None
        if folder and (folder / "migrations" / "versions").is_dir():
            found.append(plugin_stream(point.name, folder))
    return found
