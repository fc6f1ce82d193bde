"""Forecasts of simulated sales through facts, against what came afterwards. Figures with `-s`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from written_companies import frames_of

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.forecasts import make, series
from kith_platform.plugins import Plugins
from kith_platform.simulator import Company, simulate

ENDS = dt.date(2026, 6, 30)
LATER = 13  # weeks that come after the day of forecasting
CUTOFF = ENDS - dt.timedelta(weeks=LATER)


@pytest.fixture(scope="module")
def company() -> Company:
    return simulate("retailer", regime="misspecified", customers=1_000, years=3.0, seed=7, ends_on=ENDS)


@pytest.fixture(scope="module")
def read(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., series.Sales]:
    """`read(day)` is what was known of sales on a day; `tables=` in place of the company's own."""
    catalogue = FactCatalogue(Plugins().facts())

    def known(day: dt.date, tables: dict[str, pl.DataFrame] | None = None) -> series.Sales:
        folder: Path = tmp_path_factory.mktemp("sales")
        with frames_of(company, folder, catalogue, tables=tables) as frames:
            return series.read(frames, day)

    return known


@pytest.fixture(scope="module")
def before(read: Callable[..., series.Sales]) -> series.Sales:
    return read(CUTOFF)


@pytest.fixture(scope="module")
def rows(before: series.Sales) -> list[dict[str, Any]]:
    return make.forecasts(before, seed=1, threads=1)


def test_a_seasonal_retailers_demand_is_foreseen_better_than_by_last_year(
    rows: list[dict[str, Any]], read: Callable[..., series.Sales], before: series.Sales, told: Callable[[str, object], None]
) -> None:
    after = read(ENDS)
    place = {int(one): number for number, one in enumerate(after.products)}
    skip = after.weeks.starts.index(before.weeks.end)
    found = {"product": [0.0, 0.0, 0.0], "wholes": [0.0, 0.0, 0.0]}
    inside: list[bool] = []
    for row in rows:
        if row["grain"] != "week" or len(row["history"]) < 104:
            continue
        kind, _, name = row["scope"].partition(":")
        if kind == "product":
            came = after.weekly[place[int(name)], skip : skip + LATER]
        else:
            own = [number for number, one in enumerate(after.families) if kind == "company" or one == name]
            came = np.nansum(after.weekly[own, skip : skip + LATER], axis=0)
        points = np.array(row["points"][:LATER])[: came.size]
        last_year = np.array(row["history"][-52:])[: came.size]
        sums = found["product" if kind == "product" else "wholes"]
        for number, one in enumerate((np.abs(came - points[:, 1]), np.abs(came - last_year), came)):
            sums[number] += float(one.sum())
        inside += ((came >= points[:, 0]) & (came <= points[:, 2])).tolist() if kind == "product" else []
    judged = [row["mase"] for row in rows if row["mase"] is not None]
    told("series", len(rows))
    told("median MASE on former days", float(np.median(judged)))
    told("series that beat the rule", sum(row["reason"] == "better" for row in rows))
    for kind, (ours, rule, came) in found.items():
        told(f"{kind}: MASE of {LATER} weeks that came later", ours / rule)
        told(f"{kind}: WAPE", ours / came)
    told("product weeks inside the band of 80 %", float(np.mean(inside)))
    assert all(ours < rule for ours, rule, _came in found.values())
    assert all(row["mase"] < 1 for row in rows if row["reason"] == "better")
    assert 0.7 < np.mean(inside) < 0.9


def test_what_comes_later_changes_no_earlier_forecast(
    company: Company, read: Callable[..., series.Sales], before: series.Sales
) -> None:
    late = pl.col("ordered_at").cast(pl.Date) > CUTOFF
    orders = company.tables["orders"].filter(~late)
    lines = company.tables["order_lines"]
    gone = pl.col("sold_at").cast(pl.Date) > CUTOFF
    changed = lines.with_columns(quantity=pl.when(gone).then(pl.col("quantity") * 50).otherwise(pl.col("quantity")))
    tables = {**company.tables, "order_lines": changed.filter(~gone | (pl.col("quantity") > 1))}
    assert orders.height < company.tables["orders"].height
    again = read(CUTOFF, tables)
    assert make.fingerprint(again) == make.fingerprint(before)
    assert np.array_equal(again.weekly, before.weekly, equal_nan=True)


def test_the_same_sales_give_the_same_forecasts(before: series.Sales, rows: list[dict[str, Any]]) -> None:
    assert make.forecasts(before, seed=1, threads=1) == rows
