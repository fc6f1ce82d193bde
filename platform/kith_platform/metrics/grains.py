"""Of what a value is: the whole company, one of its customers or segments, one of its people, channels, products …"""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from kith_platform.i18n import N_
from kith_platform.sdk.metrics import Measure

TENANT, SEGMENT, CUSTOMER, PRODUCT, REP, UNIT = "tenant", "segment", "customer", "product", "rep", "unit"
WHOLE = ""  # the unit of the grain `tenant`

COLUMNS = {
    CUSTOMER: "customer_id",
    PRODUCT: "product_id",
    REP: "rep",
    "channel": "channel",
    UNIT: "unit",
    "initiative": "initiative",
    "supplier": "supplier",
    "partner": "partner",
    "source": "source",
}
LABELS = {
    TENANT: N_("Company"),
    SEGMENT: N_("Segment"),
    CUSTOMER: N_("Customer"),
    PRODUCT: N_("Product"),
    REP: N_("Staff member"),
    "channel": N_("Channel"),
    UNIT: N_("Team"),
    "initiative": N_("Initiative"),
    "supplier": N_("Supplier"),
    "partner": N_("Partner"),
    "source": N_("Source"),
}


def by_unit(rows: ir.Table, grain: str, members: ir.Table | None) -> ir.Table:
    """The rows with `of`, the unit of the grain each belongs to, as text; a row stands once for each segment it is in.

    `members` has segment_id and customer_id. Raises KeyError where the rows do not go by this grain.
    """
    if grain == TENANT:
        return rows
    if grain == SEGMENT:
        if members is None:
            return rows.filter(False).mutate(of=rows.place.cast("string"))
        inside = members.select(of=members.segment_id.cast("string"), member_id="customer_id")
        return rows.inner_join(inside, rows.customer_id == inside.member_id)
    column = COLUMNS[grain]
    if column not in rows.columns:
        raise KeyError(f"the rows have no {column}")
    kept = rows.filter(rows[column].notnull())
    return kept.mutate(of=kept[column].cast("string"))


def summed(rows: ir.Table, measures: Sequence[Measure], grain: str, members: ir.Table | None) -> ir.Table:
    """A row per place (and unit, `of`) with a column per measure, named by its number, and the two of its money's coverage."""
    inside = by_unit(rows, grain, members)
    columns: dict[str, ir.Value] = {}
    for number, measure in enumerate(measures):
        columns[f"m{number}"] = measure.aggregate(inside)
        had = f"had_{measure.money}"
        if measure.money and had in inside.columns:
            columns[f"a{number}"] = inside[had].sum()
            columns[f"c{number}"] = inside[measure.money].count()
    by = ["place"] if grain == TENANT else ["place", "of"]
    return inside.group_by(by).aggregate(**columns)
