"""Who looks after whom: customers and how many of them are at risk, sales, deals and service of each person (domain S53)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kith_platform.auth.models import ACTIVE, Identity, Membership
from kith_platform.customers.models import Customer
from kith_platform.dashboards import figures
from kith_platform.dashboards.figures import Figures, People
from kith_platform.dashboards.readiness import last_day
from kith_platform.errors import NotFound
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_platform.metrics import store
from kith_platform.metrics.grains import REP
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.periods import months
from kith_platform.placements.models import CustomerPlacement, PlacementTrack
from kith_platform.sdk.types import Period
from kith_tenants.context import Actor, Reach, visible

SALES, WON, PIPELINE = "cim.prf.sales_growth", "cim.sal.win_rate", "cim.sal.weighted_pipeline"
LEADS, SLA, ACTIVE_CUSTOMERS = "cim.rsp.lead_minutes", "cim.svc.sla", "cim.sal.cust_per_rep"
KEYS = (SALES, WON, PIPELINE, LEADS, SLA, ACTIVE_CUSTOMERS)
MONTHS = 12
LIFECYCLE, AT_RISK = "lifecycle", "decline"
TABLE: Any = Customer.__table__


@dataclass(frozen=True)
class Book:
    """The customers of a person: how many, and how many of them decline (None where nobody's stage is known)."""

    customers: int
    at_risk: int | None

    @property
    def share(self) -> float | None:
        return None if self.at_risk is None or not self.customers else self.at_risk / self.customers


@dataclass(frozen=True)
class Person:
    """One person over a period. `rep` is how Kith writes them, `name` how people do. `months` are net sales of MONTHS months."""

    rep: str
    name: str
    book: Book
    values: Figures
    months: list[float | None]

    @property
    def net(self) -> float | None:
        return figures.behind(self.values.get(SALES), "net")

    def value(self, key: str) -> float | None:
        found = self.values.get(key)
        return found.value if found is not None else None

    @property
    def deals(self) -> float | None:
        return figures.behind(self.values.get(PIPELINE), "deals")


EMPTY = Book(0, None)


def everybody(session: Session, actor: Actor, period: Period) -> list[Person]:
    """Whose work the actor sees and who has customers or numbers in the period, those who sold most first."""
    known = figures.people(session, actor)
    values = figures.of_people(session, known, KEYS, period)
    books = _books(session, actor, known)
    lines = _lines(session, known, period)
    names = {rep for rep, own in values.items() if any(one.value is not None or one.rows for one in own.values())} | set(books)
    found = [
        Person(rep, known.staff.name(rep), books.get(rep, EMPTY), values.get(rep, {}), lines.get(rep, []))
        for rep in names
        if known.may_see(rep)
    ]
    return sorted(found, key=lambda one: (-(one.net or 0.0), -one.book.customers, one.name.casefold()))


def somebody(session: Session, actor: Actor, period: Period, rep: str) -> Person:
    """Raises NotFound for somebody whom nobody knows or whose work the actor does not see."""
    known = figures.people(session, actor)
    if known.may_see(rep):
        person = known.person(rep)
        found = next((one for one in everybody(session, actor, period) if one.rep == person), None)
        if found is not None or person in known.staff.emails:
            return found or Person(person, known.staff.name(person), EMPTY, {}, [])
    raise NotFound(N_("There is nobody here called '%(name)s' whose work you can see."), name=rep[:80])


def _lines(session: Session, known: People, period: Period) -> dict[str, list[float | None]]:
    places = months(last_day(period), MONTHS)
    by_person: dict[str, list[MetricValue]] = {}
    for value in store.of_grain(session, [SALES], places, REP, known.seen):
        by_person.setdefault(known.person(value.unit), []).append(value)
    return {rep: figures.by_month(values, places, "net") for rep, values in by_person.items()}


def _books(session: Session, actor: Actor, known: People) -> dict[str, Book]:
    """By person: customers given to a member in Kith, and, of the others, those whom a source gives to somebody."""
    placed = session.execute(select(PlacementTrack.key).where(PlacementTrack.key == LIFECYCLE)).first() is not None
    found: dict[str, Book] = {}
    for rows in (_given(session, actor), _imported(session, actor)):
        for rep, customers, risky in rows:
            person = known.person(rep)
            old = found.get(person, EMPTY)
            found[person] = Book(old.customers + customers, (old.at_risk or 0) + risky if placed else None)
    return found


def _given(session: Session, actor: Actor) -> Sequence[Any]:
    statement = (
        _counted(Identity.email)
        .join(Membership, Membership.id == Customer.owner_id)
        .join(Identity, Identity.id == Membership.identity_id)
        .where(Membership.status == ACTIVE)
        .group_by(Identity.email)
    )
    return session.execute(visible(statement, actor, owner=TABLE.c.owner_id, unit=TABLE.c.unit_id)).all()


def _imported(session: Session, actor: Actor) -> Sequence[Any]:
    """Nobody's in Kith: only those who see everybody's customers see these."""
    if actor.reach is not Reach.ALL:
        return ()
    records = CustomerRecord
    first = select(records.customer_id, func.min(records.owner_email).label("owner"))
    owned = (
        first.where(records.owner_email.is_not(None), records.customer_id.is_not(None)).group_by(records.customer_id).subquery()
    )
    statement = _counted(owned.c.owner).join(owned, owned.c.customer_id == Customer.id).where(Customer.owner_id.is_(None))
    return session.execute(statement.group_by(owned.c.owner)).all()


def _counted(who: Any) -> Any:
    """Living, real customers and those that decline, by whoever it is joined with."""
    risky = (CustomerPlacement.customer_id == Customer.id, CustomerPlacement.key == LIFECYCLE, CustomerPlacement.code == AT_RISK)
    return (
        select(who, func.count(), func.count(CustomerPlacement.customer_id))
        .select_from(Customer)
        .outerjoin(CustomerPlacement, risky[0] & risky[1] & risky[2])
        .where(Customer.merged_into.is_(None), Customer.is_test.is_(False))
    )


def risky(session: Session, actor: Actor, rep: str, limit: int) -> list[Customer]:
    """The person's customers that decline, the longest known first: those given in Kith, else those a source gives."""
    ways = figures.people(session, actor).ways(rep)
    owner = select(Membership.id).join(Identity, Identity.id == Membership.identity_id).where(Identity.email.in_(ways))
    imported = select(CustomerRecord.customer_id).where(CustomerRecord.owner_email.in_(ways))
    declining = select(CustomerPlacement.customer_id)
    declining = declining.where(CustomerPlacement.key == LIFECYCLE, CustomerPlacement.code == AT_RISK)
    statement = (
        select(Customer)
        .where(Customer.id.in_(declining), Customer.merged_into.is_(None), Customer.is_test.is_(False))
        .where(or_(Customer.owner_id.in_(owner), Customer.owner_id.is_(None) & Customer.id.in_(imported)))
    )
    seen = visible(statement, actor, owner=TABLE.c.owner_id, unit=TABLE.c.unit_id)
    return list(session.execute(seen.order_by(Customer.id).limit(limit)).scalars())


def members(session: Session) -> dict[str, str]:
    """Public ids of active members by address, for links to the list of their customers."""
    statement = select(Identity.email, Membership.public_id).join(Identity, Identity.id == Membership.identity_id)
    return {email: str(public) for email, public in session.execute(statement.where(Membership.status == ACTIVE))}
