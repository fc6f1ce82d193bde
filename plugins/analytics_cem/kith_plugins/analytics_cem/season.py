"""Seasonal customers (domain C4): whose purchases fall into few months of the year, and whose clock runs in those alone."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem.buyers import MONTHS, buyers, by_month

SHARE, MONTHS_LONG = 0.8, 4  # at least so much of the purchases in at most so many months
HISTORY = 730  # days since the first purchase
# A season comes back: purchases must lie in two of them, and be more than chance puts into a few months.
RECURS, LEAST = 300, 4


def _seasons(chosen: ir.Table) -> ir.Table:
    """From `_chosen` customer_id, season of seasonal customers: twelve characters, 1 for each month of the season.

    The months are those with purchases: all of them where they are at most four, else those of the four successive months
    that hold most, if that is 80 % of the purchase days.
    """
    bits = [
        ibis.ifelse((chosen[f"c{number}"] > 0) & (chosen.few | ((number - chosen["start"] + 12) % 12 < MONTHS_LONG)), "1", "0")
        for number in MONTHS
    ]
    mask = bits[0]
    for bit in bits[1:]:
        mask = mask.concat(bit)
    return chosen.select("customer_id", season=mask)


def _windows(own: ir.Table, day: dt.date) -> ir.Table:
    """Of customers with a history: c1…c12, few (all in at most four months), w1…w12 (purchase days in four months from each)."""
    long_known = ibis.literal(day).delta(own["first"], unit="day") >= HISTORY
    recurs = own["last"].delta(own["first"], unit="day") >= RECURS
    own = own.filter(long_known & recurs & (own.purchase_days >= LEAST))
    counts = by_month(own)
    used = sum((ibis.ifelse(count > 0, 1, 0) for count in counts.values()), ibis.literal(0))
    inside = {start: sum((counts[(start + by - 1) % 12 + 1] for by in range(1, MONTHS_LONG)), counts[start]) for start in MONTHS}
    return own.select(
        "customer_id",
        "purchase_days",
        **{f"c{number}": count for number, count in counts.items()},
        few=(used <= MONTHS_LONG) & (own.purchase_days >= 2 * used),
        **{f"w{start}": count for start, count in inside.items()},
    )


def _chosen(rows: ir.Table) -> ir.Table:
    """Of those whose purchases are dense enough: the counts, few, and `start`, the first of the fullest four months."""
    inside = {start: rows[f"w{start}"] for start in MONTHS}
    most = ibis.greatest(*inside.values())
    dense = rows.filter(rows.few | (most >= SHARE * rows.purchase_days))
    start = ibis.cases(*((inside[number] == most, number) for number in MONTHS), else_=1)
    return dense.select("customer_id", "few", *(f"c{number}" for number in MONTHS), start=start)


def clock(scope: PlacementScope) -> ir.Table:
    """`buyers` with season (null where there is none), `waited`, the days since the last purchase that count, and `resting`, out
    of one's season today. In steps that are computed one by one: as one expression each month would spell out all the others.
    """
    day, own = scope.day, buyers(scope)
    windows = scope.once("season_windows", lambda: _windows(own, day))
    if not scope.rows(windows.aggregate(found=windows.count()))[0]["found"]:
        return own.mutate(season=ibis.null("string"), waited=own.since, resting=ibis.literal(False))
    mine = _seasons(scope.once("season_chosen", lambda: _chosen(windows))).rename(seasonal_id="customer_id")
    rows = own.left_join(mine, own.customer_id == mine.seasonal_id).drop("seasonal_id")
    total = _in_season(mine.join(own, mine.seasonal_id == own.customer_id).select("customer_id", "last", "season"), day)
    rows = rows.left_join(total, rows.customer_id == total.counted_id).drop("counted_id")
    return rows.mutate(
        waited=ibis.ifelse(rows.season.notnull(), rows.in_season.fill_null(0), rows.since),
        resting=(rows.season.notnull() & (rows.season.substr(day.month - 1, 1) == "0")).fill_null(False),
    ).drop("in_season")


def _in_season(seasonal: ir.Table, day: dt.date) -> ir.Table:
    """counted_id, in_season: the days after the last purchase up to the day that lie in months of the season."""
    months = _months(day)
    joined = seasonal.join(months, (months.next > seasonal["last"]) & (months.start <= ibis.literal(day)))
    counted = joined.filter(joined.season.substr(joined.month - 1, 1) == "1")
    begin = ibis.greatest(counted.start, counted["last"] + ibis.interval(days=1)).cast("date")
    end = ibis.least(counted.next, ibis.literal(day + dt.timedelta(days=1)))
    days = counted.mutate(days=ibis.greatest(end.delta(begin, unit="day"), 0))
    return days.group_by(counted_id="customer_id").aggregate(in_season=days.days.sum())


def _months(day: dt.date, years: int = 10) -> ir.Table:
    starts = [dt.date(year, month, 1) for year in range(day.year - years, day.year + 1) for month in MONTHS]
    ends = [dt.date(start.year + start.month // 12, start.month % 12 + 1, 1) for start in starts]
    kinds = pa.schema([("start", pa.date32()), ("next", pa.date32()), ("month", pa.int64())])
    return ibis.memtable(pa.table([starts, ends, [start.month for start in starts]], schema=kinds))
