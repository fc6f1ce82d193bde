"""Cohorts by the month of the first purchase, and how many of each came back (domain C7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementFigure, PlacementScope
from kith_plugins.analytics_cem.buyers import history

UNIT = 10_000.0
COHORTS = 36
FLAT, FLAT_FOR = 0.01, 3  # the curve is flat where it changes by less for so many months


def _month(day: ir.Value) -> ir.Value:
    """Months counted from year 0."""
    return day.year().cast("int64") * 12 + day.month() - 1


def _name(month: ir.Value) -> ir.Value:
    year, number = (month // 12).cast("string"), (month % 12 + 1).cast("string")
    return year.concat("-", number.lpad(2, "0"))


def _members(scope: PlacementScope) -> ir.Table:
    """customer_id, month, start: every month with a purchase and the customer's first one; net."""

    def make() -> ir.Table:
        rows = history(scope)
        rows = rows.select("customer_id", start=_month(rows.days.mins()), one=rows.bought.unnest())
        rows = rows.select("customer_id", "start", month=_month(rows.one.day), net=rows.one.net)
        return rows.group_by("customer_id", "start", "month").aggregate(net=rows.net.sum())

    return scope.once("cohort_months", make)


def place(scope: PlacementScope) -> ir.Table:
    """Every customer who ever bought."""
    rows, days = _members(scope), history(scope)
    months = rows.group_by(member="customer_id").aggregate(months=rows.count())
    joined = days.left_join(months, days.customer_id == months.member)
    second = ibis.ifelse(joined.gaps.length() > 0, joined.gaps[0], ibis.null("int32"))
    return joined.select("customer_id", "months", second=second, cohort=_name(_month(joined.days.mins())))


def retention(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """cohort, k, size, share (R_k), amount (M_k, net against month 0), rolling (any purchase in month k or later).

    Months that are not over are left out: k beyond the data has no row.
    """
    rows = _members(scope)
    end = scope.day + ONE_DAY
    open_month = end.year * 12 + end.month - 1
    own = rows.group_by("customer_id").aggregate(final=rows.month.max(), start=rows["start"].min())
    lasting = own.group_by("start", k=own.final - own["start"]).aggregate(members=own.count())
    cells = rows.group_by("start", k=rows.month - rows["start"]).aggregate(members=rows.count(), net=rows.net.sum())
    found: dict[int, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for row in scope.rows(cells):
        found[row["start"]][row["k"]] = row
    last: dict[int, dict[int, int]] = defaultdict(dict)
    for row in scope.rows(lasting):
        last[row["start"]][row["k"]] = row["members"]
    told = []
    for start in sorted(found)[-COHORTS:]:
        own_cells, size = found[start], found[start][0]["members"]
        base = own_cells[0]["net"] or 0
        for k in range(open_month - start):
            cell = own_cells.get(k, {"members": 0, "net": 0})
            told.append(
                {
                    "cohort": f"{start // 12}-{start % 12 + 1:02}",
                    "k": k,
                    "size": size,
                    "share": cell["members"] / size,
                    "amount": float(cell["net"] or 0) / float(base) if base > 0 else None,
                    "rolling": sum(count for final, count in last[start].items() if final >= k) / size,
                }
            )
    return told


def flattening(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """In words: where the curve of all cohorts together becomes flat, if it does."""
    rows = retention(scope)
    curve, k = [], 0
    while True:
        cells = [row for row in rows if row["k"] == k]
        if len(cells) < FLAT_FOR:
            break
        size = sum(row["size"] for row in cells)
        curve.append(sum(row["share"] * row["size"] for row in cells) / size)
        k += 1
    for at in range(2, len(curve) - FLAT_FOR + 1):
        if all(abs(curve[at + step] - curve[at + step - 1]) < FLAT for step in range(FLAT_FOR)):
            said = N_(
                "From month %(month)s after the first purchase on, the share who buy in a month stays near %(share)s in 100."
            )
            return [{"text": said, "params": {"month": at, "share": round(100 * curve[at])}}]
    return []


COHORT = Placement(
    key="cohort",
    label=N_("Cohorts"),
    answers=N_("Of the customers who first bought in a month, how many buy again in the months after?"),
    columns=(
        PlacementColumn(name="cohort", label=N_("Month of the first purchase"), kind="text"),
        PlacementColumn(name="months", label=N_("Months with a purchase"), kind="number"),
        PlacementColumn(name="second", label=N_("Days to the second purchase"), kind="number", unit="days"),
    ),
    needs=("orders",),
    compute=place,
    figures=(
        PlacementFigure(
            key="retention",
            title=N_("Share of each cohort that bought again, by months after the first purchase"),
            shape="cohorts",
            compute=retention,
            unit="percent",
            note=N_("Compare cohorts within a column. A month that is not over has no cell."),
        ),
        PlacementFigure(key="flattening", title=N_("Where it settles"), shape="list", compute=flattening),
    ),
)
