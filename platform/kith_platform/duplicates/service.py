"""Use cases of duplicates: the review queue, merging, telling apart, undoing, splitting, and what was found."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from kith_platform.audit.service import record
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.duplicates import merging
from kith_platform.duplicates.merging import Wanted
from kith_platform.duplicates.models import (
    HELD,
    REVIEW,
    CustomerMerge,
    DuplicatePair,
    DuplicateRun,
    ToldApart,
)
from kith_platform.errors import Conflict, Forbidden, NotFound
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_tenants.context import Actor, Reach, may_see

PAGE = 20
RECORD: Table = CustomerRecord.__table__


@dataclass(frozen=True)
class Candidate:
    """Two customers that may be one. `why` is {field: likeness} of their surest pair of records, `weight` its bits."""

    left: Customer
    right: Customer
    weight: float
    why: dict[str, str]

    @property
    def chance(self) -> float:
        """The weight as a probability."""
        return 1 / (1 + 2 ** -min(self.weight, 60))


def why_of(text: str) -> dict[str, str]:
    """`given=exact birth=near` as a mapping."""
    return dict(part.split("=", 1) for part in text.split())


def queue(session: Session, actor: Actor, *, most: int = PAGE) -> list[Candidate]:
    """What people should look at, the surest first: pairs of customers the actor may see, not decided and not merged."""
    found: dict[tuple[int, int], Candidate] = {}
    for left, right, weight, why in session.execute(_waiting(actor).limit(most * 4)):
        older, younger = sorted((left, right), key=lambda one: (one.created_at, one.id))
        found.setdefault((older.id, younger.id), Candidate(older, younger, weight, why_of(why)))
    return list(found.values())[:most]


def waiting(session: Session, actor: Actor, most: int = 1_000) -> int:
    """How many pairs wait for a decision; `most` + 1 means more."""
    some = _waiting(actor).limit(most + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def between(session: Session, actor: Actor, left: uuid.UUID, right: uuid.UUID) -> Candidate:
    """Two customers side by side, whether or not matching found them alike. Raises NotFound, Conflict where they are one."""
    one, other = _two(session, actor, left, right)
    pairs = select(DuplicatePair.weight, DuplicatePair.why).order_by(DuplicatePair.weight.desc()).limit(1)
    row = session.execute(pairs.where(_joins(one.id, other.id))).first()
    return Candidate(one, other, row.weight if row else 0.0, why_of(row.why) if row else {})


def _waiting(actor: Actor) -> Any:
    left_record, right_record = aliased(CustomerRecord), aliased(CustomerRecord)
    left, right = aliased(Customer), aliased(Customer)
    decided = exists().where(ToldApart.left_id == DuplicatePair.left_id, ToldApart.right_id == DuplicatePair.right_id)
    statement = (
        select(left, right, DuplicatePair.weight, DuplicatePair.why)
        .select_from(DuplicatePair)
        .join(left_record, left_record.id == DuplicatePair.left_id)
        .join(right_record, right_record.id == DuplicatePair.right_id)
        .join(left, left.id == left_record.customer_id)
        .join(right, right.id == right_record.customer_id)
        .where(DuplicatePair.kind.in_((REVIEW, HELD)), left.id != right.id, ~decided)
        .order_by(DuplicatePair.weight.desc(), DuplicatePair.left_id, DuplicatePair.right_id)
    )
    if actor.reach is not Reach.ALL:
        for one in (left, right):
            statement = statement.where(_seen(actor, one))
    return statement


def _seen(actor: Actor, customer: Any) -> Any:
    return may_see(actor, owner=customer.owner_id, unit=customer.unit_id)


def _joins(one: int, other: int) -> Any:
    mine, theirs = (
        select(RECORD.c.id).where(RECORD.c.customer_id == one),
        select(RECORD.c.id).where(RECORD.c.customer_id == other),
    )
    forth = DuplicatePair.left_id.in_(mine) & DuplicatePair.right_id.in_(theirs)
    return forth | DuplicatePair.left_id.in_(theirs) & DuplicatePair.right_id.in_(mine)


def merge(session: Session, actor: Actor, left: uuid.UUID, right: uuid.UUID) -> CustomerMerge:
    """Make two customers one; the older keeps its id. A person's word: it holds whatever matching finds later.

    Raises Forbidden, NotFound, Conflict where they are one already.
    """
    _may(actor)
    one, other = _two(session, actor, left, right)
    found = between(session, actor, left, right)
    why = " ".join(f"{field}={level}" for field, level in found.why.items())
    session.execute(delete(ToldApart).where(tuple_(ToldApart.left_id, ToldApart.right_id).in_(_pairs(session, one.id, other.id))))
    row = merging.merge(session, [Wanted(one.id, other.id, why, found.weight or None)], by=actor.name)[0]
    record(
        session,
        actor,
        "duplicates:merged",
        f"customer:{one.public_id}",
        {"gone": str(other.public_id), "merge": str(row.public_id)},
    )
    return row


def tell_apart(session: Session, actor: Actor, left: uuid.UUID, right: uuid.UUID) -> None:
    """Two customers are two: no refresh merges them, and nobody is asked again. Raises Forbidden, NotFound, Conflict."""
    _may(actor)
    one, other = _two(session, actor, left, right)
    _apart(session, actor, one.id, other.id)
    record(session, actor, "duplicates:told_apart", f"customer:{one.public_id}", {"other": str(other.public_id)})


def undo(session: Session, actor: Actor, public_id: uuid.UUID) -> CustomerMerge:
    """Take a merge or a split back. Those a merge had joined are from now on said to be different; merging them again undoes
    that. Raises Forbidden, NotFound, Conflict."""
    _may(actor)
    row = _merge(session, actor, public_id)
    merging.undo(session, row, by=actor.name)
    survivor = session.get_one(Customer, (row.tenant_id, row.survivor_id))
    living = customers.get(session, actor, survivor.public_id)
    if row.kind == "merge":
        _apart(session, actor, living.id, row.gone_id)
    record(session, actor, "duplicates:undone", f"customer:{survivor.public_id}", {"merge": str(row.public_id)})
    return row


def split(session: Session, actor: Actor, customer: uuid.UUID, records: Iterable[uuid.UUID]) -> CustomerMerge:
    """Take some of a customer's records out of it, for good. Raises Forbidden, NotFound, Conflict."""
    _may(actor)
    held = customers.get(session, actor, customer)
    chosen = session.execute(select(RECORD.c.id).where(RECORD.c.public_id.in_(list(records)))).scalars().all()
    row = merging.split(session, held, chosen, by=actor.name)
    _apart(session, actor, row.survivor_id, row.gone_id)
    record(session, actor, "duplicates:split", f"customer:{customer}", {"merge": str(row.public_id), "records": len(chosen)})
    return row


def merges(session: Session, actor: Actor, *, before: int | None = None, of: int | None = None, most: int = 50) -> list[Any]:
    """(CustomerMerge, survivor, gone) newest first, of customers the actor may see; `of` one survivor."""
    survivor, gone = aliased(Customer), aliased(Customer)
    statement = (
        select(CustomerMerge, survivor, gone)
        .join(survivor, survivor.id == CustomerMerge.survivor_id)
        .join(gone, gone.id == CustomerMerge.gone_id)
        .order_by(CustomerMerge.id.desc())
        .limit(most)
    )
    if before is not None:
        statement = statement.where(CustomerMerge.id < before)
    if of is not None:
        statement = statement.where(CustomerMerge.survivor_id == of)
    if actor.reach is not Reach.ALL:
        statement = statement.where(_seen(actor, survivor))
    return list(session.execute(statement).all())


def both(session: Session, row: CustomerMerge) -> tuple[Customer, Customer]:
    """The survivor and who was merged into it, or split off."""
    session.flush()
    session.refresh(row)
    return session.get_one(Customer, (row.tenant_id, row.survivor_id)), session.get_one(Customer, (row.tenant_id, row.gone_id))


def last_run(session: Session) -> DuplicateRun | None:
    return session.execute(select(DuplicateRun)).scalar_one_or_none()


@dataclass(frozen=True)
class Said:
    """One record as its source names it, and the customer it belongs to now."""

    source: str
    external_id: str
    customer: uuid.UUID


def clusters(session: Session) -> list[list[Said]]:
    """Records above the automatic threshold, cluster by cluster, whether merged by now or not."""
    home: dict[int, set[int]] = {}
    pairs = select(DuplicatePair.left_id, DuplicatePair.right_id).where(DuplicatePair.kind != REVIEW)
    for left, right in session.execute(pairs):
        joined = home.get(left, {left}) | home.get(right, {right})
        for one in joined:
            home[one] = joined
    known = _said(session, home)
    groups = sorted({tuple(sorted(group)) for group in home.values()})
    return [[known[one] for one in group if one in known] for group in groups]


def reviewed(session: Session) -> list[tuple[list[Said], float, dict[str, str]]]:
    """Pairs below the automatic threshold, with chance and likeness, the surest first."""
    statement = (
        select(DuplicatePair).where(DuplicatePair.kind == REVIEW).order_by(DuplicatePair.weight.desc(), DuplicatePair.left_id)
    )
    rows = session.execute(statement).scalars().all()
    known = _said(session, {one for row in rows for one in (row.left_id, row.right_id)})
    return [
        ([known[row.left_id], known[row.right_id]], 1 / (1 + 2 ** -min(row.weight, 60)), why_of(row.why))
        for row in rows
        if row.left_id in known and row.right_id in known
    ]


def _said(session: Session, records: Iterable[int]) -> dict[int, Said]:
    found: dict[int, Said] = {}
    ids = sorted(records)
    for start in range(0, len(ids), 10_000):
        statement = (
            select(RECORD.c.id, RECORD.c.source, RECORD.c.external_id, Customer.public_id)
            .join(Customer, Customer.id == RECORD.c.customer_id)
            .where(RECORD.c.id.in_(ids[start : start + 10_000]))
        )
        found |= {row.id: Said(row.source, row.external_id, row.public_id) for row in session.execute(statement)}
    return found


def _apart(session: Session, actor: Actor, one: int, other: int) -> None:
    """Write for every pair of their records that they belong to different customers."""
    rows = [{"left_id": left, "right_id": right, "decided_by": actor.name} for left, right in _pairs(session, one, other)]
    if rows:
        session.execute(insert(ToldApart).on_conflict_do_nothing(), rows)


def _pairs(session: Session, one: int, other: int) -> list[tuple[int, int]]:
    ids: dict[int, list[int]] = {one: [], other: []}
    for customer, row in session.execute(select(RECORD.c.customer_id, RECORD.c.id).where(RECORD.c.customer_id.in_((one, other)))):
        ids[customer].append(row)
    return [(min(left, right), max(left, right)) for left in ids[one] for right in ids[other]]


def _two(session: Session, actor: Actor, left: uuid.UUID, right: uuid.UUID) -> tuple[Customer, Customer]:
    """Both customers, the older first."""
    one, other = customers.get(session, actor, left), customers.get(session, actor, right)
    if one.id == other.id:
        raise Conflict(N_("These two are one customer already. Go back to the list and reload it."))
    older, younger = sorted((one, other), key=lambda customer: (customer.created_at, customer.id))
    return older, younger


def _merge(session: Session, actor: Actor, public_id: uuid.UUID) -> CustomerMerge:
    row = session.execute(select(CustomerMerge).where(CustomerMerge.public_id == public_id)).scalar_one_or_none()
    if row is None or not merges(session, actor, of=row.survivor_id, before=row.id + 1, most=1):
        raise NotFound
    return row


def _may(actor: Actor) -> None:
    if not actor.can("customers:merge"):
        raise Forbidden
