"""Rule → SQLAlchemy: who fulfils it now, under row level security, and what a few customers' values are.

A condition narrows ids by a set of ids that one index gives, so PostgreSQL joins sets instead of asking row by row. Facts of
everybody are better read from frames (compile_frames).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Double,
    Numeric,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import distinct_on

from kith_platform.customers.listing import complaining
from kith_platform.customers.models import Customer
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.facts.models import Consent, CustomerRecord, FxRate
from kith_platform.frames.money import RATE_DAYS
from kith_platform.placements.models import CustomerPlacement
from kith_platform.predict.models import Score
from kith_platform.sdk.facts import Kind
from kith_platform.segments.models import SegmentMember
from kith_platform.segments.rules import (
    Attribute,
    Complaining,
    Condition,
    Consented,
    Field,
    Group,
    Happened,
    Inside,
    Part,
    Placed,
    Scored,
    Sort,
    Test,
)

_LAST = "\U0010ffff"
_CASTS: Mapping[Sort, tuple[str, Any]] = {
    Sort.NUMBER: ("float8", Double()),
    Sort.TRUTH: ("boolean", Boolean()),
    Sort.DAY: ("date", Date()),
}


@dataclass(frozen=True)
class Scope:
    """For which company and day a rule is compiled. `segments` are ids by public id.

    `who` is the id a condition is about: Customer.id, or a column of ids that another set gives (`members`).
    """

    today: dt.date
    currency: str
    timezone: str
    facts: FactCatalogue
    segments: Mapping[uuid.UUID, int]
    who: ColumnElement[Any] | None = None

    @property
    def id(self) -> ColumnElement[Any]:
        return Customer.id if self.who is None else self.who  # type: ignore[return-value]


def living() -> ColumnElement[bool]:
    """Customers that count: not merged into another, not for tests."""
    return and_(Customer.merged_into.is_(None), Customer.is_test.is_(False))


def holds(part: Part, scope: Scope) -> ColumnElement[bool]:
    """The rule as a condition over Customer, true or false and never null."""
    if isinstance(part, Group):
        truths = [holds(one, scope) for one in part.parts]
        if part.mode == "any":
            return or_(*truths) if truths else true()
        return and_(true(), *truths) if part.mode == "all" else and_(true(), *(not_(one) for one in truths))
    condition: ColumnElement[bool] = _CONDITIONS[type(part)](part, scope)
    return condition


def _tested(value: ColumnElement[Any], test: Test, today: dt.date) -> ColumnElement[bool]:
    """As `Test.meets` has it, for a value that may be null (or '' for text)."""
    text = test.sort is Sort.TEXT
    present = and_(value.is_not(None), value != "") if text else value.is_not(None)
    if test.op in ("known", "unknown"):
        return present if test.op == "known" else not_(present)
    if test.op == "is_not":
        return or_(value.is_(None), value.not_in(test.bounds))
    return and_(value.is_not(None), _compared(value, test.op, test.days(today)))


def _compared(value: Any, op: str, bounds: tuple[Any, ...]) -> ColumnElement[bool]:
    found: ColumnElement[bool]
    if op == "is":
        found = value.in_(bounds)
    elif op == "starts":
        found = and_(value >= bounds[0], value < bounds[0] + _LAST)
    elif op == "between":
        found = and_(value >= bounds[0], value <= bounds[1])
    elif op in ("yes", "no"):
        found = value.is_(op == "yes")
    elif op in ("at_least", "from"):
        found = value >= bounds[0]
    elif op in ("at_most", "until", "before_days"):
        found = value <= bounds[0]
    else:  # more, last_days; less
        found = value < bounds[0] if op == "less" else value > bounds[0]
    return found


def _absent(test: Test) -> bool:
    """Whether a value that is not there fulfils the test."""
    return test.meets(None, dt.date.min)


def _in(found: Select[Any], scope: Scope) -> ColumnElement[bool]:
    return scope.id.in_(found)


def _not_in(found: Select[Any], scope: Scope) -> ColumnElement[bool]:
    ids = found.subquery()
    return not_(exists(select(ids.c[0]).where(ids.c[0] == scope.id)))


def _of_customer(truth: ColumnElement[bool], scope: Scope) -> ColumnElement[bool]:
    """A truth over Customer's own columns."""
    return truth if scope.who is None else _in(select(Customer.id).where(truth), scope)


def _field_value(one: Field, scope: Scope) -> ColumnElement[Any]:
    if one.name == "created":
        return cast(func.timezone(scope.timezone, Customer.created_at), Date)
    column: ColumnElement[Any] = getattr(Customer, one.name)
    return column


def _field(one: Field, scope: Scope) -> ColumnElement[bool]:
    return _of_customer(_tested(_field_value(one, scope), one.test, scope.today), scope)


def _attribute_value(one: Attribute, _scope: Scope) -> ColumnElement[Any]:
    said: ColumnElement[Any] = Customer.attributes[one.key].as_string()
    if one.test.sort not in _CASTS:
        return said
    name, kind = _CASTS[one.test.sort]
    return case((func.pg_input_is_valid(said, name), cast(said, kind)))


def _attribute(one: Attribute, scope: Scope) -> ColumnElement[bool]:
    return _of_customer(_tested(_attribute_value(one, scope), one.test, scope.today), scope)


def _among_others(ids: Select[Any], column: ColumnElement[Any], test: Test, scope: Scope) -> ColumnElement[bool]:
    """Customers whose one row of a result table fulfils the test; without a row the value is not there."""
    if not _absent(test):
        return _in(ids.where(_tested(column, test, scope.today)), scope)
    return _not_in(ids.where(not_(_tested(column, test, scope.today))), scope)


def _scored(one: Scored, scope: Scope) -> ColumnElement[bool]:
    ids = select(Score.customer_id).where(Score.task == one.task)
    return _among_others(ids, getattr(Score, one.part), one.test, scope)


def _placed(one: Placed, scope: Scope) -> ColumnElement[bool]:
    ids = select(CustomerPlacement.customer_id).where(CustomerPlacement.key == one.key)
    return _among_others(ids, CustomerPlacement.code, one.test, scope)  # type: ignore[arg-type]


def _last_words(one: Consented) -> Select[Any]:
    """customer_id and status: the last word on the channel (and purpose) of each customer."""
    said = (
        select(CustomerRecord.customer_id, Consent.status)
        .join(Consent, Consent.record_id == CustomerRecord.id)
        .where(CustomerRecord.customer_id.is_not(None), Consent.channel == one.channel)
    )
    if one.purpose:
        said = said.where(Consent.purpose == one.purpose)
    newest = said.order_by(CustomerRecord.customer_id, Consent.occurred_at.desc(), Consent.id.desc())
    return newest.ext(distinct_on(CustomerRecord.customer_id))


def _consented(one: Consented, scope: Scope) -> ColumnElement[bool]:
    last = _last_words(one).subquery()
    if one.status == "unknown":
        return _not_in(select(last.c.customer_id), scope)
    return _in(select(last.c.customer_id).where(last.c.status == one.status), scope)


def _complaining(one: Complaining, scope: Scope) -> ColumnElement[bool]:
    return _in(complaining(), scope) if one.open else _not_in(complaining(), scope)


def _inside(one: Inside, scope: Scope) -> ColumnElement[bool]:
    found = select(SegmentMember.customer_id).where(SegmentMember.segment_id == scope.segments.get(one.segment, 0))
    return _in(found, scope) if one.inside else _not_in(found, scope)


def _happened(one: Happened, scope: Scope) -> ColumnElement[bool]:
    rows, value = _rows(one, scope)
    grouped = rows.where(CustomerRecord.customer_id.is_not(None)).group_by(CustomerRecord.customer_id)
    truth = _tested(value, one.test, scope.today)
    nothing: Any = 0 if one.test.sort is Sort.NUMBER else None
    if one.test.meets(nothing, scope.today):
        return _not_in(grouped.having(not_(truth)), scope)
    return _in(grouped.having(truth), scope)


def _rows(one: Happened, scope: Scope) -> tuple[Select[Any], ColumnElement[Any]]:
    """Ids of customers by row of the fact that counts, and the aggregate over them."""
    fact = scope.facts.by_plural(one.fact)
    row: Any = scope.facts.row(fact.name)
    first, last = one.window(scope.today)
    rows = select(CustomerRecord.customer_id).join(row, row.record_id == CustomerRecord.id).where(row.occurred_on <= last)
    if first is not None:
        rows = rows.where(row.occurred_on >= first)
    for where in one.where:
        rows = rows.where(_tested(_column(row, where.column), where.test, scope.today))
    if one.measure == "count":
        return rows, func.count()
    if one.measure in ("first", "last"):
        return rows, (func.min if one.measure == "first" else func.max)(row.occurred_on)
    column = fact.column(one.column)
    summed = _in_currency(row, row.__table__.c[one.column], scope) if column.kind is Kind.MONEY else row.__table__.c[one.column]
    return rows, func.coalesce(func.sum(summed), 0)


def _column(row: Any, name: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = row.__table__.c[name]
    return column


def _in_currency(row: Any, column: ColumnElement[Any], scope: Scope) -> ColumnElement[Any]:
    """The amount in the company's currency at the day's rate, as frames have it; null without a rate."""
    rate: ScalarSelect[Any] = (
        select(FxRate.rate)
        .where(
            FxRate.currency_from == row.currency,
            FxRate.occurred_on <= row.occurred_on,
            FxRate.occurred_on >= row.occurred_on - RATE_DAYS,
            FxRate.rate.is_not(None),
        )
        .order_by(FxRate.occurred_on.desc(), FxRate.id.desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )
    return case((row.currency == literal(scope.currency), column), else_=func.round(cast(column * rate, Numeric), 4))


_CONDITIONS: dict[type, Any] = {
    Field: _field,
    Attribute: _attribute,
    Scored: _scored,
    Placed: _placed,
    Consented: _consented,
    Complaining: _complaining,
    Inside: _inside,
    Happened: _happened,
}


def members(rule: Part, scope: Scope) -> Select[Any]:
    """Ids of the living customers who fulfil the rule.

    They are read from what holds fewest: a set of scores, placements or members where the rule asks for one, else from an
    index over customers. Those who do not count are taken off at the end, because they are few.
    """
    parts = rule.parts if isinstance(rule, Group) and rule.mode == "all" else (rule,)
    first = next((one for one in parts if _is_set(one)), None)
    base = [first] if first is not None else [one for one in parts if isinstance(one, Field | Attribute)]
    if first is not None:
        found = _set_of(first, scope).subquery()
    else:
        found = select(Customer.id).where(*(holds(one, scope) for one in base)).subquery()
    inner = replace(scope, who=found.c[0])
    gone = select(Customer.id).where(or_(Customer.merged_into.is_not(None), Customer.is_test))
    others = (holds(one, inner) for one in parts if not any(one is other for other in base))
    return select(found.c[0]).where(*others, _not_in(gone, inner))


def _is_set(part: Part) -> bool:
    """Whether the part is a set of ids of its own, which holds each id once."""
    if isinstance(part, Group):
        return part.mode == "any" and bool(part.parts) and all(_is_set(one) or isinstance(one, Field) for one in part.parts)
    if isinstance(part, Inside):
        return part.inside
    return isinstance(part, Scored | Placed) and not _absent(part.test)


def _set_of(part: Part, scope: Scope) -> Any:
    if isinstance(part, Group):
        return union(*(_set_of(one, scope) for one in part.parts))
    if isinstance(part, Inside):
        return select(SegmentMember.customer_id).where(SegmentMember.segment_id == scope.segments.get(part.segment, 0))
    if isinstance(part, Scored):
        ids = select(Score.customer_id).where(Score.task == part.task)
        return ids.where(_tested(getattr(Score, part.part), part.test, scope.today))
    if isinstance(part, Placed):
        ids = select(CustomerPlacement.customer_id).where(CustomerPlacement.key == part.key)
        return ids.where(_tested(CustomerPlacement.code, part.test, scope.today))  # type: ignore[arg-type]
    return select(Customer.id).where(holds(part, scope))


def values(wanted: Sequence[Condition], scope: Scope) -> Select[Any]:
    """Customer.id and one column per condition with its value, for few customers: each is looked up by itself.

    A consent's value is its status, a complaint's and another segment's whether it is so.
    """
    return select(Customer.id, *(_value(one, scope).label(f"v{place}") for place, one in enumerate(wanted)))


def _value(one: Condition, scope: Scope) -> ColumnElement[Any]:
    if isinstance(one, Field):
        return _field_value(one, scope)
    if isinstance(one, Attribute):
        return _attribute_value(one, scope)
    if isinstance(one, Scored):
        scored = select(getattr(Score, one.part)).where(Score.task == one.task, Score.customer_id == Customer.id)
        return scored.correlate(Customer).scalar_subquery()
    if isinstance(one, Placed):
        code = select(CustomerPlacement.code).where(CustomerPlacement.key == one.key)
        return code.where(CustomerPlacement.customer_id == Customer.id).correlate(Customer).scalar_subquery()
    if isinstance(one, Consented):
        last = _last_words(one).where(CustomerRecord.customer_id == Customer.id).correlate(Customer)
        return select(last.subquery().c.status).scalar_subquery()
    if isinstance(one, Complaining):
        return exists(complaining().where(CustomerRecord.customer_id == Customer.id).correlate(Customer))
    if isinstance(one, Inside):
        member = select(SegmentMember.customer_id).where(SegmentMember.segment_id == scope.segments.get(one.segment, 0))
        return exists(member.where(SegmentMember.customer_id == Customer.id).correlate(Customer))
    rows, value = _rows(one, scope)
    own = rows.where(CustomerRecord.customer_id == Customer.id).correlate(Customer).with_only_columns(value)
    return cast(own.scalar_subquery(), Double) if one.test.sort is Sort.NUMBER else own.scalar_subquery()
