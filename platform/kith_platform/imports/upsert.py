"""One Load into one table, set-wise: what differs is updated with its former version kept, what is new inserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import ARRAY, ColumnElement, MetaData, Select, Table, Text, and_, cast, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, array, distinct_on
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.schema import DropTable
from sqlalchemy.sql.ddl import CreateTableAs

from kith_platform.facts.models import FactVersion
from kith_platform.imports.loads import Context, Load
from kith_platform.imports.plan import CUSTOMER
from kith_platform.imports.staging import targets
from kith_platform.imports.typed import LINE

WHO = ("tenant_id", "source", "import_id")
NUMBERS = "kith.customer_id_seq"
NEVER_COMPARED = {"known_at", "day_only", "occurred_on"}  # they follow from what is compared


@dataclass(frozen=True)
class Counts:
    """Rows of the file by what became of them; they add up to the rows that the load looked at."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.duplicate + other.duplicate,
        )


@dataclass(frozen=True)
class Done:
    """What a load did, how many ids of other facts in it led nowhere by column, and a temporary table of the
    records it wrote, where that was asked for; the caller drops it."""

    counts: Counts
    unresolved: dict[str, int]
    written: Table | None = None


def upsert(session: Session, staging: Table, load: Load, context: Context, *, keep: bool = False, new: bool = False) -> Done:
    """Run a load in the caller's transaction. Where a key stands on several lines the last wins, the others are duplicates.

    Beside loads take the last of the most complete lines. `keep`: the records written are wanted in a table. `new`: none of
    the lines is expected to be known.
    """
    if new and not keep and (done := _all_new(session, staging, load, context)):
        return done
    rows = _source(session, staging, load, context)
    compared = [name for name in load.values if name not in NEVER_COMPARED | load.fixed]
    lines = session.execute(select(func.count()).select_from(staging).where(_counted(load))).scalar_one()
    lost = [func.count().filter(rows.c[f"lost_{name}"]) for name in load.named]
    keys, known, *missing = session.execute(select(func.count(), func.count(rows.c.known), *lost).select_from(rows)).one()
    again = 0
    updated = 0
    if compared and known:
        existing = _existing(load, rows, context)
        mine = and_(load.table.c.import_id == context.import_id, ~_differs(load, rows, compared))
        again = session.execute(select(func.count()).select_from(rows).join(load.table, existing).where(mine)).scalar_one()
        updated = _update(session, load, rows, existing, compared, context)
    inserted = _insert(session, load, rows, context) if keys > known else 0
    written = _written(session, load, rows, context) if keep and (inserted or updated) else None
    session.execute(DropTable(rows))
    unresolved = {f"{load.fact.name}.{name}": count for name, count in zip(load.named, missing, strict=True) if count}
    return Done(Counts(inserted, updated, keys - inserted - updated - again, lines - keys + again), unresolved, written)


def _all_new(session: Session, staging: Table, load: Load, context: Context) -> Done | None:
    """Insert the lines at once where each has a key of its own that the table has not; None where that is not so: then the
    table's unique key refuses, and nothing of the attempt stays."""
    key = load.key.label("external_id")
    lines, keys, *named = session.execute(
        select(func.count(), func.count(key.distinct()), *(func.count(named) for named in load.named.values()))
        .select_from(staging)
        .where(_counted(load))
    ).one()
    if not lines:
        return Done(Counts(), {})
    if keys < lines:
        return None
    values = {**load.values, **({} if load.public_id is None else {"public_id": load.public_id})}
    given = [key, *(value.label(name) for name, value in values.items())]
    fresh = select(*_who(context), *given).select_from(_joined(staging, load)).where(_counted(load))
    new = insert(load.table).from_select([*WHO, "external_id", *values], fresh)
    taken = new.returning(*(load.table.c[name] for name in load.named), load.table.c.id).cte("taken")
    try:
        with session.begin_nested():
            counts = (func.count(), *(func.count(taken.c[name]) for name in load.named))
            inserted, *found = session.execute(select(*counts).select_from(taken)).one()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            return None
        raise
    lost = zip(load.named, named, found, strict=True)
    return Done(Counts(inserted), {f"{load.fact.name}.{name}": all_ - some for name, all_, some in lost if all_ > some})


def _counted(load: Load) -> Any:
    known = load.key.is_not(None)
    return known if load.where is None else and_(known, load.where)


def _joined(staging: Table, load: Load) -> Any:
    """The staging table with the rows that its references lead to."""
    joined: Any = staging
    for other, on in load.joins:
        joined = joined.outerjoin(other, on)
    return joined


def _who(context: Context) -> Sequence[Any]:
    """Values of WHO; the column's default of the tenant would be asked for each row."""
    return literal(context.tenant_id), literal(context.source), literal(context.import_id)


def _source(session: Session, staging: Table, load: Load, context: Context) -> Table:
    """A temporary table with the last row of each key: external_id, the load's values, references resolved, and `known`, the
    id of the row that the table has of this key."""
    line = targets(staging)[LINE]
    columns = [load.key.label("external_id"), *(value.label(name) for name, value in load.values.items())]
    columns += [and_(named.is_not(None), load.values[name].is_(None)).label(f"lost_{name}") for name, named in load.named.items()]
    columns += [] if load.public_id is None else [load.public_id.label("public_id")]
    best = [] if load.finest or len(load.values) == len(load.fixed) else [func.num_nulls(*load.values.values())]
    statement = select(*columns).select_from(_joined(staging, load)).where(_counted(load)).ext(distinct_on(load.key))
    last = statement.order_by(load.key, *best, line.desc()).subquery("last_")
    there = load.table.alias("there")
    on = and_(there.c.tenant_id == context.tenant_id, there.c.source == context.source, there.c.external_id == last.c.external_id)
    found = select(last, there.c.id.label("known")).select_from(last.outerjoin(there, on))
    return materialise(session, found, f"rows_{load.table.name}")


def materialise(session: Session, statement: Select[Any], name: str) -> Table:
    """A temporary table of the statement's rows; the caller drops it."""
    created = CreateTableAs(statement, name, temporary=True, metadata=MetaData())
    session.execute(created)
    return created.table


def _existing(load: Load, rows: Table, context: Context) -> Any:
    """The join of a file's rows with the rows that the table has of the same source and id."""
    return and_(load.table.c.tenant_id == context.tenant_id, load.table.c.id == rows.c.known)


def _update(session: Session, load: Load, rows: Table, existing: Any, compared: list[str], context: Context) -> int:
    table = load.table
    changed = and_(existing, _differs(load, rows, compared))
    former = select(
        literal(context.import_id), literal(load.fact.name), table.c.id, func.to_jsonb(table.table_valued())
    ).join_from(rows, table, changed)
    keep = insert(FactVersion).from_select(["import_id", "fact", "row_id", "values"], former)
    count = _rows(session, keep)
    if count:
        names = [name for name in load.values if name not in load.fixed]
        values = {name: _new_value(load, rows, name) for name in names}
        session.execute(
            update(table).where(changed).values({**values, "changed_at": func.now(), "import_id": context.import_id}),
            execution_options={"synchronize_session": False},
        )
    return count


def _insert(session: Session, load: Load, rows: Table, context: Context) -> int:
    values: dict[str, Any] = {name: rows.c[name] for name in load.values}
    if load.public_id is not None:
        values["public_id"] = rows.c.public_id
    if load.fact.name == CUSTOMER:  # the number of the customer whom the record makes, so that nothing is written twice
        values["customer_id"] = func.nextval(NUMBERS)
    fresh = select(*_who(context), rows.c.external_id, *values.values()).where(rows.c.known.is_(None))
    return _rows(session, insert(load.table).from_select([*WHO, "external_id", *values], fresh))


def _written(session: Session, load: Load, rows: Table, context: Context) -> Table:
    """The records that were written, and whether each is `fresh`."""
    table = load.table.c
    same = and_(table.tenant_id == context.tenant_id, table.source == context.source, table.external_id == rows.c.external_id)
    now = and_(table.import_id == context.import_id, table.changed_at == func.now())
    fresh = rows.c.known.is_(None).label("fresh")
    found = select(load.table, fresh).select_from(rows.join(load.table, same)).where(now)
    return materialise(session, found, f"written_{load.table.name}")


def _rows(session: Session, statement: Any) -> int:
    """Run it; how many rows it wrote. SQLAlchemy forgets the count of an INSERT unless asked to keep it."""
    result: Any = session.execute(statement, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)


def _differs(load: Load, source: Any, columns: list[str]) -> ColumnElement[bool]:
    """Whether any of the columns has another value in the file than in the table. Beside, no value is no other value."""
    table = load.table
    if load.finest:
        return or_(*(_held(load, name).is_distinct_from(_new_value(load, source, name)) for name in columns))
    return or_(*(and_(source.c[name].is_not(None), table.c[name].is_distinct_from(source.c[name])) for name in columns))


def _new_value(load: Load, source: Any, name: str) -> ColumnElement[Any]:
    """What an update writes into a column: what the file says; beside, only where it says something; of JSON that is merged,
    the keys it speaks of."""
    given: ColumnElement[Any] = source.c[name]
    if name in load.merged:
        keys = cast(array(list(load.merged[name])), ARRAY(Text))
        return _held(load, name).op("-")(keys).op("||")(given)
    return given if load.finest else func.coalesce(given, load.table.c[name])


def _held(load: Load, name: str) -> ColumnElement[Any]:
    held: ColumnElement[Any] = load.table.c[name]
    return func.coalesce(held, cast(literal("{}"), JSONB)) if name in load.merged else held
