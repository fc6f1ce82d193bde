"""Messages on their way. Texts lie sealed: a copy of the database holds no link that works."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Identity as Counter
from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Addressed, Base, TenantRow

QUEUED, SENDING, SENT, FAILED = "queued", "sending", "sent", "failed"


class _Message:
    """What both outboxes hold. `body` is encrypted with the installation's key; `status` is one of the four above."""

    kind: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=QUEUED)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_try_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    problem: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    sent_at: Mapped[dt.datetime | None]


class OutboxMail(_Message, Addressed, TenantRow):
    """A company's message, such as an invitation. Its admins may see and copy it."""

    __tablename__ = "outbox_mail"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        {"info": {"access": Access(app="SELECT, INSERT, UPDATE")}},
    )


class AuthMail(_Message, Base):
    """A message to a person who may be in several companies: reset, change of address. Only the operator sees it."""

    __tablename__ = "auth_mail"
    __table_args__ = (
        Index("ix_auth_mail_status", "status", "next_try_at"),
        {"info": {"access": Access(app="", auth="SELECT, INSERT, UPDATE")}},
    )

    id: Mapped[int] = mapped_column(Counter(always=True), primary_key=True)
    public_id: Mapped[uuid.UUID] = mapped_column(server_default=text("uuidv7()"), unique=True)
