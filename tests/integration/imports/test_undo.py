"""An import that was undone has never been."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from kith_platform.auth.who import system
from kith_platform.customers.models import Customer, CustomerIdentity, CustomerToken
from kith_platform.facts.models import CustomerRecord, FactRemoved, OrderLine, Product, ReturnLine, SalesOrder
from kith_platform.imports import service
from kith_platform.imports.models import RUNNING, Import
from kith_platform.imports.undo import NotUndoable, preview
from kith_platform.predict.models import Score
from kith_platform.segments.models import Segment, SegmentMember

HEAD = "order_id,order_date,customer_id,email,sku,description,quantity,net\n"
FIRST = HEAD + "A,2024-01-01,C1,a@x.org,P1,Tea,1,2\nA,2024-01-01,C1,a@x.org,P2,Cup,1,3\n"


def newest(company: Any) -> Import:
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        return service.listing(session)[0]


def undo(company: Any, row: Import) -> Any:
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        job = service.ask_undo(session, system(), service.get(session, row.public_id), company.runtime.facts)
    return company.run(job)


def tables(company: Any) -> dict[str, list[Any]]:
    """Everything that an import may change, without ids and times of writing."""
    fact = ("source", "external_id", "known_at")
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        named = select(CustomerIdentity.kind, CustomerIdentity.value, CustomerRecord.external_id)
        identities = session.execute(named.join(CustomerRecord, CustomerRecord.id == CustomerIdentity.record_id)).all()
        words = select(CustomerToken.token, CustomerRecord.external_id)
        tokens = session.execute(words.join(CustomerRecord, CustomerRecord.customer_id == CustomerToken.customer_id)).all()
    return {
        "records": company.rows(CustomerRecord, *fact, "email", "name", "raw", "import_id", "customer_id"),
        "customers": company.rows(Customer, "name", "email", "phone", "city", "kind"),
        "products": company.rows(Product, *fact, "name", "currency", "import_id"),
        "orders": company.rows(SalesOrder, *fact, "net", "quantity", "occurred_on", "record_id", "import_id"),
        "lines": company.rows(OrderLine, *fact, "net", "quantity", "order_id", "product_id", "import_id"),
        "returns": company.rows(ReturnLine, *fact, "net", "quantity"),
        "identities": sorted(map(tuple, identities)),
        "tokens": sorted(map(tuple, tokens)),
    }


def test_what_an_import_brought_goes_and_the_snapshot_is_told(company: Any) -> None:
    empty = tables(company)
    company.load("orders", FIRST)
    row = newest(company)
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        found = preview(session, company.runtime.facts, row)
    assert found.removed == {"customer_record": 1, "product": 2, "sales_order": 1, "order_line": 2}
    done = undo(company, row)
    assert done.state == "done", done.error
    assert tables(company) == empty
    assert newest(company).state == "undone"
    assert {fact for (fact,) in company.rows(FactRemoved, "fact")} == {*found.removed, "customer"}
    with pytest.raises(NotUndoable, match="undone already"):
        undo(company, row)


def test_nobody_who_goes_stays_in_a_segment_or_keeps_a_score(company: Any) -> None:
    company.load("orders", FIRST)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        customer = session.execute(select(Customer.id)).scalar_one()
        segment = Segment(name="buyers", dynamic=False, rule={"all": []}, size=1)
        session.add(segment)
        session.flush()
        session.add(SegmentMember(segment_id=segment.id, customer_id=customer))
        session.add(
            Score(task="churn", customer_id=customer, value=0.5, band=1, tier="rule", as_of=dt.date(2026, 1, 1), version=1)
        )
    assert undo(company, newest(company)).state == "done"
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        assert session.execute(select(SegmentMember)).all() == []
        assert session.execute(select(Score)).all() == []
        assert session.execute(select(Segment.size)).scalar_one() == 0


def test_what_an_import_changed_is_as_it_was(company: Any) -> None:
    company.load("customers", "customer_id,name,email,shoe\nC1,Ada,ada@x.org,38\nC2,Bo,,\n")
    company.load("orders", FIRST)
    before = tables(company)
    company.load("customers", "customer_id,name,email,shoe\nC1,Ada L.,lovelace@x.org,39\nC2,,bo@x.org,\nC3,Cy,,\n")
    assert tables(company) != before
    assert undo(company, newest(company)).state == "done"
    assert tables(company) == before


def test_an_order_that_gained_lines_has_its_former_sum_again(company: Any) -> None:
    company.load("orders", FIRST)
    before = tables(company)
    company.load("orders", HEAD + "A,2024-01-01,C1,a@x.org,P3,Pot,1,40\n")
    assert undo(company, newest(company)).state == "done"
    assert tables(company) == before


def test_it_is_refused_with_the_reason_where_a_later_import_built_on_it(company: Any) -> None:
    company.load("orders", "order_id,customer_id,order_date,amount\nA,C1,2024-01-01,5\n")
    first = newest(company)
    company.load("orders", "order_id,customer_id,order_date,amount\nA,C1,2024-01-01,6\n")
    with pytest.raises(NotUndoable, match="later import changed 1"):
        undo(company, first)
    assert undo(company, newest(company)).state == "done"
    company.load("order_statuses", "order_id,date,status\nA,2024-01-02,paid\n")
    with pytest.raises(NotUndoable, match="refers to 1"):
        undo(company, first)
    assert undo(company, newest(company)).state == "done"
    assert undo(company, first).state == "done"
    assert company.count(SalesOrder) == company.count(CustomerRecord) == 0


def test_customers_whom_others_name_stay(company: Any) -> None:
    company.load("customers", "customer_id,name\nC1,Ada\nC2,Bo\n")
    first = newest(company)
    company.load("orders", "order_id,customer_id,order_date,amount\nA,C1,2024-01-01,5\n")
    done = undo(company, first)
    assert (done.result["removed"], done.result["kept"]) == ({"customer_record": 1}, {"customer_record": 1})
    assert company.rows(CustomerRecord, "external_id") == [("C1",)]


LINE = st.tuples(
    st.sampled_from("ABC"),
    st.sampled_from(["C1", "C2", ""]),
    st.sampled_from(["P1", "P2"]),
    st.integers(-2, 3),
    st.integers(0, 9),
)
FILES = st.lists(LINE, min_size=1, max_size=6).map(
    lambda rows: HEAD + "".join(f"{o},2024-01-01,{c},{c and c + '@x.org'},{p},{p},{q},{n}\n" for o, c, p, q, n in rows)
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, FILES)
def test_any_import_undone_leaves_what_was_before(make_company: Any, first: str, second: str) -> None:
    company = make_company()
    company.load("orders", first)
    before = tables(company)
    company.load("orders", second)
    assert undo(company, newest(company)).state == "done"
    assert tables(company) == before


def test_while_another_import_is_at_work_nothing_is_taken_back(company: Any) -> None:
    company.load("orders", FIRST)
    row = newest(company)
    other = company.ask("orders", FIRST.replace("A,", "B,"), source="till")
    before = tables(company)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        session.execute(update(Import).where(Import.job_id == other.id).values(state=RUNNING))
    refused = undo(company, row)
    assert (refused.state, refused.error_code) == ("failed", "import_not_undoable")
    assert tables(company) == before
    assert company.run(other).state == "done"
