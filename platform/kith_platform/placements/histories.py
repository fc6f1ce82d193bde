"""What each customer bought, read once from the snapshot into one row each: every placement and every turn looks at that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.frames import Frames, Tables
from kith_platform.frames.purchases import by_day, standing
from kith_platform.metrics.buying import any_cost, ledger, spaced
from kith_platform.sdk.placing import Histories
from kith_platform.sdk.rhythm import AT_LEAST, GAPS_NEEDED, LATE, SEGMENT_WEIGHT
from kith_platform.sdk.types import Buying

Keep = Callable[[ir.Table], ir.Table]
Run = Callable[[ir.Table], pa.Table]


def histories(frames: Frames, keep: Keep) -> Histories:
    """Everything up to the last day. Lists by customer, because sorting ten days a customer is cheaper than ten million rows; in
    two steps, because the engine goes over lists that stand faster than over lists that come out of a grouping.
    """
    tables = frames.at(frames.last_day)
    has = {name for name, table in frames.manifest.tables.items() if table.rows}
    statuses, returns = "order_status" in has, "return_line" in has
    costed = "order_line" in has and any_cost(tables)
    if not costed and not returns:
        rows = _plain(tables, statuses=statuses)
        found = Histories(until=frames.last_day, rows=rows, ledger=tables.refunds, has_cost=False)
    else:
        moved = ledger(tables, statuses=statuses, returns=returns, costs=costed)
        moved = _listed(moved, "moved", "net", "margin").rename(mover="customer_id")
        rows = _listed(tables.bought, "bought", "net").outer_join(moved, [("customer_id", "mover")])
        rows = rows.mutate(customer_id=ibis.coalesce(rows.customer_id, rows.mover)).drop("mover")
        empty = {name: ibis.coalesce(rows[name], ibis.literal([], type=rows[name].type())) for name in ("bought", "moved")}
        found = Histories(until=frames.last_day, rows=rows.mutate(**empty), ledger=True, has_cost=costed)
    return replace(found, rows=keep(_gaps(keep(found.rows))))


def _listed(rows: ir.Table, name: str, *money: str) -> ir.Table:
    entry = ibis.struct({"day": rows.day, **{column: rows[column] for column in money}})
    return rows.group_by("customer_id").aggregate(**{name: entry.collect()})


def _plain(tables: Tables, *, statuses: bool) -> ir.Table:
    """Without costs and returns only refunds tell what moved from what was bought."""
    orders = standing(tables["orders"], tables["order_statuses"] if statuses else None)
    orders = orders.filter(orders.customer_id.notnull())
    told = tables.money(orders.select("customer_id", "occurred_on", "net", "currency", amount=orders.net), "net")
    told = told.rename(day="occurred_on")
    if not tables.refunds:
        return _listed(told, "bought", "net")
    moved = _listed(told.mutate(margin=told.net), "moved", "net", "margin", "amount").view()
    paid = moved.moved.filter(lambda one: (one.amount >= 0).fill_null(True))
    bought = paid.map(lambda one: ibis.struct({"day": one.day, "net": one.net}))
    money = moved.moved.map(lambda one: ibis.struct({"day": one.day, "net": one.net, "margin": one.margin}))
    return moved.select("customer_id", bought=bought, moved=money)


def _gaps(rows: ir.Table) -> ir.Table:
    """With days, once each and in order, and the gaps between them. Two orders on one day are rare: the others pay nothing.

    Arguments have names of their own, because Ibis takes those of the same name for one another.
    """
    rows = rows.mutate(days=rows.bought.map(lambda one: one.day).sort()).view()
    gaps = rows.days[1:].map(lambda later, before: later.delta(rows.days[before], unit="day").cast("int32"))
    rows = rows.mutate(gaps=gaps).view()
    twice = rows.gaps.contains(0)
    once = rows.days.filter(lambda day, at: (at == 0) | (day > rows.days[ibis.greatest(at - 1, 0)]))
    apart = rows.gaps.filter(lambda gap: gap > 0)
    return rows.mutate(days=ibis.ifelse(twice, once, rows.days), gaps=ibis.ifelse(twice, apart, rows.gaps))


def buying(found: Histories) -> Buying:
    """The same as rows: computed only where somebody reads them."""
    orders = _entries(found.rows, "bought")
    moved = _entries(found.rows, "moved") if found.ledger else orders.mutate(margin=orders.net)
    money = moved.group_by("customer_id", "day").aggregate(
        net=moved.net.sum(), margin=moved.margin.sum(), amounts=moved.count(), covered=moved.net.count()
    )
    return Buying(until=found.until, purchases=spaced(by_day(orders)), ledger=money, has_cost=found.has_cost)


def quiet(found: Histories, run: Run, usual: float) -> ir.Table:
    """customer_id and quiet, whether they left silently by the last day, of everybody who ever bought: `rhythm` over lists."""
    rows = found.rows.filter(found.rows.days.length() > 0)
    each = rows.select(gap=rows.gaps.unnest().cast("float64"))
    (told,) = run(each.aggregate(gaps=each.count(), middle=each.gap.median())).to_pylist()
    segment = told["middle"] if told["gaps"] >= GAPS_NEEDED else usual
    rows = rows.mutate(ranked=rows.gaps.sort(), count=rows.gaps.length(), last=rows.days[rows.days.length() - 1]).view()
    count = rows["count"]
    central = (rows.ranked[(count - 1) >> 1] + rows.ranked[count >> 1]) / 2.0
    tau = (SEGMENT_WEIGHT * segment + ibis.ifelse(count > 0, count * central, 0.0)) / (SEGMENT_WEIGHT + count)
    since = ibis.literal(found.until).delta(rows["last"], unit="day")
    return rows.select("customer_id", quiet=(since / tau > LATE) & (since >= AT_LEAST))


def _entries(rows: ir.Table, name: str) -> ir.Table:
    """customer_id and the fields of each entry."""
    return rows.select("customer_id", entry=rows[name].unnest()).unpack("entry")
