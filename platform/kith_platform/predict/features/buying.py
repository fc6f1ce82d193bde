"""How a customer buys: rhythm (domain.md C4), recency, frequency, money, and how they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.windows import age, currency, within
from kith_platform.predict.fits.rhythm import GAPS_NEEDED, SEGMENT_WEIGHT
from kith_platform.sdk.types import Feature, FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Tables

DEFAULT_GAP_DAYS = 30.0  # where a tenant has fewer than GAPS_NEEDED gaps


def gaps(purchases: ir.Table) -> ir.Table:
    """Days between successive purchase days: customer_id, day (the later one), gap. First purchases have none."""
    order = ibis.window(group_by=purchases.customer_id, order_by=purchases.day)
    before = purchases.mutate(former=purchases.day.lag().over(order))
    known = before.filter(before.former.notnull())
    return known.select(known.customer_id, known.day, gap=known.day.delta(known.former, unit="day").cast("float64"))


def rhythm(purchases: ir.Table) -> ir.Table:
    """Per customer: n purchase days, first, last, G gaps, own median gap, gap variation, and τ = (3·m_seg + G·m_c)/(3 + G)."""
    between = gaps(purchases)
    own = between.group_by("customer_id").aggregate(
        gap_count=between.count().cast("float64"),
        median_gap=between.gap.quantile(0.5),
        mean_gap=between.gap.mean(),
        squares=(between.gap * between.gap).sum(),
    )
    everybody = between.aggregate(tenant_gap=between.gap.quantile(0.5), tenant_gaps=between.count().cast("float64"))
    base = purchases.group_by("customer_id").aggregate(
        purchase_days=purchases.count().cast("float64"), first_day=purchases.day.min(), last_day=purchases.day.max()
    )
    joined = base.left_join(own, "customer_id").drop("customer_id_right").cross_join(everybody)
    segment = ibis.ifelse(joined.tenant_gaps >= GAPS_NEEDED, joined.tenant_gap, DEFAULT_GAP_DAYS)
    count = joined.gap_count.fill_null(0.0)
    # From sums of whole numbers, which are exact: the engine's own deviation depends on the order of rows.
    variance = (joined.squares - count * joined.mean_gap * joined.mean_gap) / (count - 1.0).nullif(0.0)
    weighted = SEGMENT_WEIGHT * segment + ibis.ifelse(count > 0, count * joined.median_gap, 0.0)
    return joined.mutate(
        gap_count=count,
        segment_gap=segment,
        tau=weighted / (SEGMENT_WEIGHT + count),
        gap_variation=variance.clip(lower=0.0).sqrt() / joined.mean_gap.nullif(0.0),
    )


def buying(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """One row per customer who bought before the cutoff."""
    purchases = tables.purchases
    placed = rhythm(purchases)
    recency = age(placed.last_day, cutoff).cast("float64")
    own = placed.mutate(recency=recency, tenure=age(placed.first_day, cutoff).cast("float64"), rho=recency / placed.tau)
    money = _money(purchases, cutoff)
    trend = _spending_trend(purchases, own, cutoff)
    joined = own.left_join(money, "customer_id").drop("customer_id_right").left_join(trend, "customer_id")
    return joined.select(
        "customer_id",
        "recency",
        "tenure",
        "rho",
        "tau",
        "purchase_days",
        "gap_variation",
        "average_order",
        "orders_30",
        "orders_90",
        "orders_365",
        "net_365",
        "order_trend",
        "first_net",
        "spending_trend",
    )


def _money(purchases: ir.Table, cutoff: ir.DateScalar) -> ir.Table:
    day, net = purchases.day, purchases.net  # whole numbers until summed: the same sum, whichever thread adds first
    recent, year = within(day, cutoff, 90), within(day, cutoff, 365)
    sums = purchases.group_by("customer_id").aggregate(
        average_order=currency(net.mean()),
        average_recent=net.mean(where=recent),
        average_before=net.mean(where=~recent),
        first_net=currency(net.argmin(day)),
        net_365=currency(net.sum(where=year)),
        orders_30=within(day, cutoff, 30).cast("float64").sum(),
        orders_90=recent.cast("float64").sum(),
        orders_365=year.cast("float64").sum(),
    )
    return sums.mutate(order_trend=sums.average_recent / sums.average_before.nullif(0.0)).drop("average_recent", "average_before")


def _spending_trend(purchases: ir.Table, own: ir.Table, cutoff: ir.DateScalar) -> ir.Table:
    """s of C4: spend of the last 2τ over the mean spend per 2τ of the 6τ before; null where younger than 8τ."""
    joined = purchases.join(own.select("customer_id", "tau", "tenure"), "customer_id")
    old = age(joined.day, cutoff).cast("float64")
    net = joined.net
    sums = joined.group_by("customer_id").aggregate(
        recent=net.sum(where=old < 2.0 * joined.tau),
        before=net.sum(where=(old >= 2.0 * joined.tau) & (old < 8.0 * joined.tau)),
        long_enough=(joined.tenure >= 8.0 * joined.tau).max(),
    )
    trend = sums.recent.fill_null(0) / (sums.before / 3.0).nullif(0.0)
    return sums.select(sums.customer_id, spending_trend=ibis.ifelse(sums.long_enough, trend, ibis.null("float64")))


BUYING = FeatureSet(
    key="buying",
    needs=("orders",),
    compute=buying,
    features=(
        Feature(
            name="recency",
            label=N_("Days since the last purchase"),
            sentence=N_("Last bought %(value)s ago."),
            unit="days",
            sense=1,
        ),
        Feature(name="tenure", label=N_("Days since the first purchase"), sentence=N_("Customer for %(value)s."), unit="days"),
        Feature(
            name="rho",
            label=N_("Lateness against the own rhythm"),
            sentence=N_("The pause since the last purchase is %(value)s × the usual one."),
            unit="ratio",
            sense=1,
        ),
        Feature(name="tau", label=N_("Usual days between purchases"), sentence=N_("Usually buys every %(value)s."), unit="days"),
        Feature(
            name="purchase_days",
            label=N_("Purchase days"),
            sentence=mark_plural("Has bought on %(value)s day.", "Has bought on %(value)s days.", "value"),
            unit="count",
        ),
        Feature(
            name="gap_variation",
            label=N_("Irregularity of the rhythm"),
            sentence=N_("Irregularity of the purchase rhythm: %(value)s (1 is very irregular)."),
            unit="ratio",
        ),
        Feature(
            name="average_order",
            label=N_("Average per purchase day"),
            sentence=N_("Spends %(value)s a purchase on average."),
            unit="money",
        ),
        Feature(
            name="orders_30",
            label=N_("Purchase days in 30 days"),
            sentence=N_("Bought on %(value)s of the last 30 days."),
            unit="count",
        ),
        Feature(
            name="orders_90",
            label=N_("Purchase days in 90 days"),
            sentence=N_("Bought on %(value)s of the last 90 days."),
            unit="count",
        ),
        Feature(
            name="orders_365",
            label=N_("Purchase days in a year"),
            sentence=N_("Bought on %(value)s of the last 365 days."),
            unit="count",
        ),
        Feature(
            name="net_365", label=N_("Net spend in a year"), sentence=N_("Spent %(value)s in the last 365 days."), unit="money"
        ),
        Feature(
            name="order_trend",
            label=N_("Change of the average purchase"),
            sentence=N_("A purchase of the last 90 days is %(value)s × as large as before."),
            unit="ratio",
        ),
        Feature(
            name="first_net", label=N_("First purchase"), sentence=N_("The first purchase was worth %(value)s."), unit="money"
        ),
        Feature(
            name="spending_trend",
            label=N_("Spending trend"),
            sentence=N_("Spending runs at %(value)s × its former level."),
            unit="ratio",
            sense=-1,
        ),
    ),
)
