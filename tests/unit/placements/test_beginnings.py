"""What customers did in their first days (domain C8), over facts: nothing later is looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem.first_days import place

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
        company.fact("order_line", FIRST, record_id=record, order_id=order, product_id=product, net=net, quantity=1.0)
    for days, session, module in ((0, "a", "m"), (0, "b", "n"), (3, "b", "m"), (7, "c", "o"), (40, "d", "p")):
        at = FIRST + dt.timedelta(days=days)
        company.fact("event", at, record_id=record, name="web.session_started", session=session, module=module)
    company.fact("sales_order", FIRST + dt.timedelta(days=35), record_id=record, net=900_000)
    company.fact("ticket", FIRST + dt.timedelta(days=31), record_id=record, is_complaint=True)
    for days, method, went in ((0, "cash", False), (1, "card", True), (2, "cash", True)):
        company.fact("payment", FIRST + dt.timedelta(days=days), record_id=record, amount=1, method=method, succeeded=went)
    for days in (2, 29, 30):
        done = FIRST + dt.timedelta(days=days)
        company.fact("onboarding_step", FIRST - dt.timedelta(days=9), record_id=record, step=f"s{days}", done_at=done)
        company.fact("activity", done, record_id=record, kind="call")
        company.fact("referral", done, record_id=record, invites=days)
    company.fact("referral", FIRST, record_id=record, void=True)
    for number, net in ((2, 200_000), (3, 700_000)):
        other = company.customer(number)
        order = company.fact("sales_order", FIRST, record_id=other, net=net)
        company.fact("order_line", FIRST, record_id=other, order_id=order, product_id=cup, net=net, quantity=1.0)
    scope = scope_of(DAY)
    rows = {row["customer_id"]: row for row in scope.rows(place(scope))}
    row = rows[1]
    assert (row["weekday"], row["hour"], row["basket"], row["punctual"]) == (0.0, 15.0, 4.0, 1.0)
    assert row["depth"] == pytest.approx(0.2)
    assert (row["family"], row["channel"], row["discounted"]) == ("tea", "web", 1.0)
    assert (row["visits"], row["complained"], row["stayed"]) == (2.0, 0.0, 1.0)
    assert (row["days_30"], row["net_30"]) == (1, 80.0)
    assert (row["sessions"], row["second_visit"], row["modules"]) == (2.0, 3.0, 3.0)
    assert (row["onboarded"], row["contacts"], row["invitees"], row["payment"]) == (2.0, 2.0, 31.0, "card")
    assert [rows[number]["price_third"] for number in (2, 1, 3)] == [1.0, 2.0, 3.0]
    company.fact("ticket", FIRST + dt.timedelta(days=29), record_id=record, is_complaint=True)
    again = scope_of(DAY)
    assert {row["customer_id"]: row["complained"] for row in again.rows(place(again))} == {1: 1.0, 2: 0.0, 3: 0.0}
