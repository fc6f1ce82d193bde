"""Whatever frames give can also run on Spark: every table, every derived table and every helper compiles for it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator

import ibis.expr.types as ir
import pyarrow.parquet as pq
import pytest
from ibis.common.exceptions import OperationNotDefinedError

from kith_platform.blobs import Blobs
from kith_platform.facts.catalogue import CORE_FACTS, FactCatalogue
from kith_platform.forecasts.series import asked
from kith_platform.frames import Frames, Tables
from kith_platform.frames.portable import spark_sql, spelled_out
from kith_platform.snapshots.manifest import AttributeShape, File, Manifest, TableFiles
from kith_platform.snapshots.shape import Shape, shapes_of

ATTRIBUTES = (AttributeShape("plan", "text", "dated"), AttributeShape("seats", "number", "dated"))
CUTS: dict[str, Callable[[Frames], Tables]] = {
    "before a day": lambda frames: frames.before(dt.date(2026, 3, 1)),
    "before a time": lambda frames: frames.before(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)),
    "during": lambda frames: frames.during(dt.date(2026, 2, 1), dt.date(2026, 3, 1)),
    "at": lambda frames: frames.at(dt.date(2026, 3, 1)),
}


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frames]:
    """A company of which each table has one row, so that no branch is left out for want of rows."""
    folder = tmp_path_factory.mktemp("portable")
    blobs = Blobs(folder.as_uri()).of(1)

    def table(shape: Shape) -> TableFiles:
        row = {name: 1 for name in shape.schema.names if name in {"id", "record_id", "customer_id"}}
        file = f"snapshots/one/{shape.name}.parquet"
        with blobs.open(file, "wb") as stream:
            pq.write_table(shape.schema.empty_table().from_pylist([row], shape.schema), stream)
        return TableFiles(shape.columns, shape.zone, (File(file, 1, blobs.size(file), 1),))

    tables = {shape.name: table(shape) for shape in shapes_of(FactCatalogue(), ATTRIBUTES, "Asia/Shanghai")}
    read_at = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    manifest = Manifest(1, uuid.uuid4(), 1, 1, read_at, "", 0, "Asia/Shanghai", "CNY", ATTRIBUTES, tables)
    with Frames(manifest, blobs, FactCatalogue(), threads=1, memory_mb=256, scratch=folder / "scratch") as opened:
        yield spelled_out(opened)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("plural", [*(fact.plural for fact in CORE_FACTS), "records", "purchases"])
def test_every_table_runs_here_and_compiles_for_spark(frames: Frames, cut: str, plural: str) -> None:
    tables = CUTS[cut](frames)
    assert tables.run(tables[plural]).schema.names == list(tables[plural].columns)
    assert "SELECT" in spark_sql(tables[plural])


@pytest.mark.parametrize("cut", CUTS)
def test_amounts_in_one_currency_compile_for_spark(frames: Frames, cut: str) -> None:
    tables = CUTS[cut](frames)
    assert "rate" in spark_sql(tables.money(tables.orders, "net", "tax"))
    assert "covered" in spark_sql(tables.coverage(tables.orders, "net"))


def test_series_of_demand_compile_for_spark(frames: Frames) -> None:
    day = dt.date(2026, 3, 1)
    assert all("SELECT" in spark_sql(one) for one in asked(frames.before(day), day))


def test_what_spark_cannot_do_is_refused(frames: Frames) -> None:
    orders: ir.Table = frames.at(dt.date(2026, 3, 1)).orders
    with pytest.raises(OperationNotDefinedError):
        spark_sql(orders.mutate(row=orders.net.kurtosis()))
