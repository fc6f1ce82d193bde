"""Every metric of customers' success runs on DuckDB and compiles for Spark, and its formulas bear rows of nothing."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kith_platform.calendar.business import BusinessCalendar
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames.portable import spark_sql, spelled_out
from kith_platform.metrics.grains import summed
from kith_platform.metrics.scope import Sources
from kith_platform.plugins import Plugins
from kith_platform.sdk.health import health as of_customers
from kith_platform.sdk.types import Metric, MetricScope, Period, Rows
from kith_plugins.analytics_csm import health
from kith_plugins.analytics_csm.stakeholders import balance
from kith_plugins.analytics_csm.windows import windows
from kith_tenants.tenant import TenantContext

PERIOD = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1))
METRICS: dict[str, Metric] = {one.key: one for _plugin, one in Plugins(strict=True).brought("metrics", ["analytics_csm"])}
ROWS: dict[str, Rows] = {
    measure.fact.key: measure.fact for metric in METRICS.values() for measure in metric.measures if isinstance(measure.fact, Rows)
}


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Any]:
    path = Path(__file__).parents[1] / "frames" / "conftest.py"
    spec = importlib.util.spec_from_file_location("frames_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.Company(tmp_path)
    yield made
    made.close()


@pytest.fixture
def scope(company: Any) -> MetricScope:
    record = company.customer(1)
    company.fact("sales_order", dt.date(2026, 3, 5), record_id=record, net=10_000)
    company.fact("subscription_event", dt.date(2026, 3, 5), record_id=record, kind="started", subscription="s", mrr=10_000)
    company.fact("event", dt.date(2026, 3, 6), record_id=record, name="opened", user="u")
    frames = spelled_out(company.open())
    tenant = TenantContext(1, frames.manifest.public_id, "test", "Test", "retail", "en", "USD", "UTC", "active")
    sources = Sources(
        frames,
        tenant,
        FactCatalogue(),
        until=dt.date(2026, 4, 30),
        calendar=BusinessCalendar("UTC"),
        scores=lambda _model: None,
    )
    return sources.scope("analytics_csm", {}, (PERIOD,))


@pytest.mark.parametrize("key", ROWS)
def test_rows_run_here_and_compile_for_spark(key: str, scope: MetricScope) -> None:
    rows = ROWS[key].make(scope)
    measures = {one.key: one for metric in METRICS.values() for one in metric.measures if one.fact is ROWS[key]}
    own = summed(rows, list(measures.values()), "tenant", None)
    assert "SELECT" in spark_sql(own)
    found = scope.rows(own)
    assert [row["place"] for row in found] in ([], [0])


def test_losses_compile_for_spark(scope: MetricScope) -> None:
    rows = of_customers(scope.frames.at(scope.today), lambda days: windows(scope, days), lambda _plural: True)
    assert "SELECT" in spark_sql(health.losses(rows.mutate(lost=rows.health.isnull())))


@pytest.mark.parametrize("key", [key for key, metric in METRICS.items() if metric.formula])
def test_a_formula_bears_measures_without_a_value(key: str) -> None:
    metric = METRICS[key]
    assert metric.formula is not None
    reading = metric.formula({measure.key: None for measure in metric.measures})
    assert (reading.value, reading.reason) == (None, "empty_denominator")


def test_the_balance_is_one_where_alike_and_none_where_one_has_it_all() -> None:
    assert balance(5, 5) == 1
    assert balance(2, 1) == pytest.approx(0.6667, abs=5e-5)
    assert balance(1, 0) is None
    assert balance(-1, 2) is None
    assert balance(None, 2) is None


def test_every_metric_of_the_catalogue_is_there() -> None:
    told = """goal_set outcome cust_value cust_roi ttv onboard promise_kept adopt_breadth adopt_depth stickiness health
    health_valid nrr grr logo_ret advocacy firm_value mutual balance symbiotic_share sup_otif sup_pay_ontime par_sourced
    par_balance emp_exchange emp_stay index"""
    assert set(METRICS) == {f"csm.{name}" for name in told.split()}
