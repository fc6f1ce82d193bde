"""Placements of customers as lists read them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import TenantRow


class CustomerPlacement(TenantRow):
    """One customer's place in one placement. `code` is its first text column ("" without), `sort` its first number.

    `details` holds every column by name. `changed_at` is when the code became what it is.
    """

    __tablename__ = "customer_placement"
    __table_args__ = (
        Index("ix_customer_placement_code", "tenant_id", "key", "code", "customer_id"),
        Index("ix_customer_placement_sort", "tenant_id", "key", "sort", "customer_id"),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    sort: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
