"""The site with two more plugins, found through entry points as a partner's are, on the session's real servers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from flask import Flask

sys.path.insert(0, str(Path(__file__).parent))

from planted import FINE, HOSTILE, plant

from kith_platform.app import create_app
from kith_platform.auth.who import system
from kith_platform.guard import Guard
from kith_platform.modules import service as modules
from kith_platform.plugins import GROUP, Plugins
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

Switch = Callable[..., bool]


@pytest.fixture(scope="module")
def open_site(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The session's runtime with the plugins `fine` and `hostile` beside the built-in ones."""
    folder = tmp_path_factory.mktemp("plugins")
    planted = [plant(folder, "fine", FINE), plant(folder, "hostile", HOSTILE)]
    yield replace(runtime, plugins=Plugins([*entry_points(group=GROUP), *planted]))
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def web(open_site: Runtime) -> Flask:
    """The application over that site; `client_for` signs in there."""
    return create_app(open_site, testing=True)


@pytest.fixture
def site(open_site: Runtime) -> Runtime:
    """The site with its breakers closed."""
    open_site.plugins.guard = Guard()
    return open_site


@pytest.fixture
def switch(site: Runtime) -> Switch:
    """`switch(tenant, "fine")`, `switch(tenant, "fine", on=False)`, committed."""

    def turn(tenant: TenantContext, name: str, *, on: bool = True) -> bool:
        with site.doors.tenant_scope(tenant.id) as session:
            return (modules.enable if on else modules.disable)(session, system(), site.plugins, name)

    return turn
