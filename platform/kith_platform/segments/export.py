"""A segment's members as CSV, streamed: whom the actor may see, in batches of their own transactions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from kith_platform.attributes.shown import Shown, shown
from kith_platform.audit.service import record
from kith_platform.customers.models import Customer
from kith_platform.errors import Forbidden
from kith_platform.facts.models import CustomerRecord
from kith_platform.runtime import Runtime
from kith_platform.segments.models import Segment, SegmentMember
from kith_platform.segments.scope import living
from kith_tenants.context import Actor, visible

BATCH = 2_000
HEAD = ("customer_id", "source", "name", "email", "phone", "city", "country", "held_back", "since")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
PEOPLE: Any = Customer.__table__


def allow(session: Session, actor: Actor, segment: Segment) -> None:
    """Note in the audit trail that the actor takes the members away. Raises Forbidden."""
    if not actor.can("customers:export"):
        raise Forbidden
    record(session, actor, "segment:exported", f"segment:{segment.public_id}", {"name": segment.name, "size": segment.size})


def attributes(runtime: Runtime, tenant_id: int, actor: Actor) -> list[Shown]:
    """The company's own attributes that the actor may take away."""
    with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
        return [one for one in shown(session, actor) if not one.hidden]


def rows(runtime: Runtime, tenant_id: int, actor: Actor, segment_id: int, own: Sequence[Shown] = ()) -> Iterator[tuple[Any, ...]]:
    """HEAD's columns of each member, by customer, and the attributes `own`; `customer_id` is the one in its source."""
    after = 0
    while True:
        with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
            found = session.execute(_page(actor, segment_id, after)).all()
        yield from ((*row[2:], *(one.of(row[1]) for one in own)) for row in found)
        if len(found) < BATCH:
            return
        after = found[-1][0]


def lines(runtime: Runtime, tenant_id: int, actor: Actor, segment_id: int) -> Iterator[str]:
    """The rows as CSV with a head and a byte order mark, which spreadsheets need to read Chinese."""
    own = attributes(runtime, tenant_id, actor)
    yield "\ufeff" + line((*HEAD, *(safe(one.label) for one in own)))
    for row in rows(runtime, tenant_id, actor, segment_id, own):
        yield line(tuple(safe(cell) for cell in row))


def _page(actor: Actor, segment_id: int, after: int) -> Select[Any]:
    held_back = case((Customer.held_back, "yes"), else_="no").label("held_back")
    told = (Customer.name, Customer.email, Customer.phone, Customer.city, Customer.country, held_back, SegmentMember.since)
    statement = (
        select(Customer.id, Customer.attributes, CustomerRecord.external_id, CustomerRecord.source, *told)
        .join(SegmentMember, SegmentMember.customer_id == Customer.id)
        .outerjoin(CustomerRecord, CustomerRecord.id == Customer.first_record_id)
        .where(SegmentMember.segment_id == segment_id, SegmentMember.customer_id > after, living())
        .order_by(SegmentMember.customer_id)
        .limit(BATCH)
    )
    return visible(statement, actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)


def safe(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula is quoted; numbers of phones stay as they are."""
    text = cell if isinstance(cell, str) else ""
    phone = text[:1] in ("+", "-") and text[1:].replace(" ", "").replace("-", "").isdigit()
    return f"'{text}" if text.startswith(_FORMULA) and not phone else cell


def line(cells: tuple[Any, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
