"""The audit trail of a company."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Numbered, TenantRow


class AuditEntry(Numbered, TenantRow):
    """One thing somebody did. `actor_name` is as it was then; `subject` is `noun:public id`; `detail` holds no secret.

    The database refuses to change or remove a row, whoever asks.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_action", "tenant_id", "action", "id"),
        Index("ix_audit_entry_identity_id", "tenant_id", "identity_id", "id"),
        {"info": {"access": Access(app="SELECT, INSERT", append_only=True)}},
    )

    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    identity_id: Mapped[int | None]
    token_id: Mapped[int | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    address: Mapped[str] = mapped_column(server_default="")
    request: Mapped[str] = mapped_column(server_default="")
