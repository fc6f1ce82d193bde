"""Customers to look at: made set-wise, with records, tokens and owners."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from kith_platform.auth import permissions
from kith_platform.customers import holdout
from kith_platform.customers.models import Customer, CustomerToken
from kith_platform.customers.search import tokens
from kith_platform.facts.models import CustomerRecord
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def actor(reach: Reach = Reach.ALL, *, member: int | None = 1, units: tuple[int, ...] = (), role: str = "owner") -> Actor:
    return Actor(member, None, "Ada", role, permissions.of_role(role), reach, units)


@pytest.fixture(name="actor")
def _actor() -> Callable[..., Actor]:
    return actor


def campaigned() -> uuid.UUID:
    """The public id of a customer outside the universal hold-out, into which one of twenty falls."""
    return next(one for one in iter(uuid.uuid4, None) if not holdout.held_back(one))


@pytest.fixture
def people(runtime: Runtime, tenant: TenantContext) -> Callable[..., list[int]]:
    """`people(["Ada", …], phone=…)` adds customers of the test's tenant, with a record each; returns their ids in order."""

    def make(names: Sequence[str], tenant: TenantContext = tenant, **given: Any) -> list[int]:
        with runtime.doors.tenant_scope(tenant.id) as session:
            found = []
            for number, name in enumerate(names):
                record = CustomerRecord(source="shop", external_id=f"{name}-{number}-{id(names)}", name=name, known_at=NOW)
                session.add(record)
                session.flush()
                at = NOW + dt.timedelta(minutes=number)
                row = Customer(name=name, first_record_id=record.id, created_at=at, **{"public_id": campaigned(), **given})
                session.add(row)
                session.flush()
                record.customer_id = row.id
                words = [
                    {"token": token, "customer_id": row.id} for token in tokens(name, given.get("phone"), given.get("email"))
                ]
                session.execute(insert(CustomerToken), words)
                found.append(row.id)
            return found

    return make


@pytest.fixture
def queries() -> Callable[[], Any]:
    """`with queries() as seen:` lists the statements that ran meanwhile, without those that open a transaction."""

    @contextmanager
    def listen() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if "set_config" not in statement and not statement.startswith("SET "):
                seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return listen
