"""Every placement runs on DuckDB, first and with what its last turn left, and compiles for Spark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import ibis
import pytest

from kith_platform.frames.portable import spark_sql
from kith_platform.placements.turns import columns, normal
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Placement, PlacementScope

DAY = dt.date(2025, 9, 30)
LIMITS = {"frequency": 2.0, "order_value": 20.0}
PLACEMENTS = {one.key: one for _plugin, one in Plugins(strict=True).brought("placements", ["analytics_cem"])}


@pytest.mark.parametrize("key", PLACEMENTS)
def test_the_placement_runs_here_and_compiles_for_spark(key: str, company: Any, scope_of: Callable[..., PlacementScope]) -> None:
    placement: Placement = PLACEMENTS[key]
    for number in range(1, 4):
        record = company.customer(number)
        for back in (400, 300, 200, 90, 60, 30, 3):
            if back % number == 0:
                company.fact("sales_order", DAY - dt.timedelta(days=back), record_id=record, net=10_000 * number)
    company.fact("subscription_event", DAY - dt.timedelta(days=50), record_id=11, kind="started", subscription="s")
    company.fact("event", DAY - dt.timedelta(days=5), record_id=12, name="account.verified")
    company.fact("invoice", DAY - dt.timedelta(days=200), record_id=12, due_on=DAY - dt.timedelta(days=170), amount=100)
    first = scope_of(DAY, limits=LIMITS, month_end=True)
    rows = normal(placement, first.tables.run(placement.compute(first)))
    assert rows.num_rows == 3
    assert set(rows.column_names) == {"customer_id", *(column.name for column in columns(placement))}
    second = scope_of(DAY, limits=LIMITS, before=ibis.memtable(rows))
    assert normal(placement, second.tables.run(placement.compute(second))).sort_by("customer_id") == rows.sort_by("customer_id")
    assert "SELECT" in spark_sql(placement.compute(second))
    for figure in placement.figures:
        assert isinstance(figure.compute(first), list)
