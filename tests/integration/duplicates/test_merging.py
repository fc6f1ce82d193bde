"""Merging and undoing: nothing is lost on the way there or back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from duplicates_company import Company
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer, CustomerToken
from kith_platform.duplicates import merging, service, surviving
from kith_platform.duplicates.merging import Wanted
from kith_platform.duplicates.models import CustomerMerge
from kith_platform.errors import Conflict, Forbidden, NotFound
from kith_platform.facts.models import Consent, CustomerRecord
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

SIX = """id,name,email,phone,city
a,Ann Lee,ann@acme.example,,Leeds
b,Ann Lea,,020 7946 0001,York
c,A. Lee,lee@acme.example,020 7946 0002,
d,Bo Chen,bo@acme.example,,Bath
e,陈波,,13800138000,上海
f,Fay,,,
"""


def _state(company: Company) -> dict[str, Any]:
    """All that merges may touch, but not when: what each customer shows, whose each record is, what finds whom."""
    with company.session() as session:
        table: Any = Customer.__table__
        columns = [column for column in table.c if column.name != "changed_at"]
        return {
            "customers": sorted(map(tuple, session.execute(select(*columns)).all()), key=repr),
            "records": sorted(map(tuple, session.execute(select(CustomerRecord.id, CustomerRecord.customer_id)).all())),
            "tokens": sorted(map(tuple, session.execute(select(CustomerToken.token, CustomerToken.customer_id)).all())),
        }


@pytest.fixture
def six(company: Company) -> Company:
    company.load("customers", SIX)
    with company.session() as session:
        ann, bo = (customers.get(session, company.actor, company.customer(name)) for name in "ad")
        ann.attributes, ann.owner_id = {"tier": "gold"}, 7
        customers.get(session, company.actor, company.customer("c")).attributes = {"shoe": 38, "tier": "tin"}
        customers.get(session, company.actor, company.customer("f")).contact_of = bo.id
    return company


@given(pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merges_undone_from_the_last_to_the_first_leave_every_row_as_it_was(six: Company, pairs: list[tuple[int, int]]) -> None:
    before = _state(six)
    made = []
    with six.session() as session:
        ids = session.execute(select(Customer.id).order_by(Customer.id)).scalars().all()
    for one, other in pairs:
        with six.session() as session:
            left, right = (session.get_one(Customer, (six.tenant.id, ids[place])) for place in (one, other))
            if left.id != right.id and left.merged_into is None and right.merged_into is None:
                low, high = sorted((left.id, right.id))
                made += [row.id for row in merging.merge(session, [Wanted(low, high)])]
    for row in reversed(made):
        with six.session() as session:
            merging.undo(session, session.get_one(CustomerMerge, (six.tenant.id, row)), by="Olga")
    assert _state(six) == before


@given(order=st.permutations(range(3)))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merges_undone_in_any_order_give_every_customer_its_records_back(six: Company, order: list[int]) -> None:
    before = six.homes()
    made = []
    for gone, survivor in (("c", "b"), ("b", "a"), ("e", "d")):
        with six.session() as session:
            made.append(service.merge(session, six.actor, six.customer(survivor), six.customer(gone)).public_id)
    assert set(six.homes().values()) == {"a", "d", "f"}
    for place in order:
        with six.session() as session:
            service.undo(session, six.actor, made[place])
    assert six.homes() == before
    with six.session() as session:
        assert (
            session.execute(select(func.count()).select_from(Customer).where(Customer.merged_into.is_not(None))).scalar_one() == 0
        )


def test_the_older_customer_stays_and_shows_what_either_knows(six: Company) -> None:
    with six.session() as session:
        service.merge(session, six.actor, six.customer("c"), six.customer("a"))
    with six.session() as session:
        kept = customers.get(session, six.actor, six.customer("c"))
        assert kept.public_id == six.customer("a")
        assert (kept.email, kept.phone, kept.city) == ("lee@acme.example", "020 7946 0002", "Leeds")
        assert kept.attributes == {"tier": "gold", "shoe": 38}
        assert kept.owner_id == 7


def test_a_rule_says_which_source_is_believed(six: Company) -> None:
    six.load("customers", "id,name,email\nz,Ann B. Lee,ann.b@acme.example\n", source="shop")
    with six.session() as session:
        service.merge(session, six.actor, six.customer("a"), six.customer("z"))
        surviving.set_rule(session, six.actor, "email", "trusted", ["file"])
    with six.session() as session:
        kept = customers.get(session, six.actor, six.customer("a"))
        assert (kept.name, kept.email) == ("Ann B. Lee", "ann@acme.example")
    with six.session() as session:
        surviving.set_rule(session, six.actor, "name", "filled")
    with six.session() as session:
        assert customers.get(session, six.actor, six.customer("a")).name == "Ann Lee"


def test_an_undo_can_be_undone(six: Company) -> None:
    with six.session() as session:
        made = service.merge(session, six.actor, six.customer("a"), six.customer("b")).public_id
    with six.session() as session:
        service.undo(session, six.actor, made)
    with six.session() as session, pytest.raises(Conflict):
        service.undo(session, six.actor, made)
    with six.session() as session:
        service.merge(session, six.actor, six.customer("a"), six.customer("b"))
    assert six.homes()["b"] == "a"


def test_what_people_changed_after_the_merge_outlives_its_undoing(six: Company) -> None:
    with six.session() as session:
        made = service.merge(session, six.actor, six.customer("a"), six.customer("b")).public_id
    with six.session() as session:
        kept = customers.get(session, six.actor, six.customer("a"))
        customers.change(session, six.actor, kept, {"name": "Ann Lee-Chen", "email": "ann@acme.example", "city": "Leeds"})
        kept.owner_id = 9
    with six.session() as session:
        service.undo(session, six.actor, made)
    with six.session() as session:
        ann, other = (customers.get(session, six.actor, six.customer(name)) for name in "ab")
        assert (ann.name, ann.owner_id, ann.phone) == ("Ann Lee-Chen", 9, "")
        assert (other.name, other.phone) == ("Ann Lea", "020 7946 0001")


def test_a_company_takes_over_the_contacts_and_gives_them_back(six: Company) -> None:
    def company_of_fay() -> Any:
        with six.session() as session:
            fay = customers.get(session, six.actor, six.customer("f"))
            return session.get_one(Customer, (six.tenant.id, fay.contact_of)).public_id

    with six.session() as session:
        made = service.merge(session, six.actor, six.customer("a"), six.customer("d")).public_id
    assert company_of_fay() == six.customer("a")
    with six.session() as session:
        service.undo(session, six.actor, made)
    assert company_of_fay() == six.customer("d")


def test_scores_of_who_is_gone_vanish(six: Company) -> None:
    with six.session() as session:
        gone = customers.get(session, six.actor, six.customer("b")).id
        row = {
            "task": "churn",
            "customer_id": gone,
            "value": 0.5,
            "band": 1,
            "tier": "rule",
            "as_of": dt.date(2026, 1, 1),
            "version": 1,
        }
        session.execute(insert(Score), [row])
        service.merge(session, six.actor, six.customer("a"), six.customer("b"))
    with six.session() as session:
        assert session.execute(select(func.count()).select_from(Score)).scalar_one() == 0


def test_a_refusal_of_either_wins(six: Company) -> None:
    with six.session() as session:
        rows = session.execute(select(CustomerRecord.external_id, CustomerRecord.id))
        records = {row.external_id: row.id for row in rows}
        moments = {
            "a": ("refused", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
            "b": ("granted", dt.datetime(2026, 5, 1, tzinfo=dt.UTC)),
        }
        for name, (status, moment) in moments.items():
            session.add(
                Consent(
                    source="file", external_id=name, record_id=records[name], occurred_at=moment, occurred_on=moment.date(),
                    channel="email", status=status,
                )
            )  # fmt: skip
        service.merge(session, six.actor, six.customer("a"), six.customer("b"))
    with six.session() as session:
        kept = customers.get(session, six.actor, six.customer("b"))
        said = customers.consents(session, [row.id for row in customers.records(session, kept.id)])
        assert [row.status for row in said] == ["refused"]


def test_a_record_is_taken_out_and_put_back(six: Company) -> None:
    before = six.homes()
    with six.session() as session:
        service.merge(session, six.actor, six.customer("a"), six.customer("b"))
        service.merge(session, six.actor, six.customer("a"), six.customer("c"))
    with six.session() as session:
        record = session.execute(select(CustomerRecord.public_id).where(CustomerRecord.external_id == "b")).scalar_one()
        made = service.split(session, six.actor, six.customer("a"), [record]).public_id
    assert six.homes() == {**before, "c": "a"}
    with six.session() as session:
        service.undo(session, six.actor, made)
    assert six.homes() == {**before, "b": "a", "c": "a"}
    with six.session() as session, pytest.raises(Conflict):
        service.split(session, six.actor, six.customer("d"), [])


def test_who_may_not_or_sees_not_cannot_merge(six: Company, runtime: Runtime, other_tenant: TenantContext) -> None:
    viewer = Actor(None, None, "Vic", "viewer", frozenset({"customers:read"}))
    with six.session() as session, pytest.raises(Forbidden):
        service.merge(session, viewer, six.customer("a"), six.customer("b"))
    one, other = six.customer("a"), six.customer("b")
    with runtime.doors.tenant_scope(other_tenant.id) as session, pytest.raises(NotFound):
        service.merge(session, six.actor, one, other)
