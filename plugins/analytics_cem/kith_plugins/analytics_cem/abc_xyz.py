"""ABC–XYZ of customers: how much of the margin they bring, and how evenly they buy (domain C6); with the Pareto curve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import PlacementScope
from kith_plugins.analytics_cem.standing import standing

UNIT = 10_000.0
A_UNTIL, B_UNTIL = 80, 95  # per cent of the margin before an item
X_UNTIL, Y_UNTIL = 0.5, 1.0  # variation of monthly demand
MONTHS = 12
POINTS = 20

CODES = {f"{a}{x}": f"{a}{x}" for a in "ABC" for x in "XYZ"}


def abc(rows: ir.Table) -> ir.Table:
    """`rows` (customer_id, margin as whole number) with `abc` and `before`, the margin of those ahead.

    A while the share before is below 80 %, B below 95 %; who brings nothing is C. Shares are compared by multiplication.
    """
    worth = ibis.greatest(rows.margin, 0)
    order = [rows.margin.desc(), rows.customer_id]
    running = worth.cumsum(order_by=order)
    ranked = rows.mutate(total=worth.sum().over(), before=running - worth)
    part = ranked.before * 100
    letter = ibis.cases(
        (ranked.margin <= 0, "C"), (part < A_UNTIL * ranked.total, "A"), (part < B_UNTIL * ranked.total, "B"), else_="C"
    )
    return ranked.mutate(abc=letter)


def whole_months(first: dt.date, day: dt.date) -> tuple[dt.date, int]:
    """The last twelve months that are over by the day's end, not before `first`: their first day, and how many they are.

    >>> whole_months(dt.date(2025, 3, 9), dt.date(2025, 6, 30))
    (datetime.date(2025, 3, 1), 4)
    """
    end = (day + ONE_DAY).year * 12 + (day + ONE_DAY).month - 1  # the month that is not over, counted from year 0
    start = max(end - MONTHS, first.year * 12 + first.month - 1)
    return dt.date(start // 12, start % 12 + 1, 1), max(0, end - start)


def variation(ledger: ir.Table, start: dt.date, months: int) -> ir.Table:
    """customer_id, variation: population sd over mean of net per month, empty months counting 0; null for mean ≤ 0."""
    end = dt.date(start.year + (start.month - 1 + months) // 12, (start.month - 1 + months) % 12 + 1, 1)
    inside = ledger.filter(ledger.day >= ibis.literal(start), ledger.day < ibis.literal(end))
    monthly = inside.group_by("customer_id", year=inside.day.year(), month=inside.day.month())
    sums = monthly.aggregate(net=inside.net.sum().fill_null(0).cast("float64") / UNIT)
    own = sums.group_by("customer_id").aggregate(total=sums.net.sum(), squares=(sums.net * sums.net).sum())
    spread = (own.squares * float(months) - own.total * own.total).clip(lower=0.0).sqrt()
    return own.select("customer_id", variation=ibis.ifelse(own.total > 0, spread / own.total.nullif(0.0), ibis.null("float64")))


def letter(varies: ir.Value) -> ir.Value:
    """X, Y or Z; nothing sold at all is Z."""
    return ibis.cases((varies <= X_UNTIL, "X"), (varies <= Y_UNTIL, "Y"), else_="Z")


def _own(scope: PlacementScope) -> ir.Table:
    """Buyers with margin within W and abc."""

    own = standing(scope)
    own = own.filter(own.purchase_days.notnull())
    return scope.once("abc", lambda: abc(own.select("customer_id", "first", "margin")))


def place(scope: PlacementScope) -> ir.Table:
    """Every customer who ever bought."""
    rows = _own(scope)
    (known,) = scope.rows(rows.aggregate(first=rows["first"].min()))
    start, months = whole_months(known["first"] or scope.day, scope.day)
    if months:
        found = variation(scope.buying.ledger, start, months)
        rows = rows.left_join(found, "customer_id").drop("customer_id_right")
    else:
        rows = rows.mutate(variation=ibis.null("float64"))
    share = rows.margin / rows.total.nullif(0)
    return rows.select(
        "customer_id",
        code=rows.abc.concat(letter(rows.variation)),
        margin=rows.margin / UNIT,
        variation=rows.variation,
        share=ibis.greatest(share, 0.0),
    )


def pareto(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """How much of the margin the best 5, 10, … 100 % of the buyers bring."""
    rows = _own(scope)
    part = ibis.row_number().over(order_by=[rows.margin.desc(), rows.customer_id])
    placed = rows.mutate(part=(part * POINTS) // rows.count().over(), worth=ibis.greatest(rows.margin, 0))
    found = placed.group_by("part").aggregate(worth=placed.worth.sum(), buyers=placed.count()).order_by("part")
    counted = scope.rows(found)
    whole, everybody = sum(row["worth"] for row in counted), sum(row["buyers"] for row in counted)
    worth = accumulate(row["worth"] for row in counted)
    people = accumulate(row["buyers"] for row in counted)
    return [{"x": one / everybody, "y": sum_ / whole} for one, sum_ in zip(people, worth, strict=True)] if whole else []
