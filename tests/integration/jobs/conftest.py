"""Jobs' tests run real workers; the sample kinds must be importable by them too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sample_jobs  # noqa: F401 - declares its kinds
from sample_processes import Site

from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

Ask = Callable[..., Job]


@pytest.fixture(scope="module")
def site(runtime: Runtime) -> Iterator[Site]:
    """Processes for the tests of one module, stopped when they are over."""
    opened = Site(runtime)
    yield opened
    opened.close()


@pytest.fixture
def ask(runtime: Runtime, tenant: TenantContext) -> Ask:
    """Ask for a job of the test's tenant, committed."""

    def asked(kind: str, tenant_id: int = tenant.id, **args: Any) -> Job:
        with runtime.doors.tenant_scope(tenant_id) as session:
            return jobs.ask(session, kind, args)

    return asked
