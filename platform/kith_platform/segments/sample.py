"""The fixed sample of one customer in a hundred, by which counts over facts are estimated while a rule is being made.

A refresh writes the facts of these customers as small files that frames read like any snapshot: each customer is its own
record there.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.blobs import TenantBlobs
from kith_platform.customers.models import Customer
from kith_platform.frames import WEB_MEMORY_MB, WEB_THREADS, Frames, open_frames
from kith_platform.refresh.graph import Turn
from kith_platform.runtime import Runtime
from kith_platform.sdk.facts import Fact
from kith_platform.segments.models import SegmentSample
from kith_platform.segments.scope import living
from kith_platform.snapshots.manifest import File, Manifest, TableFiles
from kith_platform.snapshots.models import Snapshot
from kith_platform.snapshots.shape import CUSTOMER, Shape, shapes_of
from kith_tenants.tenant import TenantContext

ONE_IN = 100
SMALL = 10_000  # a company with fewer customers is counted whole
INDEX = "segments/sample.json"
RECORD = "customer_record"
KEPT = 4  # samples a process keeps open


@dataclass(frozen=True)
class Drawn:
    """A sample that lies ready: how many customers, of which moment, and its files as a snapshot."""

    customers: int
    read_at: dt.datetime
    manifest: Manifest


def keep(session: Session) -> list[int]:
    """Bring the sample up to the customers there are, writing only differences; their ids."""
    wanted = select(Customer.id).where(living(), _chosen())
    session.execute(delete(SegmentSample).where(SegmentSample.customer_id.not_in(wanted)))
    session.execute(insert(SegmentSample).from_select(["customer_id"], wanted).on_conflict_do_nothing())
    return list(session.execute(ids()).scalars())


def ids() -> Select[Any]:
    """Ids of the sampled customers."""
    return select(SegmentSample.customer_id)


def _chosen() -> ColumnElement[bool]:
    """By a hash of the id, so that the same customers are in it whenever it is drawn (Knuth's multiplicative hash)."""
    mixed = Customer.id % 2**31 * 2654435761 % 2**32
    return mixed // 2**16 % ONE_IN == 0


def draw(turn: Turn, customers: list[int]) -> None:
    """Write the facts of these customers beside the turn's snapshot, and drop those of the one before."""
    run, manifest = turn.run, turn.manifest
    blobs = run.runtime.blobs.of(run.tenant.id)
    before = _index(blobs)
    folder = f"segments/sample-{manifest.public_id.hex}"
    tables = {}
    chosen = pa.array(customers, type=pa.int64())
    for shape in shapes_of(run.runtime.facts, manifest.attributes, manifest.timezone):
        rows = _rows(turn, shape, chosen)
        if rows is None:
            continue
        name = f"{folder}/{shape.name}.parquet"
        with blobs.open(name, "wb") as stream:
            pq.write_table(rows, stream)
        tables[shape.name] = [name, rows.num_rows, blobs.size(name)]
    index = {"generation": manifest.generation, "customers": len(customers), "folder": folder, "tables": tables}
    with blobs.open(INDEX, "wb") as stream:
        stream.write(json.dumps(index).encode())
    if before is not None and before["folder"] != folder:
        blobs.remove(before["folder"])


def again(turn: Turn) -> None:
    """Draw the sample that lies ready from the turn's snapshot, after customers were erased."""
    with turn.run.step() as session:
        customers = keep(session)
    if _index(turn.run.runtime.blobs.of(turn.run.tenant.id)) is not None:
        draw(turn, customers)


def _rows(turn: Turn, shape: Shape, chosen: pa.Array) -> pa.Table | None:
    """The table's rows of the chosen customers, as its files have them; None where there are none to keep."""
    if shape.name in (CUSTOMER, RECORD):
        own = {"id": chosen, "customer_id": chosen, "is_test": pa.repeat(pa.scalar(False), len(chosen))}
        return _fitted(own, len(chosen), shape) if shape.name == RECORD else shape.schema.empty_table()
    fact: Fact = turn.run.runtime.facts[shape.name]
    held = turn.manifest.tables.get(shape.name)
    if held is None or not held.rows or not (fact.of_customer or shape.name == "fx_rate"):
        return None
    tables = turn.frames.at(turn.today + dt.timedelta(days=1))
    rows = tables[fact.plural]
    if fact.of_customer:
        people = ibis.memtable(pa.table({"sampled": chosen}))
        rows = rows.inner_join(people, rows.customer_id == people.sampled)
    found = tables.run(rows)
    columns = {name: found[name] for name in found.column_names}
    return _fitted({**columns, "record_id": columns.get("customer_id")}, found.num_rows, shape)


def _fitted(columns: dict[str, Any], number: int, shape: Shape) -> pa.Table:
    told = []
    for one in shape.schema:
        values = columns.get(one.name)
        told.append(pa.nulls(number, one.type) if values is None else values.cast(one.type))
    return pa.Table.from_arrays(told, schema=shape.schema)


def _index(blobs: TenantBlobs) -> dict[str, Any] | None:
    if not blobs.exists(INDEX):
        return None
    with blobs.open(INDEX) as stream:
        found: dict[str, Any] = json.loads(stream.read())
    return found


def latest(runtime: Runtime, session: Session, tenant: TenantContext) -> Drawn | None:
    """The sample that lies ready; None before the first refresh."""
    found = _index(runtime.blobs.of(tenant.id))
    if found is None:
        return None
    row = session.execute(select(Snapshot).where(Snapshot.generation == found["generation"])).scalar_one_or_none()
    if row is None:
        return None
    whole = Manifest.of(row)
    shapes = {shape.name: shape for shape in shapes_of(runtime.facts, whole.attributes, whole.timezone)}
    tables = {
        name: TableFiles(shapes[name].columns, shapes[name].zone, (File(file, rows, size, 1),))
        for name, (file, rows, size) in found["tables"].items()
        if name in shapes
    }
    return Drawn(found["customers"], whole.read_at, Manifest(**{**vars(whole), "tables": tables}))


_open: dict[tuple[int, int], tuple[Frames, threading.Lock]] = {}
_opening = threading.Lock()


@contextmanager
def opened(runtime: Runtime, tenant: TenantContext, drawn: Drawn) -> Iterator[Frames]:
    """The sample's frames, kept open by this process for the next click; one thread at a time."""
    key = tenant.id, drawn.manifest.generation
    with _opening:
        if key not in _open:
            while len(_open) >= KEPT:
                frames, used = _open.pop(next(iter(_open)))
                with used:
                    frames.close()
            found = open_frames(runtime, tenant, drawn.manifest, threads=WEB_THREADS, memory_mb=WEB_MEMORY_MB)
            _open[key] = found, threading.Lock()
        frames, used = _open[key]
    with used:
        yield frames
