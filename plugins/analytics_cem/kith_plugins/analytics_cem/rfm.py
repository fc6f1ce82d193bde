"""RFM: how lately, how often and for how much each customer bought, in eight cells (domain C5)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope
from kith_plugins.analytics_cem.standing import standing

SMALL = 50  # fewer buyers than this are scored in thirds
UNIT = 10_000.0

CELLS = {
    "111": N_("Top: value"),
    "101": N_("Top: develop"),
    "011": N_("Top: keep"),
    "001": N_("Top: win back"),
    "110": N_("General: value"),
    "100": N_("General: develop"),
    "010": N_("General: keep"),
    "000": N_("General: win back"),
}


def scored(own: ir.Table) -> ir.Table:
    """`own` (customer_id, since, days, margin) with r, f, m: min(5, 1 + floor(5·(number strictly worse)/N)), ties equal; of
    fewer than 50 buyers thirds instead of fifths. And `cell`: a bit each for at least the mean score.
    """
    rows = own.mutate(worse=ibis.rank().over(order_by=own.margin), everybody=own.count().over())
    rows = rows.mutate(m=_score(rows.worse, rows.everybody)).view()
    rows = rows.mutate(high_m=rows.m >= rows.m.mean().over())
    rows = _marked(_marked(rows, own, "since", "r", more_is_worse=True), own, "days", "f")
    bits = [ibis.ifelse(rows[f"high_{name}"], "1", "0") for name in "rfm"]
    return rows.mutate(cell=bits[0].concat(bits[1], bits[2]))


def _score(worse: ir.Value, everybody: ir.Value) -> ir.Value:
    parts = ibis.ifelse(everybody < SMALL, 3, 5)
    return ibis.least(parts, 1 + (parts * worse) // everybody).cast("int64")


def _marked(rows: ir.Table, own: ir.Table, column: str, name: str, *, more_is_worse: bool = False) -> ir.Table:
    """With a score and whether it is at least the mean: by counts of each value, of which there are few, instead of by sorting
    everybody.
    """
    values = own.group_by(value=column).aggregate(times=own.count())
    order = values.value.desc() if more_is_worse else values.value
    counted = values.mutate(worse=values.times.cumsum(order_by=order) - values.times, everybody=values.times.sum().over()).view()
    counted = counted.mutate(score=_score(counted.worse, counted.everybody)).view()
    mean = (counted.score * counted.times).sum().over() / counted.everybody
    found = counted.select("value", **{name: counted.score, f"high_{name}": counted.score >= mean})
    return rows.join(found, rows[column] == found.value).drop("value")


def place(scope: PlacementScope) -> ir.Table:
    """Every customer who ever bought: recency over all time, frequency and margin within W."""
    own = standing(scope)
    own = own.filter(own.purchase_days.notnull())
    rows = scored(own.select("customer_id", "since", "margin", days="purchased"))
    return rows.select(
        "customer_id", "cell", margin=rows.margin / UNIT, recency_days="since", purchase_days="days", r="r", f="f", m="m"
    )


RFM = Placement(
    key="rfm",
    label=N_("RFM"),
    answers=N_("Who bought lately, often and for much? Each of the eight groups opens its customers."),
    columns=(
        PlacementColumn(name="cell", label=N_("RFM group"), kind="text", labels=CELLS),
        PlacementColumn(name="margin", label=N_("Margin"), kind="number", unit="money"),
        PlacementColumn(name="recency_days", label=N_("Days since the last purchase"), kind="number", unit="days"),
        PlacementColumn(name="purchase_days", label=N_("Purchase days"), kind="number"),
        PlacementColumn(name="r", label=N_("Recency score"), kind="number"),
        PlacementColumn(name="f", label=N_("Frequency score"), kind="number"),
        PlacementColumn(name="m", label=N_("Money score"), kind="number"),
    ),
    needs=("orders",),
    compute=place,
    map=PlacementMap(
        columns=(N_("Bought lately and often"), N_("Lately"), N_("Often"), N_("Neither")),
        rows=(N_("Much money"), N_("Little money")),
        cells=(("111", "101", "011", "001"), ("110", "100", "010", "000")),
    ),
)
