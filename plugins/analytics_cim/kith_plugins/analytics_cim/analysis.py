"""Reports in time, insights that somebody acts on, forecasts that come true (domain B2 1b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import added, lines, sales
from kith_plugins.analytics_cim.funnel import until

TO_ACT = 14  # days an insight has
FEW = 30
NOTHING = ibis.null("float64")


def _reports(scope: MetricScope) -> ir.Table:
    """Deliveries that fell due: place, on_time (0 or 1). One due on a day without a time has the whole day."""
    rows = scope.happened("report_deliveries")
    rows = rows.filter(~rows.cancelled.fill_null(False))
    late = ibis.ifelse(
        rows.day_only.fill_null(False),
        rows.delivered_at >= rows.occurred_at + ibis.interval(days=1),
        rows.delivered_at > rows.occurred_at,
    )
    return rows.select("place", due=ibis.literal(1, type="int64"), on_time=(~late).fill_null(False).cast("int64"))


REPORTS = Rows(key="reports", make=_reports)


def _insights(scope: MetricScope) -> ir.Table:
    """Insights issued: place, customer_id, rep, ripe (their time is over), acted, dismissed (in time and with a reason)."""
    rows, window = scope.happened("insights"), ibis.interval(days=TO_ACT)
    end = rows.occurred_at + window
    acted = (rows.acted_at <= end).fill_null(False)
    dismissed = ~acted & (rows.dismissed_at <= end).fill_null(False) & (rows.reason.fill_null("").strip() != "")
    ripe = end <= until(scope)
    return rows.select(
        "place",
        "customer_id",
        "rep",
        issued=ibis.literal(1, type="int64"),
        ripe=ripe.cast("int64"),
        acted=(ripe & acted).cast("int64"),
        dismissed=(ripe & dismissed).cast("int64"),
    )


INSIGHTS = Rows(key="insights", make=_insights)


def acted(values: Mapping[str, Any]) -> Reading:
    """Insights acted on or dismissed with a reason in time ÷ insights whose time is over."""
    issued, ripe = values["issued"] or 0.0, values["ripe"] or 0.0
    if issued and not ripe:
        return Reading.none("immature", n=int(issued))
    done, dropped = values["acted"] or 0.0, values["dismissed"] or 0.0
    rows = ({"name": N_("Acted on"), "count": int(done)}, {"name": N_("Dismissed with a reason"), "count": int(dropped)})
    return Reading.share(done + dropped, ripe, flags=("provisional",) if issued > ripe else (), rows=rows)


def newest(forecasts: ir.Table) -> ir.Table:
    """Of each product and month the forecast made last before the month began: month, product_id, quantity, amount."""
    rows = forecasts.mutate(month=on_day(forecasts.for_month.truncate("M")))
    rows = rows.filter(rows.occurred_on < rows.month)
    turn = ibis.row_number().over(group_by=[rows.month, rows.product_id], order_by=[rows.occurred_at.desc(), rows.id.desc()])
    rows = rows.mutate(turn=turn)
    return rows.filter(rows.turn == 0).select("month", "product_id", "quantity", "amount")


def _forecasts(scope: MetricScope) -> ir.Table:
    """Per place and forecast: product_id, `whole` (of no product), forecast and actual by quantity and by amount, the actual's
    size, ripe. What came back counts in the month in which it came back.
    """
    said, marks = newest(scope.known("forecasts")), scope.days.select("place", "start", "end")
    rows = said.inner_join(marks, [said.month >= marks.start, said.month < marks.end])
    sold = lines(scope)
    month = on_day(sold.day.truncate("M"))
    own = sold.group_by(in_month=month, of_product=sold.product_id).aggregate(units=sold.quantity.sum(), net=sold.net.sum())
    every = sales(scope)
    took = every.group_by(sold_in=on_day(every.day.truncate("M"))).aggregate(all_net=every.net.sum())
    units = own.group_by(units_in=own.in_month).aggregate(all_units=own.units.sum())
    rows = rows.left_join(own, [rows.month == own.in_month, rows.product_id == own.of_product])
    rows = rows.left_join(took, rows.month == took.sold_in)
    rows = rows.left_join(units, rows.month == units.units_in)
    whole = rows.product_id.isnull()
    actual_units = ibis.ifelse(whole, rows.all_units, rows.units).fill_null(0.0).cast("float64")
    actual_net = ibis.ifelse(whole, rows.all_net, rows.net).fill_null(0).cast("float64")
    over = on_day(rows.month + ibis.interval(months=1)) <= on_day(ibis.literal(scope.today) + ibis.interval(days=1))
    return rows.select(
        "place",
        "product_id",
        whole=whole,
        ripe=over.cast("int64"),
        by_units=ibis.ifelse(over, (rows.quantity.cast("float64") - actual_units).abs(), NOTHING),
        units=ibis.ifelse(rows.quantity.notnull() & over, actual_units.abs(), NOTHING),
        by_net=ibis.ifelse(over, (rows.amount.cast("float64") - actual_net).abs(), NOTHING),
        net=ibis.ifelse(rows.amount.notnull() & over, actual_net.abs(), NOTHING),
    )


FORECASTS = Rows(key="forecasts", make=_forecasts)


def _sums(name: str) -> tuple[Measure, Measure]:
    """Of products, and of the company as a whole."""
    return (
        Measure(key=f"{name}_products", fact=FORECASTS, aggregate=lambda rows: rows[name].sum(where=~rows.whole)),
        Measure(key=f"{name}_whole", fact=FORECASTS, aggregate=lambda rows: rows[name].sum(where=rows.whole)),
    )


def _counts(name: str) -> tuple[Measure, Measure]:
    return (
        Measure(key=f"n_{name}_products", fact=FORECASTS, aggregate=lambda rows: rows[name].count(where=~rows.whole)),
        Measure(key=f"n_{name}_whole", fact=FORECASTS, aggregate=lambda rows: rows[name].count(where=rows.whole)),
    )


PREDICTED = (
    *(measure for name in ("by_units", "units", "by_net", "net") for measure in _sums(name)),
    *_counts("units"),
    *_counts("net"),
    Measure(key="forecasts", fact=FORECASTS, aggregate=lambda rows: rows.count()),
    added("ripe", FORECASTS),
)


def accuracy(values: Mapping[str, Any]) -> Reading:
    """1 − Σ|actual − forecast|/Σ|actual|: of products before the whole, by quantity before amount."""
    if values["forecasts"] and not values["ripe"]:
        return Reading.none("immature", n=int(values["forecasts"]))
    flags = ("provisional",) if (values["forecasts"] or 0) > (values["ripe"] or 0) else ()
    for of in ("products", "whole"):
        for by in ("units", "net"):
            n, size = int(values[f"n_{by}_{of}"] or 0), values[f"{by}_{of}"]
            if n and not size:
                return Reading.none(n=n)
            if n:
                off = (values[f"by_{by}_{of}"] or 0.0) / size
                rows = ({"name": N_("Error (WAPE)"), "share": off},)
                return Reading(value=1 - off, n=n, flags=(*flags, *(("low_confidence",) if n < FEW else ())), rows=rows)
    return Reading.none()


METRICS = (
    Metric(
        key="cim.ana.report_ontime",
        name=N_("Reports in time"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Reports delivered by the time they were due, divided by reports due in the period. Cancelled ones do not count."
        ),
        code="delivered in time/due",
        needs=("report_deliveries",),
        measures=(added("on_time", REPORTS), added("due", REPORTS)),
        formula=lambda values: Reading.share(values["on_time"], values["due"]),
        target=0.99,
    ),
    Metric(
        key="cim.ana.insight_action_rate",
        name=N_("Insights acted on"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Insights that their owner acted on within 14 days, divided by insights issued in the period at least 14 days ago. "
            "One dismissed with a reason counts as acted on; behind the value both are told apart."
        ),
        code="acted ≤ 14 d/issued",
        needs=("insights",),
        grains=("tenant", "segment", "rep"),
        measures=tuple(added(name, INSIGHTS) for name in ("issued", "ripe", "acted", "dismissed")),
        formula=acted,
        target=0.50,
    ),
    Metric(
        key="cim.ana.forecast_accuracy",
        name=N_("Forecast accuracy"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "1 − the sum of what forecasts were off, divided by the sum of what was sold, over products and months that were "
            "forecast and are over. The last forecast before a month begins counts; returns count when they come back. It can be "
            "below 0."
        ),
        code="1 − Σ|a − f|/Σ|a|",
        needs=("forecasts", "orders"),
        grains=("tenant", "product"),
        measures=PREDICTED,
        formula=accuracy,
        target=0.80,
    ),
)
