"""What every test may ask for: real servers in a temporary home, started once a session, and a fresh tenant for each test.

Tests run under the restricted roles. A tenant of one's own is isolation enough, so nothing is rolled back.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from kith_platform.config import Settings
from kith_platform.runtime import Runtime, open_runtime
from kith_platform.servers.embedded import Embedded
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="kith-test-") as folder:
        chosen = Settings(home=Path(folder), job_lease_seconds=3.0, job_heartbeat_seconds=0.5, job_reconcile_seconds=0.5)
        yield chosen
        Embedded(chosen, durable=False).down()


@pytest.fixture(scope="session")
def runtime(settings: Settings) -> Iterator[Runtime]:
    opened = open_runtime(settings, durable=False)
    yield opened
    opened.close()


def make_tenant(runtime: Runtime, **given: str) -> TenantContext:
    """A tenant with a slug nobody else has."""
    with runtime.doors.auth_scope() as session:
        return registry.create(session, f"t-{uuid.uuid4().hex[:12]}", **{"name": "Test company", **given})


@pytest.fixture
def tenant(runtime: Runtime) -> TenantContext:
    return make_tenant(runtime)


@pytest.fixture
def other_tenant(runtime: Runtime) -> TenantContext:
    return make_tenant(runtime, name="Other company")


@pytest.fixture
def shared_data() -> Path:
    """Real data sets beside the checkout. Skips where they are not."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return SHARED_DATA
