"""Values of metrics as pages and the API read them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Numbered, TenantRow


class MetricValue(TenantRow):
    """One metric over the days [period_start, period_end) of one unit of a grain.

    `unit` is empty for the whole company, the id of a customer, segment or product, or the name of a person, channel, team …

    `value` is null with a `reason`, never 0 for want of data; money in the tenant's currency. `low` and `high` are the 95 %
    interval, `coverage` the share of amounts with an exchange rate, `rows` further numbers behind the value. `snapshot` and
    `computed_at` say from which data it first came out as it stands.
    """

    __tablename__ = "metric_value"
    __table_args__ = (Index("ix_metric_value_period", "tenant_id", "grain", "unit", "period_start", "period_end"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    grain: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[dt.date] = mapped_column(primary_key=True)
    period_end: Mapped[dt.date] = mapped_column(primary_key=True)
    value: Mapped[float | None]
    n: Mapped[int]
    low: Mapped[float | None]
    high: Mapped[float | None]
    reason: Mapped[str]
    flags: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    coverage: Mapped[float | None]
    rows: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    snapshot: Mapped[uuid.UUID]
    computed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class MetricPeriod(TenantRow):
    """A period whose metrics were computed for a grain: from which snapshot, modules and scores (`state`), to which last day."""

    __tablename__ = "metric_period"

    grain: Mapped[str] = mapped_column(primary_key=True, server_default="tenant")
    period_start: Mapped[dt.date] = mapped_column(primary_key=True)
    period_end: Mapped[dt.date] = mapped_column(primary_key=True)
    until: Mapped[dt.date]
    partial: Mapped[bool]
    snapshot: Mapped[uuid.UUID]
    read_at: Mapped[dt.datetime]
    state: Mapped[str]
    computed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class MetricVersion(Numbered, TenantRow):
    """What a value of a period that was over had been, before late data changed it (domain B0.5)."""

    __tablename__ = "metric_version"
    __table_args__ = (
        Index("ix_metric_version_key", "tenant_id", "key", "grain", "unit", "period_start"),
        {"info": {"access": Access(app="SELECT, INSERT, DELETE")}},
    )

    key: Mapped[str]
    grain: Mapped[str]
    unit: Mapped[str]
    period_start: Mapped[dt.date]
    period_end: Mapped[dt.date]
    value: Mapped[float | None]
    n: Mapped[int]
    reason: Mapped[str]
    snapshot: Mapped[uuid.UUID]
    computed_at: Mapped[dt.datetime]
    replaced_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
