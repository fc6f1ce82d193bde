"""What each product sells (domain B2 2b, C6): net, units, margin, growth, and its class by margin and evenness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import UNIT, compared, lines

A_UNTIL, B_UNTIL = 80, 95  # per cent of the margin before a product
X_UNTIL, Y_UNTIL = 0.5, 1.0  # variation of monthly units
MONTHS = 12
ABC, XYZ = "ABC", "XYZ"


def mixed(rows: ir.Table) -> ir.Table:
    """Per period and product: net, units and margin of now, net a year before, amounts, covered, costed."""
    return rows.group_by("place", "product_id").aggregate(
        net=rows.net.sum(where=rows.now),
        base=rows.net.sum(where=rows.base),
        margin=(rows.net - rows.cost).sum(where=rows.now),
        units=rows.quantity.sum(where=rows.now),
        amounts=rows.amount.sum(where=rows.now),
        covered=rows.known.sum(where=rows.now),
        costed=rows.costed.max(),
    )


def classes(rows: ir.Table, days: ir.Table) -> ir.Table:
    """in_place, of_product, letters: 3·(0 A, 1 B, 2 C) + (0 X, 1 Y, 2 Z), by margin and units of the twelve months to the end.

    Months are counted back from the period's end. Units vary by the population's standard deviation over the mean.
    """
    marks = days.select("place", "end", "year_end")
    inside = rows.inner_join(marks, [rows.day >= marks.year_end, rows.day < marks.end])
    back = (inside.end.year() - inside.day.year()) * 12 + inside.end.month() - inside.day.month()
    back = back - (inside.day.day() >= inside.end.day()).cast("int64")
    monthly = inside.mutate(back=back).group_by("place", "product_id", "back")
    sums = monthly.aggregate(margin=(inside.net - inside.cost).sum().fill_null(0), units=inside.quantity.sum())
    own = sums.group_by(in_place=sums.place, of_product=sums.product_id).aggregate(
        margin=sums.margin.sum().cast("int64"), total=sums.units.sum(), squares=(sums.units * sums.units).sum()
    )
    worth = ibis.greatest(own.margin, 0)
    running = worth.sum().over(group_by=own.in_place, order_by=[own.margin.desc(), own.of_product], rows=(None, 0))
    ranked = own.mutate(whole=worth.sum().over(group_by=own.in_place), before=(running - worth) * 100)
    abc = ibis.cases(
        (ranked.margin <= 0, 2),
        (ranked.before < A_UNTIL * ranked.whole, 0),
        (ranked.before < B_UNTIL * ranked.whole, 1),
        else_=2,
    )
    spread = (ranked.squares * float(MONTHS) - ranked.total * ranked.total).clip(lower=0.0).sqrt()
    varies = spread / ranked.total.nullif(0.0)
    xyz = ibis.cases((ranked.total <= 0, 2), (varies <= X_UNTIL, 0), (varies <= Y_UNTIL, 1), else_=2)
    return ranked.select("in_place", "of_product", letters=(abc * 3 + xyz).cast("int64"))


def _make(scope: MetricScope) -> ir.Table:
    every = scope.once("lines", lambda: _daily(lines(scope)))
    own, letters = mixed(compared(every, scope.days)), classes(every, scope.days)
    return own.left_join(letters, [own.place == letters.in_place, own.product_id == letters.of_product])


def _daily(rows: ir.Table) -> ir.Table:
    """Lines added up by product and day."""
    return rows.group_by("product_id", "day").aggregate(
        **{name: rows[name].sum() for name in ("net", "cost", "amount", "quantity")},
        known=rows.net.count(),
        costed=rows.costed.max(),
    )


MIX = Rows(key="product_mix", make=_make, keep=True)
MEASURES = (
    Measure(key="net", fact=MIX, aggregate=lambda rows: rows.net.sum()),
    Measure(key="base", fact=MIX, aggregate=lambda rows: rows.base.sum()),
    Measure(key="margin", fact=MIX, aggregate=lambda rows: rows.margin.sum()),
    Measure(key="units", fact=MIX, aggregate=lambda rows: rows.units.sum()),
    Measure(key="amounts", fact=MIX, aggregate=lambda rows: rows.amounts.sum()),
    Measure(key="covered", fact=MIX, aggregate=lambda rows: rows.covered.sum()),
    Measure(key="costed", fact=MIX, aggregate=lambda rows: rows.costed.max()),
    Measure(key="letters", fact=MIX, aggregate=lambda rows: rows.letters.min()),
    Measure(key="products", fact=MIX, aggregate=lambda rows: rows.product_id.nunique(where=rows.amounts > 0)),
)


def mix(values: Mapping[str, Any]) -> Reading:
    """Net sales; units, margin, growth and class behind it."""
    if not values["amounts"] or values["net"] is None:
        return Reading.none()
    net, margin, base, products = values["net"], values["margin"], values["base"], int(values["products"])
    rows: list[dict[str, Any]] = [
        {"name": N_("Products sold"), "count": products},
        {"name": N_("Units sold"), "number": values["units"] or 0.0, "what": "units"},
    ]
    if margin is not None:
        rows.append({"name": N_("Margin"), "money": margin / UNIT, "what": "margin"})
    if base and base > 0:
        rows.append({"name": N_("Growth over a year"), "share": (net - base) / base, "what": "growth"})
    if products == 1 and values["letters"] is not None:
        abc, xyz = divmod(int(values["letters"]), 3)
        rows.append({"class": ABC[abc] + XYZ[xyz]})
    flags = () if values["costed"] else ("margin_is_net",)
    return Reading(
        value=net / UNIT, n=int(values["amounts"]), flags=flags, coverage=values["covered"] / values["amounts"], rows=tuple(rows)
    )


METRICS = (
    Metric(
        key="cim.sal.product_mix",
        name=N_("Sales by product"),
        unit="money",
        better="info",
        kind="outcome",
        words=N_(
            "Net sales of order lines less what came back of them; of each product, and of all together. Behind it: "
            "units, margin, growth over a year, and the class by margin (A to C) and by evenness (X to Z) of the "
            "twelve months to the end."
        ),
        code="Σ line.net − Σ return.net",
        needs=("order_lines", "products"),
        grains=("tenant", "product"),
        measures=MEASURES,
        formula=mix,
    ),
)
