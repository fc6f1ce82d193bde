"""Erasing a person: every row that holds it goes, in whichever table, and what was derived from those rows is made anew.

What a table holds of a customer is told by its columns' names, so that a fact which a plugin adds is erased like our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.models import Customer, CustomerIdentity
from kith_platform.duplicates.models import CustomerMerge, DuplicatePair, ToldApart
from kith_platform.errors import Forbidden
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.facts.models import CustomerRecord, FactRemoved, FactVersion
from kith_platform.jobs import service as jobs
from kith_platform.predict.models import FactScore, FactScoreMonth
from kith_platform.sdk.facts import Fact
from kith_platform.segments.models import Segment, SegmentMember
from kith_tenants.context import Actor
from kith_tenants.schema import Base

JOB = "customers.rewrite_files"
OF_RECORD, OF_CUSTOMER = "record_id", "customer_id"
PEOPLE: Any = Customer.__table__
RECORDS: Any = CustomerRecord.__table__


def held(session: Session, customer: Customer, facts: FactCatalogue) -> dict[str, int]:
    """How many rows of each fact (its label, a msgid) would go."""
    records = _records(session, _family(session, customer))
    found = {}
    for fact, table in _tables(facts):
        wanted = select(func.count()).select_from(table).where(_theirs(table, records))
        found[fact.label] = session.execute(wanted).scalar_one()
    return {label: number for label, number in found.items() if number}


def erase(session: Session, actor: Actor, customer: Customer, facts: FactCatalogue) -> None:
    """Erase a customer and those that were merged into it, for good. Raises Forbidden.

    Rows go in the caller's transaction, which also asks for the job that rewrites snapshots and the segments' sample. The audit
    trail keeps that it was done, by the public id alone. Files that were imported, and backups, are not touched.
    """
    if not actor.can("customers:erase"):
        raise Forbidden
    customers = _family(session, customer)
    records = _records(session, customers)
    removed = _remove_facts(session, facts, records)
    _remove_decisions(session, customers, records)
    _forget(session, OF_RECORD, records)
    forget_customers(session, customers)
    session.execute(update(PEOPLE).where(PEOPLE.c.contact_of.in_(customers)).values(contact_of=None, changed_at=func.now()))
    for table, name, ids in ((RECORDS, "customer_record", records), (PEOPLE, "customer", customers)):
        _note_removed(session, name, ids)
        session.execute(delete(table).where(table.c.id.in_(ids)))
    jobs.ask(session, JOB, {}, dedupe_key=JOB, asked_by=actor.member_id)
    told = {"records": len(records), "facts": removed}
    record(session, actor, "customer:erased", f"customer:{customer.public_id}", told)
    session.expunge(customer)


def forget_customers(session: Session, customers: list[int] | Select[Any]) -> None:
    """Remove what tables hold of these customers, but for themselves and their records: scores, placements, segments, tokens."""
    _leave_segments(session, customers)
    _forget(session, OF_CUSTOMER, customers)


def _forget(session: Session, column: str, ids: list[int] | Select[Any]) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        if column in table.c and table is not RECORDS:
            session.execute(delete(table).where(table.c[column].in_(ids)), execution_options={"synchronize_session": False})


def _family(session: Session, customer: Customer) -> list[int]:
    """The customer and whoever was merged into it, however many merges ago."""
    found, last = [customer.id], [customer.id]
    while last:
        last = list(
            session.execute(select(PEOPLE.c.id).where(PEOPLE.c.merged_into.in_(last), PEOPLE.c.id.not_in(found))).scalars()
        )
        found += last
    return found


def _records(session: Session, customers: list[int]) -> list[int]:
    return list(session.execute(select(RECORDS.c.id).where(RECORDS.c.customer_id.in_(customers))).scalars())


def _leave_segments(session: Session, customers: list[int] | Select[Any]) -> None:
    """A segment is smaller by those who were in it; its history of sizes stays as it was."""
    inside = select(SegmentMember.segment_id, func.count().label("number")).where(SegmentMember.customer_id.in_(customers))
    those = inside.group_by(SegmentMember.segment_id).subquery()
    session.execute(
        update(Segment).where(Segment.id == those.c.segment_id).values(size=Segment.size - those.c.number),
        execution_options={"synchronize_session": False},
    )


def _remove_facts(session: Session, facts: FactCatalogue, records: list[int]) -> int:
    """Rows of facts, what imports keep of them to be undone by, and how many there were. Snapshots are told of each."""
    gone = {fact.name: _remove(session, fact, table, _theirs(table, records)) for fact, table in _tables(facts)}
    for fact in (one for one in facts if gone.get(one.name)):
        for kept in (FactScore, FactScoreMonth):
            own = (kept.subject == fact.plural, kept.row_id.in_(gone[fact.name]))
            session.execute(delete(kept).where(*own), execution_options={"synchronize_session": False})
    _forget_versions(session, "customer_record", records)
    return sum(map(len, gone.values())) + _let_go(session, facts, gone)


def _tables(facts: FactCatalogue) -> Iterator[tuple[Fact, Table]]:
    for fact in facts:
        table: Any = facts.row(fact.name).__table__
        if fact.of_customer and OF_RECORD in table.c:
            yield fact, table


def _theirs(table: Table, records: list[int]) -> ColumnElement[bool]:
    """Rows of these records, and those of nobody that hold an e-mail address of theirs: a lead that was never theirs."""
    own: ColumnElement[bool] = table.c[OF_RECORD].in_(records)
    if "email" not in table.c:
        return own
    known = select(CustomerIdentity.value).where(CustomerIdentity.record_id.in_(records), CustomerIdentity.kind == "email")
    return or_(own, and_(table.c[OF_RECORD].is_(None), func.lower(func.btrim(table.c.email)).in_(known)))


def _remove(session: Session, fact: Fact, table: Table, which: ColumnElement[bool]) -> list[int]:
    gone = list(session.execute(delete(table).where(which).returning(table.c.id)).scalars())
    _forget_versions(session, fact.name, gone)
    _note_removed(session, fact.name, gone)
    return gone


def _let_go(session: Session, facts: FactCatalogue, gone: Mapping[str, list[int]]) -> int:
    """Rows of no customer that name rows which went: they go where they say nothing without them, else they name nothing."""
    removed = 0
    for fact in (one for one in facts if not one.of_customer):
        table: Any = facts.row(fact.name).__table__
        for column in (one for one in fact.columns if gone.get(one.to)):
            names = table.c[column.stored_as].in_(gone[column.to])
            if column.required:
                removed += len(_remove(session, fact, table, names))
            else:
                session.execute(update(table).where(names).values({column.stored_as: None, "changed_at": func.now()}))
    return removed


def _forget_versions(session: Session, name: str, ids: list[int]) -> None:
    if ids:
        session.execute(delete(FactVersion).where(FactVersion.fact == name, FactVersion.row_id.in_(ids)))


def _note_removed(session: Session, name: str, ids: Iterable[int]) -> None:
    rows = [{"fact": name, "row_id": one} for one in ids]
    if rows:
        session.execute(insert(FactRemoved), rows)


def _remove_decisions(session: Session, customers: list[int], records: list[int]) -> None:
    """Pairs with others that were found alike or told apart; of merges only that there was one, which cannot be undone."""
    for table in (DuplicatePair, ToldApart):
        session.execute(delete(table).where(or_(table.left_id.in_(records), table.right_id.in_(records))))
    merged = or_(CustomerMerge.survivor_id.in_(customers), CustomerMerge.gone_id.in_(customers))
    nothing = {"moved": literal([], CustomerMerge.moved.type), "former": literal({}, CustomerMerge.former.type), "why": ""}
    over = func.coalesce(CustomerMerge.undone_at, func.now())
    session.execute(update(CustomerMerge).where(merged).values(**nothing, undone_at=over))
