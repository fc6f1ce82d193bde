"""The company of the metrics' tests: facts in PostgreSQL, refreshed by the real job."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

# pytest gives conftest modules no name to import them by
_SPEC = importlib.util.spec_from_file_location("metrics_conftest", Path(__file__).parents[1] / "metrics" / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_NEIGHBOUR = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_NEIGHBOUR)


class Company(_NEIGHBOUR.Company):  # type: ignore[misc, name-defined]
    """`people(source, rows)` writes many customers at once, each with a record; gives the customers' and records' ids."""

    def people(self, source: str, rows: list[dict[str, Any]]) -> tuple[list[int], list[int]]:
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            shown = [{"name": row.get("name") or "", "email": row.get("email") or ""} for row in rows]
            made = list(session.execute(insert(Customer).returning(Customer.id), shown).scalars())
        return made, self.records(source, [{**row, "customer_id": one} for one, row in zip(made, rows, strict=True)])

    def records(self, source: str, rows: list[dict[str, Any]]) -> list[int]:
        """Further records of known customers."""
        columns = {name for row in rows for name in row}
        values = [
            {**dict.fromkeys(columns), **row, "source": source, "external_id": f"{source}-{next(self._next)}"} for row in rows
        ]
        long_ago = {"known_at": _NEIGHBOUR.dt.datetime(2020, 1, 1, tzinfo=_NEIGHBOUR.dt.UTC)}
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            statement = insert(CustomerRecord).returning(CustomerRecord.id)
            return list(session.execute(statement, [{**long_ago, **row} for row in values]).scalars())


@pytest.fixture
def company(runtime: Runtime, tenant: TenantContext) -> Company:
    return Company(runtime, tenant)


@pytest.fixture
def other_company(runtime: Runtime, other_tenant: TenantContext) -> Company:
    return Company(runtime, other_tenant)
