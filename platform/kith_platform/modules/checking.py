"""What `kith plugin check` looks at: whether a plugin would be used, and whether it keeps to the rules of docs/plugins.md."""

from __future__ import annotations

import ast
import importlib
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from kith_platform.errors import KithError
from kith_platform.i18n import N_
from kith_platform.plugins import GROUP, Plugin, Plugins
from kith_platform.web.translations import build
from kith_tenants import rls

OURS = ("kith_platform", "kith_tenants", "kith_workers")
DOOR = "kith_platform.sdk"


class NoPlugin(KithError):
    """A folder that holds no plugin."""

    status = 422
    code = "no_plugin"
    default = N_(
        "%(folder)s holds no plugin: its pyproject.toml must name exactly one entry point in the group %(group)s. "
        "`kith plugin new NAME` writes a folder that does."
    )


def check(folder: Path) -> tuple[str, list[str]]:
    """The plugin's name and everything that is wrong with it, in words. Imports it. Raises NoPlugin."""
    point = _entry_point(folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{point.module}.")]:
        del sys.modules[name]  # what this folder holds is to be read, not what another one held
    others = [one for one in entry_points(group=GROUP) if one.name != point.name]
    plugins = Plugins([*others, point])
    problems = [f"It cannot be used: {one.reason}" for one in plugins.left_out if one.name == point.name]
    package = folder.joinpath(*point.module.split("."))
    if not package.is_dir():
        return point.name, [*problems, f"The package {point.module} is not in {folder}."]
    problems += _imports(package, point.module)
    problems += [f"No translation: {one}" for one in build.missing(package)]
    if point.name in plugins.loaded:
        problems += _migrations(plugins[point.name])
    return point.name, problems


def _entry_point(folder: Path) -> EntryPoint:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        ((name, value),) = project["entry-points"][GROUP].items()
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise NoPlugin(folder=folder, group=GROUP) from error
    return EntryPoint(name, value, GROUP)


def _imports(package: Path, own: str) -> Iterator[str]:
    """What it imports of Kith besides the SDK, or of other plugins."""
    for path in sorted(package.rglob("*.py")):
        if "migrations" in path.relative_to(package).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"), path.name)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                if _forbidden(name, own):
                    where = f"{path.relative_to(package)}:{getattr(node, 'lineno', 0)}"
                    yield f"{where} imports {name}: a plugin knows only {DOOR} and libraries."


def _forbidden(name: str, own: str) -> bool:
    if name.split(".", maxsplit=1)[0] in OURS:
        return not f"{name}.".startswith(f"{DOOR}.")
    return name.startswith("kith_plugins.") and not f"{name}.".startswith(f"{own}.")


def _migrations(plugin: Plugin) -> Iterator[str]:
    versions = sorted((plugin.folder / "migrations" / "versions").glob("*.py"))
    if plugin.brings["facts"] and not versions:
        yield "It brings facts and has no migration: run `python migrations/write.py first NAME` in Kith's checkout."
    for path in versions:
        yield from (f"{path.name} {problem}" for problem in rls.problems(path.read_text("utf-8")))
