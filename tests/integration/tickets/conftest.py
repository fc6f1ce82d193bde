"""A company that is open day and night, so that business minutes are minutes, with two people and a customer each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from kith_platform.auth import permissions
from kith_platform.auth import service as auth
from kith_platform.auth.models import Membership
from kith_platform.calendar.models import OpeningHours
from kith_platform.customers import service as customers
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext


@pytest.fixture
def desk(runtime: Runtime, tenant: TenantContext) -> TenantContext:
    """The test's tenant, open day and night."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.add_all([OpeningHours(weekday=day, opens=0, closes=1440) for day in range(7)])
    return tenant


@pytest.fixture
def member(runtime: Runtime, desk: TenantContext) -> Callable[..., Actor]:
    """`member("Ada", reach=Reach.OWN)` joins the company; gives who acts then."""

    def make(name: str, role: str = "agent", reach: Reach = Reach.ALL) -> Actor:
        with runtime.doors.auth_scope() as session:
            email = f"{name.lower()}-{uuid.uuid4().hex[:6]}@kith.example"
            identity = auth.new_identity(session, email, name=name, language="", hashed=None)
            row = auth.join(session, identity, desk, role)
            session.get_one(Membership, (desk.id, row.id)).reach = reach.value
            return Actor(row.id, identity.id, name, role, permissions.of_role(role), reach)

    return make


@pytest.fixture
def customer(runtime: Runtime, desk: TenantContext) -> Callable[..., Any]:
    """`customer("Lin", actor)` adds a customer of that actor's; gives its public id."""

    def make(name: str, owner: Actor) -> uuid.UUID:
        with runtime.doors.tenant_scope(desk.id) as session:
            row = customers.create(session, owner, {"name": name})
            row.owner_id = owner.member_id
            return row.public_id

    return make


@pytest.fixture
def statements() -> Callable[[], Any]:
    """`with statements() as seen:` lists the statements that run meanwhile."""

    @contextmanager
    def listen() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return listen
