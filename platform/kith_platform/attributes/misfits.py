"""Records that say something in an attribute's column which is not of its kind: nothing of it is lost, people look here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from kith_platform.attributes import filling
from kith_platform.attributes.kinds import Definition
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_tenants.context import Actor, visible

RECORD: Table = CustomerRecord.__table__
PEOPLE: Any = Customer.__table__
PAGE = 50


@dataclass(frozen=True)
class Misfit:
    """`id` is the record's; `text` what its source wrote."""

    id: int
    customer: Any
    name: str
    source: str
    text: str


def page(session: Session, actor: Actor, one: Definition, *, after: int = 0) -> Sequence[Misfit]:
    """Misfits of customers the actor may see, by record; one more than a page where there are more."""
    text = func.coalesce(*(RECORD.c.raw[column.column].as_string() for column in one.places), "")
    statement = (
        select(RECORD.c.id, Customer.public_id, Customer.name, RECORD.c.source, text)
        .join(Customer, Customer.id == RECORD.c.customer_id)
        .where(filling.misfit(one), RECORD.c.id > after)
        .order_by(RECORD.c.id)
        .limit(PAGE + 1)
    )
    seen = visible(statement, actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)
    return [Misfit(*row) for row in session.execute(seen)]
