"""What a customer got: delivery against promise, returns, discounts, breadth of products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.windows import faded, fading, within
from kith_platform.sdk.types import Feature, FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Tables


def delivery(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """One row per customer with an order before the cutoff."""
    orders = tables.money(tables.orders, "net", "discount")
    late = orders.delivered_on.delta(orders.promised_on, unit="day").cast("float64")
    is_late = late > 0
    recent = within(orders.occurred_on, cutoff, 180)
    base = orders.group_by("customer_id").aggregate(
        late_180=(is_late & recent).fill_null(False).cast("float64").sum(),
        late_fading=faded(fading(orders.delivered_on, cutoff).sum(where=is_late)).fill_null(0.0),
        late_last=late.argmax(orders.occurred_at),
        discount=orders.discount.sum(),
        net=orders.net.sum(),
    )
    base = base.mutate(discount_share=base.discount / (base.discount + base.net).nullif(0))
    lines = tables.order_lines.left_join(tables.products.select(product_id="id", family="family"), "product_id")
    families = lines.group_by("customer_id").aggregate(families=lines.family.nunique().cast("float64"))
    returns = tables.returns
    returned = returns.group_by("customer_id").aggregate(
        returns_365=within(returns.occurred_on, cutoff, 365).cast("float64").sum(),
        returns_fading=faded(fading(returns.occurred_on, cutoff).sum()),
    )
    joined = base.left_join(families, "customer_id").drop("customer_id_right").left_join(returned, "customer_id")
    names = ("late_180", "late_fading", "late_last", "discount_share", "families", "returns_365", "returns_fading")
    return joined.select("customer_id", *names)


DELIVERY = FeatureSet(
    key="delivery",
    needs=("orders",),
    compute=delivery,
    features=(
        Feature(
            name="late_180",
            label=N_("Late deliveries in 180 days"),
            sentence=mark_plural(
                "%(value)s delivery came late in the last 180 days.",
                "%(value)s deliveries came late in the last 180 days.",
                "value",
            ),
            unit="count",
            sense=1,
            reads="orders.delivered_on",
        ),
        Feature(
            name="late_fading",
            label=N_("Late deliveries, the newest counting most"),
            sentence=N_("Late deliveries, the newest counting most: %(value)s."),
            unit="ratio",
            sense=1,
            reads="orders.delivered_on",
        ),
        Feature(
            name="late_last",
            label=N_("Lateness of the last delivery"),
            sentence=N_("The last delivery came %(value)s after the promised day."),
            unit="days",
            sense=1,
            reads="orders.delivered_on",
        ),
        Feature(
            name="discount_share",
            label=N_("Share of discounts"),
            sentence=N_("Discounts were %(value)s of the list value."),
            unit="ratio",
            reads="orders.discount",
        ),
        Feature(
            name="families",
            label=N_("Product families bought"),
            sentence=mark_plural(
                "Has bought from %(value)s product family.", "Has bought from %(value)s product families.", "value"
            ),
            unit="count",
            reads="products.family",
        ),
        Feature(
            name="returns_365",
            label=N_("Returns in a year"),
            sentence=mark_plural(
                "Returned goods %(value)s time in the last 365 days.",
                "Returned goods %(value)s times in the last 365 days.",
                "value",
            ),
            unit="count",
        ),
        Feature(
            name="returns_fading",
            label=N_("Returns, the newest counting most"),
            sentence=N_("Returns, the newest counting most: %(value)s."),
            unit="ratio",
        ),
    ),
)
