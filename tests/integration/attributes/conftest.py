"""The company stands beside the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from attributes_company import Company

from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext


@pytest.fixture
def company(runtime: Runtime, tenant: TenantContext, tmp_path: Path) -> Company:
    return Company(runtime, tenant, tmp_path)
