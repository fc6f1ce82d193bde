"""What to order or build, how much, by when and at what cost, from a series' forecast and how it is ordered (domain.md D10)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from kith_platform.forecasts.fits.season import Floats, lows, peaks
from kith_platform.forecasts.fits.stock import Plan, build_ahead, measured_stock, reorder_point, safety_stock, window_errors

if TYPE_CHECKING:
    from sqlalchemy import Row

    from kith_platform.forecasts.models import DemandForecast
    from kith_platform.forecasts.ordering import Ordering

DAYS = {"week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4}
DAY = dt.timedelta(days=1)
LESS = 0.8  # what if a fifth less is asked for
SURE, FAIR = 0.2, 0.5  # WAPE up to which one may rely on it
SEASON_YEARS = 2
AHEAD_MONTHS = 7


@dataclass(frozen=True, kw_only=True)
class Card:
    """Units unless said otherwise. `level`: the reorder point over lead and review time, to which what is on hand and on the way
    is brought; `quantity`: what is missing to
    it (counting nothing on hand where that is not entered: `counted` False); `order_by`: None where nothing is needed within
    the horizon. `measured`: the safety stock comes from the forecast's own errors. `less`: the quantity if a fifth less is
    asked for. Money in the company's currency; None: no cost known."""

    ordering: Ordering
    demand: float
    safety: float
    level: float
    quantity: float
    order_by: dt.date | None
    cost: float | None
    less: float
    less_cost: float | None
    counted: bool
    measured: bool
    confidence: str
    policy: str


@dataclass(frozen=True, kw_only=True)
class Building:
    """How early to build: `now` units needed at the start, `highest` before the period that begins on `before`, `short` units
    that capacity, shelf life or money leave out; `plan` period by period."""

    now: float
    highest: float
    before: dt.date
    begin: dt.date | None
    short: float
    plan: Plan


@dataclass(frozen=True, kw_only=True)
class Peak:
    """The next season: months or quarters from `begins` to before `ends`, `height` over the mean. To be ready, stock is ordered
    (or building begins) on `prepare_by`; `late` where that day is over. `shared`: the index is that of its class, the series is
    younger than two years.
    """

    begins: dt.date
    ends: dt.date
    height: float
    prepare_by: dt.date
    late: bool
    shared: bool

    @property
    def last(self) -> dt.date:
        """The season's last day."""
        return self.ends - DAY


def card(row: DemandForecast, ordering: Ordering, today: dt.date, unit_cost: float | None) -> Card | None:
    """None where there is no forecast."""
    if not row.points:
        return None
    made = _card(row, ordering, today, unit_cost, 1.0)
    less = _card(row, ordering, today, unit_cost, LESS)
    return replace(made, less=less.quantity, less_cost=less.cost)


def _card(row: DemandForecast, ordering: Ordering, today: dt.date, unit_cost: float | None, factor: float) -> Card:
    length = DAYS[row.grain]
    lead, review = ordering.lead_days / length, ordering.review_days / length
    cover = max(lead + review, 1 / length)
    middle = factor * np.array([point[1] for point in row.points])
    skip = max(0.0, (today - row.ends_on).days / length)
    demand = between(middle, skip, skip + cover)
    mean, late = demand / cover, ordering.lead_deviation / length
    errors = np.array([[math.nan if one is None else one for one in line] for line in row.errors], dtype=float)
    sure = measured_stock(window_errors(errors, cover), mean, late, ordering.service) if errors.size else None
    safety = safety_stock(mean, _deviation(row, errors), lead, late, ordering.service, review) if sure is None else sure
    level = reorder_point(mean, cover, safety)
    held = on_hand(row, ordering, middle, today)
    quantity = float(math.ceil(max(0.0, level - (held or 0.0)) - 1e-9))
    held_then = level if held is None and not quantity else held
    return Card(
        ordering=ordering, demand=demand, safety=safety, level=level, quantity=quantity,
        order_by=_order_by(middle, skip, cover, safety, held_then, today, length), cost=_cost(unit_cost, ordering, quantity),
        less=0.0, less_cost=None, counted=held is not None, measured=sure is not None, confidence=confidence(row),
        policy={"AX": "high_service", "AZ": "to_order", "CZ": "review_range"}.get(row.code, ""),
    )  # fmt: skip


def until(demand: Floats, moments: Floats) -> Floats:
    """Demand up to each moment, in periods; beyond the last period it goes on at the mean."""
    running = np.concatenate([[0.0], np.cumsum(demand)])
    beyond = np.maximum(0.0, moments - demand.size) * (demand.mean() if demand.size else 0.0)
    return np.asarray(np.interp(moments, np.arange(running.size), running) + beyond)


def between(demand: Floats, start: float, end: float) -> float:
    """Demand from one moment to another, in periods."""
    first, last = until(demand, np.array([start, end]))
    return float(last - first)


def on_hand(row: DemandForecast, ordering: Ordering, middle: Floats, today: dt.date) -> float | None:
    """What should be left today of what was counted; None where nothing was."""
    if ordering.on_hand is None:
        return None
    length = DAYS[row.grain]
    since = ordering.counted_on or today
    gone = between(middle, max(0.0, (since - row.ends_on).days / length), max(0.0, (today - row.ends_on).days / length))
    return max(0.0, ordering.on_hand - max(0.0, gone))


def _deviation(row: DemandForecast, errors: Floats) -> float:
    """Of one period: root mean square of former errors, else what the band says."""
    seen = errors[~np.isnan(errors)] if errors.size else errors
    if seen.size:
        return float(np.sqrt((seen**2).mean()))
    return float(row.points[0][2] - row.points[0][0]) / 2 / NormalDist().inv_cdf(0.9)


def _order_by(
    middle: Floats, skip: float, cover: float, safety: float, held: float | None, today: dt.date, length: float
) -> dt.date | None:
    """The first day on which what is left does not last over lead and review time with the safety stock."""
    if held is None:
        return today
    starts = skip + np.arange(int(middle.size * length)) / length
    used = until(middle, starts)
    low = held - (used - used[0]) < until(middle, starts + cover) - used + safety - 1e-9
    return today + int(np.argmax(low)) * DAY if low.any() else None


def _cost(unit_cost: float | None, ordering: Ordering, quantity: float) -> float | None:
    if unit_cost is None:
        return None
    return quantity * unit_cost + (ordering.order_cost or 0.0) * (quantity > 0)


def confidence(row: DemandForecast) -> str:
    """high, medium or low: by what the forecast missed on former days; low where it could not be judged."""
    if row.wape is None or row.reason == "not_judged":
        return "low"
    level = "high" if row.wape <= SURE else "medium" if row.wape <= FAIR else "low"
    return "medium" if level == "high" and row.reason == "few_origins" else level


def building(row: DemandForecast, ordering: Ordering, unit_cost: float | None) -> Building | None:
    """None without a capacity, or where it is enough without building ahead."""
    if ordering.capacity is None or not row.points:
        return None
    length = DAYS[row.grain]
    demand = np.array([point[1] for point in row.points])
    shelf = None if ordering.shelf_days is None else int(ordering.shelf_days / length)
    money = ordering.most_money
    most = None if money is None or not unit_cost else money / unit_cost
    plan = build_ahead(demand, ordering.capacity * length / DAYS["week"], shelf=shelf, most=most)
    top = int(np.argmax(plan.stock))
    if plan.stock[top] <= 0 and plan.short.sum() <= 0:
        return None
    run = top
    while run > 0 and plan.stock[run - 1] > 0:
        run -= 1
    return Building(
        now=float(plan.stock[0]), highest=float(plan.stock[top]), before=row.ends_on + round(top * length) * DAY,
        begin=row.ends_on + round(max(0, run - 1) * length) * DAY if plan.stock[top] > 0 else None,
        short=float(plan.short.sum()), plan=plan,
    )  # fmt: skip


def peak(row: DemandForecast | Row[Any], ordering: Ordering, today: dt.date, built: Building | None = None) -> Peak | None:
    """The next peak that begins within AHEAD_MONTHS; None where the season has none (index below 1.2) or is not known, and
    where nothing is foreseen to be asked for then."""
    index = [one or 0.0 for one in row.season]
    places = peaks(np.array(index)) if index else []
    if not places:
        return None
    width = 12 // len(index)
    first = today.year * 12 + today.month - 1
    for month in range(first - first % width, first + AHEAD_MONTHS):
        begins = dt.date(month // 12, month % 12 + 1, 1)
        if month % width or begins <= today or month % 12 // width not in places:
            continue
        last = month
        while (last + width) % 12 // width in places and last - month < 12:
            last += width
        ends = dt.date((last + width) // 12, (last + width) % 12 + 1, 1)
        if _foreseen(row, begins, ends) < 1:
            return None
        ready = begins - round(ordering.lead_days + ordering.lead_deviation) * DAY
        if built is not None and built.begin is not None:
            ready = min(ready, built.begin)
        height = max(index[one % 12 // width] for one in range(month, last + 1, width))
        young = row.season_years < SEASON_YEARS
        return Peak(begins=begins, ends=ends, height=height, prepare_by=ready, late=ready < today, shared=young)
    return None


def _foreseen(row: DemandForecast | Row[Any], begins: dt.date, ends: dt.date) -> float:
    """Units from one day to another."""
    middle, length = np.array([point[1] for point in row.points], dtype=float), DAYS[row.grain]
    return between(middle, max(0.0, (begins - row.ends_on).days / length), max(0.0, (ends - row.ends_on).days / length))


def months_of(index: Sequence[Any], low: bool = False) -> list[int]:
    """Numbers of the months (12) or quarters (4), from 1, in which the index is a peak, or a low."""
    known = np.array([1.0 if one is None else one for one in index])
    return [place + 1 for place in (lows(known) if low else peaks(known))] if known.size else []
