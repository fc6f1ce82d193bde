"""API tokens: `kith_<tenant's public id>_<token's public id>_<secret>`, ids as hex, the secret base62.

A token is shown once; its secret's SHA-256 is kept.
"""

from __future__ import annotations

import datetime as dt
import hmac
import re
import secrets
import string
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from kith_platform.audit import service as audit
from kith_platform.auth import permissions
from kith_platform.auth.links import fingerprint
from kith_platform.auth.models import ApiToken, Identity
from kith_platform.auth.who import Company, Member, Person, aware_now, member, narrowed, place_of_member
from kith_platform.errors import FieldError, Forbidden, Invalid, NotFound
from kith_platform.i18n import N_
from kith_tenants.context import Actor, tenant_of
from kith_tenants.tenant import Tenant, TenantContext

LONGEST_DAYS = 365
TOUCH = dt.timedelta(minutes=1)
_BASE62 = string.ascii_letters + string.digits
_SHAPE = re.compile(r"kith_([0-9a-f]{32})_([0-9a-f]{32})_([A-Za-z0-9]{43})")
# What no program may be given: rights over people and their keys stay with people.
NOT_FOR_TOKENS = frozenset({"company:own", "members:manage", "tokens:manage"})


@dataclass(frozen=True, slots=True)
class Made:
    """A new token: the row, and the text that is shown this once."""

    row: ApiToken
    text: str


def grantable(actor: Actor) -> list[str]:
    """The scopes this actor may give a token."""
    return [key for key in permissions.known() if actor.can(key) and key not in NOT_FOR_TOKENS]


def make(session: Session, actor: Actor, *, name: str, scopes: Collection[str], days: int) -> Made:
    """A token for the actor's company with at most the actor's own rights. `days` until it expires, 1 to 365.

    Raises Invalid, or Forbidden where the actor may not make tokens or is a token itself.
    """
    if not actor.can("tokens:manage") or actor.member_id is None or actor.token_id is not None:
        raise Forbidden
    wrong = []
    if not name.strip():
        wrong.append(FieldError("name", N_("Say what the token is for, so that it can be told from others.")))
    if not scopes:
        wrong.append(FieldError("scopes", N_("Choose at least one thing the token may do.")))
    if beyond := set(scopes) - set(grantable(actor)):
        wrong.append(FieldError("scopes", N_("You cannot give a token %(scopes)s."), {"scopes": ", ".join(sorted(beyond))}))
    if not 1 <= days <= LONGEST_DAYS:
        wrong.append(FieldError("days", N_("A token lasts between 1 and %(days)s days."), {"days": LONGEST_DAYS}))
    if wrong:
        raise Invalid(fields=wrong)
    secret = "".join(secrets.choice(_BASE62) for _ in range(43))  # 256 bits
    row = ApiToken(
        membership_id=actor.member_id,
        public_id=uuid.uuid4(),
        name=name.strip(),
        scopes=sorted(scopes),
        secret_hash=fingerprint(secret),
        expires_at=aware_now() + dt.timedelta(days=days),
    )
    session.add(row)
    session.flush()
    detail = {"name": row.name, "scopes": row.scopes, "days": days}
    audit.record(session, actor, "token:created", f"token:{row.public_id}", detail)
    return Made(row, f"kith_{tenant_of(session).public_id.hex}_{row.public_id.hex}_{secret}")


def every(session: Session) -> Sequence[ApiToken]:
    """The company's tokens, newest first."""
    return session.execute(select(ApiToken).order_by(ApiToken.id.desc())).scalars().all()


def revoke(session: Session, actor: Actor, public_id: uuid.UUID) -> ApiToken:
    """End a token at once. Revoking it again changes nothing. Raises NotFound, Forbidden."""
    if not actor.can("tokens:manage"):
        raise Forbidden
    row = session.execute(select(ApiToken).where(ApiToken.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = aware_now()
        audit.record(session, actor, "token:revoked", f"token:{row.public_id}", {"name": row.name})
    return row


def recognise(session: Session, text: str) -> tuple[TenantContext, Member] | None:
    """Whose token this is: its company and an actor with its scopes. None unless it is good now. Auth door."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    tenant = session.execute(select(Tenant).where(Tenant.public_id == uuid.UUID(found[1]))).scalar_one_or_none()
    if tenant is None:
        return None
    row = session.execute(
        select(ApiToken)
        .where(ApiToken.tenant_id == tenant.id, ApiToken.public_id == uuid.UUID(found[2]))
        .options(undefer(ApiToken.secret_hash))
    ).scalar_one_or_none()
    if row is None or not hmac.compare_digest(row.secret_hash, fingerprint(found[3])):
        return None
    now = aware_now()
    place = place_of_member(session, tenant.id, row.membership_id)
    if row.revoked_at is not None or row.expires_at <= now or place is None:
        return None
    person = Person.of(session.get_one(Identity, place.identity_id))
    if row.last_used_at is None or row.last_used_at < now - TOUCH:
        row.last_used_at = now
    whole = member(person, place, (Company(tenant.name, tenant.slug),))
    return place.tenant, narrowed(whole, row.id, row.name, frozenset(row.scopes))
