"""Rows that lines make of other facts (layouts.Row), as expressions over the staging table; and whose lines they changed."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Numeric,
    Table,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from kith_platform.imports.layouts import KEY, Row
from kith_platform.imports.loads import Context, Load
from kith_platform.imports.typed import DAY_ONLY
from kith_platform.sdk.facts import Fact
from kith_tenants.schema import Name


def renamed(
    staged: Dictionary[str, Column[Any]], root: Fact, row: Row, fact: Fact, line: ColumnElement[Any], zone: str
) -> dict[str, Any]:
    """Staging columns under the names that they have in the row's `fact`. `line`: the id of the line."""
    known: dict[str, Any] = {**staged, KEY: line}
    found: dict[str, Any] = {}
    for column, targets in row.values.items():
        if given := [target for target in targets if target in known]:
            found[column] = _first(known, given)
            found |= _first_day(known, given, column) if column == fact.occurred else {}
    for column, moment in row.ahead.items():
        if moment in known:
            later = case((known[moment] > func.now(), cast(func.timezone(literal(zone), known[moment]), Date)))
            found[column] = func.coalesce(found[column], later) if column in found else later
    for column, value in row.constants.items():
        found[column] = cast(literal(value), Name if isinstance(value, str) else Numeric())
    for name in ("currency", "known_at"):
        if (given_ := staged.get(f"{root.name}.{name}")) is not None:
            found[name] = given_
    return {f"{row.fact}.{column}": value for column, value in found.items()}


def _first(known: Dictionary[str, Any], targets: Sequence[str]) -> Any:
    return func.coalesce(*(known[target] for target in targets)) if len(targets) > 1 else known[targets[0]]


def _first_day(known: Dictionary[str, Any], targets: Sequence[str], column: str) -> dict[str, Any]:
    """Whether the first of these times that is given is a day only."""
    turns = [(known[target].is_not(None), known[target + DAY_ONLY]) for target in targets if target + DAY_ONLY in known]
    return {column + DAY_ONLY: case(*turns)} if turns else {}


def present(staged: Dictionary[str, Column[Any]], row: Row) -> ColumnElement[bool]:
    """Which lines have the row: those that say so, of something that is not still ahead."""
    said = staged[row.when]
    if isinstance(said.type, Boolean):
        return said.is_(True)
    return and_(said.is_not(None), said <= func.now()) if isinstance(said.type, DateTime) else said.is_not(None)


def touched(session: Session, staging: Table, counted: Load, further: Sequence[Load], context: Context) -> int:
    """Lines whose own row stayed as it was while this transaction wrote one of their further rows."""
    own = _written(counted, counted.key, context)
    others = or_(*(_written(load, load.key, context) for load in further))
    lines = select(func.count(counted.key.distinct())).select_from(staging).where(others, ~own)
    return session.execute(lines).scalar_one()


def left_out(session: Session, staging: Table, further: Sequence[Load], context: Context) -> int:
    """Lines that no longer say what an earlier file said: its row is there, and kept."""
    found = (and_(~load.where, _exists(load, load.key, context)) for load in further if load.where is not None)
    return session.execute(select(func.count()).select_from(staging).where(or_(*found))).scalar_one()


def _written(load: Load, key: ColumnElement[Any], context: Context) -> Any:
    row = load.table.alias()
    now = and_(row.c.import_id == context.import_id, row.c.changed_at == func.now())
    return _row(row, key, context).where(now).exists()


def _exists(load: Load, key: ColumnElement[Any], context: Context) -> Any:
    return _row(load.table.alias(), key, context).exists()


def _row(row: Any, key: ColumnElement[Any], context: Context) -> Any:
    return select(row.c.id).where(row.c.tenant_id == context.tenant_id, row.c.source == context.source, row.c.external_id == key)
