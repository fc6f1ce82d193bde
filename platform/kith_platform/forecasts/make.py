"""All forecasts of a company from its sales: products by class and grain, families, and the company itself."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kith_platform.forecasts.fits import feasts, rolling
from kith_platform.forecasts.fits.rolling import MONTH, QUARTER, WEEK, Grain, Judged, Panel
from kith_platform.forecasts.fits.season import Floats, Ints, seasons
from kith_platform.forecasts.series import Calendar, Sales, following, quarters

VERSION = 2
COMPANY, FAMILY, PRODUCT = "company", "family", "product"
LEAST_PERIODS = 4  # of a series: with fewer there is nothing to say
LEAST_OF_FAMILY = 5  # products that share a season of their own
STORED = 4  # decimals
Tell = Callable[[int, int], None]  # done, of


@dataclass(frozen=True)
class Group:
    """Series of one grain: their scopes (`product:17`, `family:Tea`, `company`), values, families and classes."""

    grain: Grain
    calendar: Calendar
    scopes: list[str]
    values: Floats
    families: list[str]
    codes: list[str]


def groups(sales: Sales) -> list[Group]:
    """A and B products of which demand is even by week, others by month, those asked for once a quarter by quarter; families
    and the company by week."""
    often = np.array([code[:1] in "AB" and code[1:] in "XY" for code in sales.codes], dtype=bool) & ~sales.by_quarter
    seldom = ~often & ~sales.by_quarter
    names = sorted({one for one in sales.families if one})
    totals, scopes = [_total(sales.weekly)], [COMPANY]
    for name in names:
        totals.append(_total(sales.weekly[[place for place, one in enumerate(sales.families) if one == name]]))
        scopes.append(f"{FAMILY}:{name}")
    by_quarter, calendar = quarters(sales.monthly, sales.months)
    whole = Group(WEEK, sales.weeks, scopes, np.stack(totals), ["", *names], [""] * len(scopes))
    made = [
        _products(sales, WEEK, sales.weeks, sales.weekly, often),
        _products(sales, MONTH, sales.months, sales.monthly, seldom),
        _products(sales, QUARTER, calendar, by_quarter, sales.by_quarter),
    ]
    return [one for one in (whole, *made) if one.scopes]


def _products(sales: Sales, grain: Grain, calendar: Calendar, values: Floats, which: Any) -> Group:
    places = np.flatnonzero(which)
    scopes = [f"{PRODUCT}:{sales.products[place]}" for place in places]
    return Group(
        grain, calendar, scopes, values[places], [sales.families[one] for one in places], [sales.codes[one] for one in places]
    )


def _total(values: Floats) -> Floats:
    known = ~np.isnan(values)
    return np.where(known.any(axis=0), np.where(known, values, 0.0).sum(axis=0), np.nan)


def fingerprint(sales: Sales) -> str:
    """Of the whole periods that forecasts are made from, and the classes: the same means that they need not be made again.

    So a company that sells every day pays for forecasts once a week. Money of the year, which only orders the lists, waits.
    """
    ends = [sales.weeks.end.isoformat(), sales.months.end.isoformat()]
    told = hashlib.sha256(json.dumps([VERSION, ends, sales.weekly.shape, sales.families, sales.codes]).encode())
    for one in (sales.products, sales.weekly, sales.monthly):
        told.update(np.ascontiguousarray(one).tobytes())
    return told.hexdigest()


def forecasts(sales: Sales, *, seed: int, threads: int, tell: Tell = lambda _done, _all: None) -> list[dict[str, Any]]:
    """One row per series, as `models.DemandForecast` keeps them: A products first, then by net of the last year; families and
    the company after them by the same."""
    every = groups(sales)
    seasonal, worth = dict(_year_of(sales)), _worth(sales)
    rows: list[dict[str, Any]] = []
    for number, group in enumerate(every):
        tell(number, len(every))
        rows += _rows(group, seed, threads)
    for row in rows:
        row["season"], row["season_years"], row["season_own"] = seasonal.get(row["scope"], ([], 0, 0.0))
        row["net"], row["unit_cost"] = worth[row["scope"]]
    rows.sort(key=lambda row: (row["scope"].split(":")[0] != PRODUCT, row["code"][:1], -row["net"], row["scope"]))
    for rank, row in enumerate(rows, 1):
        row["rank"] = rank
    return rows


def _worth(sales: Sales) -> dict[str, tuple[float, float | None]]:
    """By scope: net of the last year, and what a unit costs (products only)."""
    found: dict[str, tuple[float, float | None]] = {COMPANY: (float(sales.net.sum()), None)}
    for product, family, net, cost in zip(sales.products, sales.families, sales.net, sales.unit_cost, strict=True):
        found[f"{PRODUCT}:{product}"] = float(net), _number(cost)
        if family:
            before = found.get(f"{FAMILY}:{family}", (0.0, None))[0]
            found[f"{FAMILY}:{family}"] = before + float(net), None
    return found


def _rows(group: Group, seed: int, threads: int) -> Iterator[dict[str, Any]]:
    grain, values = group.grain, group.values[:, -group.grain.kept :]
    known = (~np.isnan(values)).sum(axis=1)
    use = np.flatnonzero((known >= LEAST_PERIODS) & (np.nan_to_num(values) > 0).any(axis=1))
    starts = group.calendar.starts[-values.shape[1] :] if values.shape[1] else ()
    judged = _judge(group, use, values[use], starts, seed, threads)
    place_of = {int(one): place for place, one in enumerate(use)}
    for number, scope in enumerate(group.scopes):
        own = values[number][~np.isnan(values[number])]
        row = {
            "scope": scope, "family": group.families[number], "code": group.codes[number], "grain": grain.name,
            "starts_on": (starts[-own.size] if own.size else group.calendar.end), "ends_on": group.calendar.end,
            "history": _short(own), **growth(own, grain),
        }  # fmt: skip
        place = place_of.get(number)
        yield row | (_said(judged, place) if judged is not None and place is not None else _nothing(own))


def _judge(group: Group, use: Ints, values: Floats, starts: tuple[dt.date, ...], seed: int, threads: int) -> Judged | None:
    if not use.size:
        return None
    first = int(np.argmax((~np.isnan(values)).any(axis=0)))
    values, grain = values[:, first:], group.grain
    length = (group.calendar.end - starts[-1]).days
    days = [*starts[first:], *following(group.calendar.end, grain.ahead + 1, length)]
    letters = np.array(["ABC".find(group.codes[one][:1] or "A") for one in use], dtype=float)
    panel = Panel(values, numbered([group.families[one] for one in use]), letters, feasts.shares(days[:-1], days[1:]))
    return rolling.forecast(panel, grain, seed=seed, threads=threads)


def numbered(families: list[str]) -> Ints:
    """A number per family of at least LEAST_OF_FAMILY series; the others share 0."""
    many = Counter(families)
    own = {name: place for place, name in enumerate(sorted(one for one in many if one and many[one] >= LEAST_OF_FAMILY), 1)}
    return np.array([own.get(one, 0) for one in families], dtype=np.int64)


def _said(judged: Judged, place: int) -> dict[str, Any]:
    origins = int(judged.origins[place])
    better = judged.method[place] != rolling.NAIVE
    reason = "better" if better else "rule"
    if origins < rolling.ENOUGH_ORIGINS:
        reason = "few_origins" if origins else "not_judged"
    errors = judged.errors[place]
    errors = errors[~np.isnan(errors).all(axis=1)]
    return {
        "method": judged.method[place] if int(judged.seasons.years[place]) or better else "mean",
        "reason": reason,
        "wape": _number(judged.wape[place]),
        "naive_wape": _number(judged.naive_wape[place]),
        "mase": _number(judged.mase[place]),
        "origins": origins,
        "points": _short(judged.points[place]),
        "errors": [_short(one) for one in errors],
        "figures": {name: _number(one[place]) for name, one in judged.figures.items() if not np.isnan(one[place])},
    }


def _nothing(own: Floats) -> dict[str, Any]:
    reason = "too_short" if own.size < LEAST_PERIODS else "nothing_sold"
    return {
        "method": "", "reason": reason, "wape": None, "naive_wape": None, "mase": None, "origins": 0, "points": [], "errors": [],
        "figures": {},
    }  # fmt: skip


def growth(own: Floats, grain: Grain) -> dict[str, float | None]:
    """yoy, mom: the last four weeks (one month, one quarter) over the same of the year before, and over those before; as shares
    (0.1 = ten per cent more). None where there is nothing to compare with."""
    width = 4 if grain.name == WEEK.name else 1

    def over(back: int) -> float | None:
        if own.size < back + width:
            return None
        before = own[own.size - back - width : own.size - back].sum()
        return round(float(own[-width:].sum() / before - 1), STORED) if before > 0 else None

    return {"yoy": over(grain.season), "mom": over(width)}


def _year_of(sales: Sales) -> Iterator[tuple[str, tuple[list[Any], int, float]]]:
    """By scope: index of the calendar months (or quarters) in their order, whole years known, and how much of it is its own."""
    if not sales.products.size:
        return
    names = sorted({one for one in sales.families if one})
    totals = [_total(sales.monthly), *(_total(sales.monthly[[one == name for one in sales.families]]) for name in names)]
    scopes = [COMPANY, *(f"{FAMILY}:{name}" for name in names)]
    yield from _indices(scopes, np.stack(totals), ["", *names], sales.months, 12)
    seldom, calendar = quarters(sales.monthly, sales.months)
    for values, months, m, which in (
        (sales.monthly, sales.months, 12, ~sales.by_quarter),
        (seldom, calendar, 4, sales.by_quarter),
    ):
        places = np.flatnonzero(which)
        own = [f"{PRODUCT}:{sales.products[place]}" for place in places]
        yield from _indices(own, values[places], [sales.families[place] for place in places], months, m)


def _indices(
    scopes: list[str], values: Floats, families: list[str], calendar: Calendar, m: int
) -> Iterator[tuple[str, tuple[list[Any], int, float]]]:
    if not scopes or values.shape[1] < m:
        return
    known = seasons(values, m, numbered(families))
    turn = (calendar.end.month - 1) * m // 12
    index = np.roll(known.index, turn, axis=1)
    for place, scope in enumerate(scopes):
        yield scope, (_short(index[place]), int(known.years[place]), round(float(known.own[place]), STORED))


def _short(values: Floats) -> list[Any]:
    """Numbers as they are stored; None where there is none."""
    told: list[Any] = np.round(values, STORED).tolist()
    return [None if one != one else one for one in told] if np.isnan(values).any() else told


def _number(one: Any) -> float | None:
    return None if np.isnan(one) else round(float(one), STORED)
