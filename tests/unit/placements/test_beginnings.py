"""What customers did in their first days (domain C8), over facts: nothing later is looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem.beginnings import place

DAY = dt.date(2025, 9, 30)
FIRST = dt.datetime(2025, 3, 3, 15, 30, tzinfo=dt.UTC)  # a Monday


def test_the_first_order_and_the_first_days_are_told_and_nothing_later(
    company: Any, scope_of: Callable[..., PlacementScope]
) -> None:
    record = company.customer(1)
    tea, cup = (company.thing("product", name=name, family=name, currency="USD") for name in ("tea", "cup"))
    order = company.fact(
        "sales_order",
        FIRST,
        record_id=record,
        net=800_000,
        discount=200_000,
        quantity=4.0,
        channel="web",
        promised_on=dt.date(2025, 3, 6),
        delivered_on=dt.date(2025, 3, 5),
    )
    for product, net in ((tea, 500_000), (cup, 300_000)):
        company.fact("order_line", FIRST, record_id=record, order_id=order, product_id=product, net=net)
    for days in (0, 0, 3, 7, 40):
        company.fact("event", FIRST + dt.timedelta(days=days), record_id=record, name="web.session_started")
    company.fact("sales_order", FIRST + dt.timedelta(days=35), record_id=record, net=900_000)
    company.fact("ticket", FIRST + dt.timedelta(days=31), record_id=record, is_complaint=True)
    scope = scope_of(DAY)
    (row,) = scope.rows(place(scope))
    assert (row["weekday"], row["hour"], row["basket"], row["punctual"]) == (0.0, 15.0, 4.0, 1.0)
    assert row["depth"] == pytest.approx(0.2)
    assert (row["family"], row["channel"], row["discounted"]) == ("tea", "web", 1.0)
    assert (row["visits"], row["complained"], row["stayed"]) == (2.0, 0.0, 1.0)
    assert (row["days_30"], row["net_30"]) == (1, 80.0)
    company.fact("ticket", FIRST + dt.timedelta(days=29), record_id=record, is_complaint=True)
    again = scope_of(DAY)
    assert again.rows(place(again))[0]["complained"] == 1.0
