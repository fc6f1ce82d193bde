"""What coupons and cards tell models: known before the cutoff, one row per customer with a card or a coupon."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Feature, FeatureSet, mark_plural

if TYPE_CHECKING:
    from kith_platform.sdk.types import Tables


def loyalty(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """`retail_card_days` since the first card, `retail_coupons_used` in 365 days, `retail_coupons_open` valid and unused."""
    last_day, year_ago = ibis.date(cutoff - dt.timedelta(days=1)), ibis.date(cutoff - dt.timedelta(days=365))
    cards, coupons, used = tables["member_cards"], tables["coupons"], tables["coupon_redemptions"]
    held = cards.group_by("customer_id").aggregate(first=cards.occurred_on.min())
    held = held.select("customer_id", retail_card_days=last_day.delta(held.first, unit="day").cast("float64"))
    redeemed = used.group_by("customer_id").aggregate(
        retail_coupons_used=(used.occurred_on >= year_ago).cast("float64").sum(),
    )
    spent = used.filter(used.coupon_id.notnull()).select(spent="coupon_id").distinct()
    waiting = coupons.filter((coupons.expires_on > last_day).fill_null(True)).anti_join(spent, coupons.id == spent.spent)
    given = waiting.group_by("customer_id").aggregate(retail_coupons_open=waiting.count().cast("float64"))
    both = _outer(_outer(held, redeemed), given)
    return both.filter(both.customer_id.notnull())


def _outer(left: ir.Table, right: ir.Table) -> ir.Table:
    """All customers of either side."""
    other = right.rename(other_id="customer_id")
    joined = left.outer_join(other, left.customer_id == other.other_id)
    return joined.mutate(customer_id=ibis.coalesce(joined.customer_id, joined.other_id)).drop("other_id")


LOYALTY = FeatureSet(
    key="industry_retail.loyalty",
    needs=("member_cards", "coupons", "coupon_redemptions"),
    compute=loyalty,
    features=(
        Feature(
            name="retail_card_days",
            label=N_("Days since the member card"),
            sentence=N_("Has held a member card for %(value)s."),
            unit="days",
        ),
        Feature(
            name="retail_coupons_used",
            label=N_("Coupons used in a year"),
            sentence=mark_plural(
                "Used %(value)s coupon in the last 365 days.", "Used %(value)s coupons in the last 365 days.", "value"
            ),
            unit="count",
            sense=-1,
        ),
        Feature(
            name="retail_coupons_open",
            label=N_("Coupons not yet used"),
            sentence=mark_plural(
                "Holds %(value)s valid coupon that was not used.", "Holds %(value)s valid coupons that were not used.", "value"
            ),
            unit="count",
        ),
    ),
)
