"""Every hook is documented as it is, implemented by a real plugin, and exercised by a test."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from kith_platform.plugins import CONTRIBUTIONS, Plugins
from kith_platform.sdk import hookspecs, toolkit

ROOT = Path(__file__).resolve().parents[2]
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("register_")}
DOCS = (ROOT / "docs" / "plugins.md").read_text("utf-8")
BUILT_IN = sorted((ROOT / "plugins").glob("*/kith_plugins/*/__init__.py"))
TESTS = "".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")) if path.name != "test_hooks.py")


def implemented(path: Path) -> set[str]:
    """Names of the functions that a plugin marks with @hookimpl."""
    functions = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef))
    return {one.name for one in functions if any(getattr(mark, "id", "") == "hookimpl" for mark in one.decorator_list)}


def test_core_asks_for_every_hook_and_for_no_other() -> None:
    assert set(HOOKS) == {"register_manifest", *(f"register_{kind}" for kind in CONTRIBUTIONS)}


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_the_hook_is_documented_with_its_signature(name: str) -> None:
    signature = str(inspect.signature(HOOKS[name])).replace("'", "")
    assert f"### `{name}{signature}`\n" in DOCS
    assert inspect.getdoc(HOOKS[name])


def test_no_hook_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^### `(\w+)\(", DOCS, re.MULTILINE)) == set(HOOKS)


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_the_hook_has_a_user_of_ours(name: str) -> None:
    assert [path.parent.name for path in BUILT_IN if name in implemented(path)]


@pytest.mark.parametrize("kind", sorted(CONTRIBUTIONS))
def test_what_the_hook_brings_is_looked_at_by_a_test(kind: str) -> None:
    """The keys, paths or plurals that built-in plugins bring by this hook are named in tests."""
    brought = [item for plugin in Plugins().loaded.values() for item in plugin.brings[kind]]
    names = {getattr(item, field) for item in brought for field in ("key", "path", "plural") if hasattr(item, field)}
    assert [name for name in names if f'"{name}"' in TESTS or f"/{name}" in TESTS]


def test_all_plugins_of_this_repository_are_used() -> None:
    plugins = Plugins()
    assert plugins.left_out == []
    assert set(plugins.names()) >= {path.parent.name for path in BUILT_IN}


@pytest.mark.parametrize("name", sorted(toolkit.__all__))
def test_every_function_of_the_toolkit_is_documented_and_used_by_a_plugin_of_ours(name: str) -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    assert f"toolkit.{name}" in sources
    assert f"`{name}" in DOCS
