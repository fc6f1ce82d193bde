"""Every placement runs on DuckDB, first and with what its last turn left, and compiles for Spark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from kith_platform.frames.portable import spark_sql
from kith_platform.placements.rows import columns, normal
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Placement, PlacementScope

DAY = dt.date(2025, 9, 30)
LIMITS = {"frequency": 2.0, "order_value": 20.0}
PLACEMENTS = {one.key: one for _plugin, one in Plugins(strict=True).brought("placements", ["analytics_cem"])}


def furnish(company: Any) -> None:
    """Three customers with something of everything."""
    for number in range(1, 4):
        record = company.customer(number, since=DAY - dt.timedelta(days=500))
        for back in (400, 300, 200, 90, 60, 30, 3):
            if back % number == 0:
                company.fact("sales_order", DAY - dt.timedelta(days=back), record_id=record, net=10_000 * number)
    company.fact("subscription_event", DAY - dt.timedelta(days=50), record_id=11, kind="started", subscription="s")
    company.fact("event", DAY - dt.timedelta(days=5), record_id=12, name="account.verified")
    company.fact("invoice", DAY - dt.timedelta(days=200), record_id=12, due_on=DAY - dt.timedelta(days=170), amount=100)


@pytest.mark.parametrize("key", PLACEMENTS)
def test_the_placement_runs_here_and_compiles_for_spark(key: str, company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    placement: Placement = PLACEMENTS[key]
    furnish(company)
    first = scope_of(DAY, limits=LIMITS, month_end=True)
    rows = normal(placement, first.tables.run(placement.compute(first)))
    assert rows.num_rows == 3
    assert set(rows.column_names) == {"customer_id", *(column.name for column in columns(placement))}
    second = scope_of(DAY, limits=LIMITS, before=ibis.memtable(rows))
    assert normal(placement, second.tables.run(placement.compute(second))).sort_by("customer_id") == rows.sort_by("customer_id")
    assert "SELECT" in spark_sql(placement.compute(second))
    for figure in placement.figures:
        assert isinstance(figure.compute(first), list)


@pytest.mark.parametrize("money", ["plain", "refunds", "returns"])
def test_what_placements_share_is_the_same_for_one_day_as_for_many_and_compiles_for_spark(
    money: str, company: Any, scope_of: Callable[..., PlacementScope], kept: list[ir.Table]
) -> None:
    furnish(company)
    if money == "refunds":
        company.fact("sales_order", DAY - dt.timedelta(days=9), record_id=13, net=-5_000)
    if money == "returns":
        sold = company.fact("sales_order", DAY - dt.timedelta(days=9), record_id=13, net=50_000)
        company.fact("order_line", DAY - dt.timedelta(days=9), record_id=13, order_id=sold, net=50_000, cost=20_000)
        company.fact("return_line", DAY - dt.timedelta(days=8), record_id=13, order_id=sold, net=25_000)
    alone = scope_of(DAY, limits=LIMITS)
    worth = {"plain": 15.0, "refunds": 14.5, "returns": 16.5}
    (third,) = (row for row in alone.rows(PLACEMENTS["rfm"].compute(alone)) if row["customer_id"] == 3)
    assert third["margin"] == worth[money]
    among = scope_of(DAY, days=[DAY - dt.timedelta(days=200), DAY - dt.timedelta(days=30), DAY], limits=LIMITS)
    for placement in PLACEMENTS.values():
        one, other = (
            normal(placement, scope.tables.run(placement.compute(scope))).select(
                ["customer_id", *(c.name for c in columns(placement))]
            )
            for scope in (alone, among)
        )
        assert one.sort_by("customer_id") == other.sort_by("customer_id")
    assert kept
    assert all("SELECT" in spark_sql(one) for one in kept)
