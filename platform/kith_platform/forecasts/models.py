"""What is foreseen of each series, how the company orders, and when forecasts were last made."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import TenantRow


class DemandForecast(TenantRow):
    """One series: `scope` is `product:<id>`, `family:<name>` or `company`; `rank` its place in lists, A products first.

    `history` has one figure per period (`grain`: week, month, quarter) from `starts_on` to before `ends_on`; `points` are
    [p10, p50, p90] of the periods from `ends_on` on; `errors` actual − forecast of former days, one list per day. `season` is
    the index of the calendar's months (12) or quarters (4). Money (`net` of a year, `unit_cost`) in the company's currency.
    """

    __tablename__ = "demand_forecast"
    __table_args__ = (Index("ix_demand_forecast_rank", "tenant_id", "rank"),)

    scope: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int]
    product_id: Mapped[int | None]
    family: Mapped[str]
    code: Mapped[str]
    grain: Mapped[str]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    history: Mapped[list[Any]]
    points: Mapped[list[Any]]
    errors: Mapped[list[Any]]
    method: Mapped[str]
    reason: Mapped[str]
    wape: Mapped[float | None]
    naive_wape: Mapped[float | None]
    mase: Mapped[float | None]
    origins: Mapped[int]
    figures: Mapped[dict[str, Any]]
    season: Mapped[list[Any]]
    season_years: Mapped[int]
    season_own: Mapped[float]
    yoy: Mapped[float | None]
    mom: Mapped[float | None]
    net: Mapped[float]
    unit_cost: Mapped[float | None]


class DemandRun(TenantRow):
    """One row a tenant: what the forecasts were made of. `first_on` is the first day with a sale (None: there is none)."""

    __tablename__ = "demand_run"

    as_of: Mapped[dt.date]
    first_on: Mapped[dt.date | None]
    fingerprint: Mapped[str]
    products: Mapped[int]
    asleep: Mapped[int]
    made_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class DemandSetting(TenantRow):
    """How a product, a family or the whole company (`scope` as of forecasts) is ordered. None: as the wider scope says.

    Days; `service` in (0, 1); `capacity` in units a week; `order_cost` and `most_money` in the company's currency; `on_hand`
    units on the day `counted_on`, products only.
    """

    __tablename__ = "demand_setting"

    scope: Mapped[str] = mapped_column(primary_key=True)
    lead_days: Mapped[float | None]
    lead_deviation: Mapped[float | None]
    review_days: Mapped[float | None]
    service: Mapped[float | None]
    capacity: Mapped[float | None]
    shelf_days: Mapped[float | None]
    most_money: Mapped[float | None]
    order_cost: Mapped[float | None]
    on_hand: Mapped[float | None]
    counted_on: Mapped[dt.date | None]
