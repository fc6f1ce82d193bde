"""The books of a shop: orders, lines, returns, payments, coupons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.baskets import COUPON_DISCOUNT, Lines
from kith_platform.simulator.columns import codes, dates, money, only, texts, times
from kith_platform.simulator.experiences import Experiences
from kith_platform.simulator.seasons import Floats


@dataclass(frozen=True)
class Books:
    """What the tables of a shop are written from. `ids` are the customers'; `stores` the ids of places of sale, if any."""

    start: date
    days: int
    currency: str
    tax_rate: float
    ids: NDArray[np.str_]
    lived: Experiences
    lines: Lines
    stores: NDArray[np.str_] | None

    @property
    def orders(self) -> NDArray[np.str_]:
        return codes("O", self.lived.who.size)


def orders(rng: np.random.Generator, books: Books, called_off_share: float) -> pl.DataFrame:
    """One row per purchase, and some that were called off and ordered again within the hour (they are no purchases)."""
    lived, lines, size = books.lived, books.lines, books.lived.who.size
    net, everyone = lines.per_order(lines.net, size), np.ones(size, dtype=bool)
    received = only(lived.received, lived.received < books.days)
    pending = np.isnan(received)
    table = pl.DataFrame(
        {
            "order_id": books.orders,
            "customer_id": books.ids[lived.who],
            "ordered_at": times(books.start, lived.at),
            "channel": texts(["store" if books.stores is not None else "app", "online"], lived.online, everyone),
            "store_id": _stores(rng, books),
            "status": texts(["delivered", "shipped"], pending, everyone),
            "status_at": times(books.start, np.where(pending, lived.at, received)),
            "promised_on": dates(books.start, only(np.floor(lived.at) + lived.promised_days, lived.online)),
            "delivered_on": dates(books.start, only(received, lived.online)),
            "net": net,
            "tax": lines.per_order(money(lines.net * books.tax_rate), size),
            "discount": lines.per_order(lines.discount, size),
            "currency": np.full(size, books.currency),
        }
    )
    called_off = table.filter(pl.Series(rng.random(size) < called_off_share)).with_columns(
        pl.format("{}-X", "order_id").alias("order_id"),
        pl.col("ordered_at") - pl.duration(minutes=40),
        (pl.col("ordered_at") - pl.duration(minutes=20)).alias("status_at"),
        pl.lit("cancelled").alias("status"),
        pl.lit(None, dtype=pl.Date).alias("delivered_on"),
    )
    return pl.concat([table, called_off])


def order_lines(books: Books) -> pl.DataFrame:
    """The lines of what was bought; called-off orders have none."""
    lines = books.lines
    return pl.DataFrame(
        {
            "line_id": codes("L", lines.order.size),
            "order_id": books.orders[lines.order],
            "customer_id": books.ids[books.lived.who[lines.order]],
            "sold_at": times(books.start, books.lived.at[lines.order]),
            "product_id": _products(lines),
            "quantity": lines.quantity,
            "unit_price": lines.unit_price,
            "discount": lines.discount,
            "net": lines.net,
            "tax": money(lines.net * books.tax_rate),
            "cost": lines.cost,
            "currency": np.full(lines.order.size, books.currency),
        }
    )


def returns(rng: np.random.Generator, books: Books, share: float) -> pl.DataFrame:
    """Some later lines of baskets come back, the more where goods were faulty; the first line never: no order comes back
    whole, so that purchases in the data and in the truth agree."""
    lines, lived = books.lines, books.lived
    later = np.concatenate([[False], lines.order[1:] == lines.order[:-1]]) if lines.order.size else np.zeros(0, dtype=bool)
    chance = share * np.where(lived.fault[lines.order], 8.0, 1.0)
    at = lived.received[lines.order] + 1.0 + rng.exponential(6.0, lines.order.size)
    row = np.nonzero(later & (rng.random(later.size) < chance) & (at < books.days))[0]
    reasons = np.where(lived.fault[lines.order[row]], 0, rng.integers(1, 4, row.size))
    return pl.DataFrame(
        {
            "return_id": codes("R", row.size),
            "product_id": _products(lines)[row],
            "line_id": codes("L", lines.order.size)[row],
            "order_id": books.orders[lines.order[row]],
            "customer_id": books.ids[lived.who[lines.order[row]]],
            "returned_at": times(books.start, at[row]),
            "quantity": lines.quantity[row],
            "amount": lines.net[row],
            "currency": np.full(row.size, books.currency),
            "reason": texts(["faulty", "wrong_size", "not_as_expected", "changed_mind"], reasons, np.ones(row.size, dtype=bool)),
        }
    )


def payments(rng: np.random.Generator, books: Books) -> pl.DataFrame:
    """One payment per purchase, at once."""
    size = books.lived.who.size
    tax = books.lines.per_order(money(books.lines.net * books.tax_rate), size)
    methods = np.array(["card", "wallet", "cash"])[rng.choice(3, size, p=[0.5, 0.35, 0.15])]
    return pl.DataFrame(
        {
            "payment_id": codes("PM", size),
            "customer_id": books.ids[books.lived.who],
            "order_id": books.orders,
            "paid_at": times(books.start, books.lived.at),
            "amount": money(books.lines.per_order(books.lines.net, size) + tax),
            "currency": np.full(size, books.currency),
            "method": np.where(books.lived.online & (methods == "cash"), "card", methods),
            "succeeded": np.ones(size, dtype=bool),
        }
    )


def coupons(rng: np.random.Generator, touches: pl.DataFrame, end: date) -> pl.DataFrame:
    """A third of the e-mails carry a coupon of ten per cent, valid for 30 days."""
    sent = touches.filter((pl.col("arm") == "treated") & (pl.col("channel") == "email"))
    given = sent.filter(pl.Series(rng.random(sent.height) < 0.33))
    return given.select(
        pl.Series("coupon_id", codes("CP", given.height)),
        "customer_id",
        "campaign",
        pl.col("sent_at").alias("issued_at"),
        pl.col("sent_at").dt.date().dt.offset_by("30d").alias("expires_on"),
        pl.lit(COUPON_DISCOUNT).alias("discount_share"),
    ).filter(pl.col("issued_at").dt.date() < end)


def coupon_redemptions(coupons: pl.DataFrame, orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Orders at the coupon's discount redeem the customer's latest coupon where one is valid and unused."""
    reduced = lines.filter((pl.col("discount") / (pl.col("net") + pl.col("discount")) - COUPON_DISCOUNT).abs() < 0.005)
    bought = orders.filter(pl.col("order_id").is_in(reduced["order_id"].implode())).sort("ordered_at")
    matched = bought.join_asof(
        coupons.sort("issued_at"), left_on="ordered_at", right_on="issued_at", by="customer_id", check_sortedness=False
    )
    used = matched.filter(pl.col("ordered_at").dt.date() <= pl.col("expires_on")).unique(
        "coupon_id", keep="first", maintain_order=True
    )
    return used.select(
        pl.Series("redemption_id", codes("CR", used.height)),
        "coupon_id",
        "customer_id",
        "order_id",
        pl.col("ordered_at").alias("redeemed_at"),
        pl.col("discount").alias("amount"),
        "currency",
    )


def _products(lines: Lines) -> NDArray[np.str_]:
    return codes("P", int(lines.product.max(initial=0)) + 1)[lines.product]


def _stores(rng: np.random.Generator, books: Books) -> pl.Series:
    """Where a purchase in person took place: mostly the customer's own store."""
    size = books.lived.who.size
    if books.stores is None:
        return pl.Series([None] * size, dtype=pl.String)
    own = rng.integers(0, books.stores.size, books.ids.size)[books.lived.who]
    place = np.where(rng.random(size) < 0.85, own, rng.integers(0, books.stores.size, size))
    return texts(books.stores, place, ~books.lived.online)


def spent(books: Books) -> Floats:
    """Net money of each purchase, before returns."""
    return books.lines.per_order(books.lines.net, books.lived.who.size)
