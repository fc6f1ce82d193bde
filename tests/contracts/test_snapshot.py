"""A snapshot says what PostgreSQL said at the moment it was read, whatever was written meanwhile."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, FactRemoved, OrderLine, SalesOrder, Ticket
from kith_platform.frames.service import Frames, open_frames
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service
from kith_tenants.tenant import TenantContext

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
CHANGES = 1_200
WRITERS = 3


def test_a_snapshot_equals_postgresql_after_random_changes_by_concurrent_writers(runtime: Runtime, tenant: TenantContext) -> None:
    _seed(runtime, tenant.id)
    taken = [service.take(runtime, tenant.id)]
    writers = [threading.Thread(target=_write, args=(runtime, tenant.id, number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        taken.append(service.take(runtime, tenant.id))
    for writer in writers:
        writer.join()
    taken.append(service.take(runtime, tenant.id))
    assert taken[-1].generation > 2, "the writers were done before a second snapshot: nothing was tried"
    assert any(len(table.files) > 1 for snapshot in taken for table in snapshot.tables.values()), "no delta was ever written"
    with open_frames(runtime, tenant, taken[-1], threads=1, memory_mb=256) as frames:
        _compare(runtime, tenant.id, frames)
    whole = service.take(runtime, tenant.id, full=True)
    with open_frames(runtime, tenant, whole, threads=1, memory_mb=256) as frames:
        _compare(runtime, tenant.id, frames)


def _seed(runtime: Runtime, tenant_id: int) -> None:
    chance = random.Random(1)
    with runtime.doors.tenant_scope(tenant_id) as session:
        for _ in range(100):
            _new_customer(session, chance)
        for _ in range(400):
            _new_order(session, chance)


def _write(runtime: Runtime, tenant_id: int, number: int) -> None:
    """A writer: short and longer transactions, some with savepoints, some rolled back."""
    chance = random.Random(100 + number)
    done = 0
    while done < CHANGES // WRITERS:
        some = chance.randint(1, 12)
        with runtime.doors.tenant_scope(tenant_id) as session:
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            nested = session.begin_nested() if chance.random() < 0.3 else None
            for change in sorted(chance.choices(_CHANGES, k=some), key=_CHANGES.index):
                change(session, chance)
            if nested is not None and chance.random() < 0.3:
                nested.rollback()
                some = 0
            elif nested is not None:
                nested.commit()
        done += some


def _moment(chance: random.Random) -> dt.datetime:
    return FIRST + dt.timedelta(seconds=chance.randrange(100 * 86_400))


def _dated(chance: random.Random) -> dict[str, Any]:
    at = _moment(chance)
    number = str(chance.getrandbits(60))
    return {"source": "shop", "external_id": number, "occurred_at": at, "occurred_on": at.date(), "known_at": at}


def _some(session: Session, model: Any, chance: random.Random) -> Any:
    """The id of a row nobody else is changing."""
    offset = chance.randrange(100)
    return session.execute(
        select(model.id).order_by(model.id).offset(offset).limit(1).with_for_update(skip_locked=True)
    ).scalar_one_or_none()


def _new_customer(session: Session, chance: random.Random) -> None:
    who = session.execute(insert(Customer.__table__).values(name="A").returning(Customer.__table__.c.id)).scalar_one()
    session.execute(insert(CustomerRecord).values(source="shop", external_id=str(chance.getrandbits(60)), customer_id=who))


def _new_order(session: Session, chance: random.Random) -> None:
    record = session.execute(select(CustomerRecord.id).offset(chance.randrange(50)).limit(1)).scalar_one_or_none()
    values = {"record_id": record, "currency": "USD", "net": f"{chance.randrange(10**6)}.{chance.randrange(10**4):04}"}
    order = session.execute(insert(SalesOrder).values(**_dated(chance), **values).returning(SalesOrder.id)).scalar_one()
    line = {"record_id": record, "order_id": order, "currency": "USD", "quantity": "1.5", "net": "3.1415"}
    session.execute(insert(OrderLine).values(**_dated(chance), **line))


def _new_ticket(session: Session, chance: random.Random) -> None:
    session.execute(insert(Ticket).values(**_dated(chance), subject="Größe 尺寸", is_complaint=chance.random() < 0.5))


def _change_order(session: Session, chance: random.Random) -> None:
    found = _some(session, SalesOrder, chance)
    values = {"net": chance.randrange(1000), "status": "paid", "status_at": _moment(chance), "changed_at": func.now()}
    session.execute(update(SalesOrder).where(SalesOrder.id == found).values(**values))


def _remove_order(session: Session, chance: random.Random) -> None:
    found = _some(session, SalesOrder, chance)
    if found is not None:
        session.execute(delete(SalesOrder).where(SalesOrder.id == found))
        session.add(FactRemoved(fact="sales_order", row_id=found))


def _merge(session: Session, chance: random.Random) -> None:
    loser, survivor = sorted((_some(session, Customer, chance) or 0, _some(session, Customer, chance) or 0))
    if loser and loser != survivor:
        values = {"merged_into": survivor, "changed_at": func.now()}
        session.execute(update(Customer).where(Customer.id == loser, Customer.merged_into.is_(None)).values(**values))


def _mark_test(session: Session, chance: random.Random) -> None:
    found = _some(session, Customer, chance)
    session.execute(update(Customer).where(Customer.id == found).values(is_test=chance.random() < 0.1, changed_at=func.now()))


_CHANGES: list[Callable[[Session, random.Random], None]] = [
    *[_new_customer] * 2,
    *[_new_order] * 6,
    _new_ticket,
    *[_change_order] * 6,
    *[_remove_order] * 2,
    _merge,
    _mark_test,
]


def _compare(runtime: Runtime, tenant_id: int, frames: Frames) -> None:
    tables = frames.at(dt.date(2100, 1, 1))
    with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
        into = dict(session.execute(select(Customer.id, Customer.merged_into)).all())
        tests = set(session.execute(select(Customer.id).where(Customer.is_test)).scalars())
        of = dict(session.execute(select(CustomerRecord.id, CustomerRecord.customer_id)).all())
        owner = {record: _survivor(into, customer) for record, customer in of.items()}
        orders = session.execute(
            select(
                SalesOrder.id,
                SalesOrder.record_id,
                SalesOrder.net,
                SalesOrder.status,
                SalesOrder.status_at,
                SalesOrder.occurred_at,
            )
        ).all()
        lines = session.execute(select(OrderLine.id, OrderLine.record_id, OrderLine.order_id, OrderLine.quantity)).all()
        tickets = session.execute(select(Ticket.id, Ticket.subject, Ticket.is_complaint)).all()

    def kept(row: Row[Any]) -> bool:
        return owner.get(row.record_id) not in tests

    assert _rows(tables, "orders", "id", "customer_id", "net", "status", "status_at", "occurred_at") == sorted(
        (row.id, owner.get(row.record_id), int(row.net * 10_000), row.status, row.status_at, row.occurred_at)
        for row in orders
        if kept(row)
    )
    assert _rows(tables, "order_lines", "id", "customer_id", "order_id", "quantity") == sorted(
        (row.id, owner.get(row.record_id), row.order_id, float(row.quantity)) for row in lines if kept(row)
    )
    assert _rows(tables, "tickets", "id", "subject", "is_complaint") == sorted(map(tuple, tickets))
    assert _rows(tables, "customers", "customer_id") == sorted(
        (customer,) for customer, merged in into.items() if merged is None and customer not in tests
    )


def _survivor(into: dict[int, int | None], customer: int) -> int:
    while (following := into[customer]) is not None:
        customer = following
    return customer


def _rows(tables: Any, plural: str, *columns: str) -> list[tuple[Any, ...]]:
    found = tables.run(tables[plural].select(*columns)).to_pylist()
    return sorted(tuple(row.values()) for row in found)
