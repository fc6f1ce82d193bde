"""Use cases of commitments: promise something to a customer, keep it, call it off; what is due."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts import entering
from kith_platform.facts.models import Commitment, CustomerRecord
from kith_platform.facts.success import COMMITMENT
from kith_platform.i18n import N_
from kith_platform.opportunities import reps
from kith_platform.tickets import paging
from kith_platform.tickets.paging import PAGE, Page
from kith_tenants.context import Actor, Reach

FIELDS = ("what", "kind", "rep", "unit", "due_at")
KINDS = ("delivery", "fix", "call_back", "other")
SHOW = ("open", "overdue", "mine", "done", "all")
SOONEST = frozenset(SHOW[:3])
LONGEST = 500


@dataclass(frozen=True)
class Filter:
    """Which commitments: one of SHOW, and whose. `rep` as facts name the person."""

    show: str = "open"
    rep: str = ""


def seen(session: Session, statement: Select[Any], actor: Actor) -> Select[Any]:
    """Narrow a statement over Commitment to those the actor may see: to visible customers; without one, by who promised."""
    if actor.reach is Reach.ALL:
        return statement
    alone = Commitment.record_id.is_(None) & Commitment.rep.in_(reps.mine(session, actor))
    return statement.where(or_(Commitment.record_id.in_(reps.records_seen(actor)), alone))


def get(session: Session, actor: Actor, public_id: uuid.UUID, *, lock: bool = False) -> Any:
    """A commitment the actor may see, held where it is `lock`ed for a change. Raises NotFound."""
    statement = seen(session, select(Commitment).where(Commitment.public_id == public_id), actor)
    if lock:
        statement = statement.with_for_update(of=Commitment.__table__).execution_options(populate_existing=True)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no commitment here that you can see. The link may be old."))
    return found


def page(session: Session, actor: Actor, wanted: Filter, *, after: str = "", limit: int = PAGE) -> Page:
    """(Commitment, Customer or None): open ones by what is due first, others newest first. Raises BadRequest."""
    statement: Select[Any] = (
        select(Commitment, Customer)
        .outerjoin(CustomerRecord, CustomerRecord.id == Commitment.record_id)
        .outerjoin(Customer, Customer.id == CustomerRecord.customer_id)
    )
    statement = seen(session, statement, actor).where(*_narrowed(session, actor, wanted))
    soonest = wanted.show in SOONEST
    key = Commitment.due_at if soonest else Commitment.occurred_at
    return paging.page(session, statement, key, Commitment.id, soonest=soonest, after=after, limit=limit)


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many are open, overdue and mine, of those the actor may see."""
    columns: list[Any] = [
        func.count().filter(*_narrowed(session, actor, Filter(show))).label(show) for show in SHOW if show in SOONEST
    ]
    every: Select[Any] = select(*columns).select_from(Commitment).where(*_open())
    row = session.execute(seen(session, every, actor)).one()
    return dict(zip((show for show in SHOW if show in SOONEST), row, strict=True))


def of_records(session: Session, record_ids: Sequence[int], limit: int) -> Sequence[Any]:
    """What was promised to one customer: open ones by what is due first, then the newest of the others."""
    mine = select(Commitment).where(Commitment.record_id.in_(record_ids))
    closed = Commitment.done_at.is_not(None) | func.coalesce(Commitment.cancelled, False)
    return session.execute(mine.order_by(closed, Commitment.due_at, Commitment.id.desc()).limit(limit)).scalars().all()


def is_open(row: Any) -> bool:
    return row.done_at is None and not row.cancelled


def create(session: Session, actor: Actor, given: Mapping[str, Any], customer: Customer, *, ticket: Any = None) -> Any:
    """Promise something to a customer; it is the actor's where no `rep` is named. Raises Forbidden, Invalid."""
    _may(actor)
    values = _checked(given)
    values["rep"] = values.get("rep") or reps.own(session, actor)
    return entering.enter(
        session, actor, COMMITMENT, {**values, "ticket": ticket}, customer=customer, action="commitment:created"
    )


def change(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Write the given fields of an open one; the others stay. Raises Forbidden, Conflict, Invalid."""
    _hold(actor, row)
    return entering.change(session, actor, row, _checked(given), action="commitment:changed")


def done(session: Session, actor: Actor, row: Any, at: dt.datetime | None = None) -> Any:
    """Kept, now or at an instant since it was given. Raises Forbidden, Conflict, Invalid."""
    _hold(actor, row)
    if at is not None and at < row.occurred_at:
        raise Invalid(fields=[FieldError("done_at", N_("It cannot be kept before it was given."))])
    return entering.change(session, actor, row, {"done_at": at or dt.datetime.now(dt.UTC)}, action="commitment:done")


def cancel(session: Session, actor: Actor, row: Any) -> Any:
    """Called off: it counts nowhere. Raises Forbidden, Conflict."""
    _hold(actor, row)
    return entering.change(session, actor, row, {"cancelled": True}, action="commitment:cancelled")


def _hold(actor: Actor, row: Any) -> None:
    _may(actor)
    if not is_open(row):
        raise Conflict(N_("This commitment is kept or called off already."))


def _open() -> list[Any]:
    return [Commitment.done_at.is_(None), func.coalesce(Commitment.cancelled, False).is_(False)]


def _narrowed(session: Session, actor: Actor, wanted: Filter) -> list[Any]:
    found: list[Any] = _open() if wanted.show in SOONEST else []
    if wanted.show == "overdue":
        found.append(Commitment.due_at < func.now())
    if wanted.show == "done":
        found.append(Commitment.done_at.is_not(None))
    rep = reps.own(session, actor) if wanted.show == "mine" else wanted.rep
    if rep or wanted.show == "mine":
        found.append(Commitment.rep.in_(reps.staff(session).ways(rep)))
    return found


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: given[name] for name in FIELDS if name in given}
    if len(str(values.get("what") or "")) > LONGEST:
        errors = [FieldError("what", N_("This is too long: %(most)s characters at most."), {"most": LONGEST})]
        raise Invalid(fields=errors)
    return values


def _may(actor: Actor) -> None:
    if not actor.can("success:write"):
        raise Forbidden
