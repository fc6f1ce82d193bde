"""Orders as programs list them: newest first, of customers the caller may see."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.customers import service
from kith_platform.customers.models import Customer
from kith_platform.errors import BadRequest
from kith_platform.facts.models import CustomerRecord, SalesOrder
from kith_platform.i18n import N_
from kith_tenants.context import Actor, Reach, visible

SHOWN = ("public_id", "source", "external_id", "occurred_at", "status", "net", "tax", "discount", "currency", "channel", "store")


def page(
    session: Session, actor: Actor, *, customer: uuid.UUID | None = None, after: str = "", limit: int = 50
) -> tuple[list[dict[str, Any]], str | None]:
    """Orders in the order they came to be known, newest first, and the key of the next page.

    Raises NotFound for a customer the actor may not see, BadRequest for a page key that is none.
    """
    owner: Any = Customer.__table__
    statement = (
        select(SalesOrder, Customer.public_id)
        .outerjoin(CustomerRecord, CustomerRecord.id == SalesOrder.record_id)
        .outerjoin(Customer, Customer.id == CustomerRecord.customer_id)
        .order_by(SalesOrder.id.desc())
        .limit(limit + 1)
    )
    if actor.reach is not Reach.ALL:
        statement = visible(statement, actor, owner=owner.c.owner_id, unit=owner.c.unit_id)
    if customer is not None:
        chosen = service.get(session, actor, customer)
        statement = statement.where(SalesOrder.record_id.in_([row.id for row in service.records(session, chosen.id)]))
    if after:
        statement = statement.where(SalesOrder.id < _edge(session, after))
    rows = session.execute(statement).all()
    shown = [_plain(order, public_id) for order, public_id in rows[:limit]]
    return shown, rows[limit - 1][0].public_id.hex if len(rows) > limit else None


def _edge(session: Session, after: str) -> int:
    """The page key is the public id of the last order seen: bigints never leave the system."""
    words = N_("This page key does not belong to this list. Begin again with the first page.")
    try:
        key = uuid.UUID(after)
    except ValueError:
        raise BadRequest(words) from None
    found = session.execute(select(SalesOrder.id).where(SalesOrder.public_id == key)).scalar_one_or_none()
    if found is None:
        raise BadRequest(words)
    return int(found)


def _plain(order: Any, customer: uuid.UUID | None) -> dict[str, Any]:
    names = (
        "public_id",
        "source",
        "external_id",
        "occurred_at",
        "status",
        "net",
        "tax",
        "discount",
        "currency",
        "channel",
        "store",
    )
    return {name: getattr(order, name) for name in names} | {"customer": customer}
