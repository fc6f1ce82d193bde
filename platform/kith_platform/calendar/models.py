"""A company's opening hours and the days on which it is closed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import TenantRow


class OpeningHours(TenantRow):
    """Open on a weekday (0 is Monday) from `opens` to `closes`, minutes of the local clock's day. Several rows a weekday."""

    __tablename__ = "opening_hours"

    weekday: Mapped[int] = mapped_column(primary_key=True)
    opens: Mapped[int] = mapped_column(primary_key=True)
    closes: Mapped[int]


class ClosedDay(TenantRow):
    """A day on which the company does not open: a holiday, a company outing."""

    __tablename__ = "closed_day"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(server_default="")
