"""Surveys. Their answers are facts, `survey_response` of source `kith`, whose external ids begin with the survey's public id."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Addressed, TenantRow

OPEN, CLOSED = "open", "closed"


class Survey(Addressed, TenantRow):
    """One question of a kind (`kinds.KINDS`) put to people as long as it is open.

    `questions` holds its words by language. `touchpoint`, `channel` and `unit` (empty: none) go into each of its answers.
    """

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("tenant_id", "public_id"), {"info": {"access": Access(app="SELECT, INSERT, UPDATE")}})

    name: Mapped[str]
    kind: Mapped[str]
    questions: Mapped[dict[str, Any]]
    touchpoint: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str] = mapped_column(server_default="")
    unit: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default=OPEN)
    made_by: Mapped[int | None]
    made_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    closed_at: Mapped[dt.datetime | None]
