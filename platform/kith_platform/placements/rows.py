"""The rows a placement gave: as they are stored, and which codes changed since the turn before. In a job's child only."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pyarrow as pa

from kith_platform.sdk.types import Placement, PlacementColumn

DIGITS = 4  # what is finer is noise of sums, and would be written anew each day
ONE_DAY = dt.timedelta(days=1)


def columns(placement: Placement) -> tuple[PlacementColumn, ...]:
    """All that is kept of it."""
    return (*placement.columns, *placement.carries)


def normal(placement: Placement, rows: pa.Table) -> pa.Table:
    """The rows as they are stored: numbers as doubles, texts never null, days as ISO text."""
    frame = pl.DataFrame(pl.from_arrow(rows))
    shaped = [pl.col("customer_id").cast(pl.Int64)]
    for column in columns(placement):
        value = pl.col(column.name)
        if column.kind == "number":
            value = value.cast(pl.Float64).round(DIGITS).fill_nan(None)
        elif column.kind == "day":
            value = value.cast(pl.String)
        else:
            value = value.cast(pl.String).fill_null("")
        shaped.append(value)
    table: pa.Table = frame.select(shaped).to_arrow(compat_level=pl.CompatLevel.oldest())
    return table


def named(placement: Placement) -> tuple[str | None, str | None]:
    """The columns that are the code and what lists sort by."""
    text = next((column.name for column in placement.columns if column.kind == "text"), None)
    number = next((column.name for column in placement.columns if column.kind == "number"), None)
    return text, number


def short(placement: Placement, rows: pa.Table) -> pl.DataFrame:
    """customer_id, code, sort, began of normal rows."""
    text, number = named(placement)
    frame = pl.DataFrame(pl.from_arrow(rows))
    return frame.select(
        "customer_id",
        (pl.col(text) if text else pl.lit("")).alias("code"),
        (pl.col(number) if number else pl.lit(None, dtype=pl.Float64)).alias("sort"),
        (pl.col(placement.dated).str.to_date() if placement.dated else pl.lit(None, dtype=pl.Date)).alias("began"),
    )


def kept(placement: Placement, rows: pa.Table) -> pl.DataFrame:
    """customer_id, code, sort and details (JSON text) of normal rows."""
    whole = pl.DataFrame(pl.from_arrow(rows)).select(pl.struct(pl.exclude("customer_id")).struct.json_encode().alias("details"))
    return short(placement, rows).drop("began").hstack(whole)


def moves(placement: Placement, before: pa.Table, rows: pa.Table, day: dt.date, eve: dt.date | None) -> pl.DataFrame:
    """customer_id, key, moved_on, from_code, to_code, from_sort, to_sort of whose code changed after `eve`, up to the day."""
    was = short(placement, before).drop("began").rename({"code": "from_code", "sort": "from_sort"})
    now = short(placement, rows).rename({"code": "to_code", "sort": "to_sort"})
    both = was.join(now, on="customer_id", how="full", coalesce=True)
    both = both.with_columns(pl.col("from_code", "to_code").fill_null(""))
    changed = both.filter(pl.col("from_code") != pl.col("to_code"))
    earliest = (eve + ONE_DAY) if eve is not None and eve < day else day
    moved_on = pl.col("began").fill_null(pl.lit(day)).clip(pl.lit(earliest), pl.lit(day))
    return changed.select(
        "customer_id",
        pl.lit(placement.key).alias("key"),
        moved_on.alias("moved_on"),
        "from_code",
        "to_code",
        "from_sort",
        "to_sort",
    )
