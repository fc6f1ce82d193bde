"""One row per plugin that a company has ever switched on. Switching off keeps the row and the data."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Numbered, TenantRow


class Module(Numbered, TenantRow):
    """A plugin of one company. `settings` are the values of its form."""

    __tablename__ = "module"
    __table_args__ = (
        UniqueConstraint("tenant_id", "plugin"),
        {"info": {"access": Access(app="SELECT, INSERT, UPDATE")}},
    )

    plugin: Mapped[str]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    changed_by: Mapped[int | None]
