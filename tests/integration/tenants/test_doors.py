"""The doors let each role see what is its own, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from kith_platform.customers.models import Customer
from kith_platform.runtime import Runtime
from kith_tenants.doors import DatabaseUrls, Doors, TenantMixed
from kith_tenants.roles import TooPowerful
from kith_tenants.tenant import Tenant, TenantContext


def test_a_tenant_sees_its_own_rows_and_nobody_elses(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.add(Customer(name="Ada"))
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        session.add(Customer(name="Bo"))
        assert session.execute(select(Customer.name)).scalars().all() == ["Bo"]
        # Without the ORM's filter, the database alone must hold.
        assert session.connection().execute(text("SELECT name FROM kith.customer")).scalars().all() == ["Bo"]


def test_writing_into_another_tenant_is_refused(runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext) -> None:
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        runtime.doors.tenant_scope(tenant.id) as session,
    ):
        session.execute(insert(Customer.__table__).values(tenant_id=other_tenant.id, name="Eve"))


def test_moving_a_row_to_another_tenant_is_refused(runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.add(Customer(name="Ada"))
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        runtime.doors.tenant_scope(tenant.id) as session,
    ):
        session.execute(update(Customer.__table__).values(tenant_id=other_tenant.id))


def test_a_scope_inside_another_tenants_scope_is_refused(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    with runtime.doors.tenant_scope(tenant.id), pytest.raises(TenantMixed), runtime.doors.tenant_scope(other_tenant.id):
        pass


def test_a_connection_that_served_one_tenant_forgets_it(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    doors = Doors(runtime.doors.urls, pool_size=1)
    for turn in range(20):
        who = (tenant, other_tenant)[turn % 2]
        with doors.tenant_scope(who.id) as session:
            assert session.execute(text("SELECT kith.tenant_id()")).scalar() == who.id
    with doors._app.connect() as connection:
        assert connection.execute(text("SELECT kith.tenant_id()")).scalar() is None
        assert connection.execute(text("SELECT count(*) FROM kith.customer")).scalar() == 0
    doors.dispose()


def test_a_read_only_scope_cannot_write(runtime: Runtime, tenant: TenantContext) -> None:
    with (
        pytest.raises(DBAPIError, match="read-only transaction"),
        runtime.doors.tenant_scope(tenant.id, read_only=True) as session,
    ):
        session.add(Customer(name="Ada"))


def test_the_app_sees_only_its_own_company_in_the_registry(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext
) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert session.execute(select(Tenant.slug)).scalars().all() == [tenant.slug]


def test_the_auth_door_sees_no_customers(runtime: Runtime) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), runtime.doors.auth_scope() as session:
        session.execute(text("SELECT * FROM kith.customer"))


def test_arrow_reads_the_tenants_rows_alone(runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext) -> None:
    for who in (tenant, other_tenant):
        with runtime.doors.tenant_scope(who.id) as session:
            session.add(Customer(name=who.slug))
    with runtime.doors.tenant_arrow(tenant.id) as door:
        assert door.read(select(Customer.name)).read_all().to_pydict() == {"name": [tenant.slug]}


def test_kith_refuses_to_start_with_a_superusers_login(runtime: Runtime) -> None:
    assert runtime.urls.superuser is not None
    powerful = Doors(DatabaseUrls(app=runtime.urls.superuser, auth=runtime.urls.auth, dispatch=runtime.urls.dispatch))
    with pytest.raises(TooPowerful, match="superuser"):
        powerful.refuse_power()
    powerful.dispose()
