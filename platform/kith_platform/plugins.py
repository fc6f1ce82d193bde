"""The plugins of this installation: discovered, checked, asked once what they bring, and called behind a guard.

Partner code runs in this process and is trusted; the guard protects against mistakes, not against malice.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pluggy
import structlog
from packaging.specifiers import SpecifierSet

from kith_platform.guard import Guard
from kith_platform.migrate import Stream, plugin_stream
from kith_platform.sdk import hookspecs
from kith_platform.sdk.facts import Fact
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

# What each start-up hook returns a sequence of.
CONTRIBUTIONS: Mapping[str, type[Any]] = {
    "facts": Fact,
    "settings": Setting,
    "metrics": Metric,
    "placements": Placement,
    "feature_sets": FeatureSet,
    "pages": Page,
    "api": ApiRoute,
    "panels": Panel,
    "demo_companies": DemoCompany,
}


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

    def __init__(self, points: Iterable[EntryPoint] | None = None, *, strict: bool = False) -> None:
        """Load `points` (default: what is installed). With `strict` the first plugin that cannot be used raises PluginRefused."""
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.loaded: dict[str, Plugin] = {}
        self.left_out: list[LeftOut] = []
        self.guard = Guard()
        for point in sorted(points if points is not None else entry_points(group=GROUP), key=lambda point: point.name):
            try:
                self.loaded[point.name] = self._load(point)
            except Exception as error:  # whatever a plugin raises leaves that plugin out, and no other
                if strict:
                    raise PluginRefused(f"The plugin {point.name} cannot be used: {error}") from error
                self.left_out.append(LeftOut(point.name, str(error) or type(error).__name__))
                log.error("plugin left out", plugin=point.name, reason=str(error))

    def _load(self, point: EntryPoint) -> Plugin:
        module = importlib.import_module(point.module)
        self.manager.register(module, point.name)
        try:
            self.manager.check_pending()
            plugin = self._ask(point, Path(str(module.__file__)).parent)
        except Exception:
            self.manager.unregister(name=point.name)
            raise
        return plugin

    def _ask(self, point: EntryPoint, folder: Path) -> Plugin:
        manifest = self._one(point.name, "register_manifest")
        if not isinstance(manifest, Manifest):
            raise PluginRefused("it has no register_manifest() that returns a Manifest")
        check(manifest, point.name)
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

    def call(self, plugin: str, tenant_id: int, what: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call a plugin's function behind the guard. Raises guard.PluginFailed, which the caller turns into a note."""
        return self.guard.call(plugin, tenant_id, what, function, *args)


def check(manifest: Manifest, name: str) -> None:
    """Raise PluginRefused where a manifest does not fit its entry point or this platform."""
    if manifest.name != name:
        raise PluginRefused(f"its manifest is called {manifest.name!r} and its entry point {name!r}")
    platform = installed_version("kith-platform")
    if platform not in SpecifierSet(manifest.requires_platform):
        raise PluginRefused(f"it needs Kith {manifest.requires_platform} and this is {platform}: install a version that fits")


def installed_streams() -> list[Stream]:
    """The migration streams of installed plugins, by name; found without importing a plugin."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            spec = find_spec(point.module)
        except ImportError:
            continue  # a plugin that cannot be found is reported when it is loaded
        folder = Path(spec.origin).parent if spec and spec.origin else None
        if folder and (folder / "migrations" / "versions").is_dir():
            found.append(plugin_stream(point.name, folder))
    return found
