"""Key numbers of customers from their orders and returns, in the company's currency and on its days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from kith_platform.facts.models import CustomerRecord, ReturnLine, SalesOrder, Ticket
from kith_tenants.context import tenant_of

VOID = ("cancelled", "returned")  # states in which an order is no purchase, as in frames.purchases
YEAR = 365


@dataclass(frozen=True)
class Figures:
    """Of one customer: orders ever, first and last purchase day, net of the last 365 days after returns, average order.

    Money is in the company's currency; `elsewhere` counts orders in other currencies, which are left out of the money.
    """

    orders: int = 0
    first: dt.date | None = None
    last: dt.date | None = None
    net: float = 0.0
    orders_year: int = 0
    average: float | None = None
    elsewhere: int = 0
    complaints: int = 0  # unsolved now


NONE = Figures()


def today(session: Session) -> dt.date:
    """The company's day."""
    return dt.datetime.now(ZoneInfo(tenant_of(session).timezone)).date()


def of_customers(session: Session, customer_ids: Sequence[int]) -> dict[int, Figures]:
    """Figures by customer, in three queries however many there are. Customers without orders are not in it."""
    if not customer_ids:
        return {}
    currency, start = tenant_of(session).currency, today(session) - dt.timedelta(days=YEAR)
    own = SalesOrder.currency == currency
    recent = SalesOrder.occurred_on > start
    orders = session.execute(
        select(
            CustomerRecord.customer_id,
            func.count(),
            func.min(SalesOrder.occurred_on),
            func.max(SalesOrder.occurred_on),
            func.sum(SalesOrder.net).filter(own, recent),
            func.count().filter(recent),
            func.avg(SalesOrder.net).filter(own),
            func.count().filter(~own),
        )
        .join(SalesOrder, SalesOrder.record_id == CustomerRecord.id)
        .where(CustomerRecord.customer_id.in_(customer_ids))
        .where(func.coalesce(SalesOrder.status, "").not_in(VOID), func.coalesce(SalesOrder.net, 0) >= 0)
        .group_by(CustomerRecord.customer_id)
    ).all()
    back = _returned(session, customer_ids, currency, start)
    complaints = _complaints(session, customer_ids)
    found = {customer: Figures(complaints=number) for customer, number in complaints.items()}
    for customer, number, first, last, net, year, average, elsewhere in orders:
        found[customer] = Figures(
            number,
            first,
            last,
            float(net or 0) - back.get(customer, 0.0),
            year,
            None if average is None else float(average),
            elsewhere,
            complaints.get(customer, 0),
        )
    return found


def _returned(session: Session, customer_ids: Sequence[int], currency: str, start: dt.date) -> dict[int, float]:
    """Money given back since `start` for orders that stand: a void order counts nothing, so its return takes nothing off."""
    statement = (
        select(CustomerRecord.customer_id, func.sum(func.abs(ReturnLine.net)))
        .join(ReturnLine, ReturnLine.record_id == CustomerRecord.id)
        .outerjoin(SalesOrder, SalesOrder.id == ReturnLine.order_id)
        .where(CustomerRecord.customer_id.in_(customer_ids), ReturnLine.occurred_on > start, ReturnLine.currency == currency)
        .where(func.coalesce(SalesOrder.status, "").not_in(VOID))
        .group_by(CustomerRecord.customer_id)
    )
    return {customer: float(money or 0) for customer, money in session.execute(statement)}


def _complaints(session: Session, customer_ids: Sequence[int]) -> dict[int, int]:
    statement = (
        select(CustomerRecord.customer_id, func.count())
        .join(Ticket, and_(Ticket.record_id == CustomerRecord.id, Ticket.is_complaint, Ticket.resolved_at.is_(None)))
        .where(CustomerRecord.customer_id.in_(customer_ids))
        .group_by(CustomerRecord.customer_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}
