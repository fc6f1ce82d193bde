"""Import of 1 M orders from CSV, against COPY of the same file into a table without indexes."""

from __future__ import annotations

import csv
import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from psycopg import sql
from rows import Row, Skipped, alternating, say, seconds, size
from site_ import company, site, superuser

from kith_platform.imports import service, uploads
from kith_platform.jobs import service as jobs
from kith_platform.jobs.declared import load_all
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

FIRST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
RAW = "CREATE UNLOGGED TABLE raw (order_id text, customer_id text, ordered_at timestamptz, net numeric, currency text)"


def write(path: Path, orders: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "customer_id", "ordered_at", "net", "currency"])
        for number in range(orders):
            at = FIRST + dt.timedelta(minutes=number % 900_000)
            writer.writerow(
                [f"O{number}", f"C{number * 7919 % (orders // 10)}", at.isoformat(), f"{number % 30_000 / 100:.2f}", "USD"]
            )


class Peak:
    """The most memory that a child of ours which runs a job ever had, by the kernel's own count."""

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for child in psutil.Process().children():
                try:
                    if "kith_platform.jobs.child" in child.cmdline():
                        status = Path(f"/proc/{child.pid}/status").read_text()
                        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
                        self.megabytes = max(self.megabytes, int(line.split()[1]) / 1024)
                except (psutil.Error, OSError, StopIteration):
                    continue


def load(runtime: Runtime, tenant: TenantContext, path: Path) -> dict[str, Any]:
    blobs = runtime.blobs.of(tenant.id)
    with path.open("rb") as stream:
        kept = uploads.keep_file(blobs, stream)
    with runtime.doors.tenant_scope(tenant.id) as session:
        seen = service.look(session, runtime.facts, blobs, kept[0], "orders", source="bench")
        _, job = service.start(session, None, table="orders", source="bench", file_name=path.name, kept=kept, seen=seen)
    row = jobs.wait(runtime, tenant.id, job.id, claim_after=0.0)
    if row.state != "done":
        raise Skipped(f"the import ended {row.state}: {row.error}")
    return dict(row.result or {})


def copy(runtime: Runtime, path: Path) -> None:
    with superuser(runtime) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE raw")
        with path.open("rb") as stream, cursor.copy("COPY raw FROM STDIN (FORMAT csv, HEADER)") as into:
            while piece := stream.read(1 << 20):
                into.write(piece)


def keyed(runtime: Runtime, tenant: TenantContext, other: TenantContext) -> float:
    """Seconds of COPY of what `tenant` has, past row level security, into the keys of the real table, for `other`."""
    named = "public_id, source, external_id, record_id, occurred_at, occurred_on, net, currency, known_at, import_id"
    path = runtime.settings.home / "rows.csv"
    with superuser(runtime) as connection, connection.cursor() as cursor:
        rows = sql.SQL("COPY (SELECT {}, {} FROM kith.sales_order WHERE tenant_id = {} ORDER BY id) TO STDOUT (FORMAT csv)")
        with (
            path.open("wb") as file,
            cursor.copy(rows.format(sql.Literal(other.id), sql.SQL(named), sql.Literal(tenant.id))) as out,
        ):
            for piece in out:
                file.write(piece)
        target = sql.SQL("COPY kith.sales_order (tenant_id, {}) FROM STDIN (FORMAT csv)").format(sql.SQL(named))

        def fill() -> None:
            with path.open("rb") as file, cursor.copy(target) as into:
                while piece := file.read(1 << 20):
                    into.write(piece)

        return seconds(fill)


def at_once(runtime: Runtime, path: Path) -> float:
    """Seconds in which two files of half the size each are in, loaded by two jobs of one company at the same time."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    tenant = company(runtime, "bench-two")
    halves = []
    for at, part in enumerate((lines[1::2], lines[2::2])):
        halves.append(path.with_name(f"half{at}.csv"))
        halves[-1].write_text(lines[0] + "".join(part), encoding="utf-8")
    with ThreadPoolExecutor(2) as threads:
        return max(found["seconds"] for found in threads.map(lambda half: load(runtime, tenant, half), halves))


def measure() -> list[Row]:
    orders = size(1_000_000)
    load_all()
    with site() as runtime:
        path = runtime.settings.home / "orders.csv"
        say(f"writing {orders} orders")
        write(path, orders)
        with superuser(runtime) as connection:
            connection.execute(RAW.replace("UNLOGGED ", ""))
        say("importing, and copying the same file, in turns")
        results: list[dict[str, Any]] = []
        with Peak() as peak:
            _, theirs = alternating(
                lambda: results.append(load(runtime, company(runtime, f"bench-{len(results)}"), path)),
                lambda: copy(runtime, path),
            )
        wrong = [found for found in results if found["inserted"] != orders]
        if wrong:
            raise Skipped(f"the import did not take every line: {wrong[0]}")
        ours = sorted(found["seconds"] for found in results)[len(results) // 2]
        say("the same rows by COPY into the keyed table; two files at once")
        with runtime.doors.auth_scope() as session:
            first = registry.find(session, "bench-0")
        floor = keyed(runtime, first, company(runtime, "bench-keyed"))
        both = at_once(runtime, path)
    ratio = theirs / ours
    return [
        Row(
            name=f"import of {orders} orders",
            value=ours,
            unit="s",
            reference=theirs,
            ratio=ratio,
            budget="≥ 0.12 × COPY's rate",
            met=ratio >= 0.12,
        ),
        Row(
            name="the same rows by COPY into the table with its keys, past row level security",
            value=floor,
            unit="s",
            reference=theirs,
            ratio=theirs / floor,
            budget="what the keys alone cost",
            met=True,
        ),
        Row(
            name=f"two files of {orders // 2} orders at once",
            value=both,
            unit="s",
            reference=ours,
            ratio=ours / both,
            budget="both within the company's limit",
            met=True,
        ),
        Row(
            name="import, memory of its process",
            value=peak.megabytes,
            unit="MB",
            budget="≤ 400 MB",
            met=0 < peak.megabytes <= 400,
        ),
    ]
