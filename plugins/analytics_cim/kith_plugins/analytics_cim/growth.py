"""Growth of sales and of profit over a year (domain B2 4a, 4b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import UNIT, compared, lines, sales

NOBODY = ibis.null("int64")
YEAR_BEFORE = N_("A year before")


def steady(rows: ir.Table, days: ir.Table, rates: ir.Table | None) -> ir.Table:
    """`rows` of `compared` with `steady`: `net` of now at the mean rates of the period it is compared with (domain B0.5)."""
    if rates is None:
        return rows.mutate(steady=rows.net)
    marks = days.select(of_place="place", first="year_start", after="year_end")
    known = rates.inner_join(marks, [rates.occurred_on >= marks["first"], rates.occurred_on < marks.after])
    means = known.group_by("of_place", of_ccy=known.currency_from).aggregate(mean=known.rate.mean())
    joined = rows.left_join(means, [rows.place == means.of_place, rows.ccy == means.of_ccy])
    told = (joined.raw.cast("float64") * joined["mean"]).round().cast("int64")
    return joined.mutate(steady=ibis.ifelse(joined.home, joined.net, told)).drop("of_place", "of_ccy", "mean")


def alike(rows: ir.Table) -> ir.Table:
    """`rows` of `compared` with `alike`: whether the outlet sold both now and the year before."""
    sold = {name: ibis.ifelse(rows[name], rows.net.fill_null(0), 0) for name in ("now", "base")}
    same = [rows.place, rows.outlet]
    return rows.mutate(alike=(sold["now"].sum().over(group_by=same) > 0) & (sold["base"].sum().over(group_by=same) > 0))


def _grown(scope: MetricScope, rows: ir.Table) -> ir.Table:
    rates = scope.frames.at(scope.today)["fx_rates"] if scope.has("fx_rates") else None
    rows = compared(rows.mutate(home=rows.ccy == scope.tenant.currency), scope.days)
    return alike(steady(rows, scope.days, rates))


def _orders(scope: MetricScope) -> ir.Table:
    return _grown(scope, sales(scope)).mutate(product_id=NOBODY)


def _lines(scope: MetricScope) -> ir.Table:
    return _grown(scope, lines(scope)).mutate(customer_id=NOBODY, rep=ibis.null("string"))


# Sales of the company, of segments and of people are those of orders, sales of a product those of lines: an order may have none.
ORDERS, LINES = Rows(key="growth_orders", make=_orders), Rows(key="growth_lines", make=_lines)


def _measures(rows: Rows, name: str) -> tuple[Measure, ...]:
    def total(column: str, when: str, *, alike: bool = False) -> Measure:
        def of(table: ir.Table) -> ir.Value:
            return table[column].sum(where=table[when] & table.alike if alike else table[when])

        return Measure(key=f"{name}_{column}_{when}{'_alike' if alike else ''}", fact=rows, aggregate=of)

    return (
        total("net", "now"),
        total("net", "base"),
        total("steady", "now"),
        total("net", "now", alike=True),
        total("net", "base", alike=True),
        Measure(key=f"{name}_amounts", fact=rows, aggregate=lambda table: table.amount.sum()),
        Measure(key=f"{name}_covered", fact=rows, aggregate=lambda table: table.net.count()),
    )


MEASURES = (*_measures(ORDERS, "orders"), *_measures(LINES, "lines"))


def sales_growth(values: Mapping[str, Any]) -> Reading:
    """(now − base)/base; behind it at constant currency and like for like. A base of nothing gives no value."""
    name = "orders" if values["orders_amounts"] is not None else "lines"
    now, base = values[f"{name}_net_now"], values[f"{name}_net_base"]
    if now is None:
        return Reading.none()
    amounts = values[f"{name}_amounts"]
    coverage = values[f"{name}_covered"] / amounts if amounts else None
    rows: list[dict[str, Any]] = [{"name": N_("Net sales"), "money": now / UNIT, "what": "net"}]
    if base is None or base <= 0:
        return Reading(value=None, reason="no_base", n=int(amounts), coverage=coverage, rows=tuple(rows))
    rows.append({"name": YEAR_BEFORE, "money": base / UNIT, "what": "base"})
    steady_now = values[f"{name}_steady_now"]
    if steady_now is not None:
        rows.append({"name": N_("Growth at constant currency"), "share": (steady_now - base) / base})
    same_now, same_base = values[f"{name}_net_now_alike"], values[f"{name}_net_base_alike"]
    if same_now is not None and same_base:
        rows.append({"name": N_("Growth like for like"), "share": (same_now - same_base) / same_base})
    return Reading(value=(now - base) / base, n=int(amounts), coverage=coverage, rows=tuple(rows))


def _margins(scope: MetricScope) -> ir.Table:
    """Margin of customers less the costs that are theirs: place, customer_id, margin, amounts, covered, costed, now, base."""
    ledger = scope.buying.ledger.select("customer_id", "day", "margin", "amounts", "covered")
    direct = _direct(scope).select("customer_id", "day", margin=-ibis._.amount, amounts="had", covered="has")
    both = ledger.mutate(**{name: ledger[name].cast("int64") for name in ("margin", "amounts", "covered")}).union(direct)
    rows = compared(both, scope.days)
    return rows.mutate(product_id=NOBODY, costed=ibis.literal(int(scope.buying.has_cost)))


def _product_margins(scope: MetricScope) -> ir.Table:
    """The same of products, by lines."""
    every = lines(scope)
    sold = every.select(
        "product_id", "day", margin=every.net - every.cost, amounts="amount", covered=every.net.notnull().cast("int64")
    )
    direct = _direct(scope)
    direct = direct.filter(direct.product_id.notnull())
    both = sold.union(direct.select("product_id", "day", margin=-direct.amount, amounts="had", covered="has"))
    rows = compared(both, scope.days)
    return rows.mutate(customer_id=NOBODY, costed=ibis.literal(int(scope.buying.has_cost)))


def _direct(scope: MetricScope) -> ir.Table:
    rows = scope.known("costs")
    rows = rows.filter(rows.pool == "direct")
    return rows.select(
        "customer_id",
        "product_id",
        "amount",
        day="occurred_on",
        had=rows.had_amount.cast("int64"),
        has=rows.amount.notnull().cast("int64"),
    )


MARGINS, PRODUCT_MARGINS = Rows(key="profit_orders", make=_margins), Rows(key="profit_lines", make=_product_margins)


def _profit(rows: Rows, name: str) -> tuple[Measure, ...]:
    return (
        Measure(key=f"{name}_now", fact=rows, aggregate=lambda table: table.margin.sum(where=table.now)),
        Measure(key=f"{name}_base", fact=rows, aggregate=lambda table: table.margin.sum(where=table.base)),
        Measure(key=f"{name}_costed", fact=rows, aggregate=lambda table: table.costed.max()),
        Measure(key=f"{name}_amounts", fact=rows, aggregate=lambda table: table.amounts.sum()),
        Measure(key=f"{name}_covered", fact=rows, aggregate=lambda table: table.covered.sum()),
    )


def profit_growth(values: Mapping[str, Any]) -> Reading:
    """(now − base)/base of the margin after direct costs; on a base of nothing or a loss only the change in money is told."""
    name = "orders" if values["orders_amounts"] is not None else "lines"
    now, base, amounts = values[f"{name}_now"], values[f"{name}_base"], values[f"{name}_amounts"]
    if now is None:
        return Reading.none()
    rows = [{"name": N_("Margin after direct costs"), "money": now / UNIT}]
    if base is not None:
        rows += [{"name": YEAR_BEFORE, "money": base / UNIT}, {"name": N_("Change in margin"), "money": (now - base) / UNIT}]
    flags = () if values[f"{name}_costed"] else ("margin_is_net",)
    coverage = values[f"{name}_covered"] / amounts if amounts else None
    if base is None or base <= 0:
        return Reading(value=None, reason="no_base", flags=flags, coverage=coverage, rows=tuple(rows))
    return Reading(value=(now - base) / base, n=int(amounts), flags=flags, coverage=coverage, rows=tuple(rows))


METRICS = (
    Metric(
        key="cim.prf.sales_growth",
        name=N_("Sales growth"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Net sales of the period less those of the same days a year before, divided by the latter. Returns count on the day "
            "they came back; a year before without sales gives no value. Behind it: at the mean exchange rates of a year before, "
            "and of the outlets that sold in both."
        ),
        code="(net − net[−12 m])/net[−12 m]",
        needs=("orders",),
        grains=("tenant", "segment", "product", "rep"),
        measures=MEASURES,
        formula=sales_growth,
    ),
    Metric(
        key="cim.prf.profit_growth",
        name=N_("Profit growth"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Margin (net sales less the cost of what was sold and less direct costs) of the period less that of the same days a "
            "year before, divided by the latter. After a year without margin only the change in money is shown."
        ),
        code="(margin − margin[−12 m])/margin[−12 m]",
        needs=("orders",),
        grains=("tenant", "segment", "product"),
        measures=(*_profit(MARGINS, "orders"), *_profit(PRODUCT_MARGINS, "lines")),
        formula=profit_growth,
    ),
)
