"""What a customer's page tells of selling, promises, goals and leaving; and that erasing a customer takes all of it along."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select

from kith_platform.customers.models import Customer, CustomerIdentity
from kith_platform.doctor.service import orphans
from kith_platform.facts import models as facts
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

DAY = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
LATER, MUCH_LATER = DAY + dt.timedelta(days=2), DAY + dt.timedelta(days=9)
MONEY = {"currency": "USD"}


def add(session: Any, table: Any, record: int | None = None, key: str = "1", **values: Any) -> int:
    row = {"source": "file", "external_id": key, "occurred_at": DAY, "occurred_on": DAY.date(), "known_at": DAY, **values}
    if record is not None:
        row["record_id"] = record
    return int(session.execute(insert(table).values(row).returning(table.id)).scalar_one())


def dealings(session: Any, record: int) -> None:
    """One of each fact of a customer, and rows of nobody that name them."""
    session.execute(insert(CustomerIdentity).values(record_id=record, kind="email", value="ada@example.com"))
    lead = add(session, facts.Lead, record, name="Ada", status="converted", estimate=900, **MONEY)
    add(session, facts.Lead, key="2", email=" Ada@Example.com", **MONEY)
    add(session, facts.Lead, key="3", email="bo@example.com", **MONEY)
    deal = {"name": "Big one", "status": "won", "won_amount": 950, "lead_id": lead, **MONEY}
    opportunity = add(session, facts.Opportunity, record, **deal)
    add(session, facts.OpportunityStage, record, opportunity_id=opportunity, stage="Proposal")
    ticket = add(session, facts.Ticket, record, subject="Broken cup")
    add(session, facts.TicketStatus, ticket_id=ticket, status="open")
    add(session, facts.PartnerTx, partner="Pa", opportunity_id=opportunity, won_amount=950, **MONEY)
    add(session, facts.Commitment, record, what="A new part", due_at=LATER, done_at=MUCH_LATER)
    add(session, facts.Commitment, record, key="2", what="A call", due_at=MUCH_LATER, done_at=LATER)
    goal = {"goal": "Fewer errors", "measure": "%", "baseline": 8, "target": 2, "actual": 3, "confirmed_at": LATER}
    add(session, facts.Outcome, record, value=4000, **goal, **MONEY)
    add(session, facts.OnboardingStep, record, step="Training")
    add(session, facts.Entitlement, record, module="Stock", seats=5)
    add(session, facts.ContactPlan, record, every_days=30)
    add(session, facts.Handoff, record, from_unit="Field", to_unit="Desk")
    add(session, facts.Leaving, record, reason="too_dear", competitor="Acme")
    add(session, facts.Advocacy, record, kind="case_study")
    add(session, facts.Referral, record, invited="Cy", void=True)
    add(session, facts.Wallet, record, amount=9000, basis="procurement", **MONEY)
    add(session, facts.RatedPost, record, site="Forum", rating=2, sentiment="negative", text="Cold tea")
    add(session, facts.Insight, record, title="Leaves in May", acted_at=LATER, **MONEY)
    add(session, facts.MarketSignal, record, kind="price_change", competitor="Rival")


ENGLISH = (
    *("Lead: Ada", "converted", "$900", "Opportunity: Big one", "$950", "Opportunity moved to: Proposal"),
    *("Commitment: A new part", "done on Mar 11, 2026, late", "Commitment: A call", "done on Mar 4, 2026<"),
    *(
        "goal: Fewer errors",
        "8 → 2 %",
        "reached: 3",
        "worth $4,000",
        "confirmed on",
        "Onboarding step: Training",
        "due on Mar 2, 2026, not done",
    ),
    *("Entitlement: Stock", "seats: 5", "To be contacted every 30 days", "Hand-over: Field → Desk", "not accepted yet"),
    *("Leaving: too dear", "Acme", "Advocacy: case study", "asked for", "Referral: Cy", "recommended themselves"),
    *("Spends $9,000", "procurement data", "Rated 2 (Forum)", "Cold tea", "Insight: Leaves in May", "acted on:"),
    *("Market signal: a change of prices", "Rival"),
)
CHINESE = (
    "销售线索",
    "商机进入阶段：Proposal",
    "已逾期",
    "席位：5",
    "计划每 30 天联系一次",
    "客户背书",
    "价格变动",
    "采购数据",
    "客户成功",
)


def test_the_page_tells_of_everything_and_erasing_leaves_nothing(
    runtime: Runtime, tenant: TenantContext, people: Callable[..., list[int]], client_for: Callable[..., Any]
) -> None:
    customer, other = people(["Ada", "Bo"])
    with runtime.doors.tenant_scope(tenant.id) as session:
        records = {who: session.get_one(Customer, (tenant.id, who)).first_record_id for who in (customer, other)}
        dealings(session, records[customer])
        add(session, facts.Leaving, records[other], key="2", reason="Moved")
        public_id = session.get_one(Customer, (tenant.id, customer)).public_id
    client = client_for("admin")
    address = f"/c/{client.slug}/customers/{public_id}"
    page = client.get(address).text
    assert [words for words in ENGLISH if words not in page] == []
    links = {
        kind: re.search(f'href="(/c/{client.slug}/{kind}/[-0-9a-f]{{36}})"', page)
        for kind in ("leads", "opportunities", "tickets", "goals")
    }
    assert {kind: link and client.get(link[1]).status_code for kind, link in links.items()} == dict.fromkeys(links, 200)
    success = client.get(f"{address}?show=success").text
    assert "Fewer errors" in success
    assert "Big one" not in success
    client.set_cookie("kith_language", "zh_Hans")
    chinese = client.get(address).text
    assert [words for words in CHINESE if words not in chinese] == []
    assert client.post(f"{address}/erase").status_code == 302
    with runtime.doors.tenant_scope(tenant.id) as session:
        keys = {fact.name: select(runtime.facts.row(fact.name).external_id) for fact in runtime.facts if fact.occurred}
        left = {name: found for name, wanted in keys.items() if (found := list(session.execute(wanted).scalars()))}
        assert left == {"lead": ["3"], "leaving": ["2"], "partner_tx": ["1"]}
        assert [words for words, count in orphans(session, runtime.facts) if count] == []
