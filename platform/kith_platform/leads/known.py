"""Whether a lead is a customer already: found by address, number or name in the compared forms that duplicates are found by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import intersect, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer, CustomerIdentity, CustomerToken
from kith_platform.customers.search import tokens
from kith_platform.duplicates import companies, contacts, names
from kith_platform.duplicates.finding import region_of
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_tenants.context import Actor, Reach, tenant_of

MOST = 20  # customers looked at for one address or name
WHY = {"email": N_("the same e-mail address"), "phone": N_("the same phone number"), "name": N_("the same name")}


@dataclass(frozen=True)
class Known:
    """A customer that may be the lead. `certain`: by an address or number that no office shares. `seen`: by the actor."""

    customer: Customer
    why: tuple[str, ...]
    certain: bool
    seen: bool


def find(session: Session, actor: Actor, lead: Any) -> list[Known]:
    """Customers that may be this lead, certain ones first, then the older ones first."""
    region = region_of(tenant_of(session))
    mail, number = contacts.email(lead.email), contacts.phone(lead.phone, region)
    why: dict[int, set[str]] = {}
    for customer in _with(
        session, "email", {mail, (lead.email or "").strip().lower()}, lambda text: contacts.email(text) == mail
    ):
        why.setdefault(customer, set()).add("email")
    same = _with(session, "phone", _ways(lead.phone, number, region), lambda text: contacts.phone(text, region) == number)
    for customer in same:
        why.setdefault(customer, set()).add("phone")
    for customer in _named(session, lead):
        why.setdefault(customer, set()).add("name")
    if not why:
        return []
    people = session.execute(select(Customer).where(Customer.id.in_(why), Customer.merged_into.is_(None))).scalars().all()
    office = contacts.is_office(mail)
    found = [
        Known(one, tuple(key for key in WHY if key in why[one.id]), _certain(why[one.id], office), _sees(actor, one))
        for one in people
    ]
    shown = [one for one in found if one.seen or one.certain]  # a mere name of somebody else's customer tells too much
    return sorted(shown, key=lambda one: (not one.certain, not one.seen, one.customer.created_at, one.customer.id))


def _certain(why: set[str], office: bool) -> bool:
    """A box that an office shares, or a name, alone tells no person."""
    return "phone" in why or ("email" in why and (not office or "name" in why))


def _sees(actor: Actor, one: Customer) -> bool:
    own = actor.member_id is not None and one.owner_id == actor.member_id
    return actor.reach is Reach.ALL or own or (actor.reach is Reach.TEAM and one.unit_id in actor.units)


def _with(session: Session, kind: str, values: Iterable[str], same: Any) -> set[int]:
    """Ids of customers with an address of this kind, written in one of these ways, that is the same in compared form."""
    wanted = {value for value in values if value}
    if not wanted:
        return set()
    statement = (
        select(CustomerRecord.customer_id, CustomerIdentity.value)
        .join(CustomerIdentity, CustomerIdentity.record_id == CustomerRecord.id)
        .where(CustomerIdentity.kind == kind, CustomerIdentity.value.in_(wanted))
        .limit(MOST)
    )
    return {customer for customer, value in session.execute(statement) if customer is not None and same(value)}


def _ways(typed: str | None, number: str, region: str) -> set[str]:
    """How records may hold the digits of a phone number: with its country's code or without, as typed."""
    digits = "".join(char for char in typed or "" if char.isdigit())
    if not number:
        return set()
    import phonenumbers

    ways = {digits, number, f"00{number}", f"0{number}"}
    code = phonenumbers.country_code_for_region(region) if region else 0
    if code and number.startswith(str(code)):
        national = number.removeprefix(str(code))
        ways |= {national, f"0{national}"}
    return ways


def _named(session: Session, lead: Any) -> set[int]:
    """Ids of customers called as the company or, for a lead without one, the person. Names of one word tell nothing."""
    text = lead.company or lead.name or ""
    words = tokens(text)[:8]
    if not words or (len(words) < 2 and not companies.core(text)):
        return set()
    ids = [select(CustomerToken.customer_id).where(CustomerToken.token == word) for word in words]
    some = intersect(*ids).limit(MOST).subquery() if len(ids) > 1 else ids[0].limit(MOST).subquery()
    rows = session.execute(select(Customer.id, Customer.name, Customer.kind).where(Customer.id.in_(select(some.c.customer_id))))
    firm = bool(lead.company)
    return {customer for customer, name, _kind in rows if (_firm(name, text) if firm else _person(name, text))}


def _firm(one: str, other: str) -> bool:
    return bool(companies.core(one)) and companies.core(one) == companies.core(other)


def _person(one: str, other: str) -> bool:
    left, right = names.parse(one), names.parse(other)
    return bool(left.given_sound and left.family_sound) and (left.given_sound, left.family_sound) == (
        right.given_sound,
        right.family_sound,
    )
