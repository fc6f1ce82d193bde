"""Snapshot of 10 M order lines to Parquet, against COPY … TO of the same rows."""

from __future__ import annotations

from rows import Row, alternating, say, size
from site_ import SOURCE, company, site, superuser

from kith_platform.runtime import Runtime
from kith_platform.snapshots import service

FILL = """
    INSERT INTO kith.order_line (tenant_id, source, external_id, record_id, occurred_at, occurred_on, order_id, product_id,
      quantity, unit_price, net, currency)
    SELECT %(t)s, %(source)s, 'L' || i, 1 + i %% 1000003, at, at::date, 1 + i / 4, 1 + i %% 5000, 1 + i %% 3, (i %% 9000) / 100.0,
      (1 + i %% 3) * (i %% 9000) / 100.0, 'USD'
    FROM generate_series(1, %(n)s) i, LATERAL (SELECT timestamptz '2024-01-01' + (i %% 1000000) * interval '1 minute' AS at) day
"""


def copy_out(runtime: Runtime, tenant_id: int) -> None:
    rows = f"COPY (SELECT * FROM kith.order_line WHERE tenant_id = {tenant_id}) TO STDOUT"
    target = runtime.settings.home / "lines.copy"
    with superuser(runtime) as connection, connection.cursor() as cursor, target.open("wb") as file:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        with cursor.copy(rows) as out:
            for piece in out:
                file.write(piece)


def measure() -> list[Row]:
    lines = size(10_000_000)
    with site() as runtime:
        tenant = company(runtime)
        say(f"making {lines} order lines")
        with superuser(runtime) as connection:
            connection.execute(FILL, {"t": tenant.id, "n": lines, "source": SOURCE})
            connection.execute("VACUUM ANALYZE kith.order_line")
        say("writing the snapshot, and COPY … TO, in turns")
        ours, theirs = alternating(lambda: service.take(runtime, tenant.id, full=True), lambda: copy_out(runtime, tenant.id))
    ratio = theirs / ours
    return [
        Row(
            name=f"snapshot of {lines} order lines",
            value=ours,
            unit="s",
            reference=theirs,
            ratio=ratio,
            budget="≥ 0.9 × COPY … TO's rate",
            met=ratio >= 0.9,
        )
    ]
