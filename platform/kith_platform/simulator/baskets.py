"""What is bought for how much: products, the lines of each order and each customer's true mean spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.buying import Ints, Purchases
from kith_platform.simulator.columns import money
from kith_platform.simulator.seasons import Floats

_QUANTITIES = np.array([1, 2, 3, 8])
_QUANTITY_ODDS = np.array([0.84, 0.11, 0.045, 0.005])  # 8: a gift for everybody
_DISCOUNTS = np.array([0.0, 0.1, 0.25])
_DISCOUNT_ODDS = np.array([0.72, 0.22, 0.06])
COUPON_DISCOUNT = 0.1


@dataclass(frozen=True)
class Catalogue:
    """Products in order; `price` and `cost` per piece without tax at price level 1."""

    table: pl.DataFrame
    price: Floats
    cost: Floats


@dataclass(frozen=True)
class Tastes:
    """Per customer: price tier (0 modest … 3 fine) and expected number of further lines in a basket."""

    tier: Ints
    further: Floats

    def mean_spend(self, catalogue: Catalogue) -> Floats:
        """The true mean net of an order at price level 1."""
        price = _tier_odds(catalogue) @ catalogue.price
        each = (_QUANTITIES @ _QUANTITY_ODDS) * (1 - _DISCOUNTS @ _DISCOUNT_ODDS)
        return np.asarray(price[self.tier] * (1 + self.further) * each)


@dataclass(frozen=True)
class Lines:
    """Order lines in order of their orders; `order` indexes the purchases. Money without tax, in the company's currency."""

    order: Ints
    product: Ints
    quantity: Ints
    unit_price: Floats
    discount: Floats
    net: Floats
    cost: Floats

    def per_order(self, values: Floats, orders: int) -> Floats:
        return money(np.bincount(self.order, values, minlength=orders))


def tastes(rng: np.random.Generator, customers: int, *, alike: bool = False) -> Tastes:
    """Different tiers and basket sizes; the tail of basket sizes is heavy. `alike`: the same for everybody."""
    tier = rng.choice(4, customers, p=[0.35, 0.35, 0.2, 0.1])
    further = np.minimum(rng.lognormal(np.log(0.8), 0.7, customers), 8.0)
    return Tastes(np.ones_like(tier), np.ones_like(further)) if alike else Tastes(tier, further)


def baskets(
    rng: np.random.Generator, catalogue: Catalogue, taste: Tastes, bought: Purchases, level: Floats, shops: bool
) -> Lines:
    """Fill a basket for each purchase by taste, at the price level of its day. Without `shops` nothing is reduced in price."""
    size = bought.who.size
    order = np.repeat(np.arange(size), 1 + rng.poisson(taste.further[bought.who]))
    chance = np.cumsum(_tier_odds(catalogue), axis=1)
    tier = taste.tier[bought.who][order]
    drawn = rng.random(order.size)
    product = np.empty(order.size, dtype=np.int64)
    for each in range(chance.shape[0]):
        product[tier == each] = np.searchsorted(chance[each], drawn[tier == each] * chance[each, -1])
    quantity = rng.choice(_QUANTITIES, order.size, p=_QUANTITY_ODDS)
    unit_price = money(catalogue.price[product] * level[bought.day[order]])
    reduced = rng.choice(_DISCOUNTS, size, p=_DISCOUNT_ODDS) if shops else np.zeros(size)
    gross = money(quantity * unit_price)
    discount = money(gross * reduced[order])
    cost = money(quantity * catalogue.cost[product])
    return Lines(order, product, quantity, unit_price, discount, money(gross - discount), cost)


def priced_to(lines: Lines, net: Floats, cost_share: float) -> Lines:
    """The same lines with prices such that each order's net comes to `net`; cost is a fixed share of it."""
    share = lines.net / np.bincount(lines.order, lines.net)[lines.order]
    unit_price = np.maximum(money(net[lines.order] * share / lines.quantity), 0.01)
    line_net = money(unit_price * lines.quantity)
    none = np.zeros(line_net.size)
    return Lines(lines.order, lines.product, lines.quantity, unit_price, none, line_net, money(line_net * cost_share))


def _tier_odds(catalogue: Catalogue) -> NDArray[np.float64]:
    """How likely each tier picks each product (4 × products, rows sum to 1): fine tiers lean to dear products."""
    rank = np.argsort(np.argsort(catalogue.price)) / max(catalogue.price.size - 1, 1)
    odds = np.exp(-(((rank[None, :] - np.array([0.2, 0.45, 0.65, 0.85])[:, None]) / 0.25) ** 2))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
