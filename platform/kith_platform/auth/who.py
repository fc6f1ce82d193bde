"""Who asks: a person, their place in a company, and the actor that services are given."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kith_platform.auth import permissions
from kith_platform.auth.models import ACTIVE, Identity, Membership, MemberUnit
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import Tenant, TenantContext


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in. `language` is empty until chosen."""

    id: int
    public_id: uuid.UUID
    email: str
    name: str
    language: str
    second_factor: bool
    tenants: tuple[int, ...] = ()

    @staticmethod
    def of(row: Identity) -> Person:
        return Person(
            row.id,
            row.public_id,
            row.email,
            row.name or row.email.partition("@")[0],
            row.language,
            row.second_factor_at is not None,
            tuple(row.tenants),
        )


@dataclass(frozen=True, slots=True)
class Company:
    """A company somebody belongs to, for the switcher."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Actor):
    """An actor with what pages show of them: the person, the company, and the companies they may switch to."""

    identity_name: str
    identity_email: str
    company_name: str
    company_slug: str
    tenant_id: int
    language: str
    company_language: str
    timezone: str
    currency: str
    companies: tuple[Company, ...] = ()
    second_factor: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One membership with its company, as the auth door reads it."""

    membership_id: int
    identity_id: int
    role: str
    reach: Reach
    units: tuple[int, ...]
    tenant: TenantContext


def system() -> Actor:
    """Kith itself: what jobs and commands act as. It may do everything in the tenant it was given."""
    return Actor(None, None, "Kith", "system", frozenset(permissions.known()))


def places(session: Session, person: Person) -> list[Place]:
    """The companies a person belongs to now, by name. `session` is the auth door's."""
    statement = _places().where(Membership.tenant_id.in_(person.tenants), Membership.identity_id == person.id)
    return [_place(*row) for row in session.execute(statement.order_by(Tenant.name, Tenant.id))]


def place_of_member(session: Session, tenant_id: int, membership_id: int) -> Place | None:
    """One membership while it is active. `session` is the auth door's."""
    statement = _places().where(Membership.tenant_id == tenant_id, Membership.id == membership_id)
    row = session.execute(statement).one_or_none()
    return _place(*row) if row is not None else None


def _places() -> Select[Membership, Tenant, list[int]]:
    units = (
        select(func.array_agg(MemberUnit.unit_id))
        .where(MemberUnit.tenant_id == Membership.tenant_id, MemberUnit.membership_id == Membership.id)
        .scalar_subquery()
    )
    return select(Membership, Tenant, units).join(Tenant, Tenant.id == Membership.tenant_id).where(Membership.status == ACTIVE)


def _place(member: Membership, tenant: Tenant, units: list[int] | None) -> Place:
    return Place(member.id, member.identity_id, member.role, Reach(member.reach), tuple(units or ()), TenantContext.of(tenant))


def member(person: Person, place: Place, companies: tuple[Company, ...] = ()) -> Member:
    """The actor for a person in one of their companies."""
    tenant = place.tenant
    return Member(
        place.membership_id,
        person.id,
        person.name,
        place.role,
        permissions.of_role(place.role),
        place.reach,
        place.units,
        identity_name=person.name,
        identity_email=person.email,
        company_name=tenant.name,
        company_slug=tenant.slug,
        tenant_id=tenant.id,
        language=person.language,
        company_language=tenant.language,
        timezone=tenant.timezone,
        currency=tenant.currency,
        companies=companies,
        second_factor=person.second_factor,
    )


def narrowed(actor: Member, token_id: int, name: str, scopes: frozenset[str]) -> Member:
    """The actor of a program: its maker's rights, and of those only the token's scopes."""
    return replace(actor, token_id=token_id, name=name, permissions=actor.permissions & scopes)


def aware_now() -> dt.datetime:
    """Now, in UTC."""
    return dt.datetime.now(dt.UTC)
