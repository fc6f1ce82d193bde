"""Merging by itself: the clusters that are certain, as customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.models import Customer
from kith_platform.duplicates import merging
from kith_platform.duplicates.merging import Wanted
from kith_platform.duplicates.models import AUTOMATIC, HELD, DuplicatePair
from kith_platform.facts.models import CustomerRecord
from kith_tenants.context import Actor

RECORD: Table = CustomerRecord.__table__
SYSTEM = Actor(None, None, "Kith", "system", frozenset())


def merge_certain(session: Session) -> int:
    """Merge the customers of every automatic pair into the oldest of them; how many customers went into another.

    Customers with different owners wait for a person: merging takes one of the owners' customers out of sight.
    """
    groups = _groups(session)
    ids = sorted({customer for group in groups for customer in group})
    known = _ages(session, ids)
    wanted: list[Wanted] = []
    held: list[int] = []
    for group in groups:
        alive = sorted((known[one] for one in group if one in known), key=lambda age: age[:2])
        owners = {owner for *_, owner in alive if owner is not None}
        if len(owners) > 1:
            held += group
        elif len(alive) > 1:
            wanted += [Wanted(alive[0][1], gone, groups[group].why, groups[group].weight) for _, gone, _ in alive[1:]]
    _hold(session, held)
    merging.merge(session, wanted)
    if wanted:
        record(session, SYSTEM, "duplicates:merged", "", {"customers": len(wanted)})
    return len(wanted)


def _hold(session: Session, customers: Sequence[int]) -> None:
    """Put the pairs of these customers among those that people look at."""
    theirs = select(RECORD.c.id).where(RECORD.c.customer_id.in_(customers))
    if customers:
        held = update(DuplicatePair).where(DuplicatePair.kind == AUTOMATIC, DuplicatePair.left_id.in_(theirs)).values(kind=HELD)
        session.execute(held, execution_options={"synchronize_session": False})


def _groups(session: Session) -> dict[tuple[int, ...], Any]:
    """Customers that automatic pairs bring together, each group with its surest pair."""
    left, right = RECORD.alias("left_record"), RECORD.alias("right_record")
    pairs = session.execute(
        select(left.c.customer_id.label("one"), right.c.customer_id.label("other"), DuplicatePair.weight, DuplicatePair.why)
        .join(left, (left.c.tenant_id == DuplicatePair.tenant_id) & (left.c.id == DuplicatePair.left_id))
        .join(right, (right.c.tenant_id == DuplicatePair.tenant_id) & (right.c.id == DuplicatePair.right_id))
        .where(DuplicatePair.kind == AUTOMATIC, left.c.customer_id != right.c.customer_id)
        .order_by(DuplicatePair.weight.desc(), DuplicatePair.left_id, DuplicatePair.right_id)
    ).all()
    home: dict[int, set[int]] = {}
    for one, other, _, _ in pairs:
        joined = home.get(one, {one}) | home.get(other, {other})
        for customer in joined:
            home[customer] = joined
    surest: dict[tuple[int, ...], Any] = {}
    for pair in pairs:
        surest.setdefault(tuple(sorted(home[pair.one])), pair)
    return surest


def _ages(session: Session, ids: Sequence[int]) -> dict[int, tuple[Any, int, int | None]]:
    found: dict[int, tuple[Any, int, int | None]] = {}
    for start in range(0, len(ids), 10_000):
        part = select(Customer.created_at, Customer.id, Customer.owner_id).where(
            Customer.id.in_(ids[start : start + 10_000]), Customer.merged_into.is_(None)
        )
        found |= {row[1]: (row[0], row[1], row[2]) for row in session.execute(part)}
    return found
