"""The groups A to E and L: frequency against order value, with thresholds frozen for a quarter and hysteresis (domain C3)."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementLimit, PlacementMap, PlacementScope, PlacementShare
from kith_plugins.analytics_cem.lifecycle import FLAGS, GONE, everybody, lately
from kith_plugins.analytics_cem.standing import standing

UNIT = 10_000.0
BEYOND = 0.1  # so far beyond its threshold a change takes effect at once
NEW = 90  # days a customer with one purchase day counts as new
MEDIAN = "median"

GROUPS = {
    "A": N_("Potential"),
    "B": N_("New or uncertain"),
    "C": N_("Frequent buyer"),
    "D": N_("Big spender"),
    "E": N_("Best"),
    "L": N_("Lapsed"),
}
SIDES = {"low": N_("Low"), "high": N_("High")}


def limits(scope: PlacementScope) -> Mapping[str, float]:
    """f* and AOV* over the customers who bought within W: means as in the Customer Value Matrix, or medians by setting."""
    own = standing(scope)
    own = own.filter(own.purchased > 0)
    if scope.settings.get("group_limits") == MEDIAN:
        value = own.net / own.orders.nullif(0)
        found = own.aggregate(frequency=own.purchased.cast("float64").median(), order_value=value.median() / UNIT)
    else:
        found = own.aggregate(frequency=own.purchased.mean(), order_value=own.net.sum() / own.orders.sum().nullif(0) / UNIT)
    (row,) = scope.rows(found)
    return {name: float(value) for name, value in row.items() if value is not None} if row["frequency"] is not None else {}


def place(scope: PlacementScope) -> ir.Table:
    """Everybody. Frequency is purchase days within W, order value net per order within W, each high from its threshold on."""
    rows = everybody(scope)
    value = rows.net / rows.orders.nullif(0) / UNIT
    rows = rows.mutate(frequency=rows.purchased.fill_null(0), margin=rows.margin.fill_null(0), value=value)
    rows = _remembered(rows, scope.before)
    frequency = ibis.literal(scope.limits.get("frequency", 0.0))
    value = ibis.literal(scope.limits.get("order_value", 0.0))
    rows = rows.mutate(raw_f=_raw(rows.frequency, frequency), raw_v=_raw(rows.value.fill_null(0.0), value))
    for letter, number, limit in (("f", rows.frequency, frequency), ("v", rows.value, value)):
        side = _side(rows, letter, number, limit, month_end=scope.month_end)
        seen = rows[f"raw_{letter}"] if scope.month_end else rows[f"seen_{letter}"]
        rows = rows.mutate(**{f"side_{letter}": side, f"seen_{letter}": seen})
    return _grouped(rows, scope)


def _remembered(rows: ir.Table, before: ir.Table | None) -> ir.Table:
    """With what the last turn left: was (group), side_f, side_v, seen_f, seen_v, back (day); "" or null at the first."""
    if before is None:
        empty = dict.fromkeys(("was", "side_f", "side_v", "seen_f", "seen_v"), ibis.literal(""))
        return rows.mutate(**empty, back=ibis.null("date"))
    old = before.select(
        "side_f",
        "side_v",
        "seen_f",
        "seen_v",
        old_id="customer_id",
        was="group",
        back=before.regenerated_on.cast("date"),
    )
    joined = rows.left_join(old, rows.customer_id == old.old_id).drop("old_id")
    return joined.mutate(**{name: joined[name].fill_null("") for name in ("was", "side_f", "side_v", "seen_f", "seen_v")})


def _raw(number: ir.Value, limit: ir.Value) -> ir.Value:
    return ibis.ifelse(number >= limit - _grain(limit), "high", "low")


def _grain(limit: ir.Value) -> ir.Value:
    """Less than any difference that means something: a threshold is a quotient and hits no number exactly."""
    return limit.abs() * 1e-9


def _side(rows: ir.Table, letter: str, number: ir.Value, limit: ir.Value, *, month_end: bool) -> ir.Value:
    """Which side of the threshold: the old one until the new is far enough, or seen at two month-ends one after the other."""
    raw, old, seen = rows[f"raw_{letter}"], rows[f"side_{letter}"], rows[f"seen_{letter}"]
    far = (number >= limit * (1 + BEYOND) - _grain(limit)) | (number <= limit * (1 - BEYOND) + _grain(limit))
    settled = (old == "") | rows.was.isin(("", "A", "L")) | far.fill_null(True)
    twice = ibis.literal(month_end) & (seen == raw)
    return ibis.ifelse(settled | twice, raw, old)


def _grouped(rows: ir.Table, scope: PlacementScope) -> ir.Table:
    day = ibis.literal(scope.day)
    # Tenure counts from the earlier of what the source says and the first purchase.
    tenure = day.delta(ibis.least(ibis.coalesce(rows.known, rows["first"]), rows["first"]), unit="day")
    never = rows["first"].isnull()
    lapsed = (rows.frequency == 0) | rows.stage.isin(GONE).fill_null(False)
    often, dear = rows.side_f == "high", rows.side_v == "high"
    group = ibis.cases(
        (never, "A"),
        (lapsed, "L"),
        ((rows.purchase_days == 1) & (tenure < NEW), "B"),
        (often & dear, "E"),
        (often, "C"),
        (dear, "D"),
        else_="B",
    )
    rows = rows.mutate(group=group)
    bought = ~rows.group.isin(("A", "L"))
    back = ibis.ifelse(bought & (rows.was == "L"), rows["last"], ibis.ifelse(bought, rows.back.cast("date"), ibis.null("date")))
    rows = rows.mutate(regenerated_on=back)
    return rows.select(
        "customer_id",
        "group",
        "frequency",
        "regenerated_on",
        "side_f",
        "side_v",
        "seen_f",
        "seen_v",
        margin=rows.margin / UNIT,
        order_value=rows.value,
        flag=ibis.ifelse(lately(rows.regenerated_on, scope.day), "regenerated", ibis.null("string")),
    )


def _kept(name: str) -> PlacementColumn:
    return PlacementColumn(name=name, label="", kind="text", labels=SIDES)


GROUP = Placement(
    key="group",
    label=N_("Groups"),
    answers=N_("Who buys often, and who spends much at a time? Each group opens its customers."),
    columns=(
        PlacementColumn(name="group", label=N_("Group"), kind="text", labels=GROUPS),
        PlacementColumn(name="margin", label=N_("Margin"), kind="number", unit="money"),
        PlacementColumn(name="frequency", label=N_("Purchase days"), kind="number"),
        PlacementColumn(name="order_value", label=N_("Average order"), kind="number", unit="money"),
        PlacementColumn(name="flag", label=N_("Note"), kind="text", labels=FLAGS),
        PlacementColumn(name="regenerated_on", label=N_("Came back on"), kind="day"),
    ),
    carries=tuple(_kept(name) for name in ("side_f", "side_v", "seen_f", "seen_v")),
    needs=("orders",),
    compute=place,
    by_month=True,
    limits=limits,
    limit_labels=(
        PlacementLimit(name="frequency", label=N_("Often: purchase days from")),
        PlacementLimit(name="order_value", label=N_("Large orders: from"), unit="money"),
    ),
    map=PlacementMap(
        columns=(N_("Not buying now"), N_("Small orders"), N_("Large orders")),
        rows=(N_("Often"), N_("Seldom")),
        cells=(("L", "C", "E"), ("A", "B", "D")),
        colours={code: code for code in GROUPS},
    ),
    shares=(
        PlacementShare(label=N_("A → B: bought for the first time"), start=("A",), end=("B",)),
        PlacementShare(label=N_("B → E: became the best"), start=("B",), end=("E",)),
        PlacementShare(label=N_("B → E within twelve months"), start=("B",), end=("E",), within_year=True),
        PlacementShare(label=N_("E stays E"), start=("E",), end=("E",)),
        PlacementShare(label=N_("E → L: the best who lapsed"), start=("E",), end=("L",), better="down"),
        PlacementShare(label=N_("L → any: came back"), start=("L",), end=("B", "C", "D", "E")),
    ),
)
