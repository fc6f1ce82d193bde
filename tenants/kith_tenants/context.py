"""Which tenant a session belongs to, and who acts in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from kith_tenants.tenant import Tenant, TenantContext


class NoTenant(RuntimeError):
    """A session was used for tenant rows without a tenant."""


def tenant_id_of(session: Session) -> int:
    """The tenant a `tenant_scope` session was opened for. Raises NoTenant for the other doors' sessions."""
    tenant = session.info.get("tenant_id")
    if not isinstance(tenant, int):
        raise NoTenant("This session belongs to no tenant: open it with tenant_scope().")
    return tenant


def tenant_of(session: Session) -> TenantContext:
    """The tenant's context, read once a session."""
    known = session.info.get("tenant")
    if not isinstance(known, TenantContext):
        known = TenantContext.of(session.execute(select(Tenant).where(Tenant.id == tenant_id_of(session))).scalar_one())
        session.info["tenant"] = known
    return known


class Reach(StrEnum):
    """How far a member sees: own customers, those of own units, or everybody's."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in a tenant: a member, an API token, or the system itself (`member_id` None).

    `member_id` is membership.id, `units` the ids of the units the member works in, `permissions` constants `noun:verb`.
    """

    member_id: int | None
    identity_id: int | None
    name: str
    role: str
    permissions: frozenset[str]
    reach: Reach = Reach.ALL
    units: tuple[int, ...] = ()
    token_id: int | None = None

    def can(self, permission: str) -> bool:
        return permission in self.permissions


def visible(statement: Select[Any], actor: Actor, *, owner: ColumnElement[Any], unit: ColumnElement[Any]) -> Select[Any]:
    """Narrow a statement over customers to the rows the actor may see.

    `owner` is the column with the owning membership's id, `unit` the one with the owning unit's. Every list, search, count,
    export and segment goes through here.
    """
    if actor.reach is Reach.ALL:
        return statement
    return statement.where(may_see(actor, owner=owner, unit=unit))


def may_see(actor: Actor, *, owner: ColumnElement[Any], unit: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition behind `visible`, for statements that join customers several times."""
    own: ColumnElement[bool] = owner == actor.member_id if actor.member_id is not None else false()
    units: Collection[int] = actor.units
    return or_(own, unit.in_(units)) if actor.reach is Reach.TEAM and units else own
