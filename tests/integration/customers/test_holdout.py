"""One customer in twenty is held back from campaigns: the same ones for ever, chosen by nobody, told where lists leave Kith."""

from __future__ import annotations

import hashlib
import uuid

from sqlalchemy import insert, select

from kith_platform.customers import holdout
from kith_platform.customers.advice import advise
from kith_platform.customers.figures import NONE
from kith_platform.customers.models import Customer
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

IDS = [uuid.uuid5(uuid.NAMESPACE_URL, str(number)) for number in range(2_000)]


def test_the_database_marks_one_in_twenty_by_the_hash_of_the_id(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(Customer), [{"public_id": one, "name": str(number)} for number, one in enumerate(IDS)])
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        found = dict(session.execute(select(Customer.public_id, Customer.held_back)).all())
    assert found == {one: int(hashlib.sha256(b"universal|" + one.bytes).hexdigest()[:6], 16) % 10_000 < 500 for one in IDS}
    assert found == {one: holdout.held_back(one) for one in IDS}
    assert 0.035 < sum(found.values()) / len(IDS) < 0.065


def test_who_is_held_back_is_advised_no_campaign() -> None:
    told = [one.text for one in advise(NONE, {}, ["email"], held_back=True)]
    assert told == ["No campaign to this customer: one in twenty is held back, so that what campaigns add can be told."]
