"""How far targets are attained: what was sold or won in their days, from the facts, in the company's currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from kith_platform.calendar.service import of_tenant
from kith_platform.customers.figures import VOID, today
from kith_platform.facts.models import Opportunity, OrderLine, ReturnLine, SalesOrder, Target
from kith_platform.opportunities import money, reps
from kith_platform.opportunities.reps import Staff
from kith_platform.targets.service import MONEY, SALES, WON
from kith_tenants.context import tenant_of


@dataclass(frozen=True)
class Attainment:
    """Of one target. Money is in the company's currency. `actual` is None where facts cannot tell it here: other kinds, sales
    of a team (orders name none), and periods that have not begun. `pace` compares with the part of the target that the
    working days so far make; None when the period is over. `target` is None where its currency has no rate.
    """

    target: Decimal | None
    actual: Decimal | None
    pace: float | None
    running: bool

    @property
    def share(self) -> float | None:
        return None if self.actual is None or not self.target else float(self.actual / self.target)


def of(session: Session, rows: Sequence[Any]) -> dict[int, Attainment]:
    """Attainment of each of these targets by its id, in as many queries however many there are."""
    now, home = today(session), tenant_of(session).currency
    begun = [row for row in rows if row.occurred_on <= now and row.kind in MONEY]
    actual = _sales(session, [row for row in begun if row.kind == SALES and row.unit is None])
    actual |= _won(session, [row for row in begun if row.kind == WON])
    rates = money.rates(session, {row.currency for row in rows if row.currency}, now)
    calendar = of_tenant(session)
    found = {}
    for row in rows:
        rate = rates.get(row.currency or home)
        target = None if row.kind in MONEY and rate is None else row.amount * (rate or 1 if row.kind in MONEY else 1)
        running = row.occurred_on <= now <= row.ends_on
        after = row.ends_on + dt.timedelta(days=1)
        # Today is not over: it does not count as elapsed.
        elapsed, whole = calendar.days(row.occurred_on, min(now, after)), calendar.days(row.occurred_on, after)
        done = actual.get(row.id)
        due = target * elapsed / whole if target and whole else None
        pace = float(done / due) if running and done is not None and due else None
        found[row.id] = Attainment(target, done, pace, running)
    return found


def _ways(staff: Staff, rows: Sequence[Any]) -> dict[str, list[str]]:
    return {rep: staff.ways(rep) for rep in {row.rep for row in rows if row.rep}}


def _sales(session: Session, rows: Sequence[Any]) -> dict[int, Decimal]:
    """Net of orders that stand less what came back, on the days of each target."""
    plain = [row for row in rows if row.product_id is None]
    by_product = [row for row in rows if row.product_id is not None]
    found = dict.fromkeys((row.id for row in rows), Decimal(0))
    for targets, sold in ((plain, SalesOrder), (by_product, OrderLine)):
        for fact, amount in ((sold, sold.net), (ReturnLine, -func.abs(ReturnLine.net))):
            for number, total in _summed(session, targets, fact, amount).items():
                found[number] += total
    return found


def _summed(session: Session, targets: Sequence[Any], fact: Any, amount: Any) -> dict[int, Decimal]:
    """Sums per target over the rows of `fact` whose order stands; person and channel are the order's."""
    if not targets:
        return {}
    one = aliased(Target)
    total = func.sum(money.at_home(amount, fact.currency, fact.occurred_on, tenant_of(session).currency))
    statement = select(one.id, total).join(fact, fact.occurred_on.between(one.occurred_on, one.ends_on))
    if fact is not SalesOrder:
        statement = statement.outerjoin(SalesOrder, SalesOrder.id == fact.order_id)
    if fact is not ReturnLine:  # an order below nothing is no purchase
        statement = statement.where(func.coalesce(fact.net, 0) >= 0)
    if targets[0].product_id is not None:
        statement = statement.where(fact.product_id == one.product_id)
    statement = statement.where(
        one.id.in_([row.id for row in targets]),
        func.coalesce(SalesOrder.status, "").not_in(VOID),
        or_(one.channel.is_(None), SalesOrder.channel == one.channel),
        _person(session, targets, one, SalesOrder.rep),
    )
    return {number: total or Decimal(0) for number, total in session.execute(statement.group_by(one.id))}


def _won(session: Session, rows: Sequence[Any]) -> dict[int, Decimal]:
    """What opportunities won in the days of each target brought."""
    if not rows:
        return {}
    one, tenant = aliased(Target), tenant_of(session)
    closed_on = cast(func.timezone(tenant.timezone, Opportunity.closed_at), Date)
    zone, spare = ZoneInfo(tenant.timezone), dt.timedelta(days=1)
    # Wide bounds that the index serves; the day itself decides.
    first = dt.datetime.combine(min(row.occurred_on for row in rows) - spare, dt.time(), zone)
    last = dt.datetime.combine(max(row.ends_on for row in rows) + 2 * spare, dt.time(), zone)
    amount = money.at_home(Opportunity.won_amount, Opportunity.currency, closed_on, tenant.currency)
    statement = (
        select(one.id, func.sum(amount))
        .select_from(one, Opportunity)
        .where(one.id.in_([row.id for row in rows]), Opportunity.status == WON, Opportunity.duplicate.is_not(True))
        .where(Opportunity.closed_at >= first, Opportunity.closed_at < last, closed_on.between(one.occurred_on, one.ends_on))
        .where(_person(session, rows, one, Opportunity.rep))
        .where(*(or_(getattr(one, name).is_(None), getattr(Opportunity, name) == getattr(one, name)) for name in _ALIKE))
        .group_by(one.id)
    )
    found = dict.fromkeys((row.id for row in rows), Decimal(0))
    return found | {number: amount or Decimal(0) for number, amount in session.execute(statement)}


_ALIKE = ("unit", "channel", "product_id")


def _person(session: Session, rows: Sequence[Any], one: Any, rep: Any) -> ColumnElement[bool]:
    """SQL: the fact is of the target's person, by any way facts name them."""
    ways = _ways(reps.staff(session), rows)
    named = [(one.rep == rep_of) & rep.in_(texts) for rep_of, texts in ways.items()]
    return or_(one.rep.is_(None), *named)
