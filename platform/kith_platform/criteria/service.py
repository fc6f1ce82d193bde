"""Use cases of success criteria: draft, change, sign, withdraw; and which are in force."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.criteria.models import DRAFT, REPLACED, SIGNED, WITHDRAWN, SuccessCriterion
from kith_platform.criteria.reading import checked
from kith_platform.criteria.scores import Criterion
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts import entering
from kith_platform.facts.models import Initiative
from kith_platform.i18n import N_
from kith_platform.plugins import Plugins
from kith_tenants.context import Actor

PAGE = 50
READ, SIGN = "criteria:read", "criteria:sign"


def signed(session: Session) -> Sequence[Criterion]:
    """The records in force: one for each metric and unit of a grain.

    Where several initiatives have agreed on one metric, the record that belongs to none stands for it, else the newest.
    """
    statement = (
        select(SuccessCriterion)
        .where(SuccessCriterion.state == SIGNED)
        .ext(postgresql.distinct_on(SuccessCriterion.key, SuccessCriterion.grain, SuccessCriterion.unit))
        .order_by(
            SuccessCriterion.key,
            SuccessCriterion.grain,
            SuccessCriterion.unit,
            (SuccessCriterion.initiative == "").desc(),
            SuccessCriterion.id.desc(),
        )
    )
    return [criterion(row) for row in session.execute(statement).scalars()]


def criterion(row: SuccessCriterion) -> Criterion:
    """What scores need of a record."""
    return Criterion(
        key=row.key, grain=row.grain, unit=row.unit, baseline=row.baseline, target=row.target, signed_at=row.signed_at
    )


def in_force(session: Session, keys: Sequence[str]) -> dict[str, SuccessCriterion]:
    """The rows behind `signed`, of the company itself, by metric key."""
    statement = (
        select(SuccessCriterion)
        .where(
            SuccessCriterion.state == SIGNED,
            SuccessCriterion.grain == "tenant",
            SuccessCriterion.unit == "",
            SuccessCriterion.key.in_(keys),
        )
        .ext(postgresql.distinct_on(SuccessCriterion.key))
        .order_by(SuccessCriterion.key, (SuccessCriterion.initiative == "").desc(), SuccessCriterion.id.desc())
    )
    return {row.key: row for row in session.execute(statement).scalars()}


def page(
    session: Session, *, state: str = "", key: str = "", initiative: str = "", before: uuid.UUID | None = None, limit: int = PAGE
) -> Sequence[SuccessCriterion]:
    """Records newest first, older than `before`; one more than `limit` when there are further ones. Empty does not narrow."""
    statement = select(SuccessCriterion).order_by(SuccessCriterion.public_id.desc()).limit(limit + 1)
    for column, wanted in (
        (SuccessCriterion.state, state),
        (SuccessCriterion.key, key),
        (SuccessCriterion.initiative, initiative),
    ):
        if wanted:
            statement = statement.where(column == wanted)
    if before is not None:
        statement = statement.where(SuccessCriterion.public_id < before)
    return session.execute(statement).scalars().all()


def get(session: Session, public_id: uuid.UUID) -> SuccessCriterion:
    """Raises NotFound."""
    found = session.execute(select(SuccessCriterion).where(SuccessCriterion.public_id == public_id)).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no such record of success criteria here. It may belong to another company."))
    return found


def versions(session: Session, row: SuccessCriterion) -> Sequence[SuccessCriterion]:
    """All records of the same metric, unit and initiative, newest first."""
    statement = select(SuccessCriterion).where(*_same(row)).order_by(SuccessCriterion.id.desc()).limit(PAGE)
    return session.execute(statement).scalars().all()


def draft(session: Session, actor: Actor, plugins: Plugins, given: Mapping[str, Any]) -> SuccessCriterion:
    """Write a draft of `key`, `target`, `owner` (a member's public id), `due_on`, and either `baseline_month` (2026-10) or
    `baseline` with `baseline_reason`; optionally `initiative` and `note`.

    Raises Forbidden, or Invalid with an error per field.
    """
    _may(actor)
    row = SuccessCriterion(**checked(session, plugins, given), made_by=actor.member_id)
    session.add(row)
    session.flush()
    session.refresh(row)
    record(session, actor, "criterion:drafted", _subject(row), _said(row))
    return row


def change(session: Session, actor: Actor, plugins: Plugins, row: SuccessCriterion, given: Mapping[str, Any]) -> SuccessCriterion:
    """Change a draft. Raises Forbidden, Invalid, or Conflict for a record that was signed: that takes a new version."""
    _may(actor)
    _still_a_draft(row)
    before = _said(row)
    for name, value in checked(session, plugins, given).items():
        setattr(row, name, value)
    session.flush()
    if _said(row) != before:
        record(session, actor, "criterion:changed", _subject(row), {"before": before, "after": _said(row)})
    return row


def sign(session: Session, actor: Actor, row: SuccessCriterion) -> SuccessCriterion:
    """Put a draft into force, as it stands. A record in force for the same is replaced by it, and kept.

    The initiative it names learns when its criteria were first signed. Raises Forbidden, Conflict.
    """
    _may(actor)
    _still_a_draft(row)
    old = session.execute(
        select(SuccessCriterion).where(*_same(row), SuccessCriterion.state == SIGNED).with_for_update()
    ).scalar_one_or_none()
    if old is not None:
        old.state, old.ended_at, old.ended_by = REPLACED, func.now(), actor.member_id
        row.version, row.replaces_id = old.version + 1, old.id
        session.flush()  # there is one in force at a time
    row.state, row.signed_at, row.signed_by = SIGNED, func.now(), actor.member_id
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(N_("Somebody signed another record for this metric just now. Reload the page and look at it.")) from None
    session.refresh(row)
    _tell_initiative(session, actor, row)
    record(session, actor, "criterion:signed", _subject(row), {**_said(row), "version": row.version})
    return row


def withdraw(session: Session, actor: Actor, row: SuccessCriterion, reason: str) -> SuccessCriterion:
    """End a draft or a record in force; it is kept. A signed one asks for a reason. Raises Forbidden, Invalid, Conflict."""
    _may(actor)
    if row.state not in (DRAFT, SIGNED):
        raise Conflict(N_("This record has ended already."))
    reason = reason.strip()
    if row.state == SIGNED and not reason:
        raise Invalid(fields=[FieldError("reason", N_("Say why: the record is kept, and so is the reason."))])
    row.state, row.ended_at, row.ended_by, row.ended_reason = WITHDRAWN, func.now(), actor.member_id, reason[:500]
    session.flush()
    session.refresh(row)
    record(session, actor, "criterion:withdrawn", _subject(row), {"key": row.key, "reason": row.ended_reason})
    return row


def initiatives(session: Session) -> dict[str, str]:
    """Names of initiatives by external id, by name, for choices."""
    statement = select(Initiative.external_id, Initiative.name).order_by(Initiative.name).limit(500)
    return {row.external_id: row.name for row in session.execute(statement)}


def _tell_initiative(session: Session, actor: Actor, row: SuccessCriterion) -> None:
    """The earliest signature counts: criteria are agreed from then on."""
    if not row.initiative or row.signed_at is None:
        return
    found = select(Initiative).where(Initiative.external_id == row.initiative, Initiative.record_signed_at.is_(None))
    for initiative in session.execute(found).scalars():
        entering.change(session, actor, initiative, {"record_signed_at": row.signed_at})


def _same(row: SuccessCriterion) -> tuple[Any, ...]:
    return tuple(getattr(SuccessCriterion, name) == getattr(row, name) for name in ("key", "grain", "unit", "initiative"))


def _still_a_draft(row: SuccessCriterion) -> None:
    if row.state != DRAFT:
        raise Conflict(N_("A signed record does not change any more. Write a new version, and sign that."))


def _may(actor: Actor) -> None:
    if not actor.can(SIGN):
        raise Forbidden


def _subject(row: SuccessCriterion) -> str:
    return f"criterion:{row.public_id}"


def _said(row: SuccessCriterion) -> dict[str, Any]:
    said: dict[str, Any] = {
        "key": row.key,
        "baseline": row.baseline,
        "baseline_month": f"{row.baseline_month:%Y-%m}" if row.baseline_month else "",
        "baseline_reason": row.baseline_reason,
        "target": row.target,
        "due_on": row.due_on.isoformat(),
        "initiative": row.initiative,
    }
    return {name: value for name, value in said.items() if value != ""}
