"""A customer's own rhythm and silent leaving (domain C4), as Ibis expressions over purchase days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

SEGMENT_WEIGHT = 3.0
GAPS_NEEDED = 30
LATE, AT_LEAST = 3.0, 30  # left: more than three of one's own gaps late, and at least so many days
USUAL_GAP = 60.0

ONE_DAY = dt.timedelta(days=1)


def usual_gap(settings: Mapping[str, Any]) -> float:
    """Days between purchases while the company's own are too few to tell."""
    return float(settings.get("usual_gap_days") or USUAL_GAP)


def on_day(value: ir.Value) -> ir.Value:
    """A day plus or less days is a time to DuckDB, and Ibis takes it for a day: through a time it becomes one."""
    return value.cast("timestamp").cast("date")


def gaps(purchases: ir.Table) -> ir.Table:
    """customer_id, day, gap: each purchase day with the days since the customer's one before (null for the first). Purchases that
    know their `gap` already keep it.
    """
    if "gap" in purchases.columns:
        return purchases.select("customer_id", "day", gap=purchases.gap.cast("float64"))
    rows = purchases.select("customer_id", "day")
    rows = rows.mutate(before=rows.day.lag().over(group_by=rows.customer_id, order_by=rows.day))
    return rows.select("customer_id", "day", gap=rows.day.delta(rows.before, unit="day").cast("float64"))


def tenant_gap(purchases: ir.Table, marks: ir.Table, usual: float) -> ir.Table:
    """Per mark (place, end): segment_gap, the median gap in days of purchases before `end`; `usual` while fewer than 30."""
    rows = gaps(purchases)
    joined = rows.inner_join(marks.select("place", "end"), rows.day < marks.end)
    found = joined.group_by("place").aggregate(gaps=joined.gap.count(), middle=joined.gap.median())
    told = ibis.ifelse(found.gaps >= GAPS_NEEDED, found.middle, ibis.literal(usual))
    return found.select(gap_place="place", segment_gap=told.fill_null(usual))


def rhythm(purchases: ir.Table, marks: ir.Table, usual: float) -> ir.Table:
    """Per mark and customer who bought before its `end`: last, days (purchase days), tau, segment_gap, since (days from the last
    one to the eve of `end`), late (ρ) and `left` (silent, C4 rule 4).
    """
    rows = gaps(purchases)
    joined = rows.inner_join(marks.select("place", "end"), rows.day < marks.end)
    own = joined.group_by("place", "customer_id").aggregate(
        end=joined.end.min(), last=joined.day.max(), days=joined.count(), gaps=joined.gap.count(), middle=joined.gap.median()
    )
    segment = tenant_gap(purchases, marks, usual)
    timed = own.inner_join(segment, own.place == segment.gap_place).drop("gap_place")
    weighed = SEGMENT_WEIGHT * timed.segment_gap + timed.gaps * timed.middle.fill_null(0.0)
    timed = timed.mutate(tau=weighed / (SEGMENT_WEIGHT + timed.gaps), since=timed.end.delta(timed["last"], unit="day") - 1)
    late = timed.since / timed.tau
    return timed.mutate(late=late, left=(late > LATE) & (timed.since >= AT_LEAST)).drop("middle", "gaps", "end")


def mark(end: dt.date) -> ir.Table:
    """One mark, for a single day."""
    return ibis.memtable(pa.table({"place": pa.array([0], pa.int64()), "end": pa.array([end], pa.date32())}))


def repeated(purchases: ir.Table, days: ir.Table, usual: float) -> ir.Table:
    """place, customer_id of the buyers of the twelve months before each period's end; `repeated` 1 for two purchase days or more.

    Whoever bought for the first time less than one usual gap ago could not yet have come back, and is left out.
    """
    marks = days.select("place", "end", "year_end")
    known = purchases.inner_join(marks, purchases.day < marks.end)
    own = known.group_by("place", "customer_id").aggregate(
        end=known.end.min(), first=known.day.min(), days=(known.day >= known.year_end).cast("int64").sum()
    )
    segment = tenant_gap(purchases, days, usual)
    own = own.inner_join(segment, own.place == segment.gap_place)
    ripe = own.filter(own.days >= 1, own.end.delta(own["first"], unit="day") >= own.segment_gap)
    return ripe.select("place", "customer_id", repeated=(ripe.days >= 2).cast("int64"))
