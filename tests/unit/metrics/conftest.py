"""Small tables to try expressions on, without servers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

Days = Mapping[int, Sequence[dt.date]]
DAY0 = dt.date(2026, 1, 1)


@pytest.fixture
def bought() -> Callable[[Days], ir.Table]:
    """purchases from {customer: days}."""

    def make(days: Days) -> ir.Table:
        rows = [(who, day) for who, own in days.items() for day in own]
        table = pa.table(
            {
                "customer_id": pa.array([who for who, _ in rows], pa.int64()),
                "day": pa.array([day for _, day in rows], pa.date32()),
                "orders": pa.array([1] * len(rows), pa.int64()),
                "net": pa.array([10_000] * len(rows), pa.int64()),
            }
        )
        return ibis.memtable(table)

    return make


@pytest.fixture
def ledger() -> Callable[[Sequence[tuple[int, dt.date, float]]], ir.Table]:
    """A ledger from (customer, day, margin in units of money)."""

    def make(rows: Sequence[tuple[int, dt.date, float]]) -> ir.Table:
        margin = pa.array([round(amount * 10_000) for _, _, amount in rows], pa.int64())
        one = pa.array([1] * len(rows), pa.int64())
        who = pa.array([customer for customer, _, _ in rows], pa.int64())
        day = pa.array([when for _, when, _ in rows], pa.date32())
        names = ["customer_id", "day", "net", "margin", "amounts", "covered"]
        return ibis.memtable(pa.table([who, day, margin, margin, one, one], names))

    return make


@pytest.fixture
def only() -> Callable[[ir.Table], dict[str, Any]]:
    """The one row of an expression."""

    def run(expression: ir.Table) -> dict[str, Any]:
        rows: list[dict[str, Any]] = expression.to_pyarrow().to_pylist()
        assert len(rows) == 1
        return rows[0]

    return run
