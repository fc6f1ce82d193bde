"""What each step last saw and gave, and how often a refresh was asked for."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import TenantRow


class RefreshStep(TenantRow):
    """The marks of a step's last run: `inputs` of everything it declared, `output` of what it gave."""

    __tablename__ = "refresh_step"

    name: Mapped[str] = mapped_column(primary_key=True)
    inputs: Mapped[str]
    output: Mapped[str]
    done_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class RefreshWish(TenantRow):
    """One row a tenant: how often a refresh was asked for, how often a full one, and which of those is done.

    A refresh that is about to end sees here whether there was a new wish meanwhile.
    """

    __tablename__ = "refresh_wish"

    wishes: Mapped[int] = mapped_column(server_default=text("0"))
    full_wishes: Mapped[int] = mapped_column(server_default=text("0"))
    full_done: Mapped[int] = mapped_column(server_default=text("0"))
