"""The long kill series. Leases are the real ones here: the promise of 60 seconds is measured."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "jobs"))
sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "predict"))
sys.path.insert(0, str(Path(__file__).parent))

import sample_jobs  # noqa: F401 - declares its kinds
from sample_processes import Site

from kith_platform.config import Settings
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_platform.servers.embedded import Embedded
from kith_tenants.tenant import TenantContext


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.chaos)
            item.add_marker(pytest.mark.timeout(7200))


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """A home of its own with the leases an installation has."""
    with tempfile.TemporaryDirectory(prefix="kith-chaos-") as folder:
        chosen = Settings(home=Path(folder))
        yield chosen
        Embedded(chosen, durable=False).down()


@pytest.fixture
def site(runtime: Runtime) -> Iterator[Site]:
    opened = Site(runtime)
    yield opened
    opened.close()


@pytest.fixture
def ask(runtime: Runtime, tenant: TenantContext) -> Callable[..., Job]:
    """Ask for a job of the test's tenant, committed."""

    def asked(kind: str, tenant_id: int = tenant.id, **args: Any) -> Job:
        with runtime.doors.tenant_scope(tenant_id) as session:
            return jobs.ask(session, kind, args)

    return asked
