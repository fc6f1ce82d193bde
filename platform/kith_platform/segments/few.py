"""Few customers: the values of a rule's conditions for each, and which customers changed since a snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.facts.models import Consent, CustomerRecord, FactRemoved, Ticket
from kith_platform.segments import compile_sql
from kith_platform.segments.compile_sql import Scope
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
from kith_platform.snapshots.manifest import Manifest
from kith_platform.snapshots.write import Moment, Since

BATCH = 500
FEW = 2_000  # beyond so many changed customers all are counted anew, which is faster


def values(session: Session, rule: Part, scope: Scope, ids: Collection[int]) -> Iterator[tuple[int, list[Value]]]:
    """Customer id and the values of the rule's conditions. Customers that do not count are not in it."""
    wanted = list(conditions(rule))
    asked = sorted(ids)
    for start in range(0, len(asked), BATCH):
        statement = compile_sql.values(wanted, scope).where(Customer.id.in_(asked[start : start + BATCH]), compile_sql.living())
        for row in session.execute(statement):
            yield row[0], [_plain(value) for value in row[1:]]


def _plain(value: Any) -> Value:
    return float(value) if isinstance(value, Decimal) else value


def as_json(values: Sequence[Value]) -> list[Any]:
    """Values as a move keeps them."""
    return [value.isoformat() if isinstance(value, dt.date) else value for value in values]


def changed(session: Session, rule: Part, scope: Scope, before: Manifest, now: Manifest) -> set[int] | None:
    """Customers of whom anything that the rule asks for may have changed since the snapshot `before`.

    None where that cannot be told, or where they are more than FEW: rows of scores, placements and other segments, and
    removed facts, leave no trace of whose they were.
    """
    asked = list(conditions(rule))
    if any(isinstance(one, Scored | Placed | Inside) for one in asked):
        return None
    moment = Moment(now.read_at, now.cluster, now.oldest_transaction, now.timezone, now.currency, now.attributes)
    since = Since.of(before, moment)
    names = {name for one in asked for name in _facts(one, scope)}
    gone = select(FactRemoved.id).where(since.new(FactRemoved.__table__), FactRemoved.fact.in_([*names, "customer_record"]))  # type: ignore[arg-type]
    rates = _rates_changed(session, asked, scope, since)
    if rates or session.execute(select(exists(gone))).scalar_one():
        return None
    found = _some(session, select(Customer.id).where(since.new(Customer.__table__)))  # type: ignore[arg-type]
    known = CustomerRecord.customer_id.is_not(None)
    found |= _some(session, select(CustomerRecord.customer_id).where(known, since.new(CustomerRecord.__table__)))
    for name in sorted(names):
        row: Any = scope.facts.row(name)
        # First the few rows, then whose they are: joined at once, the planner would read everybody's records.
        records = _some(session, select(row.record_id).where(row.record_id.is_not(None), since.new(row.__table__)))
        if len(records) > FEW:
            return None
        found |= _some(session, select(CustomerRecord.customer_id).where(known, CustomerRecord.id.in_(records)))
    return found if len(found) <= FEW else None


def _some(session: Session, ids: Select[Any]) -> set[int]:
    """The ids, or more than FEW of them."""
    return set(session.execute(ids.distinct().limit(FEW + 1)).scalars())


def _facts(one: Condition, scope: Scope) -> tuple[str, ...]:
    if isinstance(one, Happened):
        return (scope.facts.by_plural(one.fact).name,)
    if isinstance(one, Consented):
        return (Consent.__table__.name,)
    return (Ticket.__table__.name,) if isinstance(one, Complaining) else ()


def _rates_changed(session: Session, asked: Sequence[Condition], scope: Scope, since: Since) -> bool:
    """Whether sums of money may differ because a day's rate does."""
    if not any(isinstance(one, Happened) and one.measure == "sum" for one in asked):
        return False
    rates: Any = scope.facts.row("fx_rate")
    return bool(session.execute(select(exists(select(rates.id).where(since.new(rates.__table__))))).scalar_one())
