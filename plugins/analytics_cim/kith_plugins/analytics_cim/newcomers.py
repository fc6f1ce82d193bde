"""New customers, and leads that become customers (domain B2 3c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import orders
from kith_plugins.analytics_cim.funnel import until

RETURN_DAYS = 14  # an order of which everything came back by then was none
CONVERT_DAYS = 90


def later(day: ir.Value, days: int) -> ir.Value:
    """The day so many days later."""
    return on_day(day + ibis.interval(days=days))


def qualifying(scope: MetricScope) -> ir.Table:
    """customer_id, day, at, channel, net of orders that were neither cancelled nor wholly returned within 14 days. Refunds are
    no orders; an order of amount 0 is one.
    """
    rows = orders(scope, void=("cancelled",))
    gone = (rows.status == "returned") & (rows.status_at <= rows.occurred_at + ibis.interval(days=RETURN_DAYS))
    rows = rows.filter((rows.net >= 0).fill_null(True), ~gone.fill_null(False))
    if scope.has("returns"):
        rows = _kept(scope, rows)
    return rows.select("customer_id", "channel", "net", day="occurred_on", at="occurred_at")


def _kept(scope: MetricScope, rows: ir.Table) -> ir.Table:
    """Orders of which something stayed after 14 days: neither all money nor all units came back."""
    tables = scope.frames.at(scope.today)
    back = tables["returns"].select(of="order_id", back_on="occurred_on", back_net="net", back_units="quantity")
    own = rows.select("id", "occurred_on")
    early = back.inner_join(own, back.of == own.id)
    early = early.filter(early.back_on <= later(early.occurred_on, RETURN_DAYS))
    came = early.group_by("of").aggregate(came_net=early.back_net.abs().sum(), came_units=early.back_units.abs().sum())
    lines = tables["order_lines"]
    sold = lines.group_by(line_order=lines.order_id).aggregate(line_units=lines.quantity.sum())
    joined = rows.left_join(came, rows.id == came.of)
    joined = joined.left_join(sold, joined.id == sold.line_order)
    units = ibis.coalesce(joined.quantity, joined.line_units)
    all_money = (joined.net > 0) & (joined.came_net >= joined.net)
    all_units = (units > 0) & (joined.came_units >= units)
    return joined.filter(~all_money.fill_null(False), ~all_units.fill_null(False))


def firsts(bought: ir.Table) -> ir.Table:
    """customer_id, day, at, channel of each customer's first order."""
    return bought.group_by("customer_id").aggregate(
        day=bought.day.argmin(bought["at"]), at=bought["at"].min(), channel=bought.channel.argmin(bought["at"])
    )


def fresh(first: ir.Table, days: ir.Table, today: ir.Value) -> ir.Table:
    """Per period everybody who had bought by its end: `fresh`, whose first order lies in it, and `unripe`, which of these could
    still be wholly returned.
    """
    marks = days.select("place", "start", "end")
    rows = first.inner_join(marks, first.day < marks.end)
    new = rows.day >= rows.start
    unripe = new & (later(rows.day, RETURN_DAYS) > today)
    return rows.select("place", "customer_id", "channel", fresh=new.cast("int64"), unripe=unripe.cast("int64"))


def _fresh(scope: MetricScope) -> ir.Table:
    return fresh(firsts(qualifying(scope)), scope.days, ibis.literal(scope.today))


FRESH = Rows(key="newcomers", make=_fresh)
NEW = (
    Measure(key="buyers", fact=FRESH, aggregate=lambda rows: rows.count()),
    Measure(key="fresh", fact=FRESH, aggregate=lambda rows: rows.fresh.sum()),
    Measure(key="unripe", fact=FRESH, aggregate=lambda rows: rows.unripe.sum()),
)


def new(values: Mapping[str, Any]) -> Reading:
    """How many bought for the first time; no value before anybody had bought."""
    if not values["buyers"]:
        return Reading.none()
    flags = ("provisional",) if values["unripe"] else ()
    return Reading(value=values["fresh"], n=int(values["fresh"]), flags=flags)


def converted(leads: ir.Table, first: ir.Table, end: ir.Value) -> ir.Table:
    """Leads with `ripe`, whose 90 days are over, and `won`, those of them whose customer first bought within these days."""
    within = ibis.interval(days=CONVERT_DAYS)
    own = first.select(buyer="customer_id", bought_at="at", bought_on="day")
    rows = leads.left_join(own, leads.customer_id == own.buyer)
    ripe = rows.occurred_at + within <= end
    # A lead known by its day alone may turn out older than an order of that day.
    after = (rows.bought_at >= rows.occurred_at) | (rows.day_only & (rows.bought_on == rows.occurred_on))
    won = (ripe & after & (rows.bought_at <= rows.occurred_at + within)).fill_null(False)
    return rows.select("place", "channel", ripe=ripe.cast("int64"), won=won.cast("int64"))


def _converted(scope: MetricScope) -> ir.Table:
    leads = scope.happened("leads").select("place", "customer_id", "channel", "occurred_at", "occurred_on", "day_only")
    return converted(leads, firsts(qualifying(scope)), until(scope))


LEADS = Rows(key="leads_converted", make=_converted)
CONVERTED = (
    Measure(key="leads", fact=LEADS, aggregate=lambda rows: rows.count()),
    Measure(key="ripe", fact=LEADS, aggregate=lambda rows: rows.ripe.sum()),
    Measure(key="won", fact=LEADS, aggregate=lambda rows: rows.won.sum()),
)


def conversion(values: Mapping[str, Any]) -> Reading:
    """Leads that bought ÷ leads whose time is over."""
    if values["leads"] and not values["ripe"]:
        return Reading.none("immature", n=int(values["leads"]))
    waiting = (values["leads"] or 0) > (values["ripe"] or 0)
    return Reading.share(values["won"], values["ripe"], flags=("provisional",) if waiting else ())


METRICS = (
    Metric(
        key="cim.acq.new",
        name=N_("New customers"),
        unit="count",
        better="up",
        kind="outcome",
        words=N_(
            "Customers whose first order lies in the period. Cancelled orders, and orders of which everything came back within "
            "14 days, do not count. By channel: that of the first order."
        ),
        code="count(first qualifying order in period)",
        needs=("orders",),
        grains=("tenant", "channel"),
        measures=NEW,
        formula=new,
    ),
    Metric(
        key="cim.acq.conv",
        name=N_("Lead conversion"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Of the leads created in the period, the share whose customer bought for the first time within 90 days. Leads whose "
            "90 days are not over are left out."
        ),
        code="first order ≤ 90 d/leads",
        needs=("leads", "orders"),
        grains=("tenant", "channel"),
        measures=CONVERTED,
        formula=conversion,
    ),
)
