"""Two companies, thousands of random transactions, and never a row on the wrong side."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from kith_platform.customers.models import Customer
from kith_platform.facts.models import Product
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

EXAMPLES, STEPS, LEAST = 60, 70, 20_000
NAMES = st.sampled_from(["Ada", "Bo", "王小明", "Eve", "陳大文"])
WHO = st.sampled_from([0, 1])


class Companies(RuleBasedStateMachine):
    """A model of two companies' rows beside the database; every rule keeps both in step or must be refused."""

    runtime: Runtime
    new_tenant: Callable[[], TenantContext]
    transactions = 0

    @initialize()
    def two_companies(self) -> None:
        self.tenants = [type(self).new_tenant(), type(self).new_tenant()]
        self.customers: list[dict[int, str]] = [{}, {}]
        self.products: list[dict[str, str]] = [{}, {}]

    def scope(self, who: int, **options: Any) -> Any:
        type(self).transactions += 1
        return self.runtime.doors.tenant_scope(self.tenants[who].id, **options)

    @rule(who=WHO, name=NAMES)
    def add(self, who: int, name: str) -> None:
        with self.scope(who) as session:
            row = Customer(name=name)
            session.add(row)
            session.flush()
            self.customers[who][row.id] = name

    @rule(who=WHO, name=NAMES)
    def rename_all(self, who: int, name: str) -> None:
        with self.scope(who) as session:
            session.connection().execute(text("UPDATE kith.customer SET name = :name"), {"name": name})
        self.customers[who] = dict.fromkeys(self.customers[who], name)

    @rule(who=WHO)
    def remove_the_oldest(self, who: int) -> None:
        if not self.customers[who]:
            return
        oldest = min(self.customers[who])
        with self.scope(who) as session:
            session.connection().execute(text("DELETE FROM kith.customer WHERE id = :id"), {"id": oldest})
        del self.customers[who][oldest]

    @rule(who=WHO)
    def reach_for_the_others_rows(self, who: int) -> None:
        theirs = list(self.customers[1 - who])
        with self.scope(who) as session:
            connection = session.connection()
            seen = connection.execute(text("SELECT id FROM kith.customer WHERE id = ANY(:ids)"), {"ids": theirs}).all()
            changed = connection.execute(text("UPDATE kith.customer SET name = 'stolen' WHERE id = ANY(:ids)"), {"ids": theirs})
            removed = connection.execute(text("DELETE FROM kith.customer WHERE id = ANY(:ids)"), {"ids": theirs})
            assert (seen, changed.rowcount, removed.rowcount) == ([], 0, 0)

    @rule(who=WHO)
    def insert_for_the_other(self, who: int) -> None:
        with pytest.raises(DBAPIError, match="row-level security"), self.scope(who) as session:
            session.execute(insert(Customer.__table__).values(tenant_id=self.tenants[1 - who].id, name="Eve"))

    @rule(who=WHO)
    def give_rows_away(self, who: int) -> None:
        if not self.customers[who]:
            return
        with pytest.raises(DBAPIError, match="row-level security"), self.scope(who) as session:
            session.execute(update(Customer.__table__).values(tenant_id=self.tenants[1 - who].id))

    @rule(who=WHO)
    def point_at_the_others_customer(self, who: int) -> None:
        """A foreign key check bypasses policies: the key must hold the tenant itself."""
        if not self.customers[1 - who]:
            return
        theirs = min(self.customers[1 - who])
        with pytest.raises(DBAPIError, match="foreign key"), self.scope(who) as session:
            session.add(Customer(name="child", contact_of=theirs))

    @rule(who=WHO, name=NAMES, key=st.sampled_from(["1", "2", "3"]))
    def upsert_the_same_key(self, who: int, name: str, key: str) -> None:
        with self.scope(who) as session:
            known = session.execute(select(Product).where(Product.external_id == key)).scalar_one_or_none()
            if known is None:
                session.add(Product(source="x", external_id=key, name=name, currency="USD"))
            else:
                known.name = name
        self.products[who][key] = name

    @rule(who=WHO, name=NAMES)
    def fail_in_the_middle(self, who: int, name: str) -> None:
        try:
            with self.scope(who) as session:
                session.add(Customer(name=name))
                session.flush()
                raise RuntimeError("nothing of this may stay")
        except RuntimeError:
            return

    @invariant()
    def each_sees_exactly_its_own(self) -> None:
        if not hasattr(self, "tenants"):
            return
        who = random.choice([0, 1])
        with self.scope(who, read_only=True) as session:
            connection = session.connection()
            rows = connection.execute(text("SELECT id, name FROM kith.customer")).all()
            assert {row.id: row.name for row in rows} == self.customers[who]
            rows = connection.execute(text("SELECT external_id, name FROM kith.product")).all()
            assert {row.external_id: row.name for row in rows} == self.products[who]


def test_two_companies_never_see_or_touch_each_others_rows(
    runtime: Runtime, new_tenant: Callable[..., TenantContext], record_property: Callable[[str, object], None]
) -> None:
    Companies.runtime, Companies.new_tenant = runtime, staticmethod(new_tenant)
    calm = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    while Companies.transactions < LEAST:
        run_state_machine_as_test(Companies, settings=calm)  # type: ignore[no-untyped-call]
    record_property("transactions", Companies.transactions)
