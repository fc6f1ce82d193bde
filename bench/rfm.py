"""RFM placement of 1 M customers with 10 M orders, against one hand-written DuckDB query on the same Parquet."""

from __future__ import annotations

from typing import Any

import duckdb
from rows import Row, Skipped, alternating, say, size
from site_ import analyse, company, fill_customers, fill_orders, site

from kith_platform.frames import open_frames
from kith_platform.jobs.resources import memory_mb, threads
from kith_platform.metrics.buying import buying
from kith_platform.sdk.types import PlacementScope
from kith_platform.snapshots import service

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


def measure() -> list[Row]:
    customers = size(1_000_000)
    with site() as runtime:
        plugin = runtime.plugins.loaded.get("analytics_cem")
        placement = next((one for one in plugin.brings["placements"] if one.key == "rfm"), None) if plugin else None
        if placement is None:
            raise Skipped("the module analytics_cem brings no RFM here")
        tenant = company(runtime)
        say(f"making {customers} customers with {10 * customers} orders")
        fill_customers(runtime, tenant.id, customers)
        fill_orders(runtime, tenant.id, 10 * customers)
        analyse(runtime)
        manifest = service.take(runtime, tenant.id)
        blobs = runtime.blobs.of(tenant.id)
        files = {name: blobs.path(manifest.tables[name].files[0].name) for name in ("sales_order", "customer_record")}
        use, memory = threads(runtime.settings, 1), memory_mb(runtime.settings)
        found: dict[str, Any] = {}

        def ours() -> None:
            with open_frames(runtime, tenant, manifest, threads=use, memory_mb=memory) as frames:
                day = frames.last_day
                tables = frames.at(day)
                scope = PlacementScope(tables=tables, day=day, tenant=tenant, settings={}, buying=buying(frames, day))
                found["ours"] = tables.run(placement.compute(scope)).num_rows
                found["day"] = day

        def by_hand() -> None:
            with duckdb.connect(config={"threads": use, "memory_limit": f"{memory}MB"}) as engine:
                query = BY_HAND.format(day=found["day"], orders=files["sales_order"], records=files["customer_record"])
                found["theirs"] = engine.execute(query).to_arrow_table().num_rows

        say("placing them, and the hand-written query, in turns")
        took, reference = alternating(ours, by_hand)
        if found["ours"] != found["theirs"]:
            raise Skipped(f"the two do not count the same customers: {found}")
    ratio = took / reference
    return [
        Row(
            name=f"RFM, {customers} customers, {10 * customers} orders",
            value=took,
            unit="s",
            reference=reference,
            ratio=ratio,
            budget="≤ 2 × a hand-written query",
            met=ratio <= 2,
        )
    ]
