"""Placements of customers as lists read them, how they came to be, and the thresholds behind them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Numbered, TenantRow


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


class PlacementMove(TenantRow, Numbered):
    """A change of one customer's code: "" is no place. `moved_on` is the company's day; the sorts are those before and after.

    Never rewritten: a correction of facts adds a move.
    """

    __tablename__ = "placement_move"
    __table_args__ = (
        Index("ix_placement_move_day", "tenant_id", "key", "moved_on", "customer_id"),
        Index("ix_placement_move_customer", "tenant_id", "customer_id", "key", "id"),
    )

    customer_id: Mapped[int]
    key: Mapped[str]
    moved_on: Mapped[dt.date]
    from_code: Mapped[str]
    to_code: Mapped[str]
    from_sort: Mapped[float | None]
    to_sort: Mapped[float | None]
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class PlacementTrack(TenantRow):
    """How far a placement has come: the days of its first and last turn, and the last month-end it has gone through.

    `figures` are its tables and curves by key, as of the last turn.
    """

    __tablename__ = "placement_track"

    key: Mapped[str] = mapped_column(primary_key=True)
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    month_end: Mapped[dt.date | None]
    figures: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class PlacementFrozen(TenantRow):
    """A placement's thresholds for the quarter that begins on `quarter`, from facts up to `until`. They do not move within it."""

    __tablename__ = "placement_frozen"

    key: Mapped[str] = mapped_column(primary_key=True)
    quarter: Mapped[dt.date] = mapped_column(primary_key=True)
    until: Mapped[dt.date]
    limits: Mapped[dict[str, Any]]
    frozen_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
