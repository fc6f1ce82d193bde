"""Use cases of customers' goals: agree on one, have it confirmed by the customer, measure what came of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Date, Select, cast, func, literal, select
from sqlalchemy.orm import Session

from kith_platform.customers.figures import today
from kith_platform.customers.models import Customer
from kith_platform.errors import FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts import entering
from kith_platform.facts.models import CustomerRecord, Outcome
from kith_platform.facts.success import OUTCOME
from kith_platform.i18n import N_
from kith_platform.opportunities import paging, reps
from kith_platform.opportunities.paging import PAGE, Page
from kith_tenants.context import Actor, Reach

FIELDS = ("goal", "measure", "baseline", "target", "due_on", "initiative")
SHOW = ("running", "due", "unconfirmed", "measured", "all")
SOON = 30  # days within which a goal counts as due
MOST = Decimal("1.2")  # of a goal that is more than reached, as in csm.outcome
LONGEST = 300


@dataclass(frozen=True)
class Filter:
    """Which goals: one of SHOW."""

    show: str = "running"


def seen(statement: Select[Any], actor: Actor) -> Select[Any]:
    """Narrow a statement over Outcome to goals of customers the actor may see."""
    return statement if actor.reach is Reach.ALL else statement.where(Outcome.record_id.in_(reps.records_seen(actor)))


def get(session: Session, actor: Actor, public_id: uuid.UUID, *, lock: bool = False) -> Any:
    """A goal the actor may see, held where it is `lock`ed for a change. Raises NotFound."""
    statement = seen(select(Outcome).where(Outcome.public_id == public_id), actor)
    if lock:
        statement = statement.with_for_update(of=Outcome.__table__).execution_options(populate_existing=True)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no goal here that you can see. The link may be old."))
    return found


def page(session: Session, actor: Actor, wanted: Filter, *, after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """(Outcome, Customer or None) newest first. Raises BadRequest for a page key that is none."""
    statement: Select[Any] = (
        select(Outcome, Customer)
        .outerjoin(CustomerRecord, CustomerRecord.id == Outcome.record_id)
        .outerjoin(Customer, Customer.id == CustomerRecord.customer_id)
    )
    statement = seen(statement, actor).where(*_narrowed(session, wanted))
    return paging.page(session, statement, Outcome.occurred_at, Outcome.id, after=after, before=before, limit=limit)


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many goals each list has but the last, of those the actor may see."""
    columns: list[Any] = [func.count().filter(*_narrowed(session, Filter(show))).label(show) for show in SHOW[:-1]]
    every: Select[Any] = select(*columns).select_from(Outcome)
    return dict(zip(SHOW[:-1], session.execute(seen(every, actor)).one(), strict=True))


def of_records(session: Session, record_ids: Sequence[int], limit: int) -> Sequence[Any]:
    """One customer's goals: those not measured yet by their day, then the newest of the others."""
    mine = select(Outcome).where(Outcome.record_id.in_(record_ids))
    order = (Outcome.measured_at.is_not(None), Outcome.due_on.nulls_last(), Outcome.id.desc())
    return session.execute(mine.order_by(*order).limit(limit)).scalars().all()


def reached(row: Any) -> Decimal | None:
    """The share of the way from baseline to target that was gone, 0 to 1.2 (csm.outcome); None before it is measured."""
    if row.actual is None or row.baseline is None or row.target is None or row.target == row.baseline:
        return None
    gone: Decimal = (row.actual - row.baseline) / (row.target - row.baseline)
    return min(max(gone, Decimal(0)), MOST)


def create(session: Session, actor: Actor, given: Mapping[str, Any], customer: Customer) -> Any:
    """Agree on a goal with a customer. Raises Forbidden, Invalid; a target that equals the baseline is none."""
    _may(actor)
    return entering.enter(session, actor, OUTCOME, _checked(given), customer=customer, action="outcome:created")


def change(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Write the given fields; the others stay. What the customer confirmed must be confirmed anew.

    Raises Forbidden, Invalid.
    """
    _may(actor)
    values = _checked(given, row)
    if row.confirmed_at is not None and values:
        values |= {"confirmed_at": None, "confirmed_by": None}
    return entering.change(session, actor, row, values, action="outcome:changed")


def confirm(session: Session, actor: Actor, row: Any, by: str, at: Any = None) -> Any:
    """The customer says that this is the goal: who, and when (now). Raises Forbidden, Invalid."""
    _may(actor)
    if not by.strip() or len(by) > LONGEST:
        raise Invalid(fields=[FieldError("confirmed_by", N_("Say who at the customer confirmed it."))])
    values = {"confirmed_by": by, "confirmed_at": at or dt.datetime.now(dt.UTC)}
    return entering.change(session, actor, row, values, action="outcome:confirmed")


def measure(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """What came of it: `actual`; what it is worth to the customer (`value`, `currency`), whether that is `verified`, and what
    the customer spent on it (`own_cost`); `measured_at` (now). Measured again, the newer word counts.

    Raises Forbidden, Invalid with an error per field.
    """
    _may(actor)
    names = ("actual", "value", "own_cost", "verified", "currency")
    values = {name: given[name] for name in names if name in given and given[name] is not None}
    if str(values.get("actual") if values.get("actual") is not None else "").strip() == "":
        raise Invalid(fields=[FieldError("actual", N_("Give the number that was reached."))])
    values["measured_at"] = given.get("measured_at") or dt.datetime.now(dt.UTC)
    return entering.change(session, actor, row, values, action="outcome:measured")


def _narrowed(session: Session, wanted: Filter) -> list[Any]:
    running = Outcome.measured_at.is_(None)
    if wanted.show == "due":
        return [running, Outcome.due_on <= cast(literal(today(session) + dt.timedelta(days=SOON)), Date)]
    lists = {"running": [running], "unconfirmed": [Outcome.confirmed_at.is_(None)], "measured": [~running]}
    return lists.get(wanted.show, [])


def _checked(given: Mapping[str, Any], row: Any = None) -> dict[str, Any]:
    values = {name: given[name] for name in FIELDS if name in given}
    words = N_("This is too long: %(most)s characters at most.")
    errors = [
        FieldError(name, words, {"most": LONGEST}) for name in ("goal", "measure") if len(str(values.get(name) or "")) > LONGEST
    ]
    baseline, target = (_number(values.get(name, getattr(row, name, None))) for name in ("baseline", "target"))
    if baseline is not None and baseline == target:
        errors.append(FieldError("target", N_("The target equals the baseline: there would be nothing to reach.")))
    if errors:
        raise Invalid(fields=errors)
    return values


def _number(given: Any) -> Decimal | None:
    """None for what is no number: where it is entered that is told."""
    try:
        return Decimal(str(given))
    except InvalidOperation:
        return None


def _may(actor: Actor) -> None:
    if not actor.can("success:write"):
        raise Forbidden
