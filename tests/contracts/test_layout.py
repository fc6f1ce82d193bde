"""What must not be in the tree, because it breaks something far away."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """Files that git tracks."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this tree is no git checkout")
    return [Path(line) for line in listed.stdout.splitlines()]


def test_platform_is_no_package(files: list[Path]) -> None:
    assert Path("platform/__init__.py") not in files, "it would shadow the standard library's platform"


def test_no_plugin_hides_the_others(files: list[Path]) -> None:
    assert [path for path in files if path.parts[0] == "plugins" and path.parts[2:] == ("kith_plugins", "__init__.py")] == []


def test_no_test_lies_under_platform(files: list[Path]) -> None:
    assert [path for path in files if path.parts[0] == "platform" and path.name.startswith("test_")] == []


def test_no_file_names_a_package_index(files: list[Path]) -> None:
    host = re.compile(r'("resolved": *"https?:|registry *= *"https?:|--index-url|https?://[^ "]+/simple(/|"|$))')
    suffixes = {".toml", ".json", ".txt", ".lock", ".cfg", ".npmrc"}
    named = [
        str(path)
        for path in files
        if (path.suffix in suffixes or path.name in {"Makefile", "Dockerfile", ".npmrc"})
        and host.search((ROOT / path).read_text("utf-8"))
    ]
    assert named == []
    assert Path("uv.lock") not in files


def test_only_config_reads_the_environment(files: list[Path]) -> None:
    """Settings have one source. Servers and jobs pass an environment on to their children, which is another thing."""
    passes_on = {"servers", "jobs", "demo", "cli", "backups", "kith_workers"}
    reads = re.compile(r"os\.environ(\.get|\[)|os\.getenv")
    found = [
        str(path)
        for path in files
        if path.suffix == ".py"
        and path.parts[0] in {"tenants", "platform", "plugins"}
        and path.name != "config.py"
        and not passes_on & set(path.parts)
        and "assets" not in path.parts
        and reads.search((ROOT / path).read_text("utf-8"))
    ]
    assert found == []
