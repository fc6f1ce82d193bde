"""Half a century of Australian production by quarter, brought in as orders and forecast like any company's. Figures with `-s`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sqlalchemy import select

from kith_platform.facts.models import Product
from kith_platform.forecasts import make, series, service
from kith_platform.forecasts.models import DemandForecast
from kith_platform.frames import open_frames
from kith_platform.snapshots import service as snapshots

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "aus_production.csv"
LATER = 8  # quarters that come after the day of forecasting

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="../shared/data/aus_production.csv is not here")


def orders() -> pl.DataFrame:
    """Each column a product, each quarter one order with the quantity. The file counts its quarters in days from 1970."""
    day = pl.lit(dt.date(1970, 1, 1)) + pl.duration(days=pl.col("Quarter").cast(pl.Float64).cast(pl.Int64))
    table = pl.read_csv(FILE, null_values=["NA", ""]).with_columns(date=day.cast(pl.Date)).drop("Quarter")
    long = table.unpivot(index="date", variable_name="product_id", value_name="quantity").drop_nulls()
    return long.select(
        "date", "product_id", "quantity", order_id=pl.format("{}-{}", "product_id", "date"), customer_id=pl.lit("Australia"),
        amount=pl.col("quantity").cast(pl.Float64),
    )  # fmt: skip


def test_seasons_are_found_and_forecasts_stand_beside_last_years(
    shop: Callable[[str], Any], told: Callable[[str, object], None]
) -> None:
    company, rows = shop("australia"), orders()
    path = company.folder / "orders.csv"
    rows.write_csv(path)
    company.load("orders", path)
    company.run(partial(service.ask_forecasts, actor=None))
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        names = {row[0]: row[1] for row in session.execute(select(Product.id, Product.external_id))}
        found = {names[row.product_id]: row for row in session.execute(select(DemandForecast)).scalars() if row.product_id}
        for name, row in found.items():
            told(name, {"method": row.method, "wape": row.wape, "last year's": row.naive_wape, "mase": row.mase, "q": row.season})
    assert {row.grain for row in found.values()} == {"quarter"}
    assert int(np.argmax(found["Beer"].season)) == 3, "beer is made for the summer, in the last quarter"
    assert int(np.argmax(found["Gas"].season)) == 2, "gas is for the winter"
    assert int(np.argmin(found["Gas"].season)) == 0
    assert sum(row.mase < 1 for row in found.values() if row.mase is not None) >= 4
    told("made no longer", sorted(set(names.values()) - set(found)))
    ends_on = set(rows.group_by("product_id").agg(pl.col("date").max())["date"])
    for ends in (min(ends_on), max(ends_on)):
        later(company, rows.filter(pl.col("date") <= ends), names, told)


def later(company: Any, rows: pl.DataFrame, names: dict[int, str], told: Callable[[str, object], None]) -> None:
    """The last two years held back: what was foreseen against what came, and against the year before."""
    last = rows["date"].max()
    assert isinstance(last, dt.date)
    month = last.year * 12 + last.month - 1 - 3 * (LATER - 1)
    as_of = dt.date(month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    manifest = snapshots.take(company.runtime, company.tenant.id)
    with open_frames(company.runtime, company.tenant, manifest, threads=1) as frames:
        before = make.forecasts(series.read(frames, as_of), seed=1, threads=1)
    ratios = {}
    for row in before:
        kind, _, number = row["scope"].partition(":")
        name = names[int(number)] if kind == "product" else ""
        own = rows.filter(pl.col("product_id") == name, pl.col("date") > as_of).sort("date")
        if own.height < LATER:
            continue
        came = own["quantity"].to_numpy().astype(float)
        middle, rule = np.array(row["points"])[:LATER, 1], np.resize(np.array(row["history"][-4:]), LATER)
        ratios[name] = float(np.abs(came - middle).sum() / np.abs(came - rule).sum())
    told(
        f"from {as_of}, {LATER} quarters that came later, error over last year's", {n: round(one, 3) for n, one in ratios.items()}
    )
    told("geometric mean", float(np.exp(np.mean(np.log(list(ratios.values()))))))
