"""Taking snapshots: nothing new costs nothing, deltas say the same as a full reading, tenants never mix."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import delete, func, insert, select, text, update

from kith_platform.customers.models import Attribute, Customer
from kith_platform.facts.models import CustomerRecord, FactRemoved, FxRate, SalesOrder
from kith_platform.frames import open_frames
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service
from kith_platform.snapshots.manifest import Manifest
from kith_platform.snapshots.models import DROPPED, READY, WRITING, Snapshot
from kith_tenants.tenant import Tenant, TenantContext

NOON = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
LATER = dt.date(2026, 12, 31)


def order(number: int, **given: object) -> dict[str, object]:
    row = {"source": "shop", "external_id": str(number), "currency": "USD", "net": number}
    return {**row, "occurred_at": NOON, "occurred_on": NOON.date(), "known_at": NOON, **given}


def add(runtime: Runtime, tenant: TenantContext, numbers: Iterable[int], **given: object) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(SalesOrder), [order(number, **given) for number in numbers])


def change(runtime: Runtime, tenant: TenantContext, number: int, **values: object) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(update(SalesOrder).where(SalesOrder.external_id == str(number)).values(changed_at=func.now(), **values))


def remove(runtime: Runtime, tenant: TenantContext, number: int) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        found = session.execute(
            delete(SalesOrder).where(SalesOrder.external_id == str(number)).returning(SalesOrder.id)
        ).scalar_one()
        session.add(FactRemoved(fact="sales_order", row_id=found))


def amounts(runtime: Runtime, tenant: TenantContext, manifest: Manifest) -> list[float]:
    """The orders' amounts as frames see them, in whole units."""
    with open_frames(runtime, tenant, manifest, threads=1, memory_mb=256) as frames:
        tables = frames.at(LATER)
        return sorted(net / 10_000 for net in tables.run(tables.orders)["net"].to_pylist())


def snapshots(runtime: Runtime, tenant: TenantContext, state: str = READY) -> int:
    with runtime.doors.tenant_scope(tenant.id) as session:
        return session.execute(select(func.count()).select_from(Snapshot).where(Snapshot.state == state)).scalar_one()


def test_a_company_with_nothing_new_gets_the_same_snapshot_and_no_file(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, [1])
    first = service.take(runtime, tenant.id)
    again = service.take(runtime, tenant.id)
    assert again.id == first.id
    assert snapshots(runtime, tenant) == 1


def test_a_company_without_data_has_a_snapshot_too(runtime: Runtime, tenant: TenantContext) -> None:
    with open_frames(runtime, tenant, service.take(runtime, tenant.id), threads=1, memory_mb=256) as frames:
        tables = frames.before(LATER)
        assert tables.run(tables.purchases).num_rows == 0
        assert tables.run(tables.customers).num_rows == 0
        assert frames.last_day <= dt.datetime.now(dt.UTC).date()


def test_only_what_changed_is_written(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, range(1, 101))
    first = service.take(runtime, tenant.id)
    add(runtime, tenant, [101, 102])
    change(runtime, tenant, 1, net="1000.5")
    remove(runtime, tenant, 2)
    second = service.take(runtime, tenant.id)
    new = [file for file in second.tables["sales_order"].files if file.generation == 2]
    assert [(file.rows, file.removed) for file in new] == [(3, False), (1, True)]
    assert second.tables["ticket"] == first.tables["ticket"]
    assert amounts(runtime, tenant, second) == [*range(3, 103), 1000.5]
    assert amounts(runtime, tenant, first) == [*range(1, 101)]


def test_a_long_transaction_that_began_before_a_snapshot_is_in_the_next_one(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, range(1, 101))
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with runtime.doors.tenant_scope(tenant.id) as session:
            with session.begin_nested():  # the row carries the number of a subtransaction
                session.execute(insert(SalesOrder), [order(101)])
            begun.set()
            go_on.wait(30)

    writer = threading.Thread(target=slow)
    writer.start()
    assert begun.wait(30)
    add(runtime, tenant, [102])
    first = service.take(runtime, tenant.id)
    go_on.set()
    writer.join()
    assert amounts(runtime, tenant, first) == [*range(1, 101), 102]
    assert amounts(runtime, tenant, service.take(runtime, tenant.id)) == [*range(1, 103)]


def test_a_database_restored_elsewhere_trusts_no_transaction_numbers(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, range(1, 101))
    service.take(runtime, tenant.id)
    add(runtime, tenant, [101])
    with runtime.doors.tenant_scope(tenant.id) as session:  # as if the numbers had come from a cluster far ahead
        session.execute(update(Snapshot).values(cluster="elsewhere", oldest_transaction=10**12))
    assert amounts(runtime, tenant, service.take(runtime, tenant.id)) == [*range(1, 102)]


def test_many_changes_are_compacted_into_one_file(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, range(1, 101))
    service.take(runtime, tenant.id)
    add(runtime, tenant, range(101, 111))
    assert len(service.take(runtime, tenant.id).tables["sales_order"].files) == 2
    add(runtime, tenant, range(111, 131))
    compacted = service.take(runtime, tenant.id)
    assert [file.rows for file in compacted.tables["sales_order"].files] == [130]
    assert amounts(runtime, tenant, compacted) == [*range(1, 131)]


def test_a_row_that_comes_back_under_its_old_id_is_there_again(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, range(1, 101))
    service.take(runtime, tenant.id)
    with runtime.doors.tenant_scope(tenant.id) as session:
        found = session.execute(select(SalesOrder).where(SalesOrder.external_id == "7")).scalar_one()
        old = found.id
    remove(runtime, tenant, 7)
    gone = service.take(runtime, tenant.id)
    assert 7 not in amounts(runtime, tenant, gone)
    with runtime.doors.tenant_scope(tenant.id) as session:
        values = order(7, id=old)
        session.connection().execute(
            text(
                "INSERT INTO kith.sales_order (id, source, external_id, currency, net, occurred_at, occurred_on, known_at)"
                " OVERRIDING SYSTEM VALUE"
                " VALUES (:id, :source, :external_id, :currency, :net, :occurred_at, :occurred_on, :known_at)"
            ),
            values,
        )
    assert 7 in amounts(runtime, tenant, service.take(runtime, tenant.id))


def test_two_runs_at_once_both_get_a_complete_snapshot(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, range(1, 2001))
    taken: list[Manifest] = []
    runs = [threading.Thread(target=lambda: taken.append(service.take(runtime, tenant.id))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(taken) == 3
    assert [len(amounts(runtime, tenant, manifest)) for manifest in taken] == [2000] * 3
    assert snapshots(runtime, tenant, WRITING) == 0


def test_two_companies_never_mix(runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext) -> None:
    add(runtime, tenant, [1, 2])
    add(runtime, other_tenant, [1000])
    ours, theirs = service.take(runtime, tenant.id), service.take(runtime, other_tenant.id)
    assert amounts(runtime, tenant, ours) == [1, 2]
    assert amounts(runtime, other_tenant, theirs) == [1000]
    with pytest.raises(ValueError, match="is not one of"):
        open_frames(runtime, tenant, theirs)
    file = runtime.blobs.of(other_tenant.id).path(theirs.tables["sales_order"].files[0].name)
    with (
        open_frames(runtime, tenant, ours, threads=1, memory_mb=256) as frames,
        pytest.raises(Exception, match="disabled by configuration"),
    ):
        frames._engine._duck.execute(f"SELECT * FROM read_parquet('{file}')")


def test_a_new_time_zone_rewrites_local_times(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, [1])
    service.take(runtime, tenant.id)
    with runtime.doors.auth_scope() as session:
        session.execute(update(Tenant).where(Tenant.id == tenant.id).values(timezone="Asia/Shanghai"))
    moved = service.take(runtime, tenant.id)
    with open_frames(runtime, tenant, moved, threads=1, memory_mb=256) as frames:
        tables = frames.at(LATER)
        local = tables.run(tables.orders)["occurred_local"].to_pylist()
    assert local == [dt.datetime(2026, 3, 5, 20)]  # noqa: DTZ001 - local clock times carry no zone


def test_attributes_cross_as_typed_columns_and_one_wrong_value_stops_nothing(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.add_all(
            [
                Attribute(key="seats", label="Seats", kind="number", timing="fixed"),
                Attribute(key="vip", label="VIP", kind="boolean", timing="current"),
            ]
        )
        session.add_all(
            [Customer(attributes={"seats": 3, "vip": True}), Customer(attributes={"seats": "many", "vip": "no"}), Customer()]
        )
        session.flush()
    with open_frames(runtime, tenant, service.take(runtime, tenant.id), threads=1, memory_mb=256) as frames:
        tables = frames.during(dt.date(2026, 1, 1), dt.date(9999, 1, 1))
        source = frames._source.live("customer")
        found = tables.run(source.select("id", "attribute_seats", "attribute_vip").order_by("id")).to_pylist()
    assert [(row["attribute_seats"], row["attribute_vip"]) for row in found] == [(3.0, True), (None, False), (None, None)]


def test_rates_keep_their_places_and_amounts_theirs(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = {"source": "bank", "external_id": "1", "currency_from": "EUR", "rate": "1.0823456789"}
        day = {"occurred_at": NOON, "occurred_on": NOON.date(), "known_at": NOON}
        session.execute(insert(FxRate), [{**row, **day}])
    add(runtime, tenant, [1], currency="EUR", tax="-0.0001")
    with open_frames(runtime, tenant, service.take(runtime, tenant.id), threads=1, memory_mb=256) as frames:
        tables = frames.at(LATER)
        assert tables.run(tables.orders)["tax"].to_pylist() == [-1]
        assert tables.run(tables.money(tables.orders, "net"))["net"].to_pylist() == [10_823]


def test_old_snapshots_go_with_their_files_but_never_a_file_still_in_use(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, range(1, 101))
    blobs = runtime.blobs.of(tenant.id)
    taken = [service.take(runtime, tenant.id)]
    for number in (101, 102, 103):
        add(runtime, tenant, [number])
        taken.append(service.take(runtime, tenant.id))
    add(runtime, tenant, range(104, 160))  # compacts: the first file is needed by older snapshots alone
    taken.append(service.take(runtime, tenant.id))
    assert snapshots(runtime, tenant) == 5
    service.prune(runtime, tenant.id, keep=1, keep_for=dt.timedelta(0))
    assert (snapshots(runtime, tenant), snapshots(runtime, tenant, DROPPED)) == (1, 4)
    assert all(blobs.exists(name) for name in taken[-1].files)
    assert not any(blobs.exists(name) for manifest in taken for name in manifest.files - taken[-1].files)


def test_erasing_rewrites_every_file_and_drops_older_snapshots(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(insert(CustomerRecord), [{"source": "shop", "external_id": "1", "name": "Ada Lovelace"}])
    first = service.take(runtime, tenant.id)
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.execute(update(CustomerRecord).values(name=None, changed_at=func.now()))
    clean = service.take(runtime, tenant.id, full=True)
    blobs = runtime.blobs.of(tenant.id)
    assert first.files.isdisjoint(clean.files)
    assert not any(blobs.exists(name) for name in first.files)
    assert all(b"Lovelace" not in _plain(blobs.path(name)) for name in clean.files)


def _plain(path: str) -> bytes:
    return repr(pq.read_table(path).to_pylist()).encode()


def test_what_a_dead_run_left_is_cleaned_up(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, [1])
    blobs = runtime.blobs.of(tenant.id)
    with runtime.doors.tenant_scope(tenant.id) as session:
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
        dead = Snapshot(read_at=long_ago, created_at=long_ago, cluster="", oldest_transaction=0, timezone="UTC", currency="USD")
        session.add(dead)
        session.flush()
        session.refresh(dead)
    with blobs.open(f"snapshots/{dead.public_id.hex}/sales_order.parquet", "wb") as stream:
        stream.write(b"half")
    service.take(runtime, tenant.id)
    assert not blobs.exists(f"snapshots/{dead.public_id.hex}")
    assert snapshots(runtime, tenant, WRITING) == 0


def test_memory_stays_flat_as_a_table_grows(runtime: Runtime, tenant: TenantContext) -> None:
    add(runtime, tenant, [1])
    service.take(runtime, tenant.id)
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.connection().execute(
            text(
                "INSERT INTO kith.sales_order (source, external_id, currency, net, occurred_at, occurred_on, known_at, store)"
                " SELECT 'bulk', i::text, 'USD', i, now(), current_date, now(), repeat(md5(i::text), 60)"
                " FROM generate_series(1, 100000) AS i"
            )
        )
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest mark so far
    before = _highest_megabytes()
    taken = service.take(runtime, tenant.id)
    assert taken.tables["sales_order"].rows == 100_001
    assert _highest_megabytes() - before < 110  # the rows are 190 MB


def _highest_megabytes() -> int:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024
