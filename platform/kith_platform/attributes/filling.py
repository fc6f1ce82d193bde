"""Back-filling: values from what earlier imports kept as it was, a batch of records at a time; and counting what there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from psycopg import sql
from sqlalchemy import ARRAY, BigInteger, Column, MetaData, Table, Text, cast, exists, func, literal, not_, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import Session

from kith_platform.attributes import history
from kith_platform.attributes.kinds import DATED, Definition, definitions
from kith_platform.attributes.values import filled
from kith_platform.customers.models import Attribute, Customer
from kith_platform.duplicates import surviving
from kith_platform.facts.models import AttributeChange, CustomerRecord
from kith_platform.imports.formats import MISSING
from kith_platform.imports.models import Import

RECORD: Table = CustomerRecord.__table__
CUSTOMER: Any = Customer.__table__
BATCH = 20_000
EMPTY = cast(literal("{}"), JSONB)
_QUIET: dict[str, Any] = {"synchronize_session": False}
TEXTS = ARRAY(Text)
_FOUND = Table("found_attributes", MetaData(), Column("id", BigInteger), Column("attributes", JSONB))


def end(session: Session, source: str, after: int) -> int | None:
    """The last id of the batch of a source's records behind `after`; None where it is the last batch."""
    ids = select(RECORD.c.id).where(RECORD.c.source == source, RECORD.c.id > after).order_by(RECORD.c.id)
    return session.execute(ids.offset(BATCH - 1).limit(1)).scalar_one_or_none()


def fill(session: Session, one: Definition, source: str, after: int, until: int | None, *, zone: str) -> int:
    """Read a source's records with ids in (after, until] anew, as the attribute is defined; how many were looked at.

    A dated attribute's value is that of its last change; what a record said before any was noted becomes the first.
    """
    columns = [column for column in one.places if column.source == source]
    texts = [RECORD.c.raw[column.column].as_string() for column in columns]
    rows = select(RECORD.c.id, *texts).where(RECORD.c.source == source, RECORD.c.id > after).order_by(RECORD.c.id)
    rows = rows if until is None else rows.where(RECORD.c.id <= until)
    if one.timing == DATED:
        noted = exists().where(AttributeChange.record_id == RECORD.c.id, AttributeChange.attribute == one.key)
        rows = rows.where(~noted)
    found = session.execute(rows).all()
    ids = [row[0] for row in found]
    said = {column.column: pl.Series([row[at] for row in found], dtype=pl.String) for at, column in enumerate(columns, 1)}
    write(session, ids, filled(said, [one], source, rows=len(found), zone=zone).values, [one.key])
    if one.timing == DATED and ids:
        _note(session, ids, one.key, zone)
    return len(ids)


def again(session: Session, records: Any, *, zone: str) -> None:
    """Read records anew by all definitions: `records` is a select of ids, of records whose raw columns were put back.

    Dated attributes follow their history instead, by a job.
    """
    wanted = [one for one in definitions(session) if one.timing != DATED]
    after: int | None = 0 if wanted else None
    while after is not None:
        rows = select(RECORD.c.id, RECORD.c.source, RECORD.c.raw).where(RECORD.c.id.in_(records), RECORD.c.id > after)
        found = session.execute(rows.order_by(RECORD.c.id).limit(BATCH)).all()
        for source in {row.source for row in found}:
            _read(session, [row for row in found if row.source == source], source, wanted, zone)
        after = found[-1].id if len(found) == BATCH else None


def _read(session: Session, rows: Sequence[Any], source: str, wanted: Sequence[Definition], zone: str) -> None:
    names = dict.fromkeys(column.column for one in wanted for column in one.places if column.source == source)
    own = [one for one in wanted if one.reading(source, list(names))]
    said = {name: pl.Series([(row.raw or {}).get(name) for row in rows], dtype=pl.String) for name in names}
    if own:
        kept = filled(said, own, source, rows=len(rows), zone=zone).values
        write(session, [row.id for row in rows], kept, [one.key for one in own])


def write(session: Session, ids: Sequence[int], kept: pl.Series, keys: Sequence[str]) -> None:
    """Give records these attributes (JSON objects) in place of what they had under the keys; their customers show it."""
    if not ids:
        return
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE found_attributes (id bigint, attributes jsonb) ON COMMIT DROP")
        with cursor.copy(sql.SQL("COPY found_attributes FROM STDIN")) as copy:
            for one in zip(ids, kept, strict=True):
                copy.write_row(one)
        cursor.execute("ANALYZE found_attributes")
    held = func.coalesce(RECORD.c.attributes, EMPTY)
    shown = held.op("-")(cast(array(list(keys)), TEXTS)).op("||")(_FOUND.c.attributes)
    session.execute(
        update(RECORD)
        .where(RECORD.c.id == _FOUND.c.id, shown.is_distinct_from(held))
        .values(attributes=shown, changed_at=func.now()),
        execution_options=_QUIET,
    )
    theirs = select(RECORD.c.customer_id).where(RECORD.c.id.in_(select(_FOUND.c.id)), RECORD.c.customer_id.is_not(None))
    surviving.show_attributes(session, theirs)
    with driver.cursor() as cursor:
        cursor.execute("DROP TABLE found_attributes")


def _note(session: Session, ids: Sequence[int], key: str, zone: str) -> None:
    """The first change of these records: what was known when the import that last brought them arrived."""
    arrived = func.coalesce(Import.created_at, RECORD.c.changed_at).label("arrived")
    rows = (
        select(RECORD.c.id, RECORD.c.source, RECORD.c.external_id, RECORD.c.import_id, RECORD.c.attributes, arrived)
        .select_from(RECORD.outerjoin(Import, Import.id == RECORD.c.import_id))
        .where(RECORD.c.id.in_(ids))
        .subquery()
    )
    history.note(session, rows, [key], at=rows.c.arrived, zone=zone)


def settle(session: Session, one: Definition) -> None:
    """After all batches: records of sources that no longer feed the attribute lose it, dated ones show their last change."""
    sources = list(dict.fromkeys(column.source for column in one.places))
    lost = update(RECORD).where(RECORD.c.source.not_in(sources), RECORD.c.attributes.has_key(one.key))
    if one.timing == DATED:
        lost = lost.where(not_(exists().where(AttributeChange.record_id == RECORD.c.id, AttributeChange.attribute == one.key)))
    session.execute(lost.values(attributes=RECORD.c.attributes.op("-")(one.key), changed_at=func.now()), execution_options=_QUIET)
    if one.timing == DATED:
        history.follow(session, one)
    said = select(RECORD.c.customer_id).where(RECORD.c.attributes.has_key(one.key), RECORD.c.customer_id.is_not(None))
    shows = select(CUSTOMER.c.id).where(CUSTOMER.c.attributes.has_key(one.key), CUSTOMER.c.merged_into.is_(None))
    if one.timing == DATED or session.execute(select(shows.where(CUSTOMER.c.id.not_in(said)).exists())).scalar_one():
        surviving.show_attributes(session, said.union(shows))


def forget(session: Session, key: str) -> None:
    """Take an attribute's values from all records and customers. What the files said stays in `raw`."""
    for table in (RECORD, CUSTOMER):
        session.execute(
            update(table)
            .where(table.c.attributes.has_key(key))
            .values(attributes=table.c.attributes.op("-")(key), changed_at=func.now()),
            execution_options=_QUIET,
        )
    history.forget(session, key)


def count(session: Session) -> None:
    """Write down how many customers have each attribute, and how many records say something that is not of its kind."""
    wanted = definitions(session)
    if not wanted:
        return
    living = select(*(func.count().filter(CUSTOMER.c.attributes.has_key(one.key)).label(one.key) for one in wanted))
    have = session.execute(living.where(CUSTOMER.c.merged_into.is_(None), ~CUSTOMER.c.is_test)).one()
    wrong = session.execute(
        select(*(func.count().filter(misfit(one)).label(one.key) for one in wanted)).select_from(RECORD)
    ).one()
    for one, filled_, misfits in zip(wanted, have, wrong, strict=True):
        session.execute(
            update(Attribute).where(Attribute.key == one.key).values(filled=filled_, misfits=misfits, counted_at=func.now()),
            execution_options=_QUIET,
        )


def misfit(one: Definition) -> Any:
    """Whether a record says something in one of the attribute's columns, and yet has no value of it."""
    said = or_(
        *(
            (RECORD.c.source == column.source) & func.lower(func.btrim(RECORD.c.raw[column.column].as_string())).not_in(MISSING)
            for column in one.places
        )
    )
    return said & not_(func.coalesce(RECORD.c.attributes, EMPTY).has_key(one.key))
