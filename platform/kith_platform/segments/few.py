"""Few customers: the values of a rule's conditions for each, and which customers changed since a snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.blobs import TenantBlobs
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.segments import values_sql
from kith_platform.segments.rules import (
    Complaining,
    Condition,
    Consented,
    Happened,
    Inside,
    Part,
    Placed,
    Scored,
    Value,
    conditions,
)
from kith_platform.segments.scope import Scope, living
from kith_platform.snapshots.manifest import File, Manifest
from kith_platform.snapshots.shape import CUSTOMER

BATCH = 500
FEW = 2_000  # beyond so many changed customers all are counted anew, which is faster
READ = 50_000  # rows of a table's newer files
RECORD, RATES = "customer_record", "fx_rate"
_OWNERS = {CUSTOMER: "id", RECORD: "customer_id"}


def values(session: Session, rule: Part, scope: Scope, ids: Collection[int]) -> Iterator[tuple[int, list[Value]]]:
    """Customer id and the values of the rule's conditions. Customers that do not count are not in it."""
    wanted = list(conditions(rule))
    asked = sorted(ids)
    for start in range(0, len(asked), BATCH):
        statement = values_sql.values(wanted, scope).where(Customer.id.in_(asked[start : start + BATCH]), living())
        for row in session.execute(statement):
            yield row[0], [_plain(value) for value in row[1:]]


def _plain(value: Any) -> Value:
    return float(value) if isinstance(value, Decimal) else value


def as_json(values: Sequence[Value]) -> list[Any]:
    """Values as a move keeps them."""
    return [value.isoformat() if isinstance(value, dt.date) else value for value in values]


def changed(session: Session, blobs: TenantBlobs, rule: Part, scope: Scope, before: int, now: Manifest) -> set[int] | None:
    """Customers of whom anything that the rule asks for changed since the snapshot of generation `before`.

    The snapshot's newer files say so. None where that cannot be told, or where they are more than FEW: rows of scores,
    placements and other segments, and removed facts, leave no trace of whose they were.
    """
    asked = list(conditions(rule))
    if any(isinstance(one, Scored | Placed | Inside) for one in asked):
        return None
    names = {name for one in asked for name in _facts(one, scope)}
    summed = any(isinstance(one, Happened) and one.measure == "sum" for one in asked)
    if summed and _new(now, RATES, before) != []:  # a day's rate changes sums of nobody in particular
        return None
    found: dict[str, set[int]] = {}
    for name in (CUSTOMER, RECORD, *sorted(names)):
        files = _new(now, name, before)
        if files is None or sum(file.rows for file in files) > READ:
            return None
        found[name] = _ids(blobs, files, _OWNERS.get(name, "record_id"))
    records = set[int]().union(*(found[name] for name in names))
    customers = found[CUSTOMER] | found[RECORD]
    if len(records) + len(customers) > FEW:
        return None
    owners = select(CustomerRecord.customer_id).where(CustomerRecord.id.in_(records), CustomerRecord.customer_id.is_not(None))
    return customers | set(session.execute(owners).scalars())


def _new(now: Manifest, name: str, before: int) -> list[File] | None:
    """The table's files since then; None where it was written anew or rows were removed."""
    table = now.tables.get(name)
    if table is None:
        return []
    files = [file for file in table.files if file.generation > before]
    return None if any(file.removed or file is table.files[0] for file in files) else files


def _ids(blobs: TenantBlobs, files: list[File], column: str) -> set[int]:
    found: set[int] = set()
    for file in files:
        with blobs.open(file.name) as stream:
            found |= set(pq.read_table(stream, columns=[column])[column].to_pylist())
    return {one for one in found if one is not None}


def _facts(one: Condition, scope: Scope) -> tuple[str, ...]:
    if isinstance(one, Happened):
        return (scope.facts.by_plural(one.fact).name,)
    if isinstance(one, Consented):
        return ("consent",)
    return ("ticket",) if isinstance(one, Complaining) else ()
