"""Account hierarchies: contact persons and subsidiaries under the company that their source names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from kith_platform.customers.models import Customer
from kith_platform.customers.service import MERGES
from kith_platform.facts.models import CustomerRecord
from kith_tenants.context import Actor, visible

RECORD: Table = CustomerRecord.__table__
CUSTOMER: Any = Customer.__table__
MOST = 50  # of one company's people on a page


def link(session: Session) -> int:
    """Put customers under the company whose id their record names, within its source; how many changed.

    Of several records the latest that names one counts. Two customers that would each stand under the other stay as they are.
    """
    company = RECORD.alias("company")
    named = (
        select(RECORD.c.customer_id, company.c.customer_id.label("company"))
        .join(
            company,
            (company.c.tenant_id == RECORD.c.tenant_id)
            & (company.c.source == RECORD.c.source)
            & (company.c.external_id == RECORD.c.contact_of),
        )
        .where(RECORD.c.contact_of.is_not(None), company.c.customer_id != RECORD.c.customer_id)
        .ext(distinct_on(RECORD.c.customer_id))
        .order_by(RECORD.c.customer_id, RECORD.c.id.desc())
        .subquery()
    )
    above = aliased(Customer)
    result: Any = session.execute(
        update(CUSTOMER)
        .where(CUSTOMER.c.id == named.c.customer_id, CUSTOMER.c.contact_of.is_distinct_from(named.c.company))
        .where(~select(above.id).where(above.id == named.c.company, above.contact_of == CUSTOMER.c.id).exists())
        .values(contact_of=named.c.company, changed_at=func.now()),
        execution_options={"synchronize_session": False},
    )
    return int(result.rowcount)


def above(session: Session, actor: Actor, customer: Customer) -> list[Customer]:
    """The companies a customer stands under, the nearest first, as far as the actor may see them."""
    found: list[Customer] = []
    at = customer
    while at.contact_of is not None and len(found) < MERGES:
        seen = visible(select(Customer), actor, owner=CUSTOMER.c.owner_id, unit=CUSTOMER.c.unit_id).where(
            Customer.id == at.contact_of
        )
        company = session.execute(seen).scalar_one_or_none()
        if company is None or company.id == customer.id or company in found:
            break
        found.append(company)
        at = company
    return found


def below(session: Session, actor: Actor, customer: Customer, *, most: int = MOST) -> Sequence[Customer]:
    """Who stands directly under a customer, by name; at most `most` and one more where there are further ones."""
    seen = visible(select(Customer), actor, owner=CUSTOMER.c.owner_id, unit=CUSTOMER.c.unit_id)
    mine = seen.where(Customer.contact_of == customer.id, Customer.merged_into.is_(None)).order_by(Customer.name, Customer.id)
    return session.execute(mine.limit(most + 1)).scalars().all()
