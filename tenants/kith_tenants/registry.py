"""The registry of tenants, through the auth door."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kith_tenants.tenant import ACTIVE, SUSPENDED, Tenant, TenantContext

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
LANGUAGES = ("en", "zh_Hans", "zh_Hant")
RESERVED = frozenset({"admin", "api", "app", "auth", "c", "kith", "static", "www"})


class RegistryProblem(ValueError):
    """A tenant cannot be made or found as asked; the text says why and what to do."""


def create(
    session: Session,
    slug: str,
    *,
    name: str,
    industry: str = "",
    language: str = "en",
    currency: str = "USD",
    timezone: str = "UTC",
) -> TenantContext:
    """Add a tenant. Raises RegistryProblem for a bad or taken slug, language, currency or time zone."""
    if not SLUG.fullmatch(slug) or slug in RESERVED:
        raise RegistryProblem(f"'{slug}' cannot be a company's address: use 1–48 of a–z, 0–9 and '-', not at the ends.")
    if language not in LANGUAGES:
        raise RegistryProblem(f"Language '{language}' is not one of {', '.join(LANGUAGES)}.")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise RegistryProblem(f"'{currency}' is not an ISO currency code such as USD or CNY.")
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise RegistryProblem(f"'{timezone}' is not a time zone such as Asia/Shanghai.") from error
    if session.execute(select(Tenant.id).where(Tenant.slug == slug)).first():
        raise RegistryProblem(f"The address '{slug}' is taken. Choose another.")
    row = Tenant(slug=slug, name=name.strip() or slug, industry=industry, language=language, currency=currency, timezone=timezone)
    session.add(row)
    session.flush()
    session.refresh(row)
    return TenantContext.of(row)


def find(session: Session, slug: str) -> TenantContext:
    """The tenant with this address. Raises RegistryProblem where there is none."""
    row = session.execute(select(Tenant).where(Tenant.slug == slug)).scalar_one_or_none()
    if row is None:
        raise RegistryProblem(f"There is no company '{slug}'. `kith tenant list` shows those there are.")
    return TenantContext.of(row)


def every(session: Session) -> list[TenantContext]:
    """All tenants, oldest first."""
    return [TenantContext.of(row) for row in session.execute(select(Tenant).order_by(Tenant.id)).scalars()]


def suspend(session: Session, slug: str, *, suspended: bool = True) -> TenantContext:
    """Stop (or allow again) everything a tenant's members and jobs do; its data stay. Raises RegistryProblem."""
    found = find(session, slug)
    session.execute(update(Tenant).where(Tenant.id == found.id).values(status=SUSPENDED if suspended else ACTIVE))
    return find(session, slug)
