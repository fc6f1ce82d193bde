"""The company's own work as tables, beside purchases and what follows from them: `at_work`."""

from __future__ import annotations

import polars as pl

from kith_platform.simulator.accounts import accounts, contact_plans, described, handoffs, sold_by, wallets
from kith_platform.simulator.conversations import activities
from kith_platform.simulator.deals import opportunities, partner_transactions
from kith_platform.simulator.desk import desk, ticket_statuses, tickets
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.goals import forecasts, targets
from kith_platform.simulator.initiatives import benefits, initiatives
from kith_platform.simulator.insights import insights, market_signals, report_deliveries
from kith_platform.simulator.leads import leads
from kith_platform.simulator.opinions import rated_posts, survey_responses
from kith_platform.simulator.spending import costs
from kith_platform.simulator.staff import employee_snapshots, staff, work_days
from kith_platform.simulator.success import advocacies, commitments, leavings, outcomes, referrals
from kith_platform.simulator.supply import supplier_transactions
from kith_platform.simulator.usage import entitlements, events, onboarding_steps


def at_work(firm: Firm) -> dict[str, pl.DataFrame]:
    """The firm's tables with further columns and rows, and its own work in tables of their own. Rows that were there keep
    their place and values. The order of the new ones is one in which references resolve."""
    crew, book = staff(firm), firm.tables
    seen, looked_after = desk(firm, crew), accounts(firm, crew)
    left = leavings(firm)  # from the calls as they are before others are added
    book["customers"] = described(firm, crew, looked_after)
    book["orders"] = sold_by(firm, crew, looked_after)
    book["tickets"] = tickets(firm, crew, seen)
    book["leads"] = leads(firm, crew)
    book["opportunities"], book["opportunity_stages"] = opportunities(firm, crew, looked_after)
    book["survey_responses"] = survey_responses(firm, crew, seen)
    book["events"] = events(firm, looked_after)
    book["work_days"] = work_days(firm, crew)
    book["contact_plans"] = contact_plans(firm, crew, looked_after)
    book["activities"] = activities(firm, crew, looked_after, seen)
    return book | {
        "ticket_statuses": ticket_statuses(firm, seen),
        "referrals": referrals(firm),
        "rated_posts": rated_posts(firm),
        "initiatives": initiatives(firm, crew),
        "costs": costs(firm, crew, looked_after),
        "benefits": benefits(firm),
        "targets": targets(firm, crew),
        "forecasts": forecasts(firm),
        "insights": insights(firm, crew),
        "report_deliveries": report_deliveries(firm),
        "market_signals": market_signals(firm),
        "handoffs": handoffs(firm, crew, looked_after),
        "commitments": commitments(firm, crew, seen),
        "outcomes": outcomes(firm, looked_after),
        "leavings": left,
        "advocacies": advocacies(firm),
        "wallets": wallets(firm, looked_after),
        "supplier_transactions": supplier_transactions(firm),
        "partner_transactions": partner_transactions(firm),
        "employee_snapshots": employee_snapshots(firm, crew),
        "entitlements": entitlements(firm, looked_after),
        **({"onboarding_steps": onboarding_steps(firm, crew, looked_after)} if "subscription_events" in book else {}),
    }
