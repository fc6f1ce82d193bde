"""Members, units and teams of a company. Functions take the company's session and the actor; none commits."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kith_platform.audit import service as audit
from kith_platform.auth.models import ACTIVE, REMOVED, ApiToken, Identity, Membership, MemberUnit, Team, Unit
from kith_platform.auth.permissions import OWNER, ROLES
from kith_platform.auth.who import aware_now
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.i18n import N_
from kith_tenants.context import Actor, Reach


@dataclass(frozen=True, slots=True)
class Listed:
    """A member with the person behind, as the page shows them."""

    row: Membership
    name: str
    email: str
    units: tuple[int, ...]


def every(session: Session, actor: Actor) -> list[Listed]:
    """The company's members by name, removed ones last. Raises Forbidden."""
    _may(actor, "members:read")
    units = (
        select(func.array_agg(MemberUnit.unit_id))
        .where(MemberUnit.tenant_id == Membership.tenant_id, MemberUnit.membership_id == Membership.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Membership, Identity.name, Identity.email, units)
        .join(Identity, Identity.id == Membership.identity_id)
        .order_by(Membership.status, Identity.name, Identity.email)
    )
    return [Listed(row, name, email, tuple(held or ())) for row, name, email, held in rows]


def one(session: Session, public_id: uuid.UUID) -> Membership:
    """A member of this company. Raises NotFound."""
    found = session.execute(select(Membership).where(Membership.public_id == public_id)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def by_id(session: Session, member_id: int) -> Membership:
    """A member by the id an actor carries. Raises NotFound."""
    found = session.execute(select(Membership).where(Membership.id == member_id)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def name_of(session: Session, member: Membership) -> str:
    """What to call a member: their name, or else their address."""
    name, email = session.execute(select(Identity.name, Identity.email).where(Identity.id == member.identity_id)).one()
    return str(name or email)


def change(
    session: Session, actor: Actor, public_id: uuid.UUID, *, role: str, reach: str, units: Collection[uuid.UUID] = ()
) -> Membership:
    """Set a member's role, reach and units. Raises NotFound, Forbidden, Invalid, or Conflict for the last owner."""
    _may(actor, "members:manage")
    row = one(session, public_id)
    checked(actor, role, reach)
    if row.role == OWNER and role != OWNER:
        _may(actor, "company:own")
        _not_the_last_owner(session, row)
    held = unit_ids(session, units)
    before = {"role": row.role, "reach": row.reach}
    row.role, row.reach = role, reach
    session.execute(delete(MemberUnit).where(MemberUnit.membership_id == row.id))
    session.add_all(MemberUnit(membership_id=row.id, unit_id=unit) for unit in held)
    session.flush()
    detail = {"before": before, "after": {"role": role, "reach": reach, "units": len(held)}}
    audit.record(session, actor, "member:changed", f"member:{row.public_id}", detail)
    return row


def remove(session: Session, actor: Actor, public_id: uuid.UUID) -> Membership:
    """End a membership: from the next request on neither the person's sessions nor their tokens open this company.

    One may leave by oneself. Raises NotFound, Forbidden, or Conflict for the last owner.
    """
    row = one(session, public_id)
    if row.id != actor.member_id or actor.token_id is not None:
        _may(actor, "members:manage")
        if row.role == OWNER:
            _may(actor, "company:own")
    if row.status == REMOVED:
        return row
    if row.role == OWNER:
        _not_the_last_owner(session, row)
    row.status, row.removed_at = REMOVED, aware_now()
    for token in session.execute(
        select(ApiToken).where(ApiToken.membership_id == row.id, ApiToken.revoked_at.is_(None))
    ).scalars():
        token.revoked_at = row.removed_at
    audit.record(session, actor, "member:removed", f"member:{row.public_id}", {"role": row.role})
    return row


def restore(session: Session, actor: Actor, public_id: uuid.UUID) -> Membership:
    """Undo a removal; tokens stay revoked. Raises NotFound, Forbidden."""
    _may(actor, "members:manage")
    row = one(session, public_id)
    if row.role == OWNER:
        _may(actor, "company:own")
    if row.status == REMOVED:
        row.status, row.removed_at = ACTIVE, None
        audit.record(session, actor, "member:restored", f"member:{row.public_id}", {"role": row.role})
    return row


def units(session: Session) -> Sequence[Unit]:
    """The company's units by name."""
    return session.execute(select(Unit).order_by(Unit.name)).scalars().all()


def teams(session: Session) -> Sequence[Team]:
    """The company's teams by name."""
    return session.execute(select(Team).order_by(Team.name)).scalars().all()


def add_unit(session: Session, actor: Actor, name: str) -> Unit:
    """A new unit. Raises Forbidden, or Invalid for an empty or taken name."""
    unit = Unit(name=_named(session, actor, Unit, name))
    _add(session, unit)
    audit.record(session, actor, "unit:created", f"unit:{unit.public_id}", {"name": unit.name})
    return unit


def add_team(session: Session, actor: Actor, name: str, unit: uuid.UUID | None = None) -> Team:
    """A new team, inside a unit or across them. Raises Forbidden, NotFound, or Invalid for an empty or taken name."""
    team = Team(name=_named(session, actor, Team, name), unit_id=unit_ids(session, [unit])[0] if unit else None)
    _add(session, team)
    audit.record(session, actor, "team:created", f"team:{team.public_id}", {"name": team.name})
    return team


def _named(session: Session, actor: Actor, kind: type[Unit] | type[Team], name: str) -> str:
    _may(actor, "members:manage")
    name, field = name.strip(), f"{kind.__tablename__}_name"
    if not name:
        raise Invalid(fields=[FieldError(field, N_("Give it a name."))])
    if session.execute(select(kind.id).where(kind.name == name)).first():
        raise Invalid(fields=[FieldError(field, N_("There is one with the name '%(name)s' already."), {"name": name})])
    return name


def _add(session: Session, row: Unit | Team) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:  # somebody was faster
        raise Conflict from error
    session.refresh(row)


def put_in_team(session: Session, actor: Actor, member: uuid.UUID, team: uuid.UUID | None) -> None:
    """Set or clear a member's team. Raises NotFound, Forbidden."""
    _may(actor, "members:manage")
    row = one(session, member)
    found = None
    if team is not None:
        found = session.execute(select(Team).where(Team.public_id == team)).scalar_one_or_none()
        if found is None:
            raise NotFound
    if row.team_id != (found.id if found else None):
        row.team_id = found.id if found else None
        audit.record(session, actor, "member:team_changed", f"member:{row.public_id}", {"team": found.name if found else ""})


def unit_ids(session: Session, public_ids: Collection[uuid.UUID]) -> list[int]:
    """Ids of this company's units. Raises NotFound when one is not."""
    found = list(session.execute(select(Unit.id).where(Unit.public_id.in_(set(public_ids)))).scalars())
    if len(found) != len(set(public_ids)):
        raise NotFound
    return found


def checked(actor: Actor, role: str, reach: str) -> None:
    """Raise Invalid for a role or reach there is not, Forbidden when this actor may not give it."""
    if role not in ROLES:
        raise Invalid(fields=[FieldError("role", N_("Choose one of the roles."))])
    if reach not in set(Reach):
        raise Invalid(fields=[FieldError("reach", N_("Choose whose customers this member sees."))])
    if role == OWNER:
        _may(actor, "company:own")


def _may(actor: Actor, permission: str) -> None:
    if not actor.can(permission):
        raise Forbidden


def _not_the_last_owner(session: Session, row: Membership) -> None:
    # Locked, so that two owners cannot remove each other at the same moment.
    owners = session.execute(
        select(Membership.id).where(Membership.role == OWNER, Membership.status == ACTIVE).with_for_update()
    ).scalars()
    if set(owners) <= {row.id}:
        raise Conflict(N_("A company needs an owner, and this is the last one. Make somebody else an owner first."))
