"""Wrong customers (domain C6): the dearest fifth to serve with a loss for two quarters, over facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cim.wrong_customers import advice, place

DAY = dt.date(2025, 9, 29)  # the third quarter is not over: January to March and April to June count
QUARTERS = (dt.date(2025, 2, 1), dt.date(2025, 5, 1))
NOW = dt.date(2025, 9, 1)


def test_dear_and_at_a_loss_in_both_quarters_and_only_then(company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    """Ten customers; those who cost 30 and 29 are the dearest fifth. What names nobody goes to the eighth, whom we called."""
    sold = {1: (10, 10), 2: (100, 100), 3: (1, 1), 4: (1, 9), **dict.fromkeys(range(5, 11), (50, 50))}
    cost = {1: (15, 15), 2: (14, 15), 3: (2, 2), 4: (2, 2), 5: (5, 5)}
    for number in sold:
        record = company.customer(number)
        for day, net, spent in zip(QUARTERS, sold[number], cost.get(number, (0, 0)), strict=True):
            company.fact("sales_order", day, record_id=record, net=net * 10_000)
            if spent:
                company.fact("cost", day, record_id=record, pool="service", amount=spent * 10_000)
    company.fact("cost", QUARTERS[1], pool="account", amount=30_000)
    company.fact("cost", QUARTERS[1], record_id=15, pool="project", amount=990_000)  # no cost of serving
    company.fact("cost", NOW, record_id=15, pool="service", amount=990_000)
    begun = dt.datetime.combine(QUARTERS[1], dt.time(9), dt.UTC)
    company.fact("activity", begun, record_id=18, kind="call", ended_at=begun + dt.timedelta(minutes=20))
    scope = scope_of(DAY, plugin="analytics_cim")
    rows = {row["customer_id"]: row for row in scope.rows(place(scope))}
    assert {number: row["code"] for number, row in rows.items() if row["code"] != "sound"} == {1: "wrong", 2: "dear", 3: "loss"}
    assert (rows[1]["before"], rows[1]["lately"], rows[1]["cost"]) == (-5, -5, 30)
    assert (rows[8]["cost"], rows[8]["result"]) == (3, 97)
    (said,) = advice(scope)
    assert said["params"] == {"customers": 1, "loss": 10, "currency": "USD"}
