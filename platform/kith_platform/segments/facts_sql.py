"""What a rule asks of facts, in SQL: their rows by customer, and the aggregate over them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Numeric, ScalarSelect, Select, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from kith_platform.facts.models import Consent, CustomerRecord, FxRate
from kith_platform.frames.money import RATE_DAYS
from kith_platform.sdk.facts import Kind
from kith_platform.segments.compare_sql import tested
from kith_platform.segments.rules import Consented, Happened
from kith_platform.segments.scope import Scope


def rows(one: Happened, scope: Scope) -> tuple[Select[Any], ColumnElement[Any]]:
    """Ids of customers by row of the fact that counts, and the aggregate over them."""
    fact = scope.facts.by_plural(one.fact)
    row: Any = scope.facts.row(fact.name)
    first, last = one.window(scope.today)
    found = select(CustomerRecord.customer_id).join(row, row.record_id == CustomerRecord.id).where(row.occurred_on <= last)
    if first is not None:
        found = found.where(row.occurred_on >= first)
    for where in one.where:
        found = found.where(tested(_column(row, where.column), where.test, scope.today))
    if one.measure == "count":
        return found, func.count()
    if one.measure in ("first", "last"):
        return found, (func.min if one.measure == "first" else func.max)(row.occurred_on)
    column = fact.column(one.column)
    summed = _in_currency(row, row.__table__.c[one.column], scope) if column.kind is Kind.MONEY else row.__table__.c[one.column]
    return found, func.coalesce(func.sum(summed), 0)


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


def last_words(one: Consented) -> Select[Any]:
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
