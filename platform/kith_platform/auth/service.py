"""A company signs up, or an operator makes one: registry row, first owner, membership, then what every company starts with."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.audit import service as audit
from kith_platform.auth import lockout, newcomers, passwords
from kith_platform.auth.credentials import credentials_for
from kith_platform.auth.links import WELCOME, new_link
from kith_platform.auth.models import ACTIVE, Identity, Membership
from kith_platform.auth.permissions import DEFAULT_REACH, OWNER
from kith_platform.auth.who import Person, aware_now, member, places
from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import N_
from kith_tenants import registry
from kith_tenants.tenant import Tenant, TenantContext

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """What a new company tells about itself and its first owner. `timezone` is an IANA name, `currency` ISO 4217."""

    company: str
    name: str
    email: str
    password: str
    industry: str = ""
    language: str = "en"
    currency: str = "USD"
    timezone: str = "UTC"


def sign_up_company(runtime: Runtime, given: SignUp) -> tuple[TenantContext, int]:
    """Make the company and its owner. Returns the tenant and the owner's identity id.

    An address that is known already gets the company too, if the password is its own. Raises Invalid naming each field that
    does not fit, and one at the address for a known address with another password; TooMany after several of those.
    """
    email = _checked(given)
    password = passwords.received(given.password)
    with runtime.doors.auth_scope() as session:
        lockout.count_attempt(session, email)  # or signing up would be a way to guess passwords
        known = session.execute(select(Identity.password).where(Identity.email == email)).first()
    credentials = credentials_for(runtime.secret_key)
    if known is not None and not credentials.verify(password, known.password):
        raise _taken()
    hashed = credentials.hash(password) if known is None else None
    with runtime.doors.auth_scope() as session:
        tenant = _new_tenant(session, given)
        identity = new_identity(session, email, name=given.name, language=given.language, hashed=hashed)
        if hashed is not None and identity.password != hashed:  # somebody took the address since it was looked up
            raise _taken()
        join(session, identity, tenant, OWNER)
        lockout.forgive(session, email)
        identity_id = identity.id
    settle_in(runtime, tenant, identity_id)
    return tenant, identity_id


def _taken() -> Invalid:
    said = N_("A company cannot be made with this address and password. If you use Kith already, sign in first.")
    return Invalid(fields=[FieldError("email", said)])


def settle_in(runtime: Runtime, tenant: TenantContext, identity_id: int) -> None:
    """The tenant's own part of signing up: the first audit row and what every new company starts with. Can be repeated."""
    with runtime.doors.auth_scope() as session:
        person = Person.of(session.get_one(Identity, identity_id))
        owner = next(place for place in places(session, person) if place.tenant.id == tenant.id)
    with runtime.doors.tenant_scope(tenant.id) as session:
        audit.record(session, member(person, owner), "company:created", f"company:{tenant.public_id}", {"name": tenant.name})
    newcomers.welcome(runtime, tenant)


def add_owner(
    session: Session,
    runtime: Runtime,
    tenant: TenantContext,
    email: str,
    password: str | None,
    name: str = "",
    language: str = "",
) -> int:
    """Give a company an owner, through the auth door; call `settle_in` after the commit. Returns the identity's id.

    Without a password the person is mailed a link to choose one (`kith outbox` shows it). A known person keeps their password.
    Raises Invalid for a bad address or password.
    """
    address = passwords.email_of(email)
    if address is None:
        raise Invalid(N_("'%(email)s' is not an e-mail address."), email=email)
    known = session.execute(select(Identity).where(Identity.email == address)).scalar_one_or_none()
    hashed = None
    if known is None and password is not None:
        password = passwords.received(password)
        if wrong := passwords.problem(password, about=(address, name, tenant.name)):
            raise Invalid(wrong.text())  # a command has no fields to mark
        hashed = credentials_for(runtime.secret_key).hash(password)
    identity = known or new_identity(session, address, name=name, language=language or tenant.language, hashed=hashed)
    join(session, identity, tenant, OWNER)
    if identity.password is None:
        new_link(session, runtime, identity, WELCOME, company=tenant.name)
    return identity.id


def waits_for_password(session: Session, identity_id: int) -> bool:
    """Whether this person has yet to choose a password, by the link that was mailed. Auth door."""
    return session.get_one(Identity, identity_id).password is None


def join(session: Session, identity: Identity, tenant: TenantContext, role: str) -> Membership:
    """Make the person a member with a role, through the auth door. Joining again changes nothing."""
    found = session.execute(
        select(Membership).where(Membership.tenant_id == tenant.id, Membership.identity_id == identity.id)
    ).scalar_one_or_none()
    if found is None:
        found = Membership(tenant_id=tenant.id, identity_id=identity.id, role=role, reach=DEFAULT_REACH[role])
        session.add(found)
    found.status, found.removed_at = ACTIVE, None
    look_in(session, identity, tenant.id)
    session.flush()
    return found


def look_in(session: Session, identity: Identity, tenant_id: int) -> None:
    """Remember that this person may have a membership there. Holds the identity, or of two at once one would be forgotten."""
    session.refresh(identity, ["tenants"], with_for_update=True)
    if tenant_id not in identity.tenants:
        identity.tenants = [*identity.tenants, tenant_id]


def slug_for(name: str) -> str:
    """An address made of a company's name: 'Müller & Söhne' → 'muller-sohne'; a name without Latin letters gets a number."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return made if len(made) > 1 and made not in registry.RESERVED else f"company-{secrets.token_hex(3)}"


def _checked(given: SignUp) -> str:
    wrong = []
    email = passwords.email_of(given.email)
    if not given.company.strip():
        wrong.append(FieldError("company", N_("Give your company's name.")))
    if not given.name.strip():
        wrong.append(FieldError("name", N_("Give your own name.")))
    if email is None:
        wrong.append(FieldError("email", N_("This is not an e-mail address, such as ada@example.com.")))
    about = (given.email, given.name, given.company)
    if found := passwords.problem(passwords.received(given.password), about=about):
        wrong.append(found)
    if wrong or email is None:
        raise Invalid(fields=wrong)
    return email


def _new_tenant(session: Session, given: SignUp) -> TenantContext:
    slug = slug_for(given.company)
    if session.execute(select(Tenant.id).where(Tenant.slug == slug)).first():
        slug = f"{slug}-{secrets.token_hex(3)}"
    try:
        return registry.create(
            session,
            slug,
            name=given.company.strip(),
            industry=given.industry,
            language=given.language,
            currency=given.currency,
            timezone=given.timezone,
        )
    except registry.RegistryProblem as error:
        raise Invalid(str(error)) from error


def new_identity(session: Session, email: str, *, name: str, language: str, hashed: str | None) -> Identity:
    """The identity with this normalised address, made where there is none; a known one stays as it is. Auth door.

    Where two make it at once, the second waits for the first and takes what it made.
    """
    values: dict[str, object] = {
        "email": email,
        "name": name.strip(),
        "language": language,
        "password": hashed,
        "password_changed_at": aware_now() if hashed else None,
        "tenants": [],
        "recovery_codes": [],
    }
    session.execute(insert(Identity).values(values).on_conflict_do_nothing(constraint="uq_identity_email"))
    return session.execute(select(Identity).where(Identity.email == email)).scalar_one()
