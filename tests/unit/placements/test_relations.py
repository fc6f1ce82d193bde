"""Health and balance of gains as placements (domain B4), over facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_csm.placing import balances, healths

DAY = dt.date(2026, 3, 31)
AGREED, SEEN = dt.datetime(2025, 10, 1, tzinfo=dt.UTC), dt.datetime(2026, 3, 20, 10, tzinfo=dt.UTC)
LATER = dt.date(2026, 4, 3)


def test_health_is_weighed_from_six_signs_and_too_few_give_none(company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    """TV 80, 60, 90, 50, 100, 70 → 74.0, amber; of the second there is a ticket alone; the third has left."""
    one, few, left = (company.customer(number) for number in (1, 2, 3))
    for record, kind in ((one, "started"), (few, "started"), (left, "started"), (left, "cancelled")):
        company.fact("subscription_event", AGREED if kind == "started" else SEEN, record_id=record, kind=kind, subscription="s")
    for number in range(10):
        company.fact("entitlement", dt.date(2026, 1, 5), record_id=one, module=f"M{number}")
    for day in (5, 12, 20, 31):
        for number in range(8):
            company.fact("event", dt.date(2026, 3, day), record_id=one, name="opened", user="u", module=f"M{number}")
    for late in (SEEN, dt.datetime(2026, 4, 2, tzinfo=dt.UTC)):
        told = {"measured_at": late, "confirmed_at": late, "confirmed_by": "x"}
        company.fact("outcome", AGREED, record_id=one, goal="More", baseline=0.0, target=10.0, actual=6.0, **told)
    company.fact("survey_response", SEEN, record_id=one, kind="nps", score=9.0, answered_at=SEEN)
    for record, days in ((one, 1), (one, 9), (few, 1), (left, 1)):
        opened = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
        company.fact("ticket", opened, record_id=record, resolved_at=opened + dt.timedelta(days=days))
    bill = company.fact("invoice", dt.date(2026, 2, 10), record_id=one, due_on=dt.date(2026, 3, 10), amount=100)
    company.fact("payment", dt.date(2026, 3, 10), record_id=one, invoice_id=bill, amount=100)
    for day in (dt.date(2026, 2, 24), dt.date(2026, 2, 17), dt.date(2026, 2, 10), dt.date(2025, 12, 1)):
        company.fact("activity", day, record_id=one, kind="call")
    company.fact("ticket", LATER, record_id=one)  # not yet known
    scope = scope_of(DAY, plugin="analytics_csm")
    rows = {row["customer_id"]: row for row in scope.rows(healths(scope))}
    signs = ("adoption", "outcome", "sentiment", "service", "payment", "engagement")
    assert [rows[1][name] for name in signs] == pytest.approx([80, 60, 90, 50, 100, 70])
    assert (round(rows[1]["health"], 6), rows[1]["code"], round(rows[1]["known"], 6)) == (74.0, "amber", 1.0)
    assert (rows[2]["health"], rows[2]["code"], rows[2]["service"]) == (None, "unknown", 100.0)
    assert set(rows) == {1, 2}


def test_who_gains_by_whom(company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    """(CS, FC) = (200, 100) → balance .6667, mutual 141.4214; then (−10, 50), (50, −10), (−5, −5); of the last CS is unknown."""
    gains = ((500, 100, 200, 100), (40, 0, 50, 0), (150, 0, 100, 110), (5, 0, 10, 15), (None, 0, 10, 0))
    for number, (value, own, net, cost) in enumerate(gains, start=1):
        record = company.customer(number)
        company.fact("sales_order", SEEN, record_id=record, net=net * 10_000)
        if value is not None:
            money = {"value": value * 10_000, "own_cost": own * 10_000, "verified": True, "measured_at": SEEN}
            company.fact("outcome", AGREED, record_id=record, goal="Save", **money)
        if cost:
            company.fact("cost", SEEN, record_id=record, pool="service", amount=cost * 10_000)
    company.fact("sales_order", LATER, record_id=11, net=900_000)
    scope = scope_of(DAY, plugin="analytics_csm")
    rows = {row["customer_id"]: row for row in scope.rows(balances(scope))}
    assert {number: row["code"] for number, row in rows.items()} == {
        1: "symbiotic",
        2: "extractive",
        3: "subsidised",
        4: "lose_lose",
    }
    assert [(row["cs"], row["fc"]) for _number, row in sorted(rows.items())] == [(200, 100), (-10, 50), (50, -10), (-5, -5)]
    assert (round(rows[1]["even"], 4), round(rows[1]["mutual"], 4)) == (0.6667, 141.4214)


def test_who_is_active_is_the_same_on_the_last_day_and_looking_back(
    company: Any, scope_of: Callable[..., PlacementScope]
) -> None:
    """On the last day it is told from lists, on days before from rows."""
    for number in range(1, 21):
        record = company.customer(number)
        for back in range(5):
            company.fact("sales_order", DAY - dt.timedelta(days=(back * 9 + 7) * number), record_id=record, net=10_000)
    company.fact("subscription_event", SEEN, record_id=11, kind="cancelled", subscription="s")
    company.fact("subscription_event", AGREED, record_id=30, kind="started", subscription="s")
    company.fact("ticket", DAY, record_id=11)
    found = []
    for _later in range(2):
        scope = scope_of(DAY, plugin="analytics_csm")
        found.append({row["customer_id"] for row in scope.rows(scope.active())})
        company.fact("ticket", LATER, record_id=11)
    assert found[0] == found[1]
    assert 1 not in found[0]
    assert {2, 20} <= found[0] < set(range(1, 21))
