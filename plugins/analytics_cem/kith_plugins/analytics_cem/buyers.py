"""What is known of each buyer on a day (domain C3–C5): one row each, computed once and read by all placements of the day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import GAPS_NEEDED, SEGMENT_WEIGHT, usual_gap
from kith_platform.sdk.types import PlacementScope, PlacementTurns

WINDOW, LONGEST, WINDOW_GAPS = 365, 730, 4.0  # W of C3: a year, four usual gaps where that is longer, at most two years


def histories(turns: PlacementTurns) -> ir.Table:
    """customer_id, days, gaps, bought and, with a ledger, moved of `Histories`, as they were on each turn; and `turn`."""
    if turns.days == (turns.histories.until,):
        return turns.spread(turns.histories.rows)
    return turns.keep("histories", lambda: _until(turns))


def _until(turns: PlacementTurns) -> ir.Table:
    rows = turns.spread(turns.histories.rows)
    lists = {name: rows[name].filter(lambda one: one.day <= rows.turn) for name in ("bought", "moved") if name in rows.columns}
    rows = rows.mutate(**lists, days=rows.days.filter(lambda day: day <= rows.turn)).view()
    rows = rows.filter(sum((rows[name].length() for name in lists), ibis.literal(0)) > 0)
    return rows.mutate(gaps=rows.gaps[: ibis.greatest(rows.days.length() - 1, 0)])


def history(scope: PlacementScope) -> ir.Table:
    """`histories` of this turn's buyers."""
    rows = histories(scope.turns)
    return rows.filter(rows.turn == scope.day, rows.days.length() > 0)


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


def segment_gaps(turns: PlacementTurns) -> dict[dt.date, float]:
    """m_seg of each day: the median gap of all customers in days; the module's setting while there are fewer than 30 gaps."""
    rows = histories(turns)
    each = rows.select("turn", gap=rows.gaps.unnest())
    counted: dict[dt.date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in turns.rows(each.group_by("turn", "gap").aggregate(times=each.count())):
        counted[row["turn"]].append(row)
    found = {day: middle(counted[day]) for day in turns.days}
    usual = usual_gap(turns.settings)
    return {day: gap if gap is not None and times >= GAPS_NEEDED else usual for day, (gap, times) in found.items()}


def window(gap: float) -> int:
    """W in days, whole."""
    return ceil(min(max(WINDOW_GAPS * gap, float(WINDOW)), float(LONGEST)))


def buyers(turns: PlacementTurns) -> ir.Table:
    """Per turn and customer who ever bought or got money back: the lists of `histories`, and turn, first, last (days), since
    (days from the last to the turn), purchase_days (null without any), gap_count (G), tau, variation (of the gaps, population),
    segment_gap; and within W: purchased (days), net, orders (those with an amount), margin. Money is int64 ten-thousandths.
    """
    usual = segment_gaps(turns)
    starts = {day: day - dt.timedelta(days=window(usual[day])) for day in turns.days}
    rows = histories(turns)
    start, count = turns.told(rows, starts), rows.days.length()
    rows = rows.mutate(
        first=ibis.ifelse(count > 0, rows.days[0], ibis.null("date")),
        last=ibis.ifelse(count > 0, rows.days[count - 1], ibis.null("date")),
        purchase_days=count.nullif(0),
        gap_count=rows.gaps.length(),
        ranked=rows.gaps.sort(),
        squares=rows.gaps.map(lambda gap: gap * gap).sums().cast("float64"),
        purchased=rows.days.filter(lambda day: day > start).length(),
        inside=rows.bought.filter(lambda one: (one.day > start) & one.net.notnull()),
        segment_gap=turns.told(rows, usual),
        **({"back": rows.moved.filter(lambda one: one.day > start)} if turns.histories.ledger else {}),
    ).view()
    rows = rows.mutate(
        orders=rows.inside.length(),
        net=_whole(rows.inside.map(lambda one: one.net).sums()),
        since=turns.turn(rows).delta(rows["last"], unit="day"),
    )
    margin = _whole(rows.back.map(lambda one: one.margin).sums()) if turns.histories.ledger else rows.net
    return _paced(rows.mutate(margin=margin))


def _whole(value: ir.Value) -> ir.Value:
    return value.fill_null(0).cast("int64")


def _paced(rows: ir.Table) -> ir.Table:
    """With tau and variation, of the gaps."""
    count, known = rows.gap_count, rows.gap_count > 0
    central = (rows.ranked[(count - 1) >> 1] + rows.ranked[count >> 1]) / 2.0
    mean = rows["last"].delta(rows["first"], unit="day") / count.nullif(0)
    spread = (rows.squares / count.nullif(0) - mean * mean).clip(lower=0.0).sqrt()
    weighed = SEGMENT_WEIGHT * rows.segment_gap + ibis.ifelse(known, count * central, 0.0)
    rows = rows.mutate(tau=weighed / (SEGMENT_WEIGHT + count), variation=spread / mean.nullif(0.0))
    return rows.drop("ranked", "squares", "inside").view()
