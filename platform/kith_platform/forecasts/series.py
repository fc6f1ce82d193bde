"""From sales to series: units of each product by week, month or quarter, net of returns, as known at a cutoff."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from kith_platform.forecasts.classes import abc, variation, xyz
from kith_platform.forecasts.fits.season import Floats, Ints
from kith_platform.frames.purchases import standing

if TYPE_CHECKING:
    from kith_platform.frames import Frames
    from kith_platform.frames.tables import Tables

DAY = dt.timedelta(days=1)
YEAR = 365
ONE_MONTH_OF_A_QUARTER = 0.8  # of its quarters: who orders so is a quarterly buyer
LEAST_QUARTERS = 6


@dataclass(frozen=True)
class Calendar:
    """Whole weeks (Monday to Sunday), months or quarters: `starts` of each, and the `end` after the last."""

    starts: tuple[dt.date, ...]
    end: dt.date


@dataclass(frozen=True)
class Sales:
    """What the company sold, up to the day `as_of`. Matrices are (products, periods), NaN before a product's first sale, over
    the company's whole weeks and whole months; `by_quarter` marks the products that are asked for once a quarter.

    Per product: id, family, class letters, and net, margin, units and unit cost of the last year in the company's currency
    (NaN: unknown). `first` is the company's first day with a sale; `asleep` counts products not sold for a year.
    """

    as_of: dt.date
    first: dt.date | None
    products: Ints
    families: list[str]
    codes: list[str]
    by_quarter: np.ndarray[Any, np.dtype[np.bool_]]
    net: Floats
    unit_cost: Floats
    weeks: Calendar
    months: Calendar
    weekly: Floats
    monthly: Floats
    asleep: int


def following(end: dt.date, periods: int, length: int) -> list[dt.date]:
    """Starts of `periods` periods from `end` on: weeks where one has 7 days, else months or quarters by their length."""
    if length == 7:
        return [end + place * 7 * DAY for place in range(periods)]
    months = 3 if length > 31 else 1
    first = end.year * 12 + end.month - 1
    return [dt.date(one // 12, one % 12 + 1, 1) for one in (first + months * place for place in range(periods))]


def read(frames: Frames, as_of: dt.date) -> Sales:
    """The sales known when the day `as_of` was over. One pass over order lines and returns for units, one for money."""
    tables = frames.before(as_of + DAY)
    units, money, products = asked(tables, as_of)
    worth = {row["product_id"]: row for row in tables.run(money).to_pylist()}
    families = dict(zip(*tables.run(products).to_pydict().values(), strict=True))
    return _sales(tables.run(units).to_pydict(), worth, families, as_of)


def asked(tables: Tables, as_of: dt.date) -> tuple[ir.Table, ir.Table, ir.Table]:
    """What is asked of the company's facts: units by product, week and month; money of a year by product; families."""
    lines, orders = tables["order_lines"], tables["orders"]
    stands = standing(orders, tables["order_statuses"]).select(standing_id="id")
    sold = lines.filter(lines.product_id.notnull()).semi_join(stands, lines.order_id == stands.standing_id)
    return _units(tables, sold, stands), _worth(tables, sold, as_of), tables["products"].select("id", "family")


def _units(tables: Tables, sold: ir.Table, stands: ir.Table) -> ir.Table:
    """product_id, week, month (first days), units, first (day): sold less returned."""
    out = sold.select("product_id", "occurred_on", units=sold.quantity.fill_null(1.0).cast("float64"))
    back = tables["returns"]
    back = back.filter(back.product_id.notnull())
    # What came back of an order that counts as nothing anyway is not taken off once more.
    back = back.left_join(stands, back.order_id == stands.standing_id)
    back = back.filter(back.order_id.isnull() | back.standing_id.notnull())
    back = back.select("product_id", "occurred_on", units=-back.quantity.fill_null(1.0).abs().cast("float64"))
    every = ibis.union(out, back)
    day = every.occurred_on
    grouped = every.group_by("product_id", week=day.truncate("W"), month=day.truncate("M"))
    return grouped.aggregate(units=every.units.sum(), first=day.min()).order_by("product_id", "week", "month")


def _worth(tables: Tables, sold: ir.Table, as_of: dt.date) -> ir.Table:
    """product_id, net, margin, cost (ten-thousandths of the company's currency) and units of the last year; cost null where no
    line has one."""
    recent = sold.filter(ibis.literal(as_of).delta(sold.occurred_on, unit="day") < YEAR)
    recent = recent.select("product_id", "occurred_on", "currency", "quantity", "net", "cost")
    told = tables.money(recent, "net", "cost")
    known = told.cost.notnull()
    return told.group_by("product_id").aggregate(
        net=told.net.sum().fill_null(0).cast("int64"),
        margin=(told.net - told.cost.fill_null(0)).sum().fill_null(0).cast("int64"),
        cost=told.cost.sum(),
        costed=told.quantity.fill_null(1.0).sum(where=known),
    )


def _sales(found: dict[str, Any], worth: dict[int, dict[str, Any]], families: dict[int, str | None], as_of: dt.date) -> Sales:
    every = np.array(found["product_id"], dtype=np.int64)
    awake = np.isin(every, np.fromiter(worth, dtype=np.int64, count=len(worth)))
    products, which = np.unique(every[awake], return_inverse=True)
    first = min(found["first"], default=None)
    weeks, months = whole_weeks(first, as_of), whole_months(first, as_of)
    units = np.array(found["units"], dtype=float)[awake]
    began = np.full(products.size, np.iinfo(np.int64).max)
    np.minimum.at(began, which, _ordinals(found["first"])[awake])
    weekly = _matrix(which, _ordinals(found["week"])[awake], units, weeks, began)
    monthly = _matrix(which, _ordinals(found["month"])[awake], units, months, began)
    margin = np.array([worth[int(one)]["margin"] for one in products], dtype=np.int64)
    letters = zip(abc(margin, products), xyz(variation(monthly)), strict=True)
    cost = [_unit_cost(worth[int(one)]) for one in products]
    net = np.array([worth[int(one)]["net"] / 10_000 for one in products], dtype=float)
    return Sales(
        as_of, first, products, [families.get(int(one)) or "" for one in products], [a + x for a, x in letters],
        quarterly(monthly, months), net, np.array(cost, dtype=float), weeks, months, weekly, monthly,
        int(np.unique(every[~awake]).size),
    )  # fmt: skip


def _unit_cost(worth: dict[str, Any]) -> float:
    if worth["cost"] is None or not worth["costed"] or worth["costed"] <= 0:
        return np.nan
    return float(worth["cost"]) / 10_000 / float(worth["costed"])


def whole_weeks(first: dt.date | None, as_of: dt.date) -> Calendar:
    """Weeks from the first Monday on which the company sold already to the last Sunday that is over."""
    end = as_of + DAY
    end -= end.weekday() * DAY
    if first is None:
        return Calendar((), end)
    start = first + (-first.weekday() % 7) * DAY
    return Calendar(tuple(start + place * 7 * DAY for place in range(max(0, (end - start).days // 7))), end)


def whole_months(first: dt.date | None, as_of: dt.date) -> Calendar:
    """Months that the company sold in from their first day on, as far as they are over."""
    end = (as_of + DAY).replace(day=1)
    if first is None:
        return Calendar((), end)
    begin = first.year * 12 + first.month - 1 + (first.day > 1)
    count = max(0, end.year * 12 + end.month - 1 - begin)
    return Calendar(tuple(dt.date(one // 12, one % 12 + 1, 1) for one in range(begin, begin + count)), end)


def _ordinals(days: list[dt.date]) -> Ints:
    return np.array([one.toordinal() for one in days], dtype=np.int64)


def _matrix(which: Ints, day: Ints, units: Floats, calendar: Calendar, began: Ints) -> Floats:
    """(products, periods): sums, 0 in gaps, NaN in the periods that were over before a product's first sale."""
    starts = _ordinals(list(calendar.starts))
    matrix = np.zeros((began.size, starts.size))
    if not starts.size:
        return matrix
    place = np.searchsorted(starts, day)
    inside = (day >= starts[0]) & (day < calendar.end.toordinal())
    np.add.at(matrix, (which[inside], place[inside]), units[inside])
    ends = np.append(starts[1:], calendar.end.toordinal())
    matrix[ends[None, :] <= began[:, None]] = np.nan
    return matrix


def quarters(monthly: Floats, months: Calendar) -> tuple[Floats, Calendar]:
    """The whole calendar quarters of monthly figures; a quarter in which a series began counts whole."""
    skip = next((place for place, one in enumerate(months.starts) if one.month % 3 == 1), len(months.starts))
    count = (len(months.starts) - skip) // 3
    inside = monthly[:, skip : skip + 3 * count].reshape(monthly.shape[0], count, 3)
    known = ~np.isnan(inside)
    sums = np.where(known.any(axis=2), np.where(known, inside, 0.0).sum(axis=2), np.nan)
    starts = months.starts[skip : skip + 3 * count : 3]
    end = dt.date.max if not starts else following(starts[-1], 2, 90)[1]
    return sums, Calendar(starts, end if starts else months.end)


def quarterly(monthly: Floats, months: Calendar) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which products are asked for in one month of a quarter only, in nearly every quarter since they began."""
    sums, calendar = quarters(monthly, months)
    if not calendar.starts:
        return np.zeros(monthly.shape[0], dtype=bool)
    skip = months.starts.index(calendar.starts[0])
    each = monthly[:, skip : skip + 3 * len(calendar.starts)].reshape(*sums.shape, 3)
    known = ~np.isnan(sums)
    once = ((np.nan_to_num(each) > 0).sum(axis=2) == 1) & known
    count = known.sum(axis=1)
    return np.asarray((count >= LEAST_QUARTERS) & (once.sum(axis=1) >= ONE_MONTH_OF_A_QUARTER * count))
