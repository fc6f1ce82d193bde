"""RFM, lifecycle and groups of 1 M customers with 10 M orders, against one hand-written query for RFM on the same Parquet."""

from __future__ import annotations

import datetime as dt
import tempfile
import uuid
from pathlib import Path
from typing import Any

import duckdb
from rows import Row, Skipped, alternating, say, size

from kith_platform.blobs import Blobs, TenantBlobs
from kith_platform.calendar.business import BusinessCalendar
from kith_platform.config import Settings
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames
from kith_platform.jobs.resources import memory_mb, threads
from kith_platform.placements.histories import histories
from kith_platform.placements.scopes import Scopes
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Placement
from kith_platform.snapshots.manifest import File, Manifest, TableFiles
from kith_platform.snapshots.shape import Shape, shapes_of
from kith_tenants.tenant import TenantContext

DAY = dt.date(2025, 9, 30)
KEYS = ("rfm", "lifecycle", "group")
LIMITS = {"frequency": 5.0, "order_value": 150.0}
BY_HAND = """
    WITH own AS (
      SELECT r.customer_id, date_diff('day', max(o.occurred_on), DATE '{day}') AS since, count(DISTINCT o.occurred_on)
        FILTER (WHERE o.occurred_on > DATE '{day}' - 365) AS days, coalesce(sum(o.net) FILTER
        (WHERE o.occurred_on > DATE '{day}' - 365), 0) AS margin
      FROM read_parquet('{orders}') o JOIN read_parquet('{records}') r ON r.id = o.record_id
      WHERE o.net >= 0 AND coalesce(o.status, '') NOT IN ('cancelled', 'returned') AND o.occurred_on <= DATE '{day}'
      GROUP BY 1
    ), marks AS (
      SELECT *, least(5, 1 + 5 * (rank() OVER (ORDER BY since DESC) - 1) // count(*) OVER ()) AS r,
        least(5, 1 + 5 * (rank() OVER (ORDER BY days) - 1) // count(*) OVER ()) AS f,
        least(5, 1 + 5 * (rank() OVER (ORDER BY margin) - 1) // count(*) OVER ()) AS m FROM own
    )
    SELECT *, (r >= avg(r) OVER ())::int || '' || (f >= avg(f) OVER ())::int || (m >= avg(m) OVER ())::int AS cell FROM marks
"""
# What each table's columns hold; the others are null. Orders fall on days of three years, ten to a customer.
FILL = {
    "customer": {"id": "i", "is_test": "false", "created_at": "TIMESTAMPTZ '2022-01-01 00:00:00+00'"},
    "customer_record": {"id": "i", "customer_id": "i", "source": "'bench'", "external_id": "'C' || i"},
    "sales_order": {
        "id": "i",
        "record_id": "1 + (i * 7919) % {customers}",
        "occurred_on": "DATE '{day}' - ((i * 104729) % 1095)::int",
        "occurred_at": "(DATE '{day}' - ((i * 104729) % 1095)::int)::timestamptz",
        "known_at": "(DATE '{day}' - ((i * 104729) % 1095)::int)::timestamptz",
        "day_only": "false",
        "net": "(1 + i % 30000) * 100",
        "currency": "'USD'",
    },
}


def write(blobs: TenantBlobs, shape: Shape, rows: int, customers: int) -> TableFiles:
    """One table of a snapshot, made by DuckDB."""
    name = f"snapshots/one/{shape.name}.parquet"
    with blobs.open(name, "wb"):
        pass  # makes the folder
    fill = {column: how.format(day=DAY, customers=customers) for column, how in FILL.get(shape.name, {}).items()}
    with duckdb.connect() as engine:
        engine.execute("SET timezone = 'UTC'")
        engine.register("empty", shape.schema.empty_table())
        kinds = {column: kind for column, kind, *_ in engine.execute("DESCRIBE empty").fetchall()}
        columns = ", ".join(f'CAST({fill.get(column, "NULL")} AS {kind}) AS "{column}"' for column, kind in kinds.items())
        engine.execute(f"COPY (SELECT {columns} FROM range(1, {rows + 1}) t(i)) TO '{blobs.path(name)}' (FORMAT parquet)")
    return TableFiles(shape.columns, shape.zone, (File(name, rows, blobs.size(name), 1),))


def made(folder: Path, customers: int) -> tuple[Manifest, TenantBlobs]:
    blobs = Blobs((folder / "blobs").as_uri()).of(1)
    counts = {"customer": customers, "customer_record": customers, "sales_order": 10 * customers}
    shapes = [shape for shape in shapes_of(FactCatalogue(), (), "UTC") if shape.name in counts]
    tables = {shape.name: write(blobs, shape, counts[shape.name], customers) for shape in shapes}
    read_at = dt.datetime.combine(DAY, dt.time(23), dt.UTC)
    return Manifest(1, uuid.uuid4(), 1, 1, read_at, "", 0, "UTC", "USD", (), tables), blobs


def placed(frames: Frames, catalogue: FactCatalogue, tenant: TenantContext, placements: list[Placement]) -> dict[str, int]:
    """As a refresh takes its turn of the day: what was bought, then every placement on what they share."""
    with frames.keeping() as keep:
        scopes = Scopes(frames, catalogue, tenant, [DAY], histories(frames, keep), keep, BusinessCalendar())
        scope = scopes.scope("analytics_cem", {}, DAY, limits=LIMITS)
        return {one.key: scope.tables.run(one.compute(scope)).num_rows for one in placements}


def measure() -> list[Row]:
    customers = size(1_000_000)
    offered = {one.key: one for _plugin, one in Plugins().brought("placements", ["analytics_cem"])}
    if not set(KEYS) <= set(offered):
        raise Skipped("the module analytics_cem is not installed here")
    placements = [offered[key] for key in KEYS]
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as name:
        folder, settings = Path(name), Settings(home=Path(name))
        say(f"writing {customers} customers with {10 * customers} orders")
        manifest, blobs = made(folder, customers)
        tenant = TenantContext(1, uuid.uuid4(), "bench", "Bench", "", "en", "USD", "UTC", "active")
        catalogue = FactCatalogue()
        use, memory = threads(settings, 1), memory_mb(settings)
        found: dict[str, Any] = {}

        def ours() -> None:
            with Frames(manifest, blobs, catalogue, threads=use, memory_mb=memory, scratch=folder / "scratch") as frames:
                found["ours"] = placed(frames, catalogue, tenant, placements)

        files = {table: blobs.path(manifest.tables[table].files[0].name) for table in ("sales_order", "customer_record")}
        query = BY_HAND.format(day=DAY, orders=files["sales_order"], records=files["customer_record"])

        def by_hand() -> None:
            with duckdb.connect(config={"threads": use, "memory_limit": f"{memory}MB"}) as engine:
                found["theirs"] = engine.execute(query).to_arrow_table().num_rows

        ours()  # a worker has imported its libraries before a job begins
        say("placing them, and the hand-written query, in turns")
        took, reference = alternating(ours, by_hand)
    if found["ours"]["rfm"] != found["theirs"]:
        raise Skipped(f"the two do not count the same customers: {found}")
    ratio = took / reference
    return [
        Row(
            name=f"RFM, lifecycle and groups, {customers} customers, {10 * customers} orders",
            value=took,
            unit="s",
            reference=reference,
            ratio=ratio,
            budget="≤ 2 × a hand-written query for RFM",
            met=ratio <= 2,
        )
    ]
