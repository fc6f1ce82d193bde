"""Use cases of opportunities: find, open, change, move to a stage, win, lose and open again."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts import entering
from kith_platform.facts.models import CustomerRecord, Lead, Opportunity
from kith_platform.facts.sales import OPPORTUNITY, OPPORTUNITY_STAGE
from kith_platform.i18n import N_
from kith_platform.opportunities import products, reps
from kith_platform.opportunities.stages import WON, Stage, by_text, reasons, stages
from kith_tenants.context import Actor, Reach

OPEN, LOST = "open", "lost"
FIELDS = ("name", "amount", "currency", "rep", "channel", "unit", "partner", "close_on", "probability")
LONGEST = 200


def is_open() -> Any:
    """SQL: neither won nor lost. Files often leave the status of an open one empty."""
    return or_(Opportunity.status.is_(None), Opportunity.status == OPEN)


def stands(row: Any) -> bool:
    """Whether an opportunity is neither won nor lost."""
    return row.status in (None, OPEN)


def seen(session: Session, statement: Select[Any], actor: Actor) -> Select[Any]:
    """Narrow a statement over Opportunity to those the actor may see: of visible customers; without one, by who has it."""
    if actor.reach is Reach.ALL:
        return statement
    alone = Opportunity.record_id.is_(None) & Opportunity.rep.in_(reps.mine(session, actor))
    return statement.where(or_(Opportunity.record_id.in_(reps.records_seen(actor)), alone))


def get(session: Session, actor: Actor, public_id: uuid.UUID, *, lock: bool = False) -> Any:
    """An opportunity the actor may see, read anew and held where it is `lock`ed for a change. Raises NotFound."""
    statement = seen(session, select(Opportunity).where(Opportunity.public_id == public_id), actor)
    if lock:
        statement = statement.with_for_update(of=Opportunity.__table__).execution_options(populate_existing=True)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(
            N_("There is no opportunity here that you can see. The link may be old, or it belongs to another company.")
        )
    return found


def customer_of(session: Session, row: Any) -> Customer | None:
    """Whose opportunity it is."""
    statement = (
        select(Customer).join(CustomerRecord, CustomerRecord.customer_id == Customer.id).where(CustomerRecord.id == row.record_id)
    )
    return session.execute(statement).scalar_one_or_none()


def lead_of(session: Session, row: Any) -> Any:
    """The lead it came from; None without one."""
    return session.execute(select(Lead).where(Lead.id == row.lead_id)).scalar_one_or_none() if row.lead_id else None


def create(session: Session, actor: Actor, given: Mapping[str, Any], customer: Customer, *, lead: Any = None) -> Any:
    """Open an opportunity of a customer the actor may see, in `stage` (else the first), with its stage's chance of winning.

    Raises Forbidden, or Invalid with an error per field.
    """
    _may(actor)
    known = stages(session)
    values = _checked(session, given)
    stage = _stage(known, str(given.get("stage") or known[0].key))
    values.setdefault("rep", reps.own(session, actor) or None)
    if values.get("probability") is None:
        values["probability"] = stage.probability
    fresh = {"status": OPEN, "stage": stage.key, **({"lead": lead} if lead is not None else {})}
    row = entering.enter(session, actor, OPPORTUNITY, {**values, **fresh}, customer=customer)
    _enter(session, actor, row, stage.key, stage.position, customer)
    record(session, actor, "opportunity:created", _subject(row), {"name": row.name, "stage": stage.key})
    return row


def change(session: Session, actor: Actor, row: Any, given: Mapping[str, Any]) -> Any:
    """Write the given fields of a form or a request; the others stay. Raises Forbidden, Invalid with an error per field."""
    _may(actor)
    values = _checked(session, given, row)
    if "duplicate" in given:
        values["duplicate"] = given["duplicate"]
    changed = sorted(name for name, value in values.items() if not _same(row, name, value))
    row = entering.change(session, actor, row, values)
    record(session, actor, "opportunity:changed", _subject(row), {"fields": changed})
    return row


def move(session: Session, actor: Actor, row: Any, key: str) -> Any:
    """Move an open one to another stage, forth or back; stages may be skipped. It takes over the stage's chance of winning.

    Where it stands in that stage already nothing changes. Raises Forbidden, Conflict for a closed one, Invalid.
    """
    _may(actor)
    stage = _stage(stages(session), key)
    if not stands(row):
        raise Conflict(N_("“%(name)s” is closed. Open it again before you move it."), name=row.name or "–")
    if row.stage == stage.key:
        return row
    before = row.stage
    row = entering.change(session, actor, row, {"stage": stage.key, "status": OPEN, "probability": stage.probability})
    _enter(session, actor, row, stage.key, stage.position, customer_of(session, row))
    record(session, actor, "opportunity:moved", _subject(row), {"before": before, "after": stage.key})
    return row


def win(session: Session, actor: Actor, row: Any, amount: Any = None) -> Any:
    """Close as won, for `amount` or else what it was expected to bring. Raises Forbidden, Conflict, Invalid."""
    _close(actor, row)
    won = _amount(amount, "won_amount")
    won = won if won is not None else row.amount
    if won is None:
        raise Invalid(fields=[FieldError("won_amount", N_("Give the amount it was won for."))])
    values = {"status": WON, "closed_at": _now(), "won_amount": won, "loss_reason": None, "competitor": None}
    row = entering.change(session, actor, row, values)
    _enter(session, actor, row, WON, len(stages(session)) + 1, customer_of(session, row))
    record(session, actor, "opportunity:won", _subject(row), {"name": row.name, "amount": str(won), "currency": row.currency})
    return row


def lose(session: Session, actor: Actor, row: Any, reason: str, competitor: str = "") -> Any:
    """Close as lost, with a reason of the company's list or in one's own words. Raises Forbidden, Conflict, Invalid."""
    _close(actor, row)
    said, rival = reason.strip(), competitor.strip()
    if not said or len(said) > LONGEST:
        chosen = ", ".join(reasons(session))
        words = N_("Say why it was lost: one of %(known)s, or your own words (%(most)s characters at most).")
        raise Invalid(fields=[FieldError("loss_reason", words, {"known": chosen, "most": LONGEST})])
    if errors := too_long({"competitor": rival}, ["competitor"]):
        raise Invalid(fields=errors)
    values = {"status": LOST, "closed_at": _now(), "won_amount": None, "loss_reason": said, "competitor": rival or None}
    row = entering.change(session, actor, row, values)
    record(session, actor, "opportunity:lost", _subject(row), {"name": row.name, "reason": said})
    return row


def reopen(session: Session, actor: Actor, row: Any) -> Any:
    """Take a closed one back to the stage it stood in. Raises Forbidden, Conflict for an open one."""
    _may(actor)
    if stands(row):
        raise Conflict(N_("“%(name)s” is open already."), name=row.name or "–")
    empty: dict[str, Any] = dict.fromkeys(("closed_at", "won_amount", "loss_reason", "competitor"))
    row = entering.change(session, actor, row, {"status": OPEN, **empty})
    stage = by_text(stages(session)).get((row.stage or "").casefold())
    if stage is not None:
        _enter(session, actor, row, row.stage, stage.position, customer_of(session, row))
    record(session, actor, "opportunity:reopened", _subject(row), {"name": row.name})
    return row


def _close(actor: Actor, row: Any) -> None:
    _may(actor)
    if not stands(row):
        raise Conflict(N_("“%(name)s” is closed already. Open it again to close it otherwise."), name=row.name or "–")


def _enter(session: Session, actor: Actor, row: Any, stage: str, position: int, customer: Customer | None) -> None:
    values = {"opportunity": row, "stage": stage, "position": position}
    entering.enter(session, actor, OPPORTUNITY_STAGE, values, customer=customer)


def _stage(known: tuple[Stage, ...], key: str) -> Stage:
    found = by_text(known).get(key.strip().casefold())
    if found is None:
        words = N_("There is no stage “%(value)s”. There are: %(known)s.")
        params: dict[str, object] = {"value": key[:80], "known": ", ".join(stage.key for stage in known)}
        raise Invalid(fields=[FieldError("stage", words, params)])
    return found


def _checked(session: Session, given: Mapping[str, Any], row: Any = None) -> dict[str, Any]:
    """The fields that were given, as facts take them; a new one needs a name. The rest is checked where it is entered."""
    errors: list[FieldError] = []
    values = {name: given[name] for name in FIELDS if name in given}
    if (row is None or "name" in values) and not str(values.get("name") or "").strip():
        errors.append(FieldError("name", N_("Give the opportunity a name.")))
    errors += too_long(values, ("name", "rep", "channel", "unit", "partner"))
    for name in ("amount", "probability"):
        try:
            number = _amount(values.get(name), name)
            if name == "probability" and number is not None and number > 1:
                errors.append(FieldError(name, N_("Give a chance between 0 and 1.")))
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


def too_long(values: Mapping[str, Any], names: Iterable[str], most: int = LONGEST) -> list[FieldError]:
    """An error for each of these texts with more than `most` characters."""
    words = N_("This is too long: %(most)s characters at most.")
    return [FieldError(name, words, {"most": most}) for name in names if len(str(values.get(name) or "")) > most]


def _amount(given: Any, field: str) -> Decimal | None:
    """A number not below 0, None for nothing. Raises Invalid."""
    if given is None or not str(given).strip():
        return None
    try:
        number = Decimal(str(given).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise Invalid(fields=[FieldError(field, N_("Give a number that is not below 0, such as 1250.50."))])
    return number


def _same(row: Any, name: str, value: Any) -> bool:
    if name == "product":
        return bool(row.product_id == (value.id if value is not None else None))
    return str(getattr(row, name) or "") == str(value or "")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _subject(row: Any) -> str:
    return f"opportunity:{row.public_id}"


def _may(actor: Actor) -> None:
    if not actor.can("sales:write"):
        raise Forbidden
