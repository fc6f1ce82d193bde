"""The staff as facts name them: the column `rep` holds a person's e-mail address or name. And whose rows an actor sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from kith_platform.auth.models import ACTIVE, Identity, Membership, MemberUnit, Unit
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, EmployeeSnapshot
from kith_tenants.context import Actor, Reach, may_see

PEOPLE: Any = Customer.__table__


@dataclass(frozen=True)
class Staff:
    """The active members: names by what facts call them, and the address by which Kith writes each, by name's order."""

    names: Mapping[str, str]
    emails: Mapping[str, str]

    def name(self, rep: str | None) -> str:
        """A `rep` as people read it."""
        return self.names.get(rep or "", rep or "")

    def ways(self, rep: str) -> list[str]:
        """All ways by which facts name this person; whom nobody knows, as it is."""
        name = self.names.get(rep, rep)
        if name not in self.names:  # shared by two members, or nobody's
            return [rep]
        return sorted({rep, name, *(email for email, called in self.names.items() if called == name)})

    def choices(self, current: str | None = None) -> dict[str, str]:
        """(what is written, name) for a form; whom the facts name and nobody else knows stays choosable."""
        extra = {current: current} if current and current not in self.emails else {}
        return {**self.emails, **extra}


def staff(session: Session) -> Staff:
    """Whom work can be given to. A name that two members share tells nobody apart and is no key."""
    rows = session.execute(_members()).all()
    shown = {email: name or email.partition("@")[0] for _member, name, email in rows}
    once = {name for name, number in Counter(shown.values()).items() if number == 1}
    by_name = {name: name for name in shown.values() if name in once}
    ordered = dict(sorted(shown.items(), key=lambda pair: pair[1].casefold()))
    return Staff({**by_name, **shown}, ordered)


def teams(session: Session) -> dict[str, list[str]]:
    """How facts may name the people of each team, by the team's name: active members by their units, and others by the newest
    state of an employee.
    """
    known = staff(session)
    inside = (
        select(Unit.name, Identity.email)
        .join(MemberUnit, MemberUnit.unit_id == Unit.id)
        .join(Membership, Membership.id == MemberUnit.membership_id)
        .join(Identity, Identity.id == Membership.identity_id)
        .where(Membership.status == ACTIVE)
    )
    one = EmployeeSnapshot
    newest = select(one.unit, one.employee).ext(distinct_on(one.employee)).order_by(one.employee, one.occurred_on.desc())
    found: dict[str, set[str]] = {}
    for unit, email in session.execute(inside):
        found.setdefault(unit, set()).update(known.ways(email))
    for unit, employee in session.execute(newest.where(one.unit.is_not(None))):
        if not set(known.ways(employee)) & set(known.emails):
            found.setdefault(unit, set()).add(employee)
    return {unit: sorted(ways) for unit, ways in sorted(found.items())}


def own(session: Session, actor: Actor) -> str:
    """How Kith writes the actor as a `rep`: the e-mail address; empty for what is nobody's."""
    if actor.identity_id is None:
        return ""
    return session.execute(select(Identity.email).where(Identity.id == actor.identity_id)).scalar_one_or_none() or ""


def mine(session: Session, actor: Actor) -> tuple[str, ...]:
    """How facts may name those whose work the actor sees: the actor's own, with reach `team` that of the units' members."""
    wanted = _members()
    shared = Membership.id.in_(select(MemberUnit.membership_id).where(MemberUnit.unit_id.in_(actor.units)))
    himself = Membership.id == actor.member_id
    wanted = wanted.where(himself | shared if actor.reach is Reach.TEAM and actor.units else himself)
    unique = staff(session).names
    found: set[str] = set()
    for _member, name, email in session.execute(wanted):
        found |= {email} | ({name} if name in unique else set())
    return tuple(sorted(found))


def units(session: Session, actor: Actor) -> tuple[str, ...]:
    """Names of the units whose work the actor sees; none with reach `own`."""
    if actor.reach is not Reach.TEAM or not actor.units:
        return ()
    return tuple(session.execute(select(Unit.name).where(Unit.id.in_(actor.units)).order_by(Unit.name)).scalars())


def records_seen(actor: Actor) -> Any:
    """Ids of the records of customers the actor may see; for actors who do not see all."""
    return (
        select(CustomerRecord.id)
        .join(Customer, Customer.id == CustomerRecord.customer_id)
        .where(may_see(actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id))
    )


def _members() -> Any:
    return (
        select(Membership.id, Identity.name, Identity.email)
        .join(Identity, Identity.id == Membership.identity_id)
        .where(Membership.status == ACTIVE)
    )
