"""Who came into a segment and who left it, since when, and why; only customers the actor may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.errors import Invalid
from kith_platform.segments import reading, service, words
from kith_platform.segments.models import Segment, SegmentMember, SegmentMove
from kith_platform.segments.rules import conditions, meets
from kith_platform.segments.vocabulary import Vocabulary
from kith_tenants.context import Actor, Reach, visible

PAGE = 50
PEOPLE: Any = Customer.__table__


@dataclass(frozen=True)
class Move:
    """A customer came or left. `why` holds (condition, its value then, whether it held) in words; empty where nobody asked."""

    at: dt.datetime
    customer: Any
    entered: bool
    why: Sequence[tuple[str, str, bool]]


def size(session: Session, actor: Actor, segment: Segment) -> int:
    """How many members the actor may see."""
    if actor.reach is Reach.ALL:
        return segment.size
    mine = select(func.count()).select_from(Customer).join(SegmentMember, SegmentMember.customer_id == Customer.id)
    mine = visible(mine, actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)
    return session.execute(mine.where(SegmentMember.segment_id == segment.id)).scalar_one()


def since(session: Session, segment: Segment, ids: Sequence[int]) -> dict[int, dt.datetime]:
    """When these customers came into the segment."""
    statement = select(SegmentMember.customer_id, SegmentMember.since)
    statement = statement.where(SegmentMember.segment_id == segment.id, SegmentMember.customer_id.in_(ids))
    return {row[0]: row[1] for row in session.execute(statement)}


def of_customer(session: Session, customer_id: int) -> list[tuple[Segment, dt.datetime]]:
    """The segments a customer is in, by name, each with the moment since when."""
    statement = select(Segment, SegmentMember.since).join(SegmentMember, SegmentMember.segment_id == Segment.id)
    rows = session.execute(statement.where(SegmentMember.customer_id == customer_id).order_by(Segment.name))
    return [(row[0], row[1]) for row in rows]


def moves(session: Session, actor: Actor, segment: Segment, *, before: int | None = None) -> Sequence[SegmentMove]:
    """Who came and left, newest first, older than move `before`."""
    statement = select(SegmentMove).join(Customer, Customer.id == SegmentMove.customer_id)
    statement = visible(statement, actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)
    statement = statement.where(SegmentMove.segment_id == segment.id)
    if before is not None:
        statement = statement.where(SegmentMove.id < before)
    return session.execute(statement.order_by(SegmentMove.id.desc()).limit(PAGE)).scalars().all()


def told(session: Session, segment: Segment, found: Sequence[SegmentMove], known: Vocabulary) -> list[Move]:
    """Moves with their customers and reasons in words, by the rule of that time."""
    people = select(Customer).where(Customer.id.in_({move.customer_id for move in found}))
    customers = {row.id: row for row in session.execute(people).scalars()}
    rules = service.rules(session, segment)
    return [
        Move(move.at, customers[move.customer_id], move.entered, _why(move, rules.get(move.version), known))
        for move in found
        if move.customer_id in customers
    ]


def _why(move: SegmentMove, document: dict[str, Any] | None, known: Vocabulary) -> list[tuple[str, str, bool]]:
    if move.why is None or document is None:
        return []
    try:
        wanted = list(conditions(reading.read(document, known)))
    except Invalid:  # it asked for something that is there no more
        return []
    values = words.from_json(wanted, move.why)
    return [
        (words.sentence(one, known), words.value(one, value, known), meets(one, value, move.at.date()))
        for one, value in zip(wanted, values, strict=True)
    ]
