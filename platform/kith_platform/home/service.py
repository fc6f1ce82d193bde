"""What Home shows: sales and customers against before, and three lists of people to see to first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text
from sqlalchemy.orm import Session, aliased

from kith_platform.customers.figures import VOID, today
from kith_platform.customers.listing import ALL, RISKS, complaining, matching
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, SalesOrder, Ticket
from kith_platform.predict.models import Score
from kith_tenants.context import Actor, Reach, tenant_of

SHOWN = 10
SHORT = 6
TRIAL_DAYS = 90  # how long after a first purchase a second one is still likely
WALK, STRIDE = 5_000, 250  # orders that are looked through for customers of one order, and how many at a time
RISK = RISKS["medium"][0]


@dataclass(frozen=True)
class Sales:
    """Net sales in the company's currency, by business day. `until` is the last day with an order, at most today."""

    until: dt.date
    this_month: float
    month_before: float  # the same elapsed days
    year_before: float | None  # the same elapsed days; None where the data do not reach back
    orders: int
    months: tuple[tuple[dt.date, float], ...]  # the last 13 months, this one so far


@dataclass(frozen=True)
class Worth:
    """What the scores add up to. Money in the company's currency over the next twelve months."""

    customers: int
    value: float
    at_risk: int
    value_at_risk: float
    leaves: float | None  # expected to leave: the sum of chances
    as_of: dt.date | None


@dataclass(frozen=True)
class Person:
    """A customer in a list, with what makes the list."""

    customer: Customer
    chance: float | None = None
    value: float | None = None
    day: dt.date | None = None
    text: str = ""


@contextmanager
def _no_loops(session: Session) -> Iterator[None]:
    """Joins by sorting or hashing both sides once.

    Statistics take a company of the last minutes for one row, and PostgreSQL would go through one table for each row of the
    other [measured: 75,000 orders, minutes]. For queries that read all of both sides anyway.
    """
    session.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    session.execute(text("SET LOCAL enable_nestloop = on"))


def has_customers(session: Session) -> bool:
    """Whether anything was imported or added yet."""
    return session.execute(select(Customer.id).limit(1)).first() is not None


def sales(session: Session, actor: Actor) -> Sales | None:
    """One pass over the orders of customers the actor may see; None where there are none."""
    currency = tenant_of(session).currency
    statement = select(SalesOrder.occurred_on, func.sum(SalesOrder.net), func.count()).where(
        SalesOrder.occurred_on <= today(session),
        SalesOrder.currency == currency,
        func.coalesce(SalesOrder.status, "").not_in(VOID),
    )
    if actor.reach is not Reach.ALL:
        mine = select(CustomerRecord.id).where(CustomerRecord.customer_id.in_(matching(select(Customer.id), actor, ALL)))
        statement = statement.where(SalesOrder.record_id.in_(mine))
    days = {row[0]: (float(row[1] or 0), row[2]) for row in session.execute(statement.group_by(SalesOrder.occurred_on))}
    return _summed(days) if days else None


def _summed(days: dict[dt.date, tuple[float, int]]) -> Sales:
    until, since = max(days), min(days)
    start = until.replace(day=1)

    def total(first: dt.date, last: dt.date) -> float:
        return sum(money for day, (money, _) in days.items() if first <= day <= last)

    before = _months_back(start, 1)
    year = _months_back(start, 12)
    return Sales(
        until=until,
        this_month=total(start, until),
        month_before=total(before, _same_day(before, until)),
        year_before=total(year, _same_day(year, until)) if since <= year else None,
        orders=sum(number for day, (_, number) in days.items() if day >= start),
        months=tuple(
            (first, total(first, _months_back(first, -1) - dt.timedelta(days=1)))
            for first in (_months_back(start, back) for back in range(12, -1, -1))
            if first >= since.replace(day=1)
        ),
    )


def _months_back(first: dt.date, months: int) -> dt.date:
    number = first.year * 12 + first.month - 1 - months
    return dt.date(number // 12, number % 12 + 1, 1)


def _same_day(first: dt.date, until: dt.date) -> dt.date:
    """The day of `first`'s month with the number of `until`, or its last."""
    return min(first + dt.timedelta(days=until.day - 1), _months_back(first, -1) - dt.timedelta(days=1))


def knows_who_leaves(session: Session) -> bool:
    """Whether customers have a chance of leaving, by a model or by the rule."""
    return session.execute(select(Score.customer_id).where(Score.task == "churn").limit(1)).first() is not None


def worth(session: Session, actor: Actor) -> Worth | None:
    """Sums over the scores of customers the actor may see; None before the first training."""
    value, chance = aliased(Score), aliased(Score)
    risky = chance.value >= RISK
    statement = matching(
        select(
            func.count(value.customer_id),
            func.sum(value.value),
            func.count(chance.customer_id).filter(risky),
            func.sum(value.value).filter(risky),
            func.sum(chance.value),
            func.max(value.as_of),
            func.max(chance.as_of),
        )
        .select_from(Customer)
        .outerjoin(value, and_(value.customer_id == Customer.id, value.task == "clv"))
        .outerjoin(chance, and_(chance.customer_id == Customer.id, chance.task == "churn")),
        actor,
        ALL,
    )
    with _no_loops(session):
        row = session.execute(statement).one()
    if row[5] is None and row[6] is None:
        return None
    return Worth(row[0], float(row[1] or 0), row[2], float(row[3] or 0), row[4], row[5] or row[6])


def at_risk(session: Session, actor: Actor) -> list[Person]:
    """Whom to call first: chance of leaving times expected value, the most money at stake first."""
    value, chance = aliased(Score), aliased(Score)
    stake = chance.value * func.coalesce(value.value, 0.0)
    statement = (
        select(Customer, chance.value, value.value)
        .join(chance, and_(chance.customer_id == Customer.id, chance.task == "churn", chance.value >= RISK))
        .outerjoin(value, and_(value.customer_id == Customer.id, value.task == "clv"))
        .order_by(stake.desc(), Customer.id)
    )
    with _no_loops(session):
        rows: Any = session.execute(matching(statement, actor, ALL).limit(SHOWN)).all()
    return [Person(customer, chance=leaves, value=money) for customer, leaves, money in rows]


def complaints(session: Session, actor: Actor) -> tuple[int, list[Person]]:
    """How many customers have an unsolved complaint, and the newest ones."""
    waiting = matching(select(Customer.id), actor, ALL).where(Customer.id.in_(complaining()))
    number = session.execute(select(func.count()).select_from(waiting.subquery())).scalar_one()
    if not number:
        return 0, []
    statement = (
        select(Customer, Ticket.occurred_on, Ticket.subject, Ticket.topic)
        .join(CustomerRecord, CustomerRecord.customer_id == Customer.id)
        .join(Ticket, Ticket.record_id == CustomerRecord.id)
        .where(Ticket.is_complaint, Ticket.resolved_at.is_(None))
        .order_by(Ticket.occurred_on.desc(), Ticket.id.desc())
    )
    rows = session.execute(matching(statement, actor, ALL).limit(SHORT))
    return number, [Person(row[0], day=row[1], text=row[2] or row[3] or "") for row in rows]


def bought_once(session: Session, actor: Actor) -> list[Person]:
    """Who bought for the first time in the last TRIAL_DAYS days of data and not again: the most recent first.

    Walks back over the newest orders only, WALK at most, so it stays quick however long the history is. It asks by lists of
    ids, a table at a time: see `_no_loops` for what a join may come to.
    """
    newest = session.execute(select(func.max(SalesOrder.occurred_on)).where(SalesOrder.occurred_on <= today(session))).scalar()
    if newest is None:
        return []
    statement = (
        select(SalesOrder.record_id, SalesOrder.occurred_on, SalesOrder.net)
        .where(SalesOrder.occurred_on > newest - dt.timedelta(days=TRIAL_DAYS))
        .where(func.coalesce(SalesOrder.status, "").not_in(VOID))
        .order_by(SalesOrder.occurred_on.desc(), SalesOrder.id.desc())
    )
    rows = session.execute(statement.limit(WALK)).all()
    found: list[Person] = []
    for start in range(0, len(rows), STRIDE):
        part = rows[start : start + STRIDE]
        owners = _owners(session, CustomerRecord.id.in_({row[0] for row in part}))
        single = _with_one_order(session, set(owners.values()))
        seen = session.execute(matching(select(Customer).where(Customer.id.in_(single)), actor, ALL)).scalars()
        people = {one.id: one for one in seen}
        found += [
            Person(people[owners[record]], day=day, value=None if net is None else float(net))
            for record, day, net in part
            if owners.get(record) in people
        ]
        if len(found) >= SHORT:
            break
    return found[:SHORT]


def _owners(session: Session, which: ColumnElement[bool]) -> dict[int, int]:
    """Customer by record."""
    rows = session.execute(select(CustomerRecord.id, CustomerRecord.customer_id).where(which))
    return {record: customer for record, customer in rows if customer is not None}


def _with_one_order(session: Session, customers: set[int]) -> set[int]:
    """Those of the customers who have a single order, over all their records."""
    owners = _owners(session, CustomerRecord.customer_id.in_(customers))
    counts = select(SalesOrder.record_id, func.count()).where(SalesOrder.record_id.in_(owners)).group_by(SalesOrder.record_id)
    orders: Counter[int] = Counter()
    for record, number in session.execute(counts):
        orders[owners[record]] += number
    return {customer for customer, number in orders.items() if number == 1}


def new_customers(session: Session, actor: Actor, until: dt.date) -> tuple[int, int]:
    """Customers whose first order falls into this month up to `until`, and into the same days of the month before."""
    start = until.replace(day=1)
    before = _months_back(start, 1)
    # One pass: asking for each order whether an earlier one exists is quadratic while a new company has no statistics.
    first = (
        select(CustomerRecord.customer_id.label("customer_id"), func.min(SalesOrder.occurred_on).label("day"))
        .select_from(SalesOrder)
        .join(CustomerRecord, CustomerRecord.id == SalesOrder.record_id)
        .group_by(CustomerRecord.customer_id)
        .subquery()
    )
    statement = matching(
        select(first.c.day, func.count(Customer.id))
        .select_from(first)
        .join(Customer, Customer.id == first.c.customer_id)
        .where(first.c.day.between(before, until))
        .group_by(first.c.day),
        actor,
        ALL,
    )
    with _no_loops(session):
        rows: Sequence[Any] = session.execute(statement).all()
    edge = _same_day(before, until)
    return (
        sum(number for day, number in rows if day >= start),
        sum(number for day, number in rows if before <= day <= edge),
    )
