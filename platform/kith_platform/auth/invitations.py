"""Asking people to join a company by e-mail, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from kith_platform.audit import service as audit
from kith_platform.auth import passwords
from kith_platform.auth.credentials import credentials_for
from kith_platform.auth.links import fingerprint
from kith_platform.auth.members import checked, unit_ids
from kith_platform.auth.models import ACTIVE, Identity, Invitation, Membership, MemberUnit, Unit
from kith_platform.auth.service import look_in, new_identity
from kith_platform.auth.who import Person, aware_now, member, places
from kith_platform.errors import FieldError, Forbidden, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.mail import service as mail
from kith_tenants.context import Actor, tenant_of
from kith_tenants.tenant import SUSPENDED, Tenant, TenantContext

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

LASTS = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Opened:
    """An invitation as its link shows it. `known` says whether the address signs in already."""

    invitation: Invitation
    tenant: TenantContext
    known: bool


def invite(
    session: Session, runtime: Runtime, actor: Actor, *, email: str, role: str, reach: str, units: Collection[uuid.UUID] = ()
) -> Invitation:
    """Mail an address a link to join; an earlier invitation of it ends. Raises Forbidden, Invalid, NotFound.

    Says nothing about whether the address has an account with Kith.
    """
    if not actor.can("members:manage"):
        raise Forbidden
    checked(actor, role, reach)
    address = passwords.email_of(email)
    if address is None:
        raise Invalid(fields=[FieldError("email", N_("This is not an e-mail address, such as ada@example.com."))])
    here = select(Membership.id).join(Identity, Identity.id == Membership.identity_id)
    if session.execute(here.where(Identity.email == address, Membership.status == ACTIVE)).first():
        raise Invalid(fields=[FieldError("email", N_("%(email)s is a member already."), {"email": address})])
    now, tenant, secret = aware_now(), tenant_of(session), secrets.token_urlsafe(32)
    session.execute(update(Invitation).where(*_open(now), Invitation.email == address).values(withdrawn_at=now))
    row = Invitation(
        email=address,
        role=role,
        reach=reach,
        unit_ids=unit_ids(session, units),
        invited_by=actor.member_id,
        token_hash=fingerprint(secret),
        expires_at=now + LASTS,
        public_id=uuid.uuid4(),
    )
    session.add(row)
    session.flush()
    link = f"{runtime.settings.public_url.rstrip('/')}/join/{tenant.public_id.hex}/{secret}"
    about = {"who": actor.name, "company": tenant.name, "email": address, "link": link}
    mail.to_invited(session, runtime, "invitation", address, tenant.language, **about)
    audit.record(session, actor, "member:invited", f"invitation:{row.public_id}", {"email": address, "role": role})
    return row


def waiting(session: Session) -> Sequence[Invitation]:
    """Invitations that can still be accepted, newest first."""
    return session.execute(select(Invitation).where(*_open(aware_now())).order_by(Invitation.id.desc())).scalars().all()


def withdraw(session: Session, actor: Actor, public_id: uuid.UUID) -> None:
    """End an invitation; its link stops working. Raises Forbidden, NotFound."""
    if not actor.can("members:manage"):
        raise Forbidden
    row = session.execute(select(Invitation).where(Invitation.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound
    if row.withdrawn_at is None and row.accepted_at is None:
        row.withdrawn_at = aware_now()
        audit.record(session, actor, "member:invitation_withdrawn", f"invitation:{row.public_id}", {"email": row.email})


def opened(runtime: Runtime, company: str, secret: str) -> Opened:
    """What a link invites to. Raises Invalid when it was used or withdrawn, or is too old."""
    with runtime.doors.auth_scope() as session:
        return _opened(session, company, secret)


def _opened(session: Session, company: str, secret: str) -> Opened:
    try:
        named = uuid.UUID(hex=company)
    except ValueError:
        named = uuid.UUID(int=0)
    tenant = session.execute(select(Tenant).where(Tenant.public_id == named)).scalar_one_or_none()
    row = None
    if tenant is not None and tenant.status != SUSPENDED:
        fits = (Invitation.tenant_id == tenant.id, Invitation.token_hash == fingerprint(secret), *_open(aware_now()))
        row = session.execute(select(Invitation).where(*fits)).scalar_one_or_none()
    if row is None or tenant is None:
        raise Invalid(N_("This invitation was used or withdrawn, or is older than 7 days. Ask for a new one."))
    known = session.execute(select(Identity.password).where(Identity.email == row.email)).scalar_one_or_none() is not None
    return Opened(row, TenantContext.of(tenant), known)


def accept(runtime: Runtime, person: Person, company: str, secret: str) -> TenantContext:
    """Join as the person who signed in with the invited address. Raises Invalid for a bad link, Forbidden for another address."""
    with runtime.doors.auth_scope() as session:
        found = _opened(session, company, secret)
        if found.invitation.email != person.email:
            raise Forbidden(N_("This invitation is for another address. Sign in with the address it was sent to."))
        look_in(session, session.get_one(Identity, person.id), found.tenant.id)
    with runtime.doors.tenant_scope(found.tenant.id) as session:
        row = _take(session, found.invitation)
        place = _membership(session, person.id, row)
        held = session.execute(select(Unit.id).where(Unit.id.in_(row.unit_ids))).scalars().all() if row.unit_ids else ()
        present = session.execute(select(MemberUnit.unit_id).where(MemberUnit.membership_id == place.id)).scalars().all()
        session.add_all(MemberUnit(membership_id=place.id, unit_id=unit) for unit in set(held) - set(present))
    _record(runtime, person.id, found, row.role)
    return found.tenant


def _take(session: Session, offered: Invitation) -> Invitation:
    row = session.execute(
        select(Invitation).where(Invitation.id == offered.id, *_open(aware_now())).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise Invalid(N_("This invitation was used or withdrawn, or is older than 7 days. Ask for a new one."))
    row.accepted_at = aware_now()
    return row


def _membership(session: Session, identity_id: int, row: Invitation) -> Membership:
    found = session.execute(select(Membership).where(Membership.identity_id == identity_id)).scalar_one_or_none()
    if found is None:
        found = Membership(identity_id=identity_id)
        session.add(found)
    found.role, found.reach, found.status, found.removed_at = row.role, row.reach, ACTIVE, None
    session.flush()
    return found


def _record(runtime: Runtime, identity_id: int, found: Opened, role: str) -> None:
    with runtime.doors.auth_scope() as session:
        person = Person.of(session.get_one(Identity, identity_id))
        place = next(place for place in places(session, person) if place.tenant.id == found.tenant.id)
    with runtime.doors.tenant_scope(found.tenant.id) as session:
        audit.record(session, member(person, place), "member:joined", f"invitation:{found.invitation.public_id}", {"role": role})


def accept_as_newcomer(runtime: Runtime, company: str, secret: str, *, name: str, password: str, language: str) -> TenantContext:
    """Make the account the invitation's address lacks, and join. The link proves the address. Raises Invalid."""
    found = opened(runtime, company, secret)
    email = found.invitation.email
    password = passwords.received(password)
    wrong = [] if name.strip() else [FieldError("name", N_("Give your own name."))]
    if weak := passwords.problem(password, about=(email, name, found.tenant.name)):
        wrong.append(weak)
    if wrong:
        raise Invalid(fields=wrong)
    hashed = credentials_for(runtime.secret_key).hash(password)
    with runtime.doors.auth_scope() as session:
        identity = new_identity(session, email, name=name, language=language, hashed=hashed)
        if identity.password is None:  # invited or made owner before, and never chose one
            identity.password, identity.name = hashed, name.strip()
        elif identity.password != hashed:
            raise Invalid(N_("This address has an account already. Sign in with it to accept."))
        person = Person.of(identity)
    return accept(runtime, person, company, secret)


def _open(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > now)
