"""What customers cost: serving them, a unit of work, and winning a new one (domain B2 2d)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows, Setting
from kith_plugins.analytics_cim.book import UNIT, added
from kith_plugins.analytics_cim.newcomers import firsts, fresh, qualifying

SERVING = ("service", "delivery", "account")
DAYS_OF_MONTH = 30.4375
WINNING = ("acquisition_sales", "acquisition_marketing")
LAG = "acquisition_lag_months"

SETTINGS = (
    Setting(
        key=LAG,
        label=N_("Months from acquisition cost to new customer"),
        kind="integer",
        default=0,
        minimum=0,
        maximum=24,
        help=N_("The customers of a month are set against what acquisition cost so many months before."),
    ),
)


def minutes(activities: ir.Table) -> ir.Value:
    """Minutes from the beginning of an activity to its end; null without one."""
    return (activities.ended_at.epoch_seconds() - activities.occurred_at.epoch_seconds()).cast("float64") / 60.0


def shared(pool: ir.Table, work: ir.Table) -> ir.Table:
    """What no customer is named for, by each customer's minutes: place, customer_id, cost. Without minutes it is nobody's."""
    total = pool.group_by("place").aggregate(pooled=pool.amount.sum().cast("float64"))
    own = work.group_by(work_place=work.place, who=work.customer_id).aggregate(own=work.minutes.sum())
    own = own.mutate(all=own.own.sum().over(group_by=own.work_place))
    own = own.filter(own.all > 0)
    joined = total.left_join(own, total.place == own.work_place)
    cost = ibis.ifelse(joined.own.notnull(), joined.pooled * joined.own / joined["all"], joined.pooled)
    return joined.select("place", customer_id="who", cost=cost)


def _serving(scope: MetricScope) -> ir.Table:
    """Costs of serving and net sales, by customer: place, customer_id, cost, net, amounts, covered."""
    spent = scope.happened("costs")
    spent = spent.filter(spent.pool.isin(SERVING))
    work = scope.happened("activities")
    work = work.filter(work.customer_id.notnull(), work.ended_at > work.occurred_at)
    pooled = shared(spent.filter(spent.customer_id.isnull()), work.select("place", "customer_id", minutes=minutes(work)))
    named = spent.filter(spent.customer_id.notnull()).select("place", "customer_id", cost=ibis._.amount.cast("float64"))
    told = spent.select("place", amounts=spent.had_amount.cast("int64"), covered=spent.amount.notnull().cast("int64"))
    ledger, days = scope.buying.ledger, scope.days.select("place", "start", "end")
    bought = ledger.inner_join(days, [ledger.day >= days.start, ledger.day < days.end])
    nothing, none, nobody = ibis.null("float64"), ibis.literal(0, type="int64"), ibis.null("int64")
    return ibis.union(
        named.union(pooled).mutate(net=nothing, amounts=none, covered=none),
        told.select("place", customer_id=nobody, cost=nothing, net=nothing, amounts="amounts", covered="covered"),
        bought.select(
            "place",
            "customer_id",
            cost=nothing,
            net=bought.net.cast("float64"),
            amounts=bought.amounts.cast("int64"),
            covered=bought.covered.cast("int64"),
        ),
    )


SERVED = Rows(key="cost_to_serve", make=_serving)
SERVE = (
    Measure(key="cost", fact=SERVED, aggregate=lambda rows: rows.cost.sum()),
    Measure(key="net", fact=SERVED, aggregate=lambda rows: rows.net.sum()),
    Measure(key="amounts", fact=SERVED, aggregate=lambda rows: rows.amounts.sum()),
    Measure(key="covered", fact=SERVED, aggregate=lambda rows: rows.covered.sum()),
)


def cost_to_serve(values: Mapping[str, Any]) -> Reading:
    """Cost ÷ net; no value where nothing was sold on balance."""
    net, amounts = values["net"] or 0.0, values["amounts"]
    rows = (
        {"name": N_("Cost of serving"), "money": (values["cost"] or 0.0) / UNIT},
        {"name": N_("Net sales"), "money": net / UNIT},
    )
    if net <= 0:
        return Reading(value=None, reason="empty_denominator", rows=rows if values["cost"] else ())
    coverage = values["covered"] / amounts if amounts else None
    return Reading(value=(values["cost"] or 0.0) / net, n=int(amounts), coverage=coverage, rows=rows)


def cells(costs: ir.Table, days: ir.Table) -> ir.Table:
    """Per period and kind of work (pool, item, channel) done both now and the year before: what it cost then (`base`), what the
    same volume costs now (`now`); and the plain sums of both, of all kinds.
    """
    marks = days.select("place", "start", "end", "year_start", "year_end")
    rows = costs.filter(costs.volume > 0).inner_join(
        marks, [costs.occurred_on >= marks.year_start, costs.occurred_on < marks.end]
    )
    now, base = rows.occurred_on >= rows.start, rows.occurred_on < rows.year_end
    own = rows.group_by("place", "pool", "item", "channel").aggregate(
        now_amount=rows.amount.sum(where=now).cast("float64"),
        now_volume=rows.volume.sum(where=now & rows.amount.notnull()),
        base_amount=rows.amount.sum(where=base).cast("float64"),
        base_volume=rows.volume.sum(where=base & rows.amount.notnull()),
        amounts=rows.had_amount.cast("int64").sum(where=now | base),
        covered=rows.amount.count(where=now | base),
    )
    both = (own.now_volume > 0) & (own.base_volume > 0)
    same = own.base_volume * own.now_amount / own.now_volume.nullif(0.0)
    return own.mutate(
        now=ibis.ifelse(both, same, ibis.null("float64")), base=ibis.ifelse(both, own.base_amount, ibis.null("float64"))
    )


WORK = Rows(key="unit_costs", make=lambda scope: cells(scope.known("costs"), scope.days))
WORKED = tuple(
    added(name, WORK) for name in ("now", "base", "now_amount", "now_volume", "base_amount", "base_volume", "amounts", "covered")
)


def unit_change(values: Mapping[str, Any]) -> Reading:
    """1 − cost of the former volumes at today's unit costs ÷ what they cost then. Work done in one of both only is left out."""
    if not values["now_volume"]:
        return Reading.none()
    rows = [{"name": N_("Cost per unit"), "money": values["now_amount"] / values["now_volume"] / UNIT}]
    if values["base_volume"]:
        rows.append({"name": N_("Cost per unit a year before"), "money": values["base_amount"] / values["base_volume"] / UNIT})
    if not values["base"] or values["base"] <= 0:
        return Reading(value=None, reason="no_base", rows=tuple(rows))
    amounts = values["amounts"]
    coverage = values["covered"] / amounts if amounts else None
    return Reading(value=1 - values["now"] / values["base"], n=int(amounts), coverage=coverage, rows=tuple(rows))


def _winning(scope: MetricScope) -> ir.Table:
    """Costs of acquisition and new customers, by channel; and what customers brought, without one: place, channel, cost, fresh,
    unripe, margin (per month), buyer, amounts, covered. Who has paid nothing yet, as in a free trial, is not new.
    """
    spent = scope.known("costs")
    spent = spent.filter(spent.pool.isin(WINNING))
    lag = int(scope.settings.get(LAG) or 0)
    day = on_day(spent.occurred_on + ibis.interval(months=lag)) if lag else spent.occurred_on
    marks = scope.days.select("place", "start", "end")
    begin, end = marks.start, marks.end
    months = (end.year() - begin.year()) * 12.0 + (end.month() - begin.month()) + (end.day() - begin.day()) / DAYS_OF_MONTH
    marks = marks.mutate(months=months)
    spent = spent.mutate(day=day)
    spent = spent.inner_join(marks, [spent.day >= marks.start, spent.day < marks.end])
    bought = qualifying(scope)
    paid = bought.filter((bought.net > 0).fill_null(True))
    new = fresh(firsts(paid), scope.days, ibis.literal(scope.today))
    new = new.filter(new.fresh == 1)
    ledger = scope.buying.ledger
    ledger = ledger.inner_join(marks, [ledger.day >= marks.start, ledger.day < marks.end])
    ledger = ledger.filter(ledger.net > 0).group_by("place", "customer_id", "months").aggregate(margin=ledger.margin.sum())
    kinds = {name: ibis.literal(0, type="int64") for name in ("cost", "fresh", "unripe", "buyer", "amounts", "covered")}
    kinds["margin"] = ibis.literal(0.0)
    nowhere = ibis.null("string")
    columns = ("place", "channel", *kinds)
    costed = int(scope.buying.has_cost)
    parts = (
        spent.mutate(
            **kinds
            | {"cost": spent.amount, "amounts": spent.had_amount.cast("int64"), "covered": spent.amount.notnull().cast("int64")}
        ),
        new.mutate(**kinds | {"fresh": new.fresh, "unripe": new.unripe}),
        ledger.mutate(
            channel=nowhere,
            **kinds
            | {
                "margin": ledger.margin.cast("float64") / ledger.months * costed,
                "buyer": ibis.literal(1, type="int64"),
            },
        ),
    )
    return ibis.union(*(part.select(*columns) for part in parts))


WON = Rows(key="acquisition", make=_winning)
WINS = tuple(added(name, WON) for name in ("cost", "fresh", "unripe", "margin", "buyer", "amounts", "covered"))


def cac(values: Mapping[str, Any]) -> Reading:
    """Cost ÷ new customers; behind it the months in which a buyer's monthly margin pays it back."""
    fresh_ones, amounts = values["fresh"] or 0.0, values["amounts"]
    if not fresh_ones:
        return Reading.none()
    one = (values["cost"] or 0.0) / UNIT / fresh_ones
    rows: list[dict[str, Any]] = [
        {"name": N_("Cost of acquisition"), "money": (values["cost"] or 0.0) / UNIT},
        {"name": N_("New customers who paid"), "count": int(fresh_ones)},
    ]
    if values["buyer"] and values["margin"] and values["margin"] > 0:
        rows.append({"name": N_("Margin per buyer and month"), "money": values["margin"] / UNIT / values["buyer"]})
        rows.append({"name": N_("Months until it is paid back"), "number": one / (values["margin"] / UNIT / values["buyer"])})
    flags = ("provisional",) if values["unripe"] else ()
    return Reading(
        value=one, n=int(fresh_ones), flags=flags, coverage=values["covered"] / amounts if amounts else None, rows=tuple(rows)
    )


METRICS = (
    Metric(
        key="cim.cst.cost_to_serve",
        name=N_("Cost to serve"),
        unit="ratio",
        better="down",
        kind="outcome",
        words=N_(
            "Costs of service, delivery and account work, divided by net sales. Costs that name no customer are shared by the "
            "minutes of each customer's activities. Where nothing was sold on balance there is no value."
        ),
        code="(service+delivery+account cost)/net",
        needs=("costs", "orders"),
        grains=("tenant", "customer", "segment"),
        measures=SERVE,
        formula=cost_to_serve,
    ),
    Metric(
        key="cim.cst.unit_change",
        name=N_("Fall of unit cost"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "1 − what the volumes of a year before would cost now, divided by what they cost then, over kinds of work "
            "done in both: a shift between dear and cheap work changes nothing. Below 0 work became dearer."
        ),
        code="1 − Σ v₀·u₁/Σ v₀·u₀",
        needs=("costs",),
        grains=("tenant", "channel"),
        measures=WORKED,
        formula=unit_change,
    ),
    Metric(
        key="cim.cst.cac",
        name=N_("Cost per new customer"),
        unit="money",
        better="down",
        kind="outcome",
        words=N_(
            "Costs of sales and marketing for acquisition, divided by customers who paid for their first order in the period. "
            "Free trials do not count. Costs can be set to count some months later."
        ),
        code="acquisition cost/new customers",
        needs=("costs", "orders"),
        grains=("tenant", "channel"),
        measures=WINS,
        formula=cac,
    ),
)
