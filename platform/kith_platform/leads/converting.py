"""A lead becomes a customer with an opportunity, in one step; whom the company knows already is found, not doubled."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, Forbidden
from kith_platform.facts import entering
from kith_platform.facts.models import Activity
from kith_platform.i18n import N_
from kith_platform.leads import known, service
from kith_platform.opportunities import service as opportunities
from kith_tenants.context import Actor, tenant_id_of

LOCK = 7_340_031  # of conversions in one company: two at once would each make the same customer


@dataclass(frozen=True)
class Converted:
    """What came of it. `found`: the customer was there before."""

    lead: Any
    customer: Customer
    opportunity: Any
    found: bool


def convert(
    session: Session,
    actor: Actor,
    row: Any,
    given: Mapping[str, Any],
    *,
    customer: uuid.UUID | None = None,
    new_customer: bool = False,
) -> Converted:
    """Make a lead a customer and open an opportunity from the fields of `given` (named like opportunities.service.create's).

    `customer` says who it is; without it, who certainly is it, else a new one of `kind` person or company. `new_customer` asks
    for a new one whoever is there. Raises Forbidden, Invalid, NotFound for a customer the actor may not see, Conflict for a
    closed lead or for somebody else's customer.
    """
    if not actor.can("sales:write"):
        raise Forbidden
    if row.status in (service.CONVERTED, service.DISQUALIFIED):
        raise Conflict(N_("This lead is closed already. Its page says how."))
    session.execute(select(func.pg_advisory_xact_lock(LOCK, tenant_id_of(session))))
    chosen = customers.get(session, actor, customer) if customer is not None else _found(session, actor, row, new_customer)
    found = chosen is not None
    if chosen is None:
        chosen = customers.create(session, actor, _fields(row, given))
    now = dt.datetime.now(dt.UTC)
    values: dict[str, Any] = {"status": service.CONVERTED, "converted_at": now}
    if row.qualified_at is None:
        values["qualified_at"] = now
    row.record_id = entering.record_of(session, chosen)
    row = entering.change(session, actor, row, values)
    # What was said to the lead was said to the customer.
    earlier = update(Activity).where(Activity.lead_id == row.id, Activity.record_id.is_(None))
    session.execute(earlier.values(record_id=row.record_id, changed_at=func.now()))
    opportunity = opportunities.create(session, actor, _opportunity(row, given), chosen, lead=row)
    detail = {"customer": str(chosen.public_id), "opportunity": str(opportunity.public_id), "found": found}
    record(session, actor, "lead:converted", f"lead:{row.public_id}", detail)
    return Converted(row, chosen, opportunity, found)


def _found(session: Session, actor: Actor, row: Any, new_customer: bool) -> Customer | None:
    """Whose lead it is: of the customer it came with, else who certainly is the same."""
    before = service.customer_of(session, row)
    if before is not None:
        return customers.get(session, actor, before.public_id)
    if new_customer:
        return None
    certain = [one for one in known.find(session, actor, row) if one.certain]
    seen = [one for one in certain if one.seen]
    if certain and not seen:
        words = N_("Somebody else looks after a customer with this address or number. Ask a colleague who sees all customers.")
        raise Conflict(words)
    return seen[0].customer if seen else None


def _fields(row: Any, given: Mapping[str, Any]) -> dict[str, str]:
    """The new customer's: a company where the lead names one, unless `kind` says otherwise."""
    kind = str(given.get("kind") or ("company" if row.company else "person"))
    name = (row.company or row.name) if kind == "company" else (row.name or row.company)
    return {"kind": kind, "name": name or "", "email": row.email or "", "phone": row.phone or ""}


def _opportunity(row: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is not given of the opportunity comes from the lead."""
    taken = {name: getattr(row, name) for name in ("rep", "channel", "unit") if getattr(row, name)}
    if row.estimate is not None:
        taken |= {"amount": row.estimate, "currency": row.currency}
    fields = (*opportunities.FIELDS, "stage", "product")
    wanted = {name: given[name] for name in fields if given.get(name) not in (None, "")}
    return {"name": service.told(row), **taken, **wanted}
