"""ABC–XYZ of products: how much of the margin each brings, how evenly it sells, and what follows for its stock (domain C6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, PlacementScope
from kith_plugins.analytics_cem.abc_xyz import UNIT, abc, letter, variation, whole_months

YEAR = 365  # days of margin
VOID = ("cancelled", "returned")
NAMED, LISTED = 3, 100  # products of a class in the sentence, and in the table behind it

SENTENCE = N_("%(code)s: %(products)s products bring %(share)s in 100 of the margin, first of all %(names)s. %(advice)s")
ADVICE = {
    "AX": N_("Keep them in stock, with a service level of 98 %."),
    "AZ": N_("Make them to order, or agree on a buffer with the quote."),
    "CZ": N_("Ask whether they still belong to the range."),
}
ELSE = N_("Keep what you have.")


def _lines(scope: PlacementScope) -> ir.Table:
    """customer_id (the product's id), day, net (units, ten-thousandths), margin: sold up to the day, of orders that stand."""
    lines, orders = scope.tables["order_lines"], scope.tables["orders"]
    stands = orders.filter(orders.status.isnull() | orders.status.notin(VOID)).select(standing_id="id")
    lines = lines.filter(lines.product_id.notnull()).semi_join(stands, lines.order_id == stands.standing_id)
    lines = lines.select("product_id", "occurred_on", "currency", "quantity", "net", cost=lines.cost.fill_null(0))
    told = scope.tables.money(lines, "net", "cost")
    units = (told.quantity.fill_null(1).cast("float64") * UNIT).round().cast("int64")
    return told.select(customer_id="product_id", day="occurred_on", net=units, margin=told.net - told.cost)


def classed(scope: PlacementScope) -> list[dict[str, Any]]:
    """name, code, margin (money), variation of each product, the best first; empty without order lines."""
    if not scope.has("order_lines") or not scope.has("products"):
        return []
    lines = scope.once("product_lines", lambda: _lines(scope))
    (known,) = scope.rows(lines.aggregate(first=lines.day.min()))
    if known["first"] is None:
        return []
    recent = ibis.literal(scope.day).delta(lines.day, unit="day") < YEAR
    own = lines.group_by("customer_id").aggregate(margin=lines.margin.sum(where=recent).fill_null(0).cast("int64"))
    start, months = whole_months(known["first"], scope.day)
    rows = abc(own)
    even = variation(lines, start, months).rename(even_id="customer_id") if months else None
    joined = (
        rows.mutate(variation=ibis.null("float64")) if even is None else rows.left_join(even, rows.customer_id == even.even_id)
    )
    names = scope.tables["products"].select(product="id", name="name")
    joined = joined.left_join(names, joined.customer_id == names.product)
    found = joined.select(
        "margin", "variation", "customer_id", name=joined.name, code=joined.abc.concat(letter(joined.variation))
    )
    found = found.order_by([found.margin.desc(), found.customer_id])
    return [{**row, "margin": row["margin"] / UNIT} for row in scope.rows(found.drop("customer_id"))]


def classes(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """A sentence for each class that has products, with the products behind it."""
    every = classed(scope)
    whole = sum(max(row["margin"], 0.0) for row in every)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in every:
        found[row["code"]].append(row)
    return [
        {
            "text": SENTENCE,
            "params": {
                "code": code,
                "products": len(rows),
                "share": round(100 * sum(max(row["margin"], 0.0) for row in rows) / whole) if whole else 0,
                "names": ", ".join(row["name"] or "?" for row in rows[:NAMED]),
            },
            "say": {"advice": ADVICE.get(code, ELSE)},
            "items": [{name: row[name] for name in ("name", "margin", "variation")} for row in rows[:LISTED]],
        }
        for code, rows in sorted(found.items())
    ]
