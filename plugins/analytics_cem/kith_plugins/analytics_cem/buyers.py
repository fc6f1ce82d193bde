"""What is known of each buyer on a day (domain C3–C5): one row each, computed once and read by all placements of the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem.rhythm import GAPS_NEEDED, SEGMENT_WEIGHT, usual_gap

WINDOW, LONGEST, WINDOW_GAPS = 365, 730, 4.0  # W of C3: a year, four usual gaps where that is longer, at most two years
MONTHS = range(1, 13)
HALF, BITS = 6, 10


def paced(scope: PlacementScope) -> ir.Table:
    """customer_id, day, orders, net, gap: each purchase day with the days since the one before (null for the first)."""
    return scope.buying.purchases


def middle(counted: Iterable[Mapping[str, Any]]) -> tuple[float | None, int]:
    """The median of a value given as rows (gap, times), and how many there are.

    >>> middle([{"gap": 10, "times": 2}, {"gap": 30, "times": 2}])
    (20.0, 4)
    """
    rows = sorted((row["gap"], row["times"]) for row in counted)
    total = sum(times for _, times in rows)
    if not total:
        return None, 0

    def at(place: int) -> float:
        for gap, times in rows:
            if place < times:
                return float(gap)
            place -= times
        raise AssertionError(place)

    return (at((total - 1) // 2) + at(total // 2)) / 2, total


def segment_gap(scope: PlacementScope) -> float:
    """m_seg: the median gap of all customers in days; the module's setting while there are fewer than 30 gaps."""
    rows = paced(scope)
    rows = rows.filter(rows.gap.notnull())
    found, times = middle(scope.rows(rows.group_by("gap").aggregate(times=rows.count())))
    return found if found is not None and times >= GAPS_NEEDED else usual_gap(scope.settings)


def window(gap: float) -> float:
    """W in days."""
    return min(max(WINDOW_GAPS * gap, float(WINDOW)), float(LONGEST))


def buyers(scope: PlacementScope) -> ir.Table:
    """Per customer who ever bought: first, last (days), since (days from the last to the day), purchase_days, gaps (G), tau,
    variation (of the gaps, population), segment_gap, early and late (see `by_month`); and within W: days, net, orders
    (those with an amount). Money is int64 ten-thousandths.
    """
    return scope.once("buyers", lambda: _buyers(paced(scope), scope.day, segment_gap(scope)))


def _buyers(rows: ir.Table, day: dt.date, usual: float) -> ir.Table:
    inside = ibis.literal(day).delta(rows.day, unit="day") < window(usual)
    paid = inside & rows.net.notnull()
    month = rows.day.month()
    own = rows.group_by("customer_id").aggregate(
        first=rows.day.min(),
        last=rows.day.max(),
        purchase_days=rows.count(),
        gaps=rows.gap.count(),
        middle=rows.gap.median(),
        total=rows.gap.cast("int64").sum(),
        squares=(rows.gap.cast("int64") * rows.gap).sum(),
        days=inside.cast("int64").sum(),
        net=rows.net.sum(where=paid).fill_null(0).cast("int64"),
        orders=rows.orders.sum(where=paid).fill_null(0).cast("int64"),
        # The purchase days of six months in one number: ten bits each are more than a life has days in a month of the year.
        early=ibis.ifelse(month <= HALF, ibis.literal(1, "int64") << (BITS * (month.cast("int64") - 1)), 0).sum().cast("int64"),
        late=ibis.ifelse(month > HALF, ibis.literal(1, "int64") << (BITS * (month.cast("int64") - 1 - HALF)), 0)
        .sum()
        .cast("int64"),
    )
    known = own.gaps > 0
    mean = own.total / own.gaps.nullif(0)
    spread = (own.squares / own.gaps.nullif(0) - mean * mean).clip(lower=0.0).sqrt()
    weighed = SEGMENT_WEIGHT * usual + ibis.ifelse(known, own.gaps * own.middle, 0.0)
    return own.mutate(
        since=ibis.literal(day).delta(own["last"], unit="day"),
        tau=weighed / (SEGMENT_WEIGHT + own.gaps),
        variation=spread / mean.nullif(0.0),
        segment_gap=ibis.literal(usual),
    ).drop("middle", "total", "squares")


def by_month(rows: ir.Table) -> dict[int, ir.Value]:
    """Purchase days in each calendar month, from `early` and `late`."""
    mask = (1 << BITS) - 1
    halves = {month: (rows.early, month - 1) if month <= HALF else (rows.late, month - 1 - HALF) for month in MONTHS}
    return {month: (half >> (BITS * place)) & mask for month, (half, place) in halves.items()}


def margins(scope: PlacementScope) -> ir.Table:
    """customer_id, margin: within W, in int64 ten-thousandths; who had no money moved is left out."""

    def make() -> ir.Table:
        ledger = scope.buying.ledger
        width = window(segment_gap(scope))
        inside = ledger.filter(ibis.literal(scope.day).delta(ledger.day, unit="day") < width)
        return inside.group_by("customer_id").aggregate(margin=inside.margin.sum().fill_null(0).cast("int64"))

    return scope.once("margins", make)


def everybody(scope: PlacementScope) -> ir.Table:
    """All columns of `buyers` and margin (0 without any), for everybody who is to be placed; null for who never bought."""
    people = scope.people.rename(person="customer_id", known="since")
    own = buyers(scope)
    rows = people.left_join(own, people.person == own.customer_id).drop("customer_id").rename(customer_id="person")
    money = margins(scope)
    joined = rows.left_join(money, "customer_id").drop("customer_id_right")
    return joined.mutate(margin=joined.margin.fill_null(0))
