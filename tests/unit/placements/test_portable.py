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
FEW = {"next_product": 1, "profile": 0, "lead_chance": 0}  # of three customers not all have such a place
MODULES = ["analytics_cem", "analytics_cim", "analytics_csm"]
PLACEMENTS = {one.key: one for _plugin, one in Plugins(strict=True).brought("placements", MODULES)}


def furnish(company: Any) -> None:
    """Three customers with something of everything."""
    for number in range(1, 4):
        record = company.customer(number, since=DAY - dt.timedelta(days=500))
        for back in (400, 300, 200, 90, 60, 30, 3):
            if back % number == 0:
                company.fact("sales_order", DAY - dt.timedelta(days=back), record_id=record, net=10_000 * number)
        sold = company.fact("sales_order", DAY - dt.timedelta(days=500), record_id=record, net=0)
        for family in ("tea", "cup")[: 3 - number]:
            product = company.thing("product", name=family, family=family)
            company.fact("order_line", DAY - dt.timedelta(days=500), record_id=record, order_id=sold, product_id=product)
        company.fact("lead", DAY - dt.timedelta(days=600), record_id=record, channel="web")
        company.fact("event", DAY - dt.timedelta(days=5), record_id=record, name="opened")
        company.fact("cost", DAY - dt.timedelta(days=100), record_id=record, pool="service", amount=number)
        seen = dt.datetime.combine(DAY - dt.timedelta(days=20), dt.time(), dt.UTC)
        company.fact("outcome", seen, record_id=record, goal="g", value=number, own_cost=0, measured_at=seen)
    company.fact("subscription_event", DAY - dt.timedelta(days=50), record_id=11, kind="started", subscription="s")
    company.fact("event", DAY - dt.timedelta(days=5), record_id=12, name="account.verified")
    company.fact("invoice", DAY - dt.timedelta(days=200), record_id=12, due_on=DAY - dt.timedelta(days=170), amount=100)


@pytest.mark.parametrize("key", PLACEMENTS)
def test_the_placement_runs_here_and_compiles_for_spark(key: str, company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    placement: Placement = PLACEMENTS[key]
    furnish(company)
    closed = (DAY - dt.timedelta(days=9), DAY - dt.timedelta(days=70))
    first = scope_of(DAY, limits=LIMITS, month_end=True, closed=closed)
    rows = normal(placement, first.tables.run(placement.compute(first)))
    assert rows.num_rows == FEW.get(key, 3)
    assert set(rows.column_names) == {"customer_id", *(column.name for column in columns(placement))}
    second = scope_of(DAY, limits=LIMITS, before=ibis.memtable(rows), closed=closed)
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
