"""Simulated companies written straight to Parquet, as a snapshot of them would be: many, large, without a database.

`test_product_path.py` holds them to what the import makes of the same company.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kith_platform.blobs import Blobs
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.simulator import Company
from kith_platform.snapshots.manifest import File, Manifest, TableFiles
from kith_platform.snapshots.shape import MONEY_SCALE, Shape, shapes_of

LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Words in which the files differ from the facts' columns.
OTHER_WORDS = {"list_price": "price", "cost": "unit_cost", "amount": "net", "subcategory": "kind"}
Tables = Mapping[str, pl.DataFrame]


def frames_of(
    company: Company, folder: Path, catalogue: FactCatalogue, *, tables: Tables | None = None, threads: int = 1
) -> Frames:
    """The company's facts as of its last day; `tables` in place of its own where given. Close it after use.

    The n-th of `company.truth.customer_ids` has the id n; any other row its place in the company's own table, or its `id`.
    """
    blobs = Blobs((folder / "blobs").as_uri()).of(1)
    written: dict[str, TableFiles] = {}
    for shape in shapes_of(catalogue, (), company.time_zone):
        rows = _rows(company, catalogue, shape, tables or company.tables)
        path = f"snapshots/one/{shape.name}.parquet"
        with blobs.open(path, "wb") as stream:
            pq.write_table(rows, stream)
        written[shape.name] = TableFiles(shape.columns, shape.zone, (File(path, rows.num_rows, blobs.size(path), 1),))
    read_at = dt.datetime.combine(company.ends_on + dt.timedelta(days=2), dt.time.min, dt.UTC)
    manifest = Manifest(1, uuid.uuid4(), 1, 1, read_at, "", 0, company.time_zone, company.currency, (), written)
    return Frames(manifest, blobs, catalogue, threads=threads, memory_mb=1024, scratch=folder / "scratch")


def _rows(company: Company, catalogue: FactCatalogue, shape: Shape, tables: Tables) -> pa.Table:
    if shape.name in ("customer", "customer_record"):
        return _fit(_people(company), shape)
    fact = catalogue[shape.name]
    if fact.plural not in tables or fact.plural == "consents":  # consents are keyed otherwise, and no feature reads them
        return shape.schema.empty_table()
    return _fit(_fact(company, catalogue, fact, tables[fact.plural]), shape)


def _people(company: Company) -> pl.DataFrame:
    ids = list(range(1, company.truth.customer_ids.size + 1))
    return pl.DataFrame({"id": ids, "customer_id": ids, "external_id": company.truth.customer_ids.tolist()}).with_columns(
        source=pl.lit("demo"), known_at=pl.lit(LONG_AGO), created_at=pl.lit(LONG_AGO), is_test=pl.lit(False)
    )


def _fact(company: Company, catalogue: FactCatalogue, fact: Fact, given: pl.DataFrame) -> pl.DataFrame:
    own = {column.name for column in fact.columns}
    rows = given if "id" in given.columns else given.with_row_index("id", offset=1)
    rows = rows.rename({old: new for old, new in OTHER_WORDS.items() if old in rows.columns and new in own - {*rows.columns}})
    if fact.of_customer:
        people = dict(zip(company.truth.customer_ids.tolist(), range(1, company.truth.customer_ids.size + 1), strict=True))
        who = pl.col("customer_id").replace_strict(people, return_dtype=pl.Int64)
        rows = rows.with_columns(record_id=who).drop("customer_id")
    for column in fact.columns:
        if column.kind is Kind.REFERENCE and column.stored_as in rows.columns:
            target = company.tables[catalogue[str(column.to)].plural].get_columns()[0].to_list()
            numbers = dict(zip(target, range(1, len(target) + 1), strict=True))
            found = pl.col(column.stored_as).replace_strict(numbers, default=None, return_dtype=pl.Int64)
            rows = rows.with_columns(found)
        if column.kind is Kind.MONEY and column.name in rows.columns:
            rows = rows.with_columns((pl.col(column.name).cast(pl.Float64) * MONEY_SCALE).round().cast(pl.Int64))
        if column.kind is Kind.TIME and column.name in rows.columns and column.name != fact.occurred:
            rows = rows.with_columns(_utc(column.name, company.time_zone))
    return rows if fact.occurred is None else _dated(rows, fact.occurred, company.time_zone)


def _dated(rows: pl.DataFrame, occurred: str, zone: str) -> pl.DataFrame:
    day_only = rows.schema[occurred] == pl.Date
    local = pl.col(occurred).cast(pl.Datetime("us"))
    return rows.with_columns(
        occurred_local=local,
        occurred_on=pl.col(occurred).cast(pl.Date),
        occurred_at=_utc(occurred, zone),
        known_at=_utc(occurred, zone),
        day_only=pl.lit(day_only),
    )


def _utc(name: str, zone: str) -> pl.Expr:
    local = pl.col(name).cast(pl.Datetime("us"))
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _fit(rows: pl.DataFrame, shape: Shape) -> pa.Table:
    """The rows with the shape's columns and types; null where the company says nothing."""
    found = rows.to_arrow()
    columns = [
        found[field.name].cast(field.type) if field.name in found.column_names else pa.nulls(rows.height, field.type)
        for field in shape.schema
    ]
    return pa.Table.from_arrays(columns, schema=shape.schema)
