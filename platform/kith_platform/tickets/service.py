"""Use cases of tickets: open, change, give to somebody, answer, wait, solve, open again, close."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.calendar.service import of_tenant
from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts import entering
from kith_platform.facts.contact import ACTIVITY
from kith_platform.facts.models import Activity, CustomerRecord, Ticket, TicketStatus
from kith_platform.facts.tickets import TICKET, TICKET_STATUS
from kith_platform.i18n import N_
from kith_platform.opportunities import reps
from kith_platform.tickets import clock
from kith_platform.tickets.clock import CLOSED, NEW, OPEN, SOLVED, WAITING, state_of
from kith_platform.tickets.levels import NORMAL, SEVERITIES, level
from kith_tenants.context import Actor, Reach

FIELDS = ("subject", "description", "topic", "channel", "severity", "is_complaint", "rep", "unit")
KINDS = ("mail", "call", "chat", "meeting", "visit", "note")
NOTE = "note"  # for colleagues: no contact with the customer
LONGEST, LONGEST_TEXT = 200, 4000


def seen(session: Session, statement: Select[Any], actor: Actor) -> Select[Any]:
    """Narrow a statement over Ticket to those the actor may see: of visible customers; without one, by who handles it."""
    if actor.reach is Reach.ALL:
        return statement
    alone = Ticket.record_id.is_(None) & Ticket.rep.in_(reps.mine(session, actor))
    return statement.where(or_(Ticket.record_id.in_(reps.records_seen(actor)), alone))


def get(session: Session, actor: Actor, public_id: uuid.UUID, *, lock: bool = False) -> Any:
    """A ticket the actor may see, read anew and held where it is `lock`ed for a change. Raises NotFound."""
    statement = seen(session, select(Ticket).where(Ticket.public_id == public_id), actor)
    if lock:
        statement = statement.with_for_update(of=Ticket.__table__).execution_options(populate_existing=True)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no ticket here that you can see. The link may be old, or it belongs to another company."))
    return found


def customer_of(session: Session, row: Any) -> Customer | None:
    """Who asked; None where nobody is known."""
    record_id = select(CustomerRecord.customer_id).where(CustomerRecord.id == row.record_id).scalar_subquery()
    return session.execute(select(Customer).where(Customer.id == record_id)).scalar_one_or_none()


def history(session: Session, row: Any) -> Sequence[Any]:
    """The changes of its status, oldest first."""
    mine = select(TicketStatus).where(TicketStatus.ticket_id == row.id)
    return session.execute(mine.order_by(TicketStatus.occurred_at, TicketStatus.id)).scalars().all()


def messages(session: Session, row: Any) -> Sequence[Any]:
    """What was said and noted about it, oldest first."""
    mine = select(Activity).where(Activity.ticket_id == row.id)
    return session.execute(mine.order_by(Activity.occurred_at, Activity.id)).scalars().all()


def create(session: Session, actor: Actor, given: Mapping[str, Any], customer: Customer | None = None) -> Any:
    """Open a ticket, of a customer the actor may see or of somebody unknown; due by its severity's service level.

    `opened_at` may lie in the past. Without customer and `rep` it is the actor's own. Raises Forbidden, Invalid.
    """
    _may(actor)
    values = _checked(given, fresh=True)
    values["severity"] = values.get("severity") or NORMAL
    if customer is None and actor.reach is not Reach.ALL:
        values["rep"] = values.get("rep") or reps.own(session, actor)
    if given.get("opened_at"):
        values["opened_at"] = given["opened_at"]
    row = entering.enter(session, actor, TICKET, {**values, "status": NEW}, customer=customer)
    promise = level(session, row.severity)
    due = clock.promised(of_tenant(session), row.occurred_at, promise.reply, promise.solve)
    entering.change(session, actor, row, due)
    _note_state(session, actor, row, NEW, row.occurred_at)
    record(session, actor, "ticket:created", _subject(row), {"severity": row.severity})
    return row


def change(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Write the given fields; the others stay. With another severity it is due by that one's level.

    Who is given a new ticket finds it open. Raises Forbidden, Invalid with an error per field.
    """
    _may(actor)
    values = _checked(given, fresh=False)
    changed = sorted(name for name, value in values.items() if str(getattr(row, name) or "") != str(value or ""))
    if not changed:
        return row
    if "severity" in changed and clock.state_of(row) not in (SOLVED, CLOSED):
        calendar, promise = of_tenant(session), level(session, values["severity"])
        stood = clock.stopped(calendar, history(session, row), _now())
        values |= clock.promised(calendar, row.occurred_at, promise.reply, promise.solve, stood)
    row = entering.change(session, actor, row, values)
    if "rep" in changed and row.rep and state_of(row) == NEW:
        _to(session, actor, row, OPEN, {})
    record(session, actor, "ticket:changed", _subject(row), {"fields": changed})
    return row


def say(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Write down a message: `text`, `kind` (one of KINDS), `direction` (`out` is ours, `in` the customer's). Gives the activity.

    Ours is the first reply if there was none, and answers what the customer wrote. The customer's opens a ticket that waited
    or was solved. Raises Forbidden, Conflict for a closed ticket, Invalid.
    """
    _may(actor)
    kind, text, direction = (str(given.get(name) or "").strip() for name in ("kind", "text", "direction"))
    kind, direction = kind or _kind(row.channel), direction or "out"
    errors = [] if kind in KINDS else [FieldError("kind", N_("Choose one of the values of the list."))]
    if direction not in ("in", "out"):
        errors.append(FieldError("direction", N_("Choose one of the values of the list.")))
    errors += [] if text else [FieldError("text", N_("Write what was said."))]
    errors += _too_long({"text": text}, {"text": LONGEST_TEXT})
    if errors:
        raise Invalid(fields=errors)
    if state_of(row) == CLOSED and kind != NOTE:
        raise Conflict(N_("This ticket is closed. Open it again to write in it."))
    now = _now()
    said = _activity(session, actor, row, kind, text, direction, now)
    if kind == NOTE:
        return said
    if direction == "in":
        if state_of(row) == SOLVED:
            reopen(session, actor, row)
        elif state_of(row) == WAITING:
            _to(session, actor, row, OPEN, {})
        return said
    _answer(session, actor, row, now)
    return said


def wait(session: Session, actor: Actor, row: Any) -> Any:
    """Wait for the customer: the clock stands until the ticket goes on. Raises Forbidden, Conflict for a solved one."""
    _may(actor)
    _unsolved(row)
    return row if state_of(row) == WAITING else _to(session, actor, row, WAITING, {}, "ticket:waiting")


def resume(session: Session, actor: Actor, row: Any) -> Any:
    """Work on it (again): the clock runs. Raises Forbidden, Conflict for a solved one."""
    _may(actor)
    _unsolved(row)
    return row if state_of(row) == OPEN else _to(session, actor, row, OPEN, {}, "ticket:resumed")


def solve(session: Session, actor: Actor, row: Any) -> Any:
    """Solved now. A ticket that nobody answered is answered by its solution. Raises Forbidden, Conflict."""
    _may(actor)
    _unsolved(row)
    ours = (Activity.direction == "out") & (Activity.kind != NOTE)
    replies = session.execute(select(func.count()).where(Activity.ticket_id == row.id, ours)).scalar_one()
    now = _now()
    values = {"resolved_at": now, "contacts": max(replies, 1), "first_reply_at": row.first_reply_at or now}
    return _to(session, actor, row, SOLVED, values, "ticket:solved", now)


def reopen(session: Session, actor: Actor, row: Any) -> Any:
    """Open a solved or closed one again; its due time moves by as long as it was solved. Raises Forbidden, Conflict."""
    _may(actor)
    if state_of(row) not in (SOLVED, CLOSED):
        raise Conflict(N_("This ticket is open already."))
    now = _now()
    moved = clock.later(of_tenant(session), row, row.resolved_at, now) if row.resolved_at else {}
    values = {"resolved_at": None, "contacts": None, "reopened_at": now, **moved}
    return _to(session, actor, row, OPEN, values, "ticket:reopened", now)


def close(session: Session, actor: Actor, row: Any) -> Any:
    """Nothing is left to do. Raises Forbidden, Conflict for one that is not solved."""
    _may(actor)
    state = state_of(row)
    if state == CLOSED:
        return row
    if state != SOLVED:
        raise Conflict(N_("This ticket is not solved yet. Solve it, then close it."))
    return _to(session, actor, row, CLOSED, {}, "ticket:closed")


def _to(
    session: Session, actor: Actor, row: Any, state: str, values: dict[str, Any], action: str = "", now: dt.datetime | None = None
) -> Any:
    """Set a state and note when; where the ticket waited, what is due moves by as long."""
    now, former = now or _now(), state_of(row)
    if former == WAITING:
        since = [one.occurred_at for one in history(session, row) if one.status == WAITING]
        values = {**values, **(clock.later(of_tenant(session), row, since[-1], now) if since else {})}
    row = entering.change(session, actor, row, {**values, "status": state})
    _note_state(session, actor, row, state, now)
    if action:
        record(session, actor, action, _subject(row), {"before": former, "after": state})
    return row


def _note_state(session: Session, actor: Actor, row: Any, state: str, at: dt.datetime) -> None:
    entering.enter(session, actor, TICKET_STATUS, {"ticket": row, "status": state, "changed_to_at": at})


def _activity(session: Session, actor: Actor, row: Any, kind: str, text: str, direction: str, now: dt.datetime) -> Any:
    values = {
        "kind": kind,
        "subject": text,
        "started_at": now,
        "ended_at": now,
        "channel": row.channel,
        "rep": reps.own(session, actor) or None,
        "unit": row.unit,
        "captured": "manual",
        "ticket": row,
    }
    if kind != NOTE:
        values["direction"] = direction
    return entering.enter(session, actor, ACTIVITY, values, customer=customer_of(session, row))


def _answer(session: Session, actor: Actor, row: Any, now: dt.datetime) -> None:
    """Our words answer what the customer wrote; the first ones are the first reply."""
    asked = (Activity.direction == "in") & Activity.replied_at.is_(None)
    for one in session.execute(select(Activity).where(Activity.ticket_id == row.id, asked)).scalars().all():
        entering.change(session, actor, one, {"replied_at": now})
    if row.first_reply_at is None:
        entering.change(session, actor, row, {"first_reply_at": now})
    if state_of(row) == NEW:
        _to(session, actor, row, OPEN, {})


def _kind(channel: str | None) -> str:
    """How one answers on a channel."""
    word = (channel or "").casefold()
    known = {"phone": "call", "call": "call", "telephone": "call", "chat": "chat", "wechat": "chat"}
    return next((kind for name, kind in known.items() if name in word), "mail")


def _checked(given: Mapping[str, Any], *, fresh: bool) -> dict[str, Any]:
    values = {name: given[name] for name in FIELDS if name in given}
    limits = dict.fromkeys(("subject", "topic", "channel", "rep", "unit"), LONGEST) | {"description": LONGEST_TEXT}
    errors = _too_long(values, limits)
    if (fresh or "subject" in values) and not str(values.get("subject") or "").strip():
        errors.append(FieldError("subject", N_("Say in a few words what it is about.")))
    severity = values.get("severity")
    if "severity" in values and (severity or NORMAL) not in SEVERITIES:
        errors.append(FieldError("severity", N_("Choose one of the values of the list.")))
    if errors:
        raise Invalid(fields=errors)
    return values


def _too_long(values: Mapping[str, Any], limits: Mapping[str, int]) -> list[FieldError]:
    words = N_("This is too long: %(most)s characters at most.")
    names: Iterable[str] = (name for name, most in limits.items() if len(str(values.get(name) or "")) > most)
    return [FieldError(name, words, {"most": limits[name]}) for name in names]


def _unsolved(row: Any) -> None:
    if state_of(row) in (SOLVED, CLOSED):
        raise Conflict(N_("This ticket is solved. Open it again first."))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _subject(row: Any) -> str:
    return f"ticket:{row.public_id}"


def _may(actor: Actor) -> None:
    if not actor.can("tickets:write"):
        raise Forbidden
