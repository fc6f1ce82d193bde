"""Seasonal customers (domain C4): whose purchases fall into few months of the year, and whose clock runs in those alone."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import PlacementTurns
from kith_plugins.analytics_cem.holidays import closed

SHARE, MONTHS_LONG = 0.8, 4  # at least so much of the purchases in at most so many months
HISTORY = 730  # days since the first purchase
# A season comes back: purchases must lie in two of them, and be more than chance puts into a few months.
RECURS, LEAST = 300, 4
MONTHS = range(1, 13)
HALF, BITS = 6, 10


def months(rows: ir.Table, asked: ir.Value, turns: PlacementTurns) -> ir.Table:
    """`buyers` with early and late, for those who are asked for and have a history: their purchase days by month, six months in
    one number: ten bits each are more than a life has days in a month of the year. See `by_month`.
    """
    long_known = turns.turn(rows).delta(rows["first"], unit="day") >= HISTORY
    recurs = rows["last"].delta(rows["first"], unit="day") >= RECURS
    asked = (asked & long_known & recurs & (rows.purchase_days >= LEAST)).fill_null(False)
    bits = {
        "early": rows.days.map(lambda day: _bit(day.month().cast("int64"), 0)).sums(),
        "late": rows.days.map(lambda day: _bit(day.month().cast("int64"), HALF)).sums(),
    }
    return rows.mutate(**{name: ibis.ifelse(asked, value, ibis.null("int64")) for name, value in bits.items()})


def _bit(month: ir.Value, before: int) -> ir.Value:
    inside = (month > before) & (month <= before + HALF)
    return ibis.ifelse(inside, ibis.literal(1, "int64") << (BITS * (month - 1 - before)), 0)


def by_month(rows: ir.Table) -> dict[int, ir.Value]:
    """Purchase days in each calendar month, from `early` and `late`."""
    mask = (1 << BITS) - 1
    halves = {month: (rows.early, month - 1) if month <= HALF else (rows.late, month - 1 - HALF) for month in MONTHS}
    return {month: (half >> (BITS * place)) & mask for month, (half, place) in halves.items()}


def seasons(rows: ir.Table, turns: PlacementTurns) -> ir.Table | None:
    """customer_id, turn, season and in_season (days after the last purchase that count) of seasonal ones among some buyers with
    `months`.

    The season is twelve characters, 1 for each of its months: those with purchases, all of them where they are at most four, else
    those of the four successive months that hold most, if that is 80 % of the purchase days. None where there can be none.
    """
    asked = rows.filter(rows.early.notnull())
    if not turns.rows(asked.limit(1).select("customer_id")):
        return None  # the usual case of a small company: the expressions below are the longest of all
    found = turns.keep("seasonal", lambda: asked.filter(_dense(asked)))
    return turns.keep("seasons", lambda: _counted(_named(found), turns))


def _dense(rows: ir.Table) -> ir.Value:
    counts = by_month(rows)
    return _few(rows, counts) | (ibis.greatest(*_windows(counts).values()) >= SHARE * rows.purchase_days)


def _few(rows: ir.Table, counts: dict[int, ir.Value]) -> ir.Value:
    """All in at most four months, and not each of them once."""
    used = sum((ibis.ifelse(count > 0, 1, 0) for count in counts.values()), ibis.literal(0))
    return (used <= MONTHS_LONG) & (rows.purchase_days >= 2 * used)


def _windows(counts: dict[int, ir.Value]) -> dict[int, ir.Value]:
    """Purchase days in the four months from each."""
    return {start: sum((counts[(start + by - 1) % 12 + 1] for by in range(1, MONTHS_LONG)), counts[start]) for start in MONTHS}


def _named(rows: ir.Table) -> ir.Table:
    """customer_id, turn, last, season."""
    counts = by_month(rows)
    rows = rows.mutate(few=_few(rows, counts), **{f"w{start}": count for start, count in _windows(counts).items()}).view()
    most = ibis.greatest(*(rows[f"w{start}"] for start in MONTHS))
    rows = rows.mutate(start=ibis.cases(*((rows[f"w{start}"] == most, start) for start in MONTHS), else_=1)).view()
    counts = by_month(rows)
    bits = [
        ibis.ifelse((counts[month] > 0) & (rows.few | ((month - rows["start"] + 12) % 12 < MONTHS_LONG)), "1", "0")
        for month in MONTHS
    ]
    return rows.select("customer_id", "turn", "last", season=bits[0].concat(*bits[1:]))


def _counted(rows: ir.Table, turns: PlacementTurns) -> ir.Table:
    """With in_season: the days after the last purchase up to the turn that lie in months of the season."""
    months = _months(turns.days[-1], closed(turns))
    joined = rows.join(months, (months.next > rows["last"]) & (months.start <= rows.turn), how="left")
    counts = joined.season.substr(joined.month - 1, 1) == "1"
    begin = ibis.greatest(joined.start, joined["last"] + ibis.interval(days=1)).cast("date")
    end = ibis.least(joined.next, joined.turn + ibis.interval(days=1)).cast("date")
    days = joined.mutate(days=ibis.ifelse(counts, ibis.greatest(end.delta(begin, unit="day"), 0), 0).fill_null(0))
    return days.group_by("customer_id", "turn").aggregate(season=days.season.max(), in_season=days.days.sum())


def _months(day: dt.date, shut: Sequence[dt.date], years: int = 10) -> ir.Table:
    """start, next (exclusive), month: spans of open days, none longer than a month."""
    starts = [dt.date(year, month, 1) for year in range(day.year - years, day.year + 1) for month in MONTHS]
    starts = sorted({*starts, *(one + ONE_DAY for one in shut if one >= starts[0])})
    off = set(shut)
    ends = [dt.date(start.year + start.month // 12, start.month % 12 + 1, 1) for start in starts]
    ends = [min([end, *shut[bisect_left(shut, start) :][:1]]) for start, end in zip(starts, ends, strict=True)]
    spans = [(start, end, start.month) for start, end in zip(starts, ends, strict=True) if start not in off]
    kinds = pa.schema([("start", pa.date32()), ("next", pa.date32()), ("month", pa.int64())])
    return ibis.memtable(pa.table([list(column) for column in zip(*spans, strict=True)], schema=kinds))
