"""Purchases: on which days a customer bought, and for how much."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

VOID = ("cancelled", "returned")


def bought(
    orders: ir.Table,
    statuses: ir.Table | None,
    returns: ir.Table | None,
    lines: ir.Table | None,
    money: Callable[[ir.Table], ir.Table],
) -> ir.Table:
    """customer_id, day (the tenant's) and net (int64 ten-thousandths of the tenant's currency, or null).

    One row per order. Cancelled and fully returned orders are no purchases, an order of amount 0 is one,
    a negative one is a refund. Otherwise returns reduce nothing. `statuses`, `returns` and `lines` are None where there are
    none; each was cut before it came here. `money` brings `net` into the tenant's currency.
    """
    orders = orders.filter(orders.customer_id.notnull(), (orders.net >= 0).fill_null(True))
    orders = standing(orders, statuses)
    if returns is not None:
        orders = _not_returned(orders, returns, lines)
    told = money(orders.select("customer_id", "occurred_on", "net", "currency"))
    return told.select("customer_id", "net", day="occurred_on")


def by_day(bought: ir.Table) -> ir.Table:
    """customer_id, day, orders (count) and net: one row per customer and purchase day."""
    return bought.group_by("customer_id", "day").aggregate(orders=bought.count(), net=bought.net.sum())


def standing(orders: ir.Table, statuses: ir.Table | None) -> ir.Table:
    """Orders whose last known status is not one of VOID."""
    status = orders.status
    if statuses is not None:
        turn = ibis.row_number().over(group_by=statuses.order_id, order_by=[statuses.occurred_at.desc(), statuses.id.desc()])
        last = statuses.mutate(turn=turn)
        last = last.filter(last.turn == 0).select(
            changed_order=last.order_id, changed_to=last.status, changed_at=last.occurred_at
        )
        orders = orders.left_join(last, orders.id == last.changed_order)
        later = orders.changed_at.notnull() & (orders.status_at.isnull() | (orders.changed_at >= orders.status_at))
        status = ibis.ifelse(later, orders.changed_to, orders.status)
    return orders.filter(status.isnull() | status.notin(VOID))


def _not_returned(orders: ir.Table, returns: ir.Table, lines: ir.Table | None) -> ir.Table:
    """Orders of which something stayed: neither all money nor all units came back."""
    returns = returns.filter(returns.order_id.notnull())
    back = returns.group_by(returned_order=returns.order_id).aggregate(
        net_back=returns.net.abs().sum(), quantity_back=returns.quantity.abs().sum()
    )
    if lines is not None:
        sold = lines.group_by("order_id").aggregate(line_quantity=lines.quantity.sum())
        back = back.left_join(sold, back.returned_order == sold.order_id).drop("order_id")
    else:
        back = back.mutate(line_quantity=ibis.null("float64"))
    joined = orders.left_join(back, orders.id == back.returned_order)
    quantity = ibis.coalesce(joined.quantity, joined.line_quantity)
    all_money = (joined.net > 0) & (joined.net_back >= joined.net)
    all_units = (quantity > 0) & (joined.quantity_back >= quantity)
    return joined.filter(~all_money.fill_null(False), ~all_units.fill_null(False))
