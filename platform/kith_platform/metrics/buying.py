"""Buying, computed once per snapshot for all metrics and placements: purchase days, and money per customer and day."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

from kith_platform.frames import Frames, Tables
from kith_platform.frames.purchases import standing
from kith_platform.sdk.types import Buying


def buying(frames: Frames, until: dt.date, *, gaps: bool = False) -> Buying:
    """Read it from a snapshot, up to and including the day. Kept in memory: one narrow row per customer and purchase day.

    With `gaps` purchases have `gap` too: the days since the customer's purchase day before, null for the first.
    """
    tables = frames.at(until)
    has = {name for name, table in frames.manifest.tables.items() if table.rows}
    costed = "order_line" in has and any_cost(tables)
    if not costed and "return_line" not in has:
        return _plain(tables, until, statuses="order_status" in has, gaps=gaps)
    rows = ledger(tables, statuses="order_status" in has, returns="return_line" in has, costs=costed)
    return Buying(
        until=until,
        purchases=ibis.memtable(tables.run(spaced(tables.purchases) if gaps else tables.purchases)),
        ledger=ibis.memtable(tables.run(rows)),
        has_cost=costed,
    )


def _plain(tables: Tables, until: dt.date, *, statuses: bool, gaps: bool) -> Buying:
    """Without costs and returns both tables are sums over the same rows: one reading for both."""
    orders = standing(tables["orders"], tables["order_statuses"] if statuses else None)
    orders = orders.filter(orders.customer_id.notnull())
    refunds = bool(tables.run(orders.aggregate(found=(orders.net < 0).any()))["found"][0].as_py())
    told = tables.money(orders.select("customer_id", "occurred_on", "net", "currency", amount=orders.net), "net")
    bought = (told.amount >= 0).fill_null(True)
    rows = told.group_by("customer_id", day=told.occurred_on).aggregate(
        orders=told.count(where=bought) if refunds else told.count(),
        net=told.net.sum(),
        amounts=told.amount.count(),
        covered=told.net.count(),
        **({"paid": told.net.sum(where=bought)} if refunds else {}),
    )
    if gaps:
        rows = spaced(rows, rows.orders > 0 if refunds else None)
    kept = ibis.memtable(tables.run(rows))
    days = kept.filter(kept.orders > 0)
    purchases = days.select("customer_id", "day", "orders", *(("gap",) if gaps else ()), net="paid" if refunds else "net")
    ledger = kept.select("customer_id", "day", "net", "amounts", "covered", margin="net")
    return Buying(until=until, purchases=purchases, ledger=ledger, has_cost=False)


def spaced(rows: ir.Table, counted: ir.Value | None = None) -> ir.Table:
    """Rows of days with `gap`, the days since the customer's day before; rows that are not `counted` have none and are none."""
    if counted is None:
        before = rows.day.lag().over(group_by=rows.customer_id, order_by=rows.day)
    else:
        # The latest counted day so far, so that a day of refunds alone does not split a gap.
        window = ibis.window(group_by=rows.customer_id, order_by=rows.day, preceding=(None, 1))
        before = ibis.ifelse(counted, rows.day, ibis.null("date")).max().over(window)
    return rows.mutate(gap=rows.day.delta(before, unit="day").cast("int32"))


def any_cost(tables: Tables) -> bool:
    """Whether any order line says what it cost."""
    lines = tables["order_lines"]
    return bool(tables.run(lines.aggregate(found=lines.cost.count()))["found"][0].as_py())


def ledger(tables: Tables, *, statuses: bool, returns: bool, costs: bool) -> ir.Table:
    """customer_id, day, net, margin, amounts, covered: see `Buying.ledger`. The flags say which facts there are.

    What came back of an order takes its margin back in proportion; what came back of a cancelled order was never sold.
    """
    orders = standing(tables["orders"], tables["order_statuses"] if statuses else None)
    sold = _sold(tables, orders, costs=costs)
    parts = [sold.filter(sold.customer_id.notnull()).select("customer_id", "day", "net", "amount", margin=sold.net - sold.cost)]
    if returns:
        parts.append(_returned(tables, sold))
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return rows.group_by("customer_id", "day").aggregate(
        net=rows.net.sum(), margin=rows.margin.sum(), amounts=rows.amount.sum(), covered=rows.net.count()
    )


def _sold(tables: Tables, orders: ir.Table, *, costs: bool) -> ir.Table:
    """Per standing order: order_id, customer_id, day, net, cost, and `amount`, 1 where it has an amount at all."""
    amounts = orders.select(
        "customer_id", "occurred_on", "net", "currency", order_id=orders.id, amount=orders.net.notnull().cast("int64")
    )
    told = tables.money(amounts, "net").rename(day="occurred_on")
    if not costs:
        return told.mutate(cost=ibis.literal(0, type="int64"))
    lines = tables["order_lines"]
    paid = tables.money(lines.select("occurred_on", "currency", "cost", line_order=lines.order_id), "cost")
    total = paid.group_by("line_order").aggregate(cost=paid.cost.sum())
    joined = told.left_join(total, told.order_id == total.line_order).drop("line_order")
    return joined.mutate(cost=joined.cost.fill_null(0))


def _returned(tables: Tables, sold: ir.Table) -> ir.Table:
    """Rows that take money back on the day of the return."""
    returns = tables["returns"]
    narrow = returns.select(
        "occurred_on", "currency", returned_by="customer_id", returned_order="order_id", back=returns.net.abs()
    )
    narrow = narrow.mutate(amount=narrow.back.notnull().cast("int64"))
    told = tables.money(narrow, "back")
    of = sold.select("order_id", "customer_id", order_net=sold.net, order_cost=sold.cost)
    joined = told.left_join(of, told.returned_order == of.order_id)
    joined = joined.filter(joined.returned_order.isnull() | joined.order_id.notnull())
    kept = ibis.ifelse(joined.order_net > 0, (joined.order_net - joined.order_cost) / joined.order_net, 1.0).fill_null(1.0)
    joined = joined.mutate(who=ibis.coalesce(joined.returned_by, joined.customer_id))
    return joined.filter(joined.who.notnull()).select(
        customer_id=joined.who,
        day=joined.occurred_on,
        net=-joined.back,
        amount=joined.amount,
        margin=-(joined.back * kept).round().cast("int64"),
    )
