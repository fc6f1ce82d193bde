"""Which days count as purchases, and for how much."""

from __future__ import annotations

import datetime as dt
from typing import Any

UNTIL = dt.date(2026, 3, 31)


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


def bought(tables: Any) -> list[tuple[int, int, int, int | None]]:
    found = tables.run(tables.purchases).to_pylist()
    return sorted((row["customer_id"], row["day"].day, row["orders"], row["net"]) for row in found)


def test_orders_of_one_day_are_one_purchase_day(company: Any) -> None:
    who = company.customer(1)
    for number, net in ((1, 100), (1, 50), (2, 0)):
        company.fact("sales_order", day(number), record_id=who, net=net)
    assert bought(company.open().at(UNTIL)) == [(1, 1, 2, 150), (1, 2, 1, 0)]


def test_cancelled_and_fully_returned_orders_are_no_purchases(company: Any) -> None:
    who = company.customer(1)
    company.fact("sales_order", day(1), record_id=who, net=100, status="cancelled", status_at=None)
    by_money = company.fact("sales_order", day(2), record_id=who, net=100)
    by_units = company.fact("sales_order", day(3), record_id=who, net=100, quantity=2.0)
    by_lines = company.fact("sales_order", day(4), record_id=who, net=100)
    partly = company.fact("sales_order", day(5), record_id=who, net=100, quantity=2.0)
    company.fact("sales_order", day(6), record_id=who, net=-100)
    for _ in range(2):
        company.fact("order_line", day(4), record_id=who, order_id=by_lines, quantity=1.0)
    company.fact("return_line", day(10), record_id=who, order_id=by_money, net=60)
    company.fact("return_line", day(11), record_id=who, order_id=by_money, net=40)
    company.fact("return_line", day(10), record_id=who, order_id=by_units, quantity=2.0)
    company.fact("return_line", day(10), record_id=who, order_id=by_lines, quantity=-2.0)
    company.fact("return_line", day(10), record_id=who, order_id=partly, quantity=1.0, net=50)
    frames = company.open()
    assert bought(frames.at(UNTIL)) == [(1, 5, 1, 100)]
    assert bought(frames.during(day(5), day(6))) == [(1, 5, 1, 100)]
    assert bought(frames.during(day(2), day(3))) == []  # it came back later, and that is known now
    assert [row[1] for row in bought(frames.before(day(11)))] == [1, 2, 5]  # 60 of 100 are back; the cancelling has no date


def test_an_order_cancelled_after_the_cutoff_still_counts_before_it(company: Any) -> None:
    who = company.customer(1)
    company.fact(
        "sales_order", day(1), record_id=who, net=1, status="cancelled", status_at=dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    )
    order = company.fact("sales_order", day(2), record_id=who, net=2)
    company.fact("order_status", day(5), record_id=who, order_id=order, status="cancelled")
    again = company.fact("sales_order", day(3), record_id=who, net=3)
    company.fact("order_status", day(5), record_id=who, order_id=again, status="cancelled")
    company.fact("order_status", day(6), record_id=who, order_id=again, status="placed")
    frames = company.open()
    assert [row[1] for row in bought(frames.before(day(5)))] == [1, 2, 3]
    assert [row[1] for row in bought(frames.before(day(7)))] == [3]
    assert [row[1] for row in bought(frames.at(UNTIL))] == [3]


def test_amounts_are_in_the_companys_currency_at_the_days_rate(company: Any) -> None:
    who = company.customer(1)
    company.fact("fx_rate", day(1), currency_from="EUR", rate=1.5)
    company.fact("fx_rate", day(3), currency_from="EUR", rate=2.0)
    for number in (1, 2, 3, 10, 11):
        company.fact("sales_order", day(number), record_id=who, net=10_001, currency="EUR")
    company.fact("sales_order", day(4), record_id=who, net=7)
    tables = company.open().at(UNTIL)
    # 11 March is eight days after the last rate: the amount is unknown, the purchase is not.
    assert [(row[1], row[3]) for row in bought(tables)] == [
        (1, 15_002),
        (2, 15_002),
        (3, 20_002),
        (4, 7),
        (10, 20_002),
        (11, None),
    ]
    assert tables.run(tables.coverage(tables.orders, "net")).to_pylist() == [{"rows": 6, "covered": 5}]


def test_a_rate_from_before_the_period_counts_in_it_but_one_from_after_the_cutoff_does_not(company: Any) -> None:
    who = company.customer(1)
    company.fact("fx_rate", day(1), currency_from="EUR", rate=2.0)
    company.fact("fx_rate", day(3), currency_from="EUR", rate=3.0, known_at=dt.datetime(2026, 3, 20, tzinfo=dt.UTC))
    company.fact("sales_order", day(3), record_id=who, net=10, currency="EUR")
    frames = company.open()
    assert bought(frames.during(day(3), day(4))) == [(1, 3, 1, 30)]
    assert bought(frames.before(day(10))) == [(1, 3, 1, 20)]
