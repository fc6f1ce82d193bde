"""Readings of data quality with their history, whom each issue concerns, and what filling a field would bring a model."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import TenantRow


class QualityReading(TenantRow):
    """`part` of `whole` from `day` (the company's day of the refresh) until the next row of the same metric, source and field.

    A row is written where the numbers changed. `source` and `field` are empty for all of them. The metric `issue` counts
    customers, its `field` is the issue's code. A whole of 0 says: nothing to count any more.
    """

    __tablename__ = "quality_reading"

    metric: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    part: Mapped[float]
    whole: Mapped[float]


class QualityFlag(TenantRow):
    """One customer with one issue, as of the last refresh."""

    __tablename__ = "quality_flag"

    issue: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)


class QualityRun(TenantRow):
    """One row a tenant: the last computation. `as_of` is the last day the data cover, `read_at` when they were read."""

    __tablename__ = "quality_run"

    day: Mapped[dt.date]
    as_of: Mapped[dt.date]
    read_at: Mapped[dt.datetime]
    records: Mapped[int]
    customers: Mapped[int]
    computed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class QualityRequired(TenantRow):
    """One row a tenant: the fields every customer should have, where the company chose them itself."""

    __tablename__ = "quality_required"

    fields: Mapped[list[Any]]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class QualityLift(TenantRow):
    """What filling a field would bring a model, measured on its hold-out. `field` is `plural.column`.

    `filled` of `customers` have it. `gain` is what the score (average precision of those who have it) rises by once everybody
    has the field, with its 95 % interval; `weight` the field's share of what moves the model. Where there is no estimate,
    `reason` is a code.
    """

    __tablename__ = "quality_lift"

    task: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    customers: Mapped[int]
    filled: Mapped[int]
    weight: Mapped[float]
    score: Mapped[float | None]
    gain: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    reason: Mapped[str]
    measured_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
