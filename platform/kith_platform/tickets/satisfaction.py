"""How content the customer was: asked once a ticket is solved, answered on a form, or told to staff, who enter it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid
from kith_platform.facts import entering
from kith_platform.facts.models import SurveyResponse
from kith_platform.i18n import N_
from kith_platform.tickets import service
from kith_platform.tickets.clock import CLOSED, SOLVED, state_of
from kith_tenants.context import Actor

KIND, SCALE, TOUCHPOINT = "csat", "1-5", "ticket"
SCORES = (1, 2, 3, 4, 5)


def of_ticket(session: Session, row: Any) -> Any:
    """The newest question about this ticket, answered or not; None before it was asked."""
    mine = select(SurveyResponse).where(SurveyResponse.ticket_id == row.id, SurveyResponse.kind == KIND)
    return session.execute(mine.order_by(SurveyResponse.id.desc()).limit(1)).scalar_one_or_none()


def ask(session: Session, actor: Actor, row: Any) -> Any:
    """Note that the customer was asked. Asked already, it stays with that. Raises Forbidden, Conflict before it is solved."""
    _may(actor, row)
    return of_ticket(session, row) or _asked(session, actor, row, {})


def answer(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Enter the customer's answer: `score` from 1 to 5, `comment`. Raises Forbidden, Conflict, Invalid."""
    _may(actor, row)
    try:
        score = int(str(given.get("score") or ""))
    except ValueError:
        score = 0
    if score not in SCORES:
        raise Invalid(fields=[FieldError("score", N_("Choose a score from 1 to 5."))])
    asked = of_ticket(session, row)
    if asked is not None and asked.answered_at is not None:
        raise Conflict(N_("The customer has answered already. An answer is not changed."))
    said = {"score": score, "comment": given.get("comment"), "answered_at": dt.datetime.now(dt.UTC)}
    if asked is None:
        return _asked(session, actor, row, said)
    asked = entering.change(session, actor, asked, said)
    _note(session, actor, row, score)
    return asked


def _asked(session: Session, actor: Actor, row: Any, said: Mapping[str, Any]) -> Any:
    values = {"kind": KIND, "scale": SCALE, "touchpoint": TOUCHPOINT, "ticket": row}
    values |= {"rep": row.rep, "channel": row.channel, "unit": row.unit, **said}
    fact = SurveyResponse.__table__.info["fact"]
    asked = entering.enter(session, actor, fact, values, customer=service.customer_of(session, row))
    _note(session, actor, row, said.get("score"))
    return asked


def _note(session: Session, actor: Actor, row: Any, score: int | None) -> None:
    action = "ticket:asked" if score is None else "ticket:answered"
    record(session, actor, action, f"ticket:{row.public_id}", {} if score is None else {"score": score})


def _may(actor: Actor, row: Any) -> None:
    if not actor.can("tickets:write"):
        raise Forbidden
    if state_of(row) not in (SOLVED, CLOSED):
        raise Conflict(N_("This ticket is not solved yet. Solve it, then ask how content the customer was."))
