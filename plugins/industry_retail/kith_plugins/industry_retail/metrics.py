"""Three numbers a retailer asks for (domain F1). Orders whose status is cancelled or returned are no sales."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading

UNIT = 10_000.0  # money in frames is ten-thousandths
VOID = ("cancelled", "returned")
STORES = "retail.store_basket"


def sales(scope: MetricScope) -> ir.Table:
    """The period's orders that stand, with `net` in the company's currency and `amount`, 1 where the order has one at all."""
    tables = scope.frames.during(scope.period.start, scope.period.end)
    orders = tables["orders"]
    orders = orders.filter(orders.status.isnull() | orders.status.notin(VOID), (orders.net >= 0).fill_null(True))
    narrow = orders.select(
        "customer_id", "occurred_on", "store", "net", "currency", order_id=orders.id, amount=orders.net.notnull().cast("int64")
    )
    return tables.money(narrow, "net")


def of_members(scope: MetricScope, orders: ir.Table) -> ir.Table:
    """The orders with `member`, whether their customer held a card on that day."""
    cards = scope.frames.at(scope.today)["member_cards"]
    first = cards.filter(cards.customer_id.notnull()).group_by(holder=cards.customer_id).aggregate(since=cards.occurred_on.min())
    joined = orders.left_join(first, orders.customer_id == first.holder)
    return joined.mutate(member=(joined.since <= joined.occurred_on).fill_null(False))


def _member_share(scope: MetricScope) -> Reading:
    orders = of_members(scope, sales(scope))
    row = scope.one(
        orders.aggregate(
            net=orders.net.sum(),
            of_members=orders.net.sum(where=orders.member),
            n=orders.net.count(),
            amounts=orders.amount.sum(),
        )
    )
    if not row["net"]:
        return Reading.none(n=row["n"] or 0)
    return Reading(value=(row["of_members"] or 0) / row["net"], n=row["n"], coverage=_coverage(row))


def _coupons(scope: MetricScope) -> Reading:
    known = scope.frames.at(scope.today)
    coupons, used = known["coupons"], known["coupon_redemptions"]
    start, end = ibis.literal(scope.period.start), ibis.literal(scope.period.end)
    due = coupons.filter(coupons.expires_on >= start, coupons.expires_on < end).select(
        number=coupons.id, until=coupons.expires_on
    )
    first = used.filter(used.coupon_id.notnull()).group_by(coupon=used.coupon_id).aggregate(day=used.occurred_on.min())
    joined = due.left_join(first, due.number == first.coupon)
    row = scope.one(
        joined.aggregate(due=joined.count(), redeemed=(joined.day <= joined.until).fill_null(False).cast("int64").sum())
    )
    return Reading.share(row["redeemed"], row["due"])


def _store_basket(scope: MetricScope) -> Reading:
    orders = of_members(scope, sales(scope))
    orders = orders.filter(orders.store.notnull(), orders.store != "")
    by_store = orders.group_by("store").aggregate(
        net=orders.net.sum().fill_null(0),
        of_members=orders.net.sum(where=orders.member).fill_null(0),
        orders=orders.net.count(),
        amounts=orders.amount.sum(),
    )
    rows = scope.frames.at(scope.today).run(by_store.order_by([by_store.net.desc(), by_store.store])).to_pylist()
    count, net = sum(row["orders"] for row in rows), sum(row["net"] for row in rows)
    if not count:
        return Reading.none()
    whole = {"n": count, "amounts": sum(row["amounts"] for row in rows)}
    return Reading(value=net / UNIT / count, n=count, coverage=_coverage(whole), rows=tuple(_shown(row) for row in rows))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    share = row["of_members"] / row["net"] if row["net"] else None
    return {"store": row["store"], "sales": row["net"] / UNIT, "orders": row["orders"], "member_share": share}


def _coverage(row: dict[str, Any]) -> float | None:
    return row["n"] / row["amounts"] if row["amounts"] else None


METRICS = (
    Metric(
        key="retail.member_share",
        name=N_("Member sales share"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Net sales to customers who held a member card on the day of the order ÷ net sales of all orders. Orders that were "
            "cancelled or returned are left out; orders of unknown customers count below the line."
        ),
        needs=("orders", "member_cards"),
        compute=_member_share,
    ),
    Metric(
        key="retail.coupon_redemption",
        name=N_("Coupon redemption rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_("Coupons redeemed by the last day they were valid ÷ coupons whose last valid day lies in the period."),
        needs=("coupons",),
        compute=_coupons,
    ),
    Metric(
        key=STORES,
        name=N_("Average store basket"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "Net sales of orders made in a store ÷ number of these orders. Orders that were cancelled or returned are left out."
        ),
        needs=("orders", "stores"),
        compute=_store_basket,
    ),
)
