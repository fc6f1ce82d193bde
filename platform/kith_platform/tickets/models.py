"""What a company promises per severity of a ticket."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import TenantRow


class ServiceLevel(TenantRow):
    """Business minutes until the first reply and until the solution."""

    __tablename__ = "service_level"

    severity: Mapped[str] = mapped_column(primary_key=True)
    reply_minutes: Mapped[int]
    solve_minutes: Mapped[int]
