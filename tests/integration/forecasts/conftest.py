"""Companies that sell: brought in by files as a customer would do it, or written as a snapshot would be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "predict"))  # known companies, and what writes them

from known_companies import Customer

from kith_platform.runtime import Runtime
from kith_tenants import registry

Told = Callable[[str, object], None]


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Told:
    """Says a figure: on the terminal with -s, and in a report of the run."""

    def tell(name: str, value: object) -> None:
        request.node.user_properties.append((name, str(value)))  # whatever it is, it travels between processes of the run
        print(f"  {name}: {value:.4f}" if isinstance(value, float) else f"  {name}: {value}")  # noqa: T201

    return tell


@pytest.fixture(scope="module")
def shop(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """`shop("tea")` is a new company without modules, to which files are brought."""

    def make(name: str) -> Customer:
        folder = tmp_path_factory.mktemp(name)
        with runtime.doors.auth_scope() as session:
            tenant = registry.create(session, f"d-{folder.name.rstrip('_')}-{id(folder):x}", name=name.title())
        return Customer(runtime, tenant, folder)

    return make
