"""Reading a tenant's facts in one moment, and writing what is new to Parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, literal_column, or_, select

from kith_platform.blobs import TenantBlobs
from kith_platform.customers.models import Attribute
from kith_platform.facts.models import FactRemoved
from kith_platform.snapshots.manifest import AttributeShape, File, Manifest, TableFiles
from kith_platform.snapshots.shape import Shape
from kith_tenants.doors import ArrowDoor
from kith_tenants.tenant import Tenant

# A row's changed_at is its transaction's start, and no transaction lives longer than 15 minutes.
OVERLAP = dt.timedelta(minutes=20)
_REMOVED: Table = FactRemoved.__table__  # type: ignore[assignment]
_REMOVED_SCHEMA = pa.schema([("id", pa.int64())])

Fit = Callable[[pa.RecordBatch], pa.RecordBatch]


@dataclass(frozen=True)
class Moment:
    """The one moment all tables are read in, by the database's clock, and what holds then."""

    read_at: dt.datetime
    cluster: str
    oldest_transaction: int
    timezone: str
    currency: str
    attributes: tuple[AttributeShape, ...]


def moment_of(door: ArrowDoor) -> Moment:
    """Ask the database when this transaction reads, and the tenant's settings in it."""
    # Just after a large load the planner knows nothing of it and would fetch a tenant's rows one by one through an index;
    # bitmap scans read them in the order they lie in.
    door.read(select(func.set_config("enable_indexscan", "off", True))).read_all()
    columns: list[Any] = [
        literal_column("now()").label("read_at"),
        literal_column("(SELECT system_identifier::text FROM pg_control_system())").label("cluster"),
        literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint").label("oldest"),
        Tenant.timezone,
        Tenant.currency,
    ]
    asked = select(*columns).where(Tenant.id == door.tenant_id)
    said = door.read(asked).read_all().to_pylist()[0]
    known = select(Attribute.key, Attribute.kind, Attribute.timing).order_by(Attribute.key)
    attributes = tuple(AttributeShape(**row) for row in door.read(known).read_all().to_pylist())
    return Moment(said["read_at"], said["cluster"], said["oldest"], said["timezone"], said["currency"], attributes)


@dataclass(frozen=True)
class Since:
    """Which rows may be new since a snapshot.

    By time alone the overlap would be read again and again, so rows of transactions that were over before the snapshot are
    left out. `age` counts transactions modulo 2³²; across another cluster (a restored database) or half that range it says
    nothing, and time alone decides.
    """

    read_at: dt.datetime
    transaction: int | None

    @staticmethod
    def of(parent: Manifest, moment: Moment) -> Since:
        passed = moment.oldest_transaction - parent.oldest_transaction
        same = parent.cluster == moment.cluster and 0 <= passed < 2**31
        return Since(parent.read_at, parent.oldest_transaction if same else None)

    def new(self, table: Table) -> ColumnElement[bool]:
        recent: ColumnElement[bool] = table.c.changed_at > self.read_at - OVERLAP
        if self.transaction is None:
            return recent
        unseen: ColumnElement[bool] = literal_column(f"age({table.name}.xmin) <= age('{self.transaction}'::xid8::xid)")
        return and_(recent, or_(table.c.changed_at > self.read_at, unseen))


def changed_tables(door: ArrowDoor, shapes: Iterable[Shape], since: Since) -> set[str]:
    """Names of the tables with new, changed or removed rows: one EXISTS each, which the BRIN index answers."""
    asked = [exists(_rows(door, shape.table, since)).label(shape.name) for shape in shapes]
    found = door.read(select(*asked)).read_all().to_pylist()[0]
    gone = select(_REMOVED.c.fact).distinct().where(_REMOVED.c.tenant_id == door.tenant_id, since.new(_REMOVED))
    return {name for name, any_new in found.items() if any_new} | set(door.read(gone).read_all()["fact"].to_pylist())


def _rows(door: ArrowDoor, table: Table, since: Since) -> Select[Any]:
    return select(table.c.id).where(table.c.tenant_id == door.tenant_id, since.new(table))


@dataclass(frozen=True)
class Writer:
    """Writes one snapshot's files into `folder` of the tenant's blobs."""

    door: ArrowDoor
    blobs: TenantBlobs
    folder: str
    generation: int

    def whole(self, shape: Shape) -> TableFiles:
        """The table in full, as one file."""
        every = select(*shape.expressions).where(shape.table.c.tenant_id == self.door.tenant_id)
        return TableFiles(shape.columns, shape.zone, (self._write(shape.name, every, shape.schema, shape.fit),))

    def added(self, shape: Shape, before: TableFiles, since: Since) -> TableFiles:
        """The table's files so far and what came since; in full where that would be too much to read each time."""
        rows = select(*shape.expressions).where(shape.table.c.tenant_id == self.door.tenant_id, since.new(shape.table))
        gone = select(_REMOVED.c.row_id.label("id")).where(
            _REMOVED.c.tenant_id == self.door.tenant_id, _REMOVED.c.fact == shape.name, since.new(_REMOVED)
        )
        news = (
            self._write(f"{shape.name}.new", rows, shape.schema, shape.fit),
            self._write(f"{shape.name}.removed", gone, _REMOVED_SCHEMA, removed=True),
        )
        for file in news:
            if not file.rows:
                self.blobs.remove(file.name)
        grown = TableFiles(shape.columns, shape.zone, (*before.files, *(file for file in news if file.rows)))
        if not grown.overgrown:
            return grown
        for file in news:
            self.blobs.remove(file.name)
        return self.whole(shape)

    def _write(
        self, name: str, rows: Select[Any], schema: pa.Schema, fit: Fit = lambda batch: batch, *, removed: bool = False
    ) -> File:
        path = f"{self.folder}/{name}.parquet"
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        count = 0
        with (
            self.blobs.open(path, "wb") as stream,
            # Dictionaries pay for text only.
            pq.ParquetWriter(stream, schema, compression="zstd", compression_level=1, use_dictionary=texts) as writer,
            ThreadPoolExecutor(1) as beside,
        ):
            # One batch is written while PostgreSQL prepares the next; two at a time, so memory stays flat.
            writing: Future[None] | None = None
            for batch in self.door.read(rows):
                if writing is not None:
                    writing.result()
                writing = beside.submit(writer.write_batch, fit(batch))
                count += batch.num_rows
            if writing is not None:
                writing.result()
        return File(path, count, self.blobs.size(path), self.generation, removed)
