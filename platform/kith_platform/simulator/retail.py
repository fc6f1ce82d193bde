"""What a retailer has beside customers and orders: products, stores, member cards."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from kith_platform.simulator.baskets import Catalogue, Tastes
from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, dates, money
from kith_platform.simulator.people import REGIONS, People

_FAMILIES = {  # family: median price and articles
    "Tea and sweets": (
        14.0,
        ("Oolong tea", "Jasmine tea", "Almond biscuits", "Sesame brittle", "Mooncake box", "Candied ginger"),
    ),
    "Kitchen": (32.0, ("Tea pot", "Rice bowl", "Bamboo steamer", "Chef's knife", "Wok", "Serving tray")),
    "Home textiles": (48.0, ("Linen throw", "Cotton sheet", "Wool blanket", "Cushion", "Table runner", "Bath towel")),
    "Lighting": (64.0, ("Paper lantern", "Desk lamp", "Candle holder", "Reading light", "String lights", "Night light")),
    "Stationery": (9.0, ("Notebook", "Ink brush", "Letter set", "Desk calendar", "Fountain pen", "Red envelopes")),
    "Beauty": (26.0, ("Hand cream", "Rice soap", "Hair oil", "Face mask", "Lip balm", "Bath salt")),
    "Children": (22.0, ("Wooden blocks", "Picture book", "Kite", "Puzzle", "Plush rabbit", "Paint box")),
    "Garden": (38.0, ("Herb pot", "Watering can", "Bonsai kit", "Garden gloves", "Wind chime", "Seed box")),
}
_EDITIONS = ("Willow", "Moon", "River")


def catalogue(rng: np.random.Generator) -> Catalogue:
    """Eight families of six articles in three editions."""
    rows = [
        (f"{edition} {article}", family, article, median * (0.8 + 0.3 * place))
        for family, (median, articles) in _FAMILIES.items()
        for article in articles
        for place, edition in enumerate(_EDITIONS)
    ]
    price = money(np.array([row[3] for row in rows]) * rng.lognormal(0.0, 0.35, len(rows))) + 0.5
    cost = money(price * rng.uniform(0.4, 0.7, len(rows)))
    table = pl.DataFrame(
        {
            "product_id": codes("P", len(rows)),
            "name": [row[0] for row in rows],
            "family": [row[1] for row in rows],
            "subcategory": [row[2] for row in rows],
            "list_price": price,
            "cost": cost,
        }
    )
    return Catalogue(table, price, cost)


def stores(start: date) -> pl.DataFrame:
    """Two stores in each region but the last two, which have one."""
    places = [*REGIONS, *REGIONS[:-2]]
    return pl.DataFrame(
        {
            "store_id": codes("S", len(places)),
            "name": [f"Willow & Moon {place}{' Mall' if number >= len(REGIONS) else ''}" for number, place in enumerate(places)],
            "city": places,
            "area_m2": [180 + 35 * (number * 7 % 6) for number in range(len(places))],
            "opened_on": dates(start, [-200 - 90 * number for number in range(len(places))]),
        }
    )


def member_cards(
    rng: np.random.Generator, people: People, joined: Ints, taste: Tastes, stores: pl.DataFrame, start: date
) -> pl.DataFrame:
    """Three customers in four take a card when they first buy; its level follows their taste."""
    who = np.nonzero(rng.random(joined.size) < 0.75)[0]
    return pl.DataFrame(
        {
            "card_id": codes("M", who.size),
            "customer_id": people.ids[who],
            "level": np.array(["basic", "basic", "silver", "gold"])[taste.tier[who]],
            "issued_on": dates(start, joined[who]),
            "store_id": stores["store_id"].to_numpy()[rng.integers(0, stores.height, who.size)],
        }
    )
