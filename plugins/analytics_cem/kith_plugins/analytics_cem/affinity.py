"""What a customer may want next (domain C2 M8, D4 baseline): families bought together more often than chance puts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementScope

FAMILIES, PER_FAMILY, POPULAR = 50, 5, 5
SUPPORT = 5  # customers who have both
ORDERS = 200  # with fewer, only what is bought most


@dataclass(frozen=True)
class Hint:
    """Who has `held` may want `next`: `chance` of them have it. `lift` against everybody; without `held` it is what most buy."""

    held: str
    next: str
    chance: float
    lift: float


def lift(both: int, one: int, other: int, everybody: int) -> float:
    """How much more often two things come together than chance would have it.

    >>> round(lift(6, 20, 15, 100), 6)
    2.0
    """
    return both * everybody / (one * other)


def hints(pairs: Sequence[Mapping[str, Any]], single: Mapping[str, int], everybody: int) -> list[Hint]:
    """The best first: of each family the five families its buyers have most, if lift is above 1; then what most buy."""
    found = [
        Hint(row["held"], row["next"], row["both"] / single[row["held"]], lift(row["both"], a, b, everybody))
        for row in pairs
        if row["both"] >= SUPPORT and (a := single[row["held"]]) and (b := single[row["next"]])
    ]
    kept: list[Hint] = []
    taken: dict[str, int] = {}
    for hint in sorted(found, key=lambda one: (-one.chance, -one.lift, one.held, one.next)):
        if hint.lift > 1 and taken.get(hint.held, 0) < PER_FAMILY:
            taken[hint.held] = taken.get(hint.held, 0) + 1
            kept.append(hint)
    most = sorted(single, key=lambda name: (-single[name], name))[:POPULAR]
    return [*kept, *(Hint("", name, single[name] / everybody, 1.0) for name in most)]


def _held(scope: PlacementScope) -> ir.Table:
    """customer_id, family: what each ever bought, of the fifty families with most buyers."""
    tables = scope.tables
    lines, orders, products = tables["order_lines"], tables["orders"], tables["products"]
    named = products.select(sold="id", family=ibis.coalesce(products.family, products.name))
    bought = lines.select("order_id", "product_id").inner_join(orders.select("id", "customer_id"), lines.order_id == orders.id)
    rows = bought.inner_join(named, bought.product_id == named.sold).filter(lambda one: one.customer_id.notnull())
    rows = rows.filter(rows.family.notnull()).select("customer_id", "family").distinct()
    most = rows.group_by("family").aggregate(buyers=rows.count()).order_by([ibis.desc("buyers"), "family"]).limit(FAMILIES)
    return rows.semi_join(most, "family")


def place(scope: PlacementScope) -> ir.Table:
    """Every buyer for whom there is anything left to want."""
    held = scope.once("held", lambda: _held(scope))
    single = {row["family"]: row["buyers"] for row in scope.rows(held.group_by("family").aggregate(buyers=held.count()))}
    (counted,) = scope.rows(held.aggregate(everybody=held.customer_id.nunique(), bought=held.count()))
    pairs: list[dict[str, Any]] = []
    if counted["bought"] >= ORDERS:
        other = held.select(buyer="customer_id", next="family")
        both = held.inner_join(other, [held.customer_id == other.buyer, held.family != other.next])
        pairs = scope.rows(both.group_by(held="family", next="next").aggregate(both=both.count()))
    told = _table(hints(pairs, single, counted["everybody"]))
    rules = held.select("customer_id", own="family").inner_join(told, [ibis._.own == told.held])
    people = held.select("customer_id").distinct()
    popular = people.cross_join(told.filter(told.held == ""))
    wished = rules.select("customer_id", "next", "place").union(popular.select("customer_id", "next", "place"))
    fresh = wished.anti_join(held, [wished.customer_id == held.customer_id, wished.next == held.family])
    best = fresh.group_by("customer_id").aggregate(best=fresh.place.min())
    rows = best.inner_join(told, best.best == told.place)
    return rows.select("customer_id", "chance", "lift", code="next", because="held")


def _table(found: Sequence[Hint]) -> ir.Table:
    columns = {
        "held": pa.array([one.held for one in found], pa.string()),
        "next": pa.array([one.next for one in found], pa.string()),
        "chance": pa.array([one.chance for one in found], pa.float64()),
        "lift": pa.array([one.lift for one in found], pa.float64()),
        "place": pa.array(range(len(found)), pa.int64()),
    }
    return ibis.memtable(pa.table(columns))


AFFINITY = Placement(
    key="next_product",
    label=N_("Next product"),
    answers=N_("Which family of products may each buyer want next?"),
    columns=(
        PlacementColumn(name="code", label=N_("May want next"), kind="text"),
        PlacementColumn(name="chance", label=N_("Share of similar buyers who have it"), kind="number", unit="percent"),
        PlacementColumn(name="lift", label=N_("Times as often as among all buyers"), kind="number"),
        PlacementColumn(name="because", label=N_("Because they bought (empty: what most buy)"), kind="text"),
    ),
    needs=("order_lines", "products"),
    compute=place,
)
