"""Use cases of leads: find, add, change, give to somebody, contact, qualify, disqualify, take back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts import entering
from kith_platform.facts.models import CustomerRecord, Lead, Opportunity
from kith_platform.facts.sales import LEAD
from kith_platform.i18n import N_
from kith_platform.opportunities import contacts, products, reps
from kith_platform.opportunities.service import LONGEST, too_long
from kith_tenants.context import Actor, Reach

NEW, CONTACTED, QUALIFIED, CONVERTED, DISQUALIFIED = "new", "contacted", "qualified", "converted", "disqualified"
OPEN = (NEW, CONTACTED, QUALIFIED)
TEXTS = ("name", "company", "email", "phone", "channel", "rep", "unit", "campaign")
FIELDS = (*TEXTS, "estimate", "currency")


def is_open() -> Any:
    """SQL: neither converted nor disqualified. Files often leave the status of a new one empty."""
    return or_(Lead.status.is_(None), Lead.status.in_(OPEN))


def seen(session: Session, statement: Select[Any], actor: Actor) -> Select[Any]:
    """Narrow a statement over Lead to those the actor may see: given to people they see, or of customers they see."""
    if actor.reach is Reach.ALL:
        return statement
    return statement.where(or_(Lead.rep.in_(reps.mine(session, actor)), Lead.record_id.in_(reps.records_seen(actor))))


def select_one(public_id: uuid.UUID) -> Select[Any]:
    """The lead of this address, whoever may see it."""
    return select(Lead).where(Lead.public_id == public_id)


def get(session: Session, actor: Actor, public_id: uuid.UUID, *, lock: bool = False) -> Any:
    """A lead the actor may see, read anew and held where it is `lock`ed for a change. Raises NotFound."""
    statement = seen(session, select_one(public_id), actor)
    if lock:
        statement = statement.with_for_update(of=Lead.__table__).execution_options(populate_existing=True)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no lead here that you can see. The link may be old, or it belongs to another company."))
    return found


def customer_of(session: Session, row: Any) -> Customer | None:
    """The customer that the lead is, or became."""
    of = select(Customer).join(CustomerRecord, CustomerRecord.customer_id == Customer.id)
    return session.execute(of.where(CustomerRecord.id == row.record_id)).scalar_one_or_none()


def opportunities_of(session: Session, row: Any) -> list[Any]:
    """The opportunities that came of it, oldest first."""
    mine = select(Opportunity).where(Opportunity.lead_id == row.id, Opportunity.record_id == row.record_id)
    return list(session.execute(mine.order_by(Opportunity.id)).scalars())


def create(session: Session, actor: Actor, given: Mapping[str, Any]) -> Any:
    """Add a lead; a name, company, e-mail address or phone number is enough. Who sees only own ones has it.

    Raises Forbidden, or Invalid with an error per field.
    """
    _may(actor)
    values = checked(session, given)
    if actor.reach is not Reach.ALL and not values.get("rep"):
        values["rep"] = reps.own(session, actor) or None
    row = entering.enter(session, actor, LEAD, {**values, "status": NEW})
    record(session, actor, "lead:created", _subject(row), {"name": told(row)})
    return row


def change(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Write the given fields; the others stay. Raises Forbidden, or Invalid with an error per field."""
    _may(actor)
    values = checked(session, given, row)
    row = entering.change(session, actor, row, values)
    record(session, actor, "lead:changed", _subject(row), {"fields": sorted(values)})
    return row


def assign(session: Session, actor: Actor, row: Any, rep: str) -> Any:
    """Give a lead to a person of the staff, or to nobody. Who sees only own ones may not give theirs to nobody.

    Raises Forbidden, Conflict, Invalid.
    """
    _may(actor)
    if not rep.strip() and actor.reach is not Reach.ALL:
        raise Conflict(N_("You would no longer see this lead. Ask somebody who sees all leads to do this."))
    if (row.rep or "") == rep.strip():
        return row
    if errors := too_long({"rep": rep}, ["rep"]):
        raise Invalid(fields=errors)
    row = entering.change(session, actor, row, {"rep": rep.strip() or None})
    record(session, actor, "lead:assigned", _subject(row), {"owner": row.rep})
    return row


def contact(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Write down a contact. The first one with people in it makes a new lead a contacted one, as of its own time.

    Raises Forbidden, Conflict for one that is closed, Invalid.
    """
    _open(actor, row)
    done = contacts.log(session, actor, given, customer=customer_of(session, row), lead=row)
    if done.kind in contacts.WITH_PEOPLE and done.direction == "out":
        first = min(filter(None, (row.first_contact_at, done.occurred_at)))
        values = {"first_contact_at": first, "status": CONTACTED if row.status in (None, NEW) else row.status}
        entering.change(session, actor, row, values)
    record(session, actor, "lead:contacted", _subject(row), {"kind": done.kind})
    return done


def qualify(session: Session, actor: Actor, row: Any) -> Any:
    """Say that it is worth pursuing. Raises Forbidden, Conflict for one that is closed."""
    _open(actor, row)
    if row.status != QUALIFIED:
        row = entering.change(session, actor, row, {"status": QUALIFIED, "qualified_at": _now()})
        record(session, actor, "lead:qualified", _subject(row), {"name": told(row)})
    return row


def disqualify(session: Session, actor: Actor, row: Any, reason: str) -> Any:
    """Say that it is not, and why. Raises Forbidden, Conflict, Invalid without a reason."""
    _open(actor, row)
    said = reason.strip()
    if not said or len(said) > LONGEST:
        words = N_("Say why it is not worth pursuing, in at most %(most)s characters.")
        raise Invalid(fields=[FieldError("reason", words, {"most": LONGEST})])
    row = entering.change(session, actor, row, {"status": DISQUALIFIED, "disqualified_at": _now(), "reason": said})
    record(session, actor, "lead:disqualified", _subject(row), {"name": told(row), "reason": said})
    return row


def take_back(session: Session, actor: Actor, row: Any) -> Any:
    """Pursue a disqualified one after all. Raises Forbidden, Conflict for any other."""
    _may(actor)
    if row.status != DISQUALIFIED:
        raise Conflict(N_("Only a disqualified lead can be taken back."))
    before = QUALIFIED if row.qualified_at else CONTACTED if row.first_contact_at else NEW
    row = entering.change(session, actor, row, {"status": before, "disqualified_at": None, "reason": None})
    record(session, actor, "lead:taken_back", _subject(row), {"name": told(row)})
    return row


def told(row: Any) -> str:
    """What to call a lead."""
    return str(row.company or row.name or row.email or row.phone or "")


def checked(session: Session, given: Mapping[str, Any], row: Any = None) -> dict[str, Any]:
    """The fields that were given, as facts take them. Raises Invalid."""
    values = {name: given[name] for name in FIELDS if name in given}
    errors = too_long(values, TEXTS)
    known = {
        name: str(values.get(name, getattr(row, name, None)) or "").strip() for name in ("name", "company", "email", "phone")
    }
    if not any(known.values()):
        errors.append(FieldError("name", N_("Give a name, a company, an e-mail address or a phone number.")))
    try:
        customers.checked({"name": "-", "email": known["email"], "phone": known["phone"]})
    except Invalid as wrong:
        errors += wrong.fields
    if not str(values.get("currency") or "").strip():
        values.pop("currency", None)
    try:
        if "product" in given:
            values["product"] = products.find(session, given["product"])
    except Invalid as wrong:
        errors += wrong.fields
    if errors:
        raise Invalid(fields=errors)
    return values


def _open(actor: Actor, row: Any) -> None:
    _may(actor)
    if row.status == CONVERTED:
        raise Conflict(N_("This lead is a customer already. Work on with its opportunity."))
    if row.status == DISQUALIFIED:
        raise Conflict(N_("This lead is disqualified. Take it back first."))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _subject(row: Any) -> str:
    return f"lead:{row.public_id}"


def _may(actor: Actor) -> None:
    if not actor.can("sales:write"):
        raise Forbidden
