"""The two markets the demo companies live in: every number that shapes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kith_platform.simulator.lives import Temper


@dataclass(frozen=True, kw_only=True)
class Market:
    """`gap` is the median of customers' mean gaps between purchases in days, `spread` the standard deviation of its
    logarithm, `shape` the regularity of gaps (1 Poisson). `visits` are visits per purchase. Money without tax."""

    names: Mapping[str, str]
    industry: str
    currency: str
    time_zone: str
    language: str
    tax_rate: float
    prefix: str
    chinese: float
    gap: float
    spread: float
    shape: int
    feasts: float
    weekend: float
    trend: float
    visits: float
    visit_name: str
    usual_visits: float  # per day, where visits tell nothing
    mean_spend: float  # of an order, in the regimes without shops
    price_rise: float
    delivers: bool
    online: float
    temper: Temper = field(default_factory=Temper)


MARKETS = {
    "retailer": Market(
        names={"en": "Willow & Moon", "zh_Hans": "柳月集", "zh_Hant": "柳月集"},
        industry="retail",
        currency="SGD",
        time_zone="Asia/Singapore",
        language="en",
        tax_rate=0.09,
        prefix="C",
        chinese=0.55,
        gap=34.0,
        spread=0.5,
        shape=3,
        feasts=0.25,
        weekend=0.25,
        trend=0.01,
        visits=1.0,
        visit_name="site_visit",
        usual_visits=0.02,
        mean_spend=60.0,
        price_rise=0.05,
        delivers=True,
        online=0.6,
    ),
    "subscription": Market(
        names={"en": "Lantern Stream", "zh_Hans": "灯影流媒", "zh_Hant": "燈影串流"},
        industry="subscription_media",
        currency="CAD",
        time_zone="America/Vancouver",
        language="zh_Hans",
        tax_rate=0.05,
        prefix="A",
        chinese=0.6,
        gap=34.0,
        spread=0.5,
        shape=3,
        feasts=0.2,
        weekend=0.4,
        trend=0.01,
        visits=2.5,
        visit_name="usage",
        usual_visits=0.06,
        mean_spend=12.0,
        price_rise=0.08,
        delivers=False,
        online=0.0,
        temper=Temper(non_payment=0.00015),
    ),
}
