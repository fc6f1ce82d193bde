"""The first experience (domain B3): whether a customer's first order came as promised and gave no cause for complaint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cem.complaints import GOOD

WITHIN = 30  # days for a complaint or an answer


def firsts(scope: MetricScope) -> ir.Table:
    """First orders of each period, once for each product in them: `ripe` where 30 days have passed, `fine` where they came as
    promised, without a complaint within 30 days, and with 4 or 5 of 5 where the customer answered.
    """
    orders = scope.sold()
    orders = orders.filter(orders.customer_id.notnull())
    beginnings = scope.buying.purchases.group_by(buyer="customer_id").aggregate(first=lambda one: one.day.min())
    rows = orders.inner_join(beginnings, [orders.customer_id == beginnings.buyer, orders.occurred_on == beginnings["first"]])
    turn = ibis.row_number().over(group_by=[rows.place, rows.customer_id], order_by=[rows.occurred_at, rows.id])
    rows = rows.mutate(turn=turn, until=on_day(rows.occurred_on + ibis.interval(days=WITHIN)))
    rows = rows.filter(rows.turn == 0)
    late = rows.promised_on.notnull() & (
        rows.delivered_on.isnull() & (rows.promised_on <= ibis.literal(scope.today)) | (rows.delivered_on > rows.promised_on)
    )
    ripe = rows.until <= ibis.literal(scope.today)
    rows = rows.select(
        "place",
        "customer_id",
        "channel",
        "occurred_on",
        "until",
        order="id",
        late=late.fill_null(False),
        ripe=ripe.cast("int64"),
    )
    rows = _marked(rows, _complaints(scope), "complained")
    rows = _marked(rows, _discontent(scope), "discontent")
    fine = ~(rows.late | rows.complained | rows.discontent)
    rows = rows.mutate(fine=(fine & (rows.ripe == 1)).cast("int64"))
    if not scope.has("order_lines"):
        return rows.mutate(product_id=ibis.null("int64"))
    lines = scope.known("order_lines").select(line_order="order_id", product_id="product_id").distinct()
    return rows.left_join(lines, rows.order == lines.line_order)


def _complaints(scope: MetricScope) -> ir.Table | None:
    if not scope.has("tickets"):
        return None
    rows = scope.known("tickets")
    return rows.filter(rows.is_complaint.fill_null(False)).select(who="customer_id", day="occurred_on")


def _discontent(scope: MetricScope) -> ir.Table | None:
    if not scope.has("survey_responses"):
        return None
    rows = scope.known("survey_responses")
    rows = rows.filter(rows.kind == "csat", rows.score.between(1, 5), rows.score < GOOD)
    return rows.select(who="customer_id", day="occurred_on")


def _marked(rows: ir.Table, events: ir.Table | None, name: str) -> ir.Table:
    """`rows` with `name`: whether one of the events is the customer's, within the days of the first order."""
    if events is None:
        return rows.mutate(**{name: ibis.literal(False)})
    met = rows.inner_join(events, [rows.customer_id == events.who, events.day >= rows.occurred_on, events.day <= rows.until])
    met = met.select(met_place="place", met_id="customer_id").distinct()
    joined = rows.left_join(met, [rows.place == met.met_place, rows.customer_id == met.met_id])
    return joined.mutate(**{name: joined.met_id.notnull()}).drop("met_place", "met_id")


FIRSTS = Rows(key="firsts", make=firsts, keep=True)


def _orders(rows: ir.Table, where: ir.Value) -> ir.Value:
    return ibis.ifelse(where, rows.order, ibis.null("int64")).nunique()


FIRST = (
    Measure(key="first", fact=FIRSTS, aggregate=lambda rows: rows.order.nunique()),
    Measure(key="ripe", fact=FIRSTS, aggregate=lambda rows: _orders(rows, rows.ripe == 1)),
    Measure(key="fine", fact=FIRSTS, aggregate=lambda rows: _orders(rows, rows.fine == 1)),
)


def first_experience(values: Mapping[str, Any]) -> Reading:
    """The share that went well; no value while none has had its 30 days."""
    if not values["ripe"]:
        return Reading.none("immature" if values["first"] else "empty_denominator", n=int(values["first"] or 0))
    return Reading.share(values["fine"], values["ripe"], flags=("provisional",) if values["first"] > values["ripe"] else ())


METRICS = (
    Metric(
        key="cem.first_exp",
        name=N_("First experience as promised"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "First orders that were delivered by the promised day, brought no complaint within 30 days and, where the "
            "customer was "
            "asked, 4 or 5 of 5; divided by first orders that are at least 30 days old."
        ),
        code="first orders without fault / first orders ≥ 30 days old",
        needs=("orders",),
        grains=("tenant", "channel", "product"),
        measures=FIRST,
        formula=first_experience,
        target=0.95,
    ),
)
