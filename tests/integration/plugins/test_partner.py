"""A partner's plugin from `kith plugin new`: checked, installed with pip, there for the company that enables it, for no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from kith_platform.app import create_app
from kith_platform.cli.plugin import plugin
from kith_platform.metrics import service as metrics
from kith_platform.plugins import GROUP, Plugins
from kith_platform.runtime import Runtime
from kith_platform.servers.programs import environment
from kith_platform.web.translations import build as translations
from kith_tenants.tenant import TenantContext


def said(*words: str) -> Any:
    ran = CliRunner().invoke(plugin, [*words, "--json"])
    last = ran.stdout.strip().rpartition("\n")[2]
    return ran.exit_code, json.loads(last) if last.startswith("{") else ran.output


@pytest.fixture
def web(runtime: Runtime) -> Flask:
    """A site that starts when a test asks for it: with what is installed by then."""
    return create_app(replace(runtime, plugins=Plugins(entry_points(group=GROUP))), testing=True)


@pytest.fixture
def brew(tmp_path: Path) -> Iterator[Path]:
    path = list(sys.path)
    folder = tmp_path / "brew"
    code, told = said("new", "brew_house", "--folder", str(folder))
    assert code == 0
    assert len(told["files"]) == 8
    yield folder
    sys.path[:] = path
    sys.modules.pop("kith_plugins.brew_house", None)


def test_a_new_plugin_passes_its_own_check_and_its_own_tests(brew: Path) -> None:
    code, told = said("check", str(brew))
    assert (code, told) == (0, {"name": "brew_house", "ok": True, "problems": []})
    clean = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(brew), str(brew / "tests")]
    ran = subprocess.run(
        clean, cwd=brew, env={**os.environ, "PYTHONPATH": str(brew)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
    code, told = said("new", "brew_house", "--folder", str(brew))
    assert code == 1, "a folder in use is not written over"


def test_the_check_names_what_a_plugin_must_not_do(brew: Path) -> None:
    source = brew / "kith_plugins" / "brew_house" / "__init__.py"
    text = source.read_text()
    source.write_text(text.replace("KEY =", "import kith_platform.auth.who\nKEY =").replace("Orders per customer", "Orders each"))
    code, told = said("check", str(brew))
    assert code == 1
    assert any("imports kith_platform.auth.who" in one for one in told["problems"])
    assert any("No translation: zh_Hans" in one and "Orders each" in one for one in told["problems"])
    source.write_text(text.replace("def register_pages", "def register_pagess"))
    code, told = said("check", str(brew))
    assert code == 1
    assert any("register_pagess" in one for one in told["problems"])


def test_installed_with_pip_it_is_there_for_the_company_that_enables_it_alone(
    brew: Path,
    tmp_path: Path,
    runtime: Runtime,
    tenant: TenantContext,
    other_tenant: TenantContext,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    installed = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"]
    ran = subprocess.run([*pip, str(installed), str(brew)], capture_output=True, text=True, check=False)
    if ran.returncode and "uv_build" in ran.stderr and "No matching distribution" in ran.stderr:
        pytest.skip("pip finds no package index here to take uv_build from")
    assert ran.returncode == 0, ran.stderr
    path = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    outside = {**os.environ, **environment(runtime.settings), "PYTHONPATH": path}

    def kith(*words: str) -> Any:
        line = [sys.executable, "-c", "from kith_platform.cli import main; main()", *words, "--json"]
        done = subprocess.run(line, env=outside, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert kith("module", "enable", tenant.slug, "brew_house") == {"module": "brew_house", "enabled": True, "changed": True}
    assert kith("module", "enable", tenant.slug, "brew_house")["changed"] is False
    listed = kith("module", "list", other_tenant.slug)["modules"]
    assert {one["name"]: one["enabled"] for one in listed}["brew_house"] is False
    monkeypatch.syspath_prepend(str(installed))
    assert translations.merged("zh_Hans")[0].get("No orders yet").string == "还没有订单"
    _shown_to_one(
        request.getfixturevalue("web"), (tenant, True), (other_tenant, False), client_for=request.getfixturevalue("client_for")
    )


def _shown_to_one(web: Flask, *companies: tuple[TenantContext, bool], client_for: Callable[..., Any]) -> None:
    """The catalogue, the metric and the page, in a site that starts now."""
    site: Runtime = web.extensions["kith"]
    for company, there in companies:
        with site.doors.tenant_scope(company.id, read_only=True) as session:
            keys = [one.metric.key for one in metrics.catalogue(session, site.plugins)]
        assert ("brew_house.orders_per_customer" in keys) is there
        browser = client_for("owner", tenant=company)
        assert "Brew house" in browser.get(f"/c/{company.slug}/modules/").text
        page = browser.get(f"/c/{company.slug}/m/brew_house/overview")
        assert page.status_code == (200 if there else 404)
        if there:
            assert "No orders yet" in page.text
