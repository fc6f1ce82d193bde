"""A customer's own rhythm and silent leaving (domain C4), as Ibis expressions over purchase days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

SEGMENT_WEIGHT = 3.0
GAPS_NEEDED = 30
LATE, AT_LEAST = 3.0, 30  # left: more than three of one's own gaps late, and at least so many days
USUAL_GAP = 60.0

ONE_DAY = dt.timedelta(days=1)


def usual_gap(settings: Mapping[str, Any]) -> float:
    """Days between purchases while the company's own are too few to tell."""
    return float(settings.get("usual_gap_days") or USUAL_GAP)


def year_before(day: dt.date) -> dt.date:
    """The same day twelve months earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _gaps(purchases: ir.Table, end: dt.date) -> ir.Table:
    rows = purchases.filter(purchases.day < ibis.literal(end)).select("customer_id", "day")
    before = rows.day.lag().over(group_by=rows.customer_id, order_by=rows.day)
    rows = rows.mutate(before=before)
    return rows.mutate(gap=rows.day.delta(rows.before, unit="day").cast("float64"))


def tenant_gap(purchases: ir.Table, end: dt.date, usual: float) -> ir.Table:
    """One row: `segment_gap`, the median gap in days of purchases before `end`; `usual` while there are fewer than 30 gaps."""
    rows = _gaps(purchases, end)
    found = rows.aggregate(gaps=rows.gap.count(), middle=rows.gap.median())
    return found.select(segment_gap=ibis.ifelse(found.gaps >= GAPS_NEEDED, found.middle, ibis.literal(usual)).fill_null(usual))


def rhythm(purchases: ir.Table, end: dt.date, usual: float) -> ir.Table:
    """Per customer who bought before `end`: first, last, days (purchase days), tau, since (days from the last one to the eve
    of `end`), late (ρ) and `left` (silent, C4 rule 4).
    """
    rows = _gaps(purchases, end)
    own = rows.group_by("customer_id").aggregate(
        first=rows.day.min(), last=rows.day.max(), days=rows.day.count(), gaps=rows.gap.count(), middle=rows.gap.median()
    )
    joined = own.cross_join(tenant_gap(purchases, end, usual))
    weighed = SEGMENT_WEIGHT * joined.segment_gap + joined.gaps * joined.middle.fill_null(0.0)
    timed = joined.mutate(
        tau=weighed / (SEGMENT_WEIGHT + joined.gaps), since=ibis.literal(end - ONE_DAY).delta(joined["last"], unit="day")
    )
    late = timed.since / timed.tau
    return timed.mutate(late=late, left=(late > LATE) & (timed.since >= AT_LEAST)).drop("middle", "gaps")
