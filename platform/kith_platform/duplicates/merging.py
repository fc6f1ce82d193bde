"""Merging customers, and taking any merge back. Both change which customer a record belongs to; every fact hangs on records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer, CustomerToken
from kith_platform.customers.search import tokens
from kith_platform.customers.service import MERGES, SOURCE
from kith_platform.duplicates import surviving
from kith_platform.duplicates.models import MERGE, SPLIT, CustomerMerge
from kith_platform.errors import Conflict
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_platform.placements.models import CustomerPlacement
from kith_platform.predict.models import Score

RECORD: Table = CustomerRecord.__table__
CUSTOMER: Any = Customer.__table__
BATCH = 1_000  # customers of one round of statements
_SHOWN = (*surviving.FIELDS, "is_test", "owner_id", "unit_id", "contact_of", "attributes")
_RELATIONS = ("owner_id", "unit_id", "contact_of")
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Wanted:
    """`gone` into `survivor` (customer ids), with what led to it."""

    survivor: int
    gone: int
    why: str = ""
    weight: float | None = None


def merge(session: Session, wanted: Sequence[Wanted], *, by: str = "") -> list[CustomerMerge]:
    """Write merges set-wise, in rounds. No customer may be gone twice; a survivor may be gone in no merge of the same call.

    The survivor keeps its owner, unit and company, else takes those of who is gone. Scores and placements of who is gone vanish
    until the next refresh; search tokens and those who pointed at it go over to the survivor.
    """
    made: list[CustomerMerge] = []
    for start in range(0, len(wanted), BATCH):
        made += _round(session, wanted[start : start + BATCH], by)
    return made


def _round(session: Session, wanted: Sequence[Wanted], by: str) -> list[CustomerMerge]:
    into = {one.gone: one.survivor for one in wanted}
    both = {*into, *into.values()}
    # Whoever else merges or changes these customers waits, in one order for all.
    locked = select(Customer).where(Customer.id.in_(both)).order_by(Customer.id).with_for_update()
    customers = {row.id: row for row in session.execute(locked, execution_options={"populate_existing": True}).scalars()}
    if len(customers) < len(both) or any(customers[one].merged_into is not None for one in both):
        raise Conflict(N_("One of these customers was merged or removed meanwhile. Reload the page and look again."))
    moved: dict[int, list[int]] = {one: [] for one in into}
    for customer, row in session.execute(select(RECORD.c.customer_id, RECORD.c.id).where(RECORD.c.customer_id.in_(into))):
        moved[customer].append(row)
    pointing: dict[int, list[int]] = {one: [] for one in into}
    for company, contact in session.execute(select(Customer.contact_of, Customer.id).where(Customer.contact_of.in_(into))):
        pointing[int(company or 0)].append(contact)
    rows = [
        CustomerMerge(
            kind=MERGE,
            survivor_id=one.survivor,
            gone_id=one.gone,
            moved=sorted(moved[one.gone]),
            former={
                "survivor": _former(customers[one.survivor]),
                "gone": _former(customers[one.gone]),
                "contacts": sorted(pointing[one.gone]),
            },
            why=one.why,
            weight=one.weight,
            by=by,
        )
        for one in wanted
    ]
    session.add_all(rows)
    _go_over(session, into)
    for one in wanted:
        _inherit(customers[one.survivor], customers[one.gone])
    session.flush()
    surviving.show(session, list(into.values()))
    session.expire_all()
    return rows


def _former(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in _SHOWN}


def _inherit(survivor: Customer, gone: Customer) -> None:
    for name in _RELATIONS:
        if getattr(survivor, name) is None and getattr(gone, name) != survivor.id:
            setattr(survivor, name, getattr(gone, name))
    # An attribute that only the other one has is not lost to sight; whose it was the log's records say.
    survivor.attributes = {**gone.attributes, **survivor.attributes}


def _go_over(session: Session, into: dict[int, int]) -> None:
    gone = list(into)
    survivor = case(into, value=RECORD.c.customer_id)
    session.execute(update(RECORD).where(RECORD.c.customer_id.in_(gone)).values(customer_id=survivor, changed_at=func.now()))
    target = case(into, value=CUSTOMER.c.id)
    session.execute(update(CUSTOMER).where(CUSTOMER.c.id.in_(gone)).values(merged_into=target, changed_at=func.now()))
    company = case(into, value=CUSTOMER.c.contact_of)
    session.execute(
        update(CUSTOMER)
        .where(CUSTOMER.c.contact_of.in_(gone))
        .values(contact_of=func.nullif(company, CUSTOMER.c.id), changed_at=func.now())
    )
    token = select(CustomerToken.token, case(into, value=CustomerToken.customer_id)).where(CustomerToken.customer_id.in_(gone))
    session.execute(upsert(CustomerToken).from_select(["token", "customer_id"], token).on_conflict_do_nothing())
    for table in (CustomerToken, Score, CustomerPlacement):
        session.execute(delete(table).where(table.customer_id.in_(gone)), execution_options=_QUIET)


def undo(session: Session, row: CustomerMerge, *, by: str) -> None:
    """Take a merge or split back, whatever happened since: both customers stand as they did, with every relation.

    Of the moved records those go back that are still where this merge, or a later one, has brought them. Raises Conflict where
    it is undone already, or a customer of it is gone for good.
    """
    session.refresh(row, with_for_update=True)
    if row.undone_at is not None:
        raise Conflict(N_("This was undone already. Reload the page to see how it stands."))
    survivor, gone = _held(session, row.survivor_id), _held(session, row.gone_id)
    row.undone_at, row.undone_by = func.now(), by
    if row.kind == SPLIT:
        session.flush()
        merge_back = [Wanted(_living(session, survivor).id, gone.id, row.why)]
        for one in merge(session, merge_back, by=by):
            one.undone_at, one.undone_by = func.now(), by  # it is the split's undoing, not a merge of its own
        return
    now = _living(session, survivor)
    news = _news(session, row, now)
    back = _move(session, row.moved, now.id, gone.id)
    gone.merged_into = None
    _restore(session, row, (survivor, gone, now), (news[0], news[1] or back != row.moved))


def _news(session: Session, row: CustomerMerge, now: Customer) -> tuple[bool, bool]:
    """Whether records of the survivor's own, and of those moved, were changed or moved again after the merge."""
    later = select(RECORD.c.id).where(RECORD.c.changed_at > row.merged_at).limit(1)
    own = later.where(RECORD.c.customer_id == now.id, RECORD.c.id.not_in(row.moved))
    return session.execute(own).first() is not None, session.execute(later.where(RECORD.c.id.in_(row.moved))).first() is not None


def _held(session: Session, customer_id: int) -> Customer:
    statement = select(Customer).where(Customer.id == customer_id).with_for_update()
    found = session.execute(statement, execution_options={"populate_existing": True}).scalar_one_or_none()
    if found is None:
        raise Conflict(N_("A customer of this merge was removed since, so it cannot be undone."))
    return found


def _living(session: Session, customer: Customer) -> Customer:
    for _hop in range(MERGES):
        if customer.merged_into is None:
            break
        customer = session.get_one(Customer, (customer.tenant_id, customer.merged_into))
    return customer


def _move(session: Session, records: Iterable[int], source: int, target: int) -> list[int]:
    result = session.execute(
        update(RECORD)
        .where(RECORD.c.id.in_(list(records)), RECORD.c.customer_id == source)
        .values(customer_id=target, changed_at=func.now())
        .returning(RECORD.c.id)
    )
    return sorted(result.scalars())


def _restore(session: Session, row: CustomerMerge, held: tuple[Customer, Customer, Customer], news: tuple[bool, bool]) -> None:
    """Both customers as they were. Where a record said something new meanwhile, or another merge came between, what is shown
    follows from the records instead."""
    survivor, gone, now = held
    former = row.former
    _set(gone, former["gone"])
    if now is survivor:
        _set(survivor, {**former["survivor"], **_kept(survivor, former)})
    for contact in session.execute(select(Customer).where(Customer.id.in_(former["contacts"]))).scalars():
        if contact.contact_of in (now.id, None):
            contact.contact_of = gone.id
    for customer in (gone, now):
        customer.changed_at = func.now()
    session.flush()
    own, theirs = news
    again = [*([gone.id] if theirs else []), *([now.id] if own or now is not survivor else [])]
    if again:
        surviving.show(session, again)
    surviving.show_attributes(session, [gone.id, now.id])  # which record's value won, no former state tells
    find_again(session, [gone.id, now.id])
    session.expire_all()


def _kept(survivor: Customer, former: dict[str, Any]) -> dict[str, Any]:
    """What people or imports changed of the survivor since: all that is not simply inherited from who was merged into it."""
    own, other = former["survivor"], former["gone"]
    kept: dict[str, Any] = {}
    for name in _RELATIONS:
        value, inherited = getattr(survivor, name), own[name] if own[name] is not None else other[name]
        if value != inherited:
            kept[name] = value
    merged = {**other["attributes"], **own["attributes"]}
    since = {key: value for key, value in survivor.attributes.items() if merged.get(key) != value}
    return {**kept, "attributes": {**own["attributes"], **since}}


def _set(customer: Customer, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(customer, name, value)


def find_again(session: Session, customers: Sequence[int]) -> None:
    """Search tokens of these customers from all their records."""
    texts: dict[int, list[str | None]] = {one: [] for one in customers}
    for row in session.execute(select(CustomerRecord).where(RECORD.c.customer_id.in_(customers))).scalars():
        texts[row.customer_id] += [row.name, row.given_name, row.family_name, row.email, row.phone]
        texts[row.customer_id] += [row.external_id] if row.source != SOURCE else []
    session.execute(delete(CustomerToken).where(CustomerToken.customer_id.in_(customers)), execution_options=_QUIET)
    found = [{"token": token, "customer_id": one} for one, said in texts.items() for token in tokens(*said)]
    if found:
        session.execute(upsert(CustomerToken).on_conflict_do_nothing(), found)


def split(session: Session, customer: Customer, records: Sequence[int], *, by: str) -> CustomerMerge:
    """Take these of the customer's records out of it: to the customer that was once made for one of them, else to a new one.

    Raises Conflict where nothing would be left, or a record is not the customer's.
    """
    mine = set(session.execute(select(RECORD.c.id).where(RECORD.c.customer_id == customer.id)).scalars())
    if not records or not set(records) < mine:
        raise Conflict(N_("Choose some of this customer's records, and leave at least one."))
    former = _former(customer)
    first = (
        select(Customer).where(Customer.first_record_id.in_(records), Customer.id != customer.id).order_by(Customer.id).limit(1)
    )
    other = session.execute(first).scalar_one_or_none()
    if other is None or other.merged_into is None:
        free = sorted(set(records) - {customer.first_record_id} - ({other.first_record_id} if other else set()))
        other = Customer(first_record_id=free[0] if free else None, owner_id=customer.owner_id, unit_id=customer.unit_id)
        session.add(other)
    other.merged_into = None
    session.flush()
    moved = _move(session, records, customer.id, other.id)
    row = CustomerMerge(
        kind=SPLIT,
        survivor_id=customer.id,
        gone_id=other.id,
        moved=moved,
        former={"survivor": former, "gone": _former(other), "contacts": []},
        by=by,
    )
    session.add(row)
    for one in (customer, other):
        one.changed_at = func.now()
    session.flush()
    surviving.show(session, [customer.id, other.id])
    find_again(session, [customer.id, other.id])
    session.expire_all()
    return row
