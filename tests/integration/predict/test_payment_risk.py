"""Leads and bills through the product: files, training, scores that are kept, and who may see them."""

from __future__ import annotations

import datetime as dt

import pytest
from known_companies import Customer, NewCustomer
from sqlalchemy import select, update

from kith_platform.facts.models import Lead
from kith_platform.leads import scored
from kith_platform.predict import listing, scores, versions, watch
from kith_platform.predict.models import FactScore, Score
from kith_platform.predict.service import TASKS
from kith_platform.runtime import Runtime
from kith_platform.simulator import simulate
from kith_platform.simulator.telling import telling
from kith_tenants.context import Actor, Reach

ENDS = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def company(customer_like: NewCustomer) -> Customer:
    made = simulate("retailer", regime="well_specified", customers=60, years=3.0, seed=11, ends_on=ENDS)
    made, _law = telling(made, leads=1_500, opportunities=10, bills=1_500)
    brought = customer_like(made)
    brought.bring(made, ("customers", "leads", "invoices", "payments"))
    return brought


def _actor(reach: Reach) -> Actor:
    may = frozenset({"models:read", "sales:read"})
    return Actor(member_id=1, identity_id=1, name="A", role="sales", permissions=may, reach=reach)


def test_leads_and_bills_are_scored_listed_and_kept_until_they_are_over(company: Customer, runtime: Runtime) -> None:
    found = company.train("leads", "payment_risk")
    tenant = company.tenant
    assert found["leads"]["verdict"] in ("better_than_baseline", "no_better_than_baseline"), found["leads"]
    header, rows = listing.scores(runtime, tenant, "leads")
    assert header == ["lead_id", "source", "as_of", "value", "tier", "reasons", "expected_value"]
    assert rows == sorted(rows, key=lambda row: (-row[3], row[0]))
    assert {row[0][:2] for row in rows} == {"LE"}
    header, bills = listing.scores(runtime, tenant, "payment_risk")
    assert header[0] == "invoice_id"
    assert header[-1] == "expected_loss"
    assert all(row[-1] >= 0 for row in bills)
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert session.execute(select(Score)).first() is None, "scores of leads are none of customers"
        open_leads = set(session.execute(select(Lead.external_id).where(Lead.converted_at.is_(None))).scalars())
        assert {row[0] for row in rows} <= open_leads
        every, more = scored.page(session, _actor(Reach.ALL), "leads", "leads", limit=5)
        assert [round(score.value, 6) for score, _id in every] == [row[3] for row in rows[:5]]
        rest, _ = scored.page(session, _actor(Reach.ALL), "leads", "leads", after=more or "", limit=200)
        assert len(every) + len(rest) == len(rows), "pages neither repeat nor lose"
        assert scored.page(session, _actor(Reach.OWN), "leads", "leads", limit=5) == ([], None), "others' leads stay theirs"
        assert scored.page(session, _actor(Reach.OWN), "payment_risk", "invoices", limit=5) == ([], None)
        shown = scored.serving(session, _actor(Reach.ALL), "leads", [score.row_id for score, _id in every])
        assert bool(shown) == (versions.champion(session, "leads") is not None), "pages show what a model says, not the rule"
    assert TASKS["payment_risk"].adverse, "who is held back is a person's decision"


def test_scores_of_a_month_are_kept_once_and_wait_until_it_is_known_what_came(company: Customer, runtime: Runtime) -> None:
    company.train("leads")
    month = ENDS.replace(day=1)
    with runtime.doors.tenant_scope(company.tenant.id) as session:
        serving = versions.serving(session, "leads")
        assert serving is not None
        said = dict(session.execute(select(FactScore.row_id, FactScore.value).where(FactScore.task == "leads")).all())
        assert scores.freeze(session, "leads", ENDS, "leads") == len(said) > 0
        assert scores.freeze(session, "leads", ENDS, "leads") == 0
        session.execute(update(FactScore).where(FactScore.task == "leads").values(tier="logistic"))
        watch.begin(session, "leads", month, "leads")
        [waits] = watch.rows(session, "leads", serving.version, watch.MATURED)
        assert waits.numbers["state"] == watch.WAITING
        assert watch.due(session, "leads", ENDS + dt.timedelta(days=90)) == []
        [over] = watch.due(session, "leads", ENDS + dt.timedelta(days=91))
        kept = watch.said(session, over, "leads")
        assert dict(zip(kept.ids.tolist(), kept.values.tolist(), strict=True)) == said
