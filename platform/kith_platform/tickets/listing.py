"""Lists of tickets: what is open, waiting, overdue or mine, what is due first; everything newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, case, func, literal, or_, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, Ticket
from kith_platform.opportunities import reps
from kith_platform.tickets import paging, service
from kith_platform.tickets.clock import CLOSED, NEW, OPEN, SOLVED, WAITING
from kith_platform.tickets.paging import PAGE, Page
from kith_tenants.context import Actor

SHOW = ("open", "waiting", "overdue", "mine", "solved", "all")
UNSOLVED = frozenset(SHOW[:4])
FAR = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)  # what has no due time comes last


@dataclass(frozen=True)
class Filter:
    """Which tickets: one of SHOW, and what narrows them. `rep` as facts name the person; `none` is nobody."""

    show: str = "open"
    q: str = ""
    rep: str = ""
    severity: str = ""
    complaint: bool = False

    @property
    def narrows(self) -> bool:
        return replace(self, show="open") != Filter()


def page(session: Session, actor: Actor, wanted: Filter, *, after: str = "", limit: int = PAGE) -> Page:
    """Unsolved tickets by what is due first, others newest first. Raises BadRequest for a page key that is none."""
    soonest = wanted.show in UNSOLVED
    key = due() if soonest else Ticket.occurred_at
    statement = matching(session, _with_customer(Ticket, Customer), actor, wanted)
    return paging.page(session, statement, key, Ticket.id, soonest=soonest, after=after, limit=limit)


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many tickets are open, waiting, overdue and mine, of those the actor may see."""
    own = _mine(session, actor)
    columns: list[Any] = [func.count().filter(_state(show, own)).label(show) for show in SHOW[:4]]
    every: Select[Any] = select(*columns).select_from(Ticket).where(unsolved())
    statement = service.seen(session, every, actor)
    return {name: int(number) for name, number in session.execute(statement).one()._mapping.items()}  # noqa: SLF001 - public


def of_customer(session: Session, record_ids: Sequence[int], limit: int) -> Sequence[Any]:
    """A customer's tickets, the unsolved first, then the newest."""
    mine = select(Ticket).where(Ticket.record_id.in_(record_ids))
    order = (Ticket.resolved_at.is_not(None), Ticket.occurred_at.desc(), Ticket.id.desc())
    return session.execute(mine.order_by(*order).limit(limit)).scalars().all()


def unsolved() -> Any:
    """SQL: neither solved nor closed. The first condition is that of the index."""
    return Ticket.resolved_at.is_(None) & func.coalesce(Ticket.status, OPEN).not_in((SOLVED, CLOSED))


def due() -> Any:
    """SQL: when the first reply or the solution is due, whichever comes first; FAR without either."""
    reply = case((Ticket.first_reply_at.is_(None), Ticket.reply_due_at))
    return func.coalesce(func.least(reply, Ticket.sla_due_at), literal(FAR))


def matching(session: Session, statement: Select[Any], actor: Actor, wanted: Filter) -> Select[Any]:
    """Narrow a statement over Ticket and Customer to what matches and the actor may see."""
    found = service.seen(session, statement, actor)
    if wanted.show in UNSOLVED:
        found = found.where(unsolved(), _state(wanted.show, _mine(session, actor)))
    elif wanted.show == SOLVED:
        found = found.where(or_(Ticket.resolved_at.is_not(None), Ticket.status.in_((SOLVED, CLOSED))))
    if wanted.q:
        text = func.lower(func.concat_ws(" ", Ticket.subject, Ticket.topic, Ticket.external_id, Customer.name))
        found = found.where(func.strpos(text, wanted.q.lower()) > 0)
    if wanted.severity:
        found = found.where(func.lower(Ticket.severity) == wanted.severity)
    if wanted.complaint:
        found = found.where(Ticket.is_complaint)
    if wanted.rep:
        known = reps.staff(session)
        found = found.where(Ticket.rep.is_(None) if wanted.rep == "none" else Ticket.rep.in_(known.ways(wanted.rep)))
    return found


def _state(show: str, own: Sequence[str]) -> Any:
    """SQL: of unsolved tickets those that a list shows."""
    state = func.coalesce(Ticket.status, OPEN)
    runs = state.in_((NEW, OPEN))
    return {
        "open": runs,
        "waiting": state == WAITING,
        "overdue": runs & (due() < func.now()),
        "mine": Ticket.rep.in_(own),
    }[show]


def _mine(session: Session, actor: Actor) -> list[str]:
    own = reps.own(session, actor)
    return reps.staff(session).ways(own) if own else []


def _with_customer(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Ticket)
        .outerjoin(CustomerRecord, CustomerRecord.id == Ticket.record_id)
        .outerjoin(Customer, Customer.id == CustomerRecord.customer_id)
    )
