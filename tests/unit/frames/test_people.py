"""Whose a row is: merged customers are followed, test customers left out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

DAY = dt.date(2026, 3, 5)


def owners(tables: Any) -> list[int | None]:
    return sorted(row["customer_id"] or 0 for row in tables.run(tables.orders).to_pylist())


def test_orders_of_merged_customers_belong_to_the_one_that_remains(company: Any) -> None:
    for number, into in ((1, 2), (2, 3), (3, None)):
        company.fact("sales_order", DAY, record_id=company.customer(number, merged_into=into))
    frames = company.open()
    assert owners(frames.at(DAY)) == [3, 3, 3]
    assert [row["customer_id"] for row in frames.at(DAY).run(frames.at(DAY).customers).to_pylist()] == [3]


def test_test_customers_and_their_orders_are_left_out(company: Any) -> None:
    company.fact("sales_order", DAY, record_id=company.customer(1))
    company.fact("sales_order", DAY, record_id=company.customer(2, is_test=True))
    company.fact("sales_order", DAY, record_id=company.customer(3, merged_into=2))
    company.fact("sales_order", DAY, record_id=None)
    tables = company.open().at(DAY)
    assert owners(tables) == [0, 1]
    assert [row["customer_id"] for row in tables.run(tables.customers).to_pylist()] == [1]


def test_a_query_cannot_read_outside_the_companys_files(company: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    frames = company.open()
    with pytest.raises(Exception, match="disabled by configuration"):
        frames._engine._duck.execute(f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
    with pytest.raises(Exception, match="locked"):
        frames._engine._duck.execute("SET enable_external_access = true")


def test_an_unknown_fact_is_named(company: Any) -> None:
    with pytest.raises(AttributeError, match="no fact is called spaceships"):
        _ = company.open().at(DAY).spaceships
