"""Members follow what happens: who comes and leaves is written with the reason, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from kith_platform.customers import listing
from kith_platform.customers.listing import Filter
from kith_platform.customers.models import Attribute, Customer
from kith_platform.errors import Conflict, Forbidden, Invalid
from kith_platform.facts.models import FactRemoved, SalesOrder
from kith_platform.runtime import Runtime
from kith_platform.segments import counting, export, reading, sample, service, vocabulary
from kith_platform.segments.models import Segment, SegmentMember, SegmentSample
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

BUYERS: dict[str, Any] = {"all": [{"fact": "orders", "measure": "count", "days": 90, "op": "at_least", "value": 2}]}
CHINESE: dict[str, Any] = {"all": [{"field": "country", "op": "is", "value": ["CN"]}]}


def test_a_purchase_brings_in_and_its_removal_takes_out_with_the_reason(company: Any) -> None:
    company.customers("Ada", "Bo", "Cy")
    company.buys("Ada")
    company.buys("Ada")
    company.buys("Bo")
    for _ in range(12):  # long ago; a table that grew by a fifth would be written anew
        company.buys("Cy", ago=200)
    segment = company.segment("Buyers", BUYERS)
    first = company.rebuild()["Buyers"]
    assert (first["how"], first["size"]) == ("frames", 1)
    assert company.members(segment) == {"Ada"}
    assert company.moves(segment) == []  # nobody came or left before there was a count

    company.buys("Bo")
    second = company.rebuild()["Buyers"]
    assert (second["how"], second["entered"], second["left"]) == ("few", 1, 0)
    assert company.members(segment) == {"Ada", "Bo"}
    assert company.moves(segment) == [("Bo", True, [2.0])]

    with company.scope() as session:
        gone = session.execute(select(SalesOrder.id).order_by(SalesOrder.id).limit(1)).scalar_one()
        session.execute(delete(SalesOrder).where(SalesOrder.id == gone))
        session.execute(insert(FactRemoved).values(fact="sales_order", row_id=gone))
    third = company.rebuild()["Buyers"]
    assert (third["how"], third["left"]) == ("frames", 1)  # whose a removed row was, nobody can tell
    assert company.members(segment) == {"Bo"}
    assert company.moves(segment)[-1] == ("Ada", False, [1.0])


def test_nothing_new_moves_nobody(company: Any) -> None:
    company.customers("Ada")
    company.buys("Ada")
    company.buys("Ada")
    segment = company.segment("Buyers", BUYERS)
    company.rebuild()
    with company.scope() as session:
        since = session.execute(select(SegmentMember.since)).scalar_one()
    again = company.rebuild()["Buyers"]
    assert (again["how"], again["entered"], again["left"]) == ("few", 0, 0)
    with company.scope() as session:
        assert session.execute(select(SegmentMember.since)).scalar_one() == since
    assert company.moves(segment) == []


def test_fields_scores_and_places_need_no_snapshot(company: Any) -> None:
    company.customers("Lin", country="CN")
    company.customers("Max", country="DE")
    segment = company.segment("Chinese", CHINESE)
    assert company.rebuild()["Chinese"]["how"] == "sql"
    with company.scope() as session:
        session.execute(update(Customer).where(Customer.id == company.ids["Max"]).values(country="CN"))
        session.execute(update(Customer).where(Customer.id == company.ids["Lin"]).values(country="SG"))
    company.rebuild()
    assert company.members(segment) == {"Max"}
    assert sorted(company.moves(segment)) == [("Lin", False, ["SG"]), ("Max", True, ["CN"])]


def test_a_fixed_segment_keeps_whom_it_found(company: Any) -> None:
    company.customers("Lin", country="CN")
    segment = company.segment("Chinese then", CHINESE, dynamic=False)
    company.rebuild()
    company.customers("Mei", country="CN")
    assert "Chinese then" not in company.rebuild()
    assert company.members(segment) == {"Lin"}


def test_a_segment_of_a_segment_is_counted_after_it(company: Any) -> None:
    company.customers("Lin", "Mei", country="CN")
    company.buys("Mei")
    company.buys("Mei")
    inner = company.segment("Zulu", BUYERS)
    outer = company.segment("Alpha", {"all": [*CHINESE["all"], {"segment": str(inner.public_id), "inside": False}]})
    assert list(company.rebuild()) == ["Zulu", "Alpha"]
    assert company.members(outer) == {"Lin"}
    company.buys("Lin")
    company.buys("Lin")
    company.rebuild()
    assert company.members(outer) == set()


def test_a_circle_is_refused_and_named(company: Any) -> None:
    one = company.segment("One", CHINESE)
    two = company.segment("Two", {"all": [{"segment": str(one.public_id)}]})
    with pytest.raises(Conflict) as refused:
        company.change(one, rule={"any": [*CHINESE["all"], {"segment": str(two.public_id)}]})
    assert "One → Two → One" in str(refused.value) or "Two → One → Two" in str(refused.value)
    with company.scope() as session, pytest.raises(Conflict, match="Two"):
        service.remove(session, company_owner(), service.get(session, one.public_id))


def company_owner() -> Actor:
    from kith_platform.auth import permissions

    return Actor(None, None, "Ada", "owner", permissions.of_role("owner"))


def test_a_rule_that_speaks_of_what_is_gone_fails_visibly_and_holds_up_no_other(company: Any) -> None:
    company.customers("Lin", country="CN")
    with company.scope() as session:
        session.add(Attribute(key="plan", label="Plan", kind="text"))
    broken = company.segment("Gold", {"all": [{"attribute": "plan", "op": "is_not", "value": ["gold"]}]})
    company.segment("Chinese", CHINESE)
    company.rebuild()
    with company.scope() as session:
        session.execute(delete(Attribute))
    told = company.rebuild()
    assert (told["Gold"]["how"], told["Chinese"]["how"]) == ("failed", "sql")
    with company.scope() as session:
        row = service.get(session, broken.public_id)
        assert row.state == "failed"
        assert "plan" in row.problem % row.problem_params
    assert company.members(broken) == {"Lin"}  # as they were


def test_another_rule_moves_members_without_pretending_to_know_why(company: Any) -> None:
    company.customers("Lin", country="CN")
    company.customers("Max", country="DE")
    segment = company.segment("Home", CHINESE)
    company.rebuild()
    company.change(segment, rule={"all": [{"field": "country", "op": "is", "value": ["DE"]}]})
    company.rebuild()
    assert company.members(segment) == {"Max"}
    assert sorted(company.moves(segment)) == [("Lin", False, None), ("Max", True, None)]


def test_merged_and_test_customers_are_in_no_segment(company: Any) -> None:
    company.customers("Lin", "Lin again", "Robot", country="CN")
    segment = company.segment("Chinese", CHINESE)
    company.rebuild()
    with company.scope() as session:
        merged = update(Customer).where(Customer.id == company.ids["Lin again"])
        session.execute(merged.values(merged_into=company.ids["Lin"]))
        session.execute(update(Customer).where(Customer.id == company.ids["Robot"]).values(is_test=True))
    company.rebuild()
    assert company.members(segment) == {"Lin"}


def test_row_rights_hold_inside_a_segment_its_list_and_its_export(
    runtime: Runtime, company: Any, actor: Callable[..., Actor]
) -> None:
    company.customers("Mine", country="CN", owner_id=7)
    company.customers("Theirs", country="CN", owner_id=8)
    segment = company.segment("Chinese", CHINESE)
    company.rebuild()
    mine = actor("analyst", Reach.OWN, 7)
    with company.scope() as session:
        page = listing.page(session, mine, Filter(segment=segment.id))
        assert [row.name for row in page.customers] == ["Mine"]
        export.allow(session, mine, segment)
        with pytest.raises(Forbidden):
            export.allow(session, actor("agent", Reach.OWN, 7), segment)
    rows = list(export.rows(runtime, company.tenant.id, mine, segment.id))
    assert [row[:3] for row in rows] == [("Mine", "shop", "Mine")]


def test_a_name_is_given_once_and_a_wrong_rule_says_where(company: Any) -> None:
    company.segment("Chinese", CHINESE)
    with pytest.raises(Invalid) as refused:
        company.segment("Chinese", {"all": [{"field": "planet", "op": "is", "value": ["Mars"]}]})
    assert [error.field for error in refused.value.fields] == ["name", "rule.all.0"]


def test_nobody_without_the_permission_makes_a_segment(company: Any, actor: Callable[..., Actor]) -> None:
    with company.scope() as session:
        words = vocabulary.of_company(session, company.runtime.facts, company.runtime.plugins)
        with pytest.raises(Forbidden):
            service.create(session, actor("agent"), {"name": "Mine", "rule": CHINESE}, words)


def test_the_sample_is_the_same_whenever_it_is_drawn(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(Customer), [{"name": f"P{place}"} for place in range(5_000)])
    with runtime.doors.tenant_scope(tenant.id) as session:
        drawn = sample.keep(session)
        assert 25 <= len(drawn) <= 85
        session.execute(delete(SegmentSample))
        assert sorted(sample.keep(session)) == sorted(drawn)


def test_segments_of_another_company_are_not_there(company: Any, runtime: Runtime, other_tenant: TenantContext) -> None:
    company.segment("Chinese", CHINESE)
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        assert session.execute(select(func.count()).select_from(Segment)).scalar_one() == 0


def test_a_refresh_counts_segments_last_and_only_when_something_is_new(company: Any) -> None:
    from kith_platform.jobs import claim
    from kith_platform.jobs.run import JobRun
    from kith_platform.refresh.jobs import refresh
    from kith_platform.refresh.service import ask_refresh

    def states() -> dict[str, str]:
        with company.scope() as session:
            asked = ask_refresh(session)
        with company.scope() as session:
            held = claim.claim(session, asked.id, lease=300, unrouted=True)
        assert held is not None
        run = JobRun(company.runtime, company.tenant, held, pulse=company.runtime.doors, threads=1, memory_mb=256)
        refresh(run)
        return {step["name"]: step["state"] for step in run.outcome["steps"]}

    company.customers("Ada")
    company.buys("Ada")
    company.buys("Ada")
    segment = company.segment("Buyers", BUYERS)
    first = states()
    assert first["segments"] == "done"
    assert list(first).index("segments") > max(list(first).index(name) for name in ("placements", "scores"))
    assert company.members(segment) == {"Ada"}
    assert states()["segments"] == "skipped"


def test_a_large_company_gets_an_estimate_with_its_interval_then_the_exact_number(
    company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one customer in two instead of one in a hundred, and ten customers that count as many."""
    monkeypatch.setattr(sample, "ONE_IN", 2)
    monkeypatch.setattr(sample, "SMALL", 10)
    monkeypatch.setattr("kith_platform.segments.rebuilding.ONE_IN", 2)
    monkeypatch.setattr("kith_platform.segments.rebuilding.SMALL", 10)
    names = [f"P{place}" for place in range(60)]
    company.customers(*names)
    for name in names[:20]:
        company.buys(name)
        company.buys(name)
    company.rebuild()
    with company.scope() as session:
        words = vocabulary.of_company(session, company.runtime.facts, company.runtime.plugins)
        rule = reading.read(BUYERS, words)
        scope = service.scope(session, company.runtime.facts, words)
        about = counting.live(session, company.runtime, company.tenant, company_owner(), rule, scope)
        exactly = counting.exact(session, company.runtime, company.tenant, company_owner(), rule, scope)
    assert (exactly.customers, exactly.exact) == (20, True)
    assert not about.exact
    assert 15 <= about.sampled <= 45
    assert about.low <= about.customers <= about.high
    assert about.low <= 20 <= about.high
