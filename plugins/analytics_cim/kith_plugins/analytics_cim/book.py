"""What was sold and what came back, by order and by line, with everything that tells figures apart. Ibis expressions.

Money is int64 ten-thousandths: `net` in the company's currency at the day's rate (null without a rate), `raw` in the row's own
`ccy`. `amount` is 1 where a row has an amount at all.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import Measure, MetricScope, Rows

VOID = ("cancelled", "returned")
UNIT = 10_000.0
DAY = 86_400.0


def added(name: str, fact: Rows) -> Measure:
    """The sum of a column."""
    return Measure(key=name, fact=fact, aggregate=lambda rows: rows[name].sum())


def days_between(start: ir.Value, end: ir.Value) -> ir.Value:
    """Days of 24 hours between two instants, with their fraction."""
    return (end.epoch_seconds() - start.epoch_seconds()).cast("float64") / DAY


def orders(scope: MetricScope, *, void: tuple[str, ...] = VOID) -> ir.Table:
    """Orders of known customers whose last known status is not one of `void`."""
    rows, statuses = scope.frames.at(scope.today)["orders"], scope.frames.at(scope.today)["order_statuses"]
    rows = rows.filter(rows.customer_id.notnull())
    status = rows.status
    if scope.has("order_statuses"):
        changes = statuses.group_by(changed_order=statuses.order_id).aggregate(
            changed_to=statuses.status.argmax(statuses.occurred_at), changed_at=statuses.occurred_at.max()
        )
        rows = rows.left_join(changes, rows.id == changes.changed_order)
        later = rows.changed_at.notnull() & (rows.status_at.isnull() | (rows.changed_at >= rows.status_at))
        status = ibis.ifelse(later, rows.changed_to, rows.status)
    return rows.filter(status.isnull() | status.notin(void))


def told(scope: MetricScope, rows: ir.Table, *columns: str) -> ir.Table:
    """`rows` with these amounts in the company's currency; `ccy` and `raw` keep the first as it was, `amount` says it "
    "is there."""
    first = rows[columns[0]]
    kept = rows.mutate(ccy=rows.currency, raw=first, amount=first.notnull().cast("int64"))
    return scope.frames.at(scope.today).money(kept, *columns)


def sales(scope: MetricScope) -> ir.Table:
    """Orders that stand, less what came back of them on the day it came: order_id, customer_id, day, rep, channel, outlet, ccy,
    raw, net, amount. The outlet is the order's store, else its channel. What came back of a cancelled order was never sold.
    """
    return scope.named("sales", lambda: _sales(scope))


def _sales(scope: MetricScope) -> ir.Table:
    stands = orders(scope).select(
        "customer_id",
        "occurred_on",
        "rep",
        "channel",
        "net",
        "currency",
        order_id="id",
        outlet=ibis.coalesce(ibis._.store, ibis._.channel, ""),
    )
    columns = ("order_id", "customer_id", "occurred_on", "rep", "channel", "outlet", "ccy", "raw", "net", "amount")
    sold = told(scope, stands, "net").select(*columns)
    if scope.has("returns"):
        back = scope.frames.at(scope.today)["returns"]
        back = back.select("occurred_on", "currency", net=-back.net.abs(), by="customer_id", of="order_id")
        back = told(scope, back, "net")
        of = stands.select("rep", "channel", "outlet", order_id="order_id", buyer="customer_id")
        back = back.left_join(of, back.of == of.order_id)
        back = back.filter(back.of.isnull() | back.order_id.notnull())
        back = back.mutate(customer_id=ibis.coalesce(back.by, back.buyer), outlet=back.outlet.fill_null(""))
        sold = sold.union(back.filter(back.customer_id.notnull()).select(*columns))
    return sold.rename(day="occurred_on")


def lines(scope: MetricScope) -> ir.Table:
    """Lines of orders that stand, less what came back of a product: product_id, day, outlet, ccy, raw, net, amount, cost (0
    where none is known), costed (whether one is) and quantity. What comes back takes its part of the cost with it.
    """
    return scope.named("lines", lambda: _lines(scope))


def _lines(scope: MetricScope) -> ir.Table:
    stands = orders(scope).select(standing="id", outlet=ibis.coalesce(ibis._.store, ibis._.channel, ""))
    rows = scope.frames.at(scope.today)["order_lines"]
    rows = rows.filter(rows.product_id.notnull()).inner_join(stands, rows.order_id == stands.standing)
    rows = rows.select("order_id", "product_id", "occurred_on", "outlet", "currency", "net", "cost", "quantity")
    sold = told(scope, rows.mutate(quantity=rows.quantity.fill_null(1.0)), "net", "cost")
    sold = sold.mutate(costed=sold.cost.notnull().cast("int64"), cost=sold.cost.fill_null(0))
    columns = ("product_id", "occurred_on", "outlet", "ccy", "raw", "net", "amount", "cost", "costed", "quantity")
    every = sold.select(*columns)
    if scope.has("returns"):
        every = every.union(_back(scope, sold, stands).select(*columns))
    return every.rename(day="occurred_on")


def _back(scope: MetricScope, sold: ir.Table, stands: ir.Table) -> ir.Table:
    back = scope.frames.at(scope.today)["returns"]
    back = back.filter(back.product_id.notnull()).select(
        "product_id", "occurred_on", "currency", "order_id", net=-back.net.abs(), quantity=-back.quantity.abs().fill_null(1.0)
    )
    back = told(scope, back, "net")
    back = back.left_join(stands, back.order_id == stands.standing)
    back = back.filter(back.order_id.isnull() | back.standing.notnull())
    of = sold.group_by(of_order=sold.order_id, of_product=sold.product_id).aggregate(
        of_net=sold.net.sum(), of_cost=sold.cost.sum()
    )
    back = back.left_join(of, [back.order_id == of.of_order, back.product_id == of.of_product])
    part = ibis.ifelse(back.of_net > 0, back.of_cost.cast("float64") / back.of_net.cast("float64"), 0.0).fill_null(0.0)
    return back.mutate(
        cost=(back.net * part).round().cast("int64").fill_null(0),
        costed=ibis.literal(0, type="int64"),
        outlet=back.outlet.fill_null(""),
    )


def compared(rows: ir.Table, days: ir.Table) -> ir.Table:
    """Rows with a day, once for each period they count in: with its `place`, and whether that is `now` or the year before."""
    marks = days.select("place", "start", "end", "year_start", "year_end")
    joined = rows.inner_join(marks, [rows.day >= marks.year_start, rows.day < marks.end])
    joined = joined.mutate(base=joined.day < joined.year_end, now=joined.day >= joined.start)
    return joined.filter(joined.base | joined.now).drop("start", "end", "year_end")
