"""The value of each of a rule's conditions, in SQL: of Customer's own columns, and of few customers all there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Date, Double, Integer, Select, case, cast, exists, func, null, select

from kith_platform.customers.listing import complaining
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.placements.models import CustomerPlacement
from kith_platform.predict.models import Score
from kith_platform.predict.service import TASKS
from kith_platform.segments import facts_sql
from kith_platform.segments.models import SegmentMember
from kith_platform.segments.rules import Attribute, Complaining, Condition, Consented, Field, Inside, Placed, Scored, Sort
from kith_platform.segments.scope import Scope

_CASTS: Mapping[Sort, tuple[str, Any]] = {
    Sort.NUMBER: ("float8", Double()),
    Sort.TRUTH: ("boolean", Boolean()),
    Sort.DAY: ("date", Date()),
}


def field(one: Field, scope: Scope) -> ColumnElement[Any]:
    """What the customer's own row says."""
    if one.name == "created":
        return cast(func.timezone(scope.timezone, Customer.created_at), Date)
    column: ColumnElement[Any] = getattr(Customer, one.name)
    return column


def attribute(one: Attribute) -> ColumnElement[Any]:
    """The attribute as its kind is compared; null where it holds something else."""
    said: ColumnElement[Any] = Customer.attributes[one.key].as_string()
    if one.test.sort not in _CASTS:
        return said
    name, kind = _CASTS[one.test.sort]
    return case((func.pg_input_is_valid(said, name), cast(said, kind)))


def score(one: Scored) -> ColumnElement[Any]:
    """What a condition asks of a score; a kind is kept as the place of its code, and compared as the code."""
    if one.part != "kind":
        column: ColumnElement[Any] = getattr(Score, one.part)
        return column
    task = TASKS.get(one.task)
    if task is None or task.kinds is None:
        return null()
    place = cast(cast(Score.extra[task.kinds.extra].astext, Double), Integer)
    return case(dict(enumerate(task.kinds.words)), value=place)


def values(wanted: Sequence[Condition], scope: Scope) -> Select[Any]:
    """Customer.id and one column per condition with its value, for few customers: each is looked up by itself.

    A consent's value is its status, a complaint's and another segment's whether it is so.
    """
    return select(Customer.id, *(_value(one, scope).label(f"v{place}") for place, one in enumerate(wanted)))


def _value(one: Condition, scope: Scope) -> ColumnElement[Any]:
    if isinstance(one, Field):
        return field(one, scope)
    if isinstance(one, Attribute):
        return attribute(one)
    if isinstance(one, Scored):
        scored = select(score(one)).where(Score.task == one.task, Score.customer_id == Customer.id)
        return scored.correlate(Customer).scalar_subquery()
    if isinstance(one, Placed):
        code = select(CustomerPlacement.code).where(CustomerPlacement.key == one.key)
        return code.where(CustomerPlacement.customer_id == Customer.id).correlate(Customer).scalar_subquery()
    if isinstance(one, Consented):
        last = facts_sql.last_words(one).where(CustomerRecord.customer_id == Customer.id).correlate(Customer)
        return select(last.subquery().c.status).scalar_subquery()
    if isinstance(one, Complaining):
        return exists(complaining().where(CustomerRecord.customer_id == Customer.id).correlate(Customer))
    if isinstance(one, Inside):
        member = select(SegmentMember.customer_id).where(SegmentMember.segment_id == scope.segments.get(one.segment, 0))
        return exists(member.where(SegmentMember.customer_id == Customer.id).correlate(Customer))
    rows, value = facts_sql.rows(one, scope)
    own = rows.where(CustomerRecord.customer_id == Customer.id).correlate(Customer).with_only_columns(value)
    return cast(own.scalar_subquery(), Double) if one.test.sort is Sort.NUMBER else own.scalar_subquery()
