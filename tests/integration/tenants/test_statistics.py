"""A company that has just come is known to the planner, however small a part of the tables it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from kith_platform.customers.models import Customer
from kith_platform.runtime import Runtime
from kith_tenants import statistics
from kith_tenants.tenant import TenantContext

PEOPLE = 3_000


def expected(session: Session) -> int:
    """How many customers the planner thinks there are."""
    asked = f"EXPLAIN (FORMAT JSON) SELECT FROM kith.customer WHERE tenant_id = {session.info['tenant_id']}"
    plan = session.execute(text(asked)).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


@pytest.fixture
def newcomer(runtime: Runtime, new_tenant: Callable[..., TenantContext]) -> Iterator[TenantContext]:
    """A company whose customers came after the tables were last looked at; nobody looks again by himself."""
    tenant = new_tenant()
    assert runtime.urls.superuser is not None
    engine = create_engine(runtime.urls.superuser, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER TABLE kith.customer SET (autovacuum_enabled = false)"))
        connection.execute(text("ANALYZE kith.customer"))
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(Customer), [{"name": f"P{number}"} for number in range(PEOPLE)])
    yield tenant
    with engine.connect() as connection:
        connection.execute(text("ALTER TABLE kith.customer RESET (autovacuum_enabled)"))
    engine.dispose()


def test_what_a_newcomer_brought_is_learnt_once(runtime: Runtime, newcomer: TenantContext) -> None:
    with runtime.doors.tenant_scope(newcomer.id) as session:
        assert expected(session) < PEOPLE / 10
        assert statistics.learn(session) == ["customer"]
    with runtime.doors.tenant_scope(newcomer.id) as session:
        assert expected(session) > PEOPLE / 3
        assert statistics.learn(session) == []


def test_the_app_role_may_have_tables_of_ours_analysed_and_nothing_else(runtime: Runtime, tenant: TenantContext) -> None:
    for statement in (
        "ANALYZE kith.customer",
        "REINDEX TABLE kith.customer",
        "SELECT kith.learn('customer\"; DROP TABLE kith.customer; --')",
    ):
        with pytest.raises((ProgrammingError, UserWarning)), runtime.doors.tenant_scope(tenant.id) as session:
            session.execute(text(statement.replace(":", "\\:")))
            if statement.startswith("ANALYZE"):  # PostgreSQL only warns and skips the table
                raise UserWarning
