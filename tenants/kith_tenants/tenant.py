"""The tenant: one company that uses Kith."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import Identity, Integer, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Base

ACTIVE, SUSPENDED = "active", "suspended"


class Tenant(Base):
    """Registry row. `timezone` is an IANA name, `currency` ISO 4217, `language` one of en, zh_Hans, zh_Hant."""

    __tablename__ = "tenant"
    __table_args__ = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        "info": {
            "access": Access(
                app="SELECT",
                auth="SELECT, INSERT, UPDATE",
                dispatch_read=("id", "public_id", "slug", "status", "timezone"),
                row="id = (SELECT kith.tenant_id())",
            )
        }
    }

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    public_id: Mapped[uuid.UUID] = mapped_column(Uuid, server_default=text("uuidv7()"), unique=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    industry: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
    currency: Mapped[str] = mapped_column(server_default="USD")
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    analysis_unit: Mapped[str] = mapped_column(server_default="person")  # person | company
    status: Mapped[str] = mapped_column(server_default=ACTIVE)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


@dataclass(frozen=True, slots=True)
class TenantContext:
    """What code may know of the tenant it works for. Crosses processes and threads; carries no session."""

    id: int
    public_id: uuid.UUID
    slug: str
    name: str
    industry: str
    language: str
    currency: str
    timezone: str
    status: str

    @staticmethod
    def of(row: Tenant) -> TenantContext:
        return TenantContext(
            row.id,
            row.public_id,
            row.slug,
            row.name,
            row.industry,
            row.language,
            row.currency,
            row.timezone,
            row.status,
        )
