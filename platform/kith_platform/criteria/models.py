"""Success criteria and their versions."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Addressed, TenantRow, owned_by

DRAFT, SIGNED, REPLACED, WITHDRAWN = "draft", "signed", "replaced", "withdrawn"
STATES = (DRAFT, SIGNED, REPLACED, WITHDRAWN)


class SuccessCriterion(Addressed, TenantRow):
    """What one metric of one unit of a grain (`unit` empty: the company) is to reach by a day, and from where.

    A draft may change; a signed record never does: signing another for the same metric, unit and initiative replaces it, and
    it is kept. `baseline_month` is the first day of the month whose stored value the baseline was frozen from; null where it
    was entered by hand, for `baseline_reason`. `initiative` is the external id of an initiative, or empty. `ended_*` say who
    withdrew or replaced it, when, and why.
    """

    __tablename__ = "success_criterion"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        Index(
            "uq_success_criterion_signed",
            "tenant_id",
            "key",
            "grain",
            "unit",
            "initiative",
            unique=True,
            postgresql_where=text("state = 'signed'"),
        ),
        owned_by("success_criterion", "replaces_id"),
        owned_by("membership", "owner_id"),
        {"info": {"access": Access(app="SELECT, INSERT, UPDATE")}},
    )

    key: Mapped[str]
    grain: Mapped[str] = mapped_column(server_default="tenant")
    unit: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default=DRAFT)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    replaces_id: Mapped[int | None]
    baseline: Mapped[float]
    baseline_month: Mapped[dt.date | None]
    baseline_reason: Mapped[str] = mapped_column(server_default="")
    target: Mapped[float]
    owner_id: Mapped[int]
    due_on: Mapped[dt.date]
    initiative: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    made_by: Mapped[int | None]
    made_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    signed_by: Mapped[int | None]
    signed_at: Mapped[dt.datetime | None]
    ended_by: Mapped[int | None]
    ended_at: Mapped[dt.datetime | None]
    ended_reason: Mapped[str] = mapped_column(server_default="")
