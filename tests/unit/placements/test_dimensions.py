"""Engagement, potential and preferred channel of customers (domain C2), over facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem.dimensions import place

DAY = dt.date(2025, 9, 30)


def test_who_is_active_lately_ranks_above_who_was_and_answers_tell_the_channel(
    company: Any, scope_of: Callable[..., PlacementScope]
) -> None:
    for number, (age, visits, net) in enumerate(((0, 3, 10), (60, 3, 20), (60, 1, 30), (None, 0, 100)), start=1):
        record = company.customer(number)
        for _ in range(visits):
            company.fact("event", DAY - dt.timedelta(days=age or 0), record_id=record, name="visit")
        company.fact("sales_order", DAY - dt.timedelta(days=9), record_id=record, net=net * 10_000)
    sent = dt.datetime(2025, 9, 1, 12, tzinfo=dt.UTC)
    for channel, opened, hour in (("mail", None, 9), ("mail", None, 9), ("sms", sent, 19)):
        company.fact("touch", sent.replace(hour=hour), record_id=11, campaign="autumn", channel=channel, opened_at=opened)
    scope = scope_of(DAY)
    rows = {row["customer_id"]: row for row in scope.rows(place(scope))}
    assert [rows[one]["engagement"] for one in (1, 2, 3, 4)] == [100.0, 50.0, 0.0, None]
    assert [rows[one]["band"] for one in (1, 2, 3, 4)] == ["high", "medium", "low", "none"]
    assert [(rows[one]["channel"], rows[one]["hour"]) for one in (1, 2)] == [("sms", "evening"), (None, None)]
    assert [round(rows[one]["gap"], 4) for one in (1, 4)] == [37.5, 0.0]


def test_answers_and_loyalty_give_a_quadrant_and_a_cell_its_rate_of_answers(
    company: Any, scope_of: Callable[..., PlacementScope]
) -> None:
    for number, (days, kind, score) in enumerate(
        ((3, "nps", 10), (3, "csat", 2), (1, "csat", 5), (1, "nps", 8), (1, None, 0)), start=1
    ):
        record = company.customer(number)
        for back in range(days):
            company.fact("sales_order", DAY - dt.timedelta(days=5 + 20 * back), record_id=record, net=100_000)
        if kind:
            at = dt.datetime(2025, 9, 1, 12, tzinfo=dt.UTC)
            company.fact("survey_response", at, record_id=record, kind=kind, score=score, answered_at=at)
    sent = dt.datetime(2025, 9, 2, 12, tzinfo=dt.UTC)
    for record, clicked in ((11, sent), (12, None), (13, None)):
        company.fact("touch", sent, record_id=record, campaign="autumn", channel="mail", clicked_at=clicked)
    scope = scope_of(DAY)
    rows = {row["customer_id"]: row for row in scope.rows(place(scope))}
    assert [rows[one]["attitude"] for one in range(1, 6)] == ["both", "loyal", "satisfied", "neither", None]
    # Those who bought on three days are one cell, those who bought once another.
    assert [rows[one]["response"] for one in range(1, 6)] == [0.5, 0.5, 0.0, 0.0, 0.0]


def test_who_paid_late_before_may_do_so_again(company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    """TV 3 of 50, prior .04 → .0543. Of the others one of 50 was late: half paid in time, and the rest after 31 days."""
    due = DAY - dt.timedelta(days=90)
    for number, late in ((1, 3), (2, 1)):
        record = company.customer(number)
        for bill_number in range(50):
            bill = company.fact("invoice", due - dt.timedelta(days=20), record_id=record, due_on=due, amount=100)
            for days, amount in ((0, 50), (31 if bill_number < late else 30, 50)):
                company.fact("payment", due + dt.timedelta(days=days), record_id=record, invoice_id=bill, amount=amount)
    company.fact("invoice", DAY, record_id=11, due_on=DAY - dt.timedelta(days=30), amount=100)  # may still be paid in time
    scope = scope_of(DAY)
    rows = {row["customer_id"]: row for row in scope.rows(place(scope))}
    assert [round(rows[one]["risk"], 4) for one in (1, 2)] == [0.0543, 0.0257]
