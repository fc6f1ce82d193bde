"""What metrics are made of runs on another engine too: every query of every metric, written for Spark."""

from __future__ import annotations

import datetime as dt

import ibis
import pyarrow as pa

from kith_platform.calendar.business import BusinessCalendar
from kith_platform.frames import open_frames
from kith_platform.frames.portable import spark_sql, spelled_out
from kith_platform.metrics.grains import TENANT, summed
from kith_platform.metrics.periods import months
from kith_platform.metrics.scope import Sources
from kith_platform.runtime import Runtime
from kith_platform.sdk.metrics import Metric, MetricScope, Rows
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext

SCORED = pa.table({"customer_id": pa.array([1], pa.int64()), "value": pa.array([1.0], pa.float64())})
KEPT = SCORED.append_column("month", pa.array([dt.date(2026, 3, 1)], pa.date32())).append_column(
    "expected", pa.array([1.0], pa.float64())
)


def test_every_measure_compiles_for_spark(runtime: Runtime, tenant: TenantContext) -> None:
    manifest = snapshots.take(runtime, tenant.id)
    until = dt.date(2026, 3, 31)
    with spelled_out(open_frames(runtime, tenant, manifest)) as frames:
        sources = Sources(
            frames,
            tenant,
            runtime.facts,
            until=until,
            calendar=BusinessCalendar(zone=tenant.timezone),
            scores=lambda _model: ibis.memtable(SCORED),
            row_scores=lambda _model: ibis.memtable(SCORED.rename_columns(["row_id", "value"])),
            frozen=lambda _model: ibis.memtable(KEPT),
        )
        sources.any = lambda _plural: True  # type: ignore[method-assign] - so that every branch is taken, without a row of anything
        periods = tuple(months(until, 2))
        failed: dict[str, str] = {}
        for plugin, metric in runtime.plugins.brought("metrics", list(runtime.plugins.loaded)):
            scope = sources.scope(plugin, {}, periods)
            try:
                for sql in _queries(metric, scope, sources, periods):
                    assert "SELECT" in sql
            except Exception as problem:
                failed[metric.key] = repr(problem)[:300]
        assert failed == {}


def _queries(metric: Metric, scope: MetricScope, sources: Sources, periods: tuple[object, ...]) -> list[str]:
    by_rows: dict[str | Rows, list[object]] = {}
    for measure in metric.measures:
        by_rows.setdefault(measure.fact, []).append(measure)
    found = []
    for fact, measures in by_rows.items():
        rows = sources.happened(fact, scope.periods) if isinstance(fact, str) else fact.make(scope)
        found.append(spark_sql(summed(rows, measures, TENANT, None)))  # type: ignore[arg-type]
    return found
