"""What one more point of retention is worth (domain B1): the company's own margin and rate instead of a slogan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import UNIT, added
from kith_plugins.analytics_cim.returns import RATE

POINT = 0.01
FEW = 30


def clv(margin: float, rate: float, discount: float) -> float:
    """m·r/(1+d−r): the value of a customer who brings `margin` a year and stays with `rate`, for ever.

    >>> round(clv(100, 0.81, 0.10) - clv(100, 0.80, 0.10), 2)
    12.64
    """
    return margin * rate / (1 + discount - rate)


def _make(scope: MetricScope) -> ir.Table:
    """Per place and customer active now or a year before: was, stayed, now (0 or 1), `margin` of twelve months, and `rate`."""
    days = scope.days
    marks = days.select(place=days.place * 2, end=days.year_end).union(days.select(place=days.place * 2 + 1, end=days.end))
    standing = scope.staying(marks)
    standing = standing.filter(standing.active.fill_null(False))
    standing = standing.mutate(period=standing.place // 2, then=standing.place % 2 == 0)
    own = standing.group_by("period", "customer_id").aggregate(was=standing.then.any(), now=(~standing.then).any())
    spans, ledger = days.select(span="place", first="year_end", after="end"), scope.buying.ledger
    inside = ledger.inner_join(spans, [ledger.day >= spans["first"], ledger.day < spans.after])
    sums = inside.group_by(of_place="span", of_customer="customer_id").aggregate(
        margin=inside.margin.sum(), amounts=inside.amounts.sum(), covered=inside.covered.sum()
    )
    rows = own.left_join(sums, [own.period == sums.of_place, own.customer_id == sums.of_customer])
    rate = scope.settings.get("discount_rate")
    here = rows.now.cast("int64")
    return rows.select(
        "customer_id",
        place="period",
        was=rows.was.cast("int64"),
        stayed=(rows.was & rows.now).cast("int64"),
        now=here,
        margin=rows.margin.fill_null(0) * here,
        amounts=rows.amounts.fill_null(0) * here,
        covered=rows.covered.fill_null(0) * here,
        rate=ibis.literal(RATE if rate is None else float(rate)),
        costed=ibis.literal(int(scope.buying.has_cost), type="int64"),
        one=ibis.literal(1, type="int64"),
    )


WORTH = Rows(key="worth_of_staying", make=_make)
NAMES = ("was", "stayed", "now", "margin", "amounts", "covered", "rate", "costed", "one")
MEASURES = tuple(added(name, WORTH) for name in NAMES)


def worth(values: Mapping[str, Any]) -> Reading:
    """Active customers × (CLV with one point more − CLV); no rate above 1."""
    if not values["now"]:
        return Reading.none()
    if not values["was"]:
        return Reading.none("no_base", n=int(values["now"]))
    rate, discount = values["stayed"] / values["was"], values["rate"] / values["one"]
    better = min(rate + POINT, 1.0)
    if 1 + discount - better <= 0:  # nobody leaves and a year later is worth as much: without end
        return Reading.none("no_base", n=int(values["now"]))
    margin = values["margin"] / UNIT / values["now"]
    each = clv(margin, better, discount) - clv(margin, rate, discount)
    amounts = values["amounts"]
    rows = (
        {"name": N_("Per customer"), "money": each},
        {"name": N_("Margin per customer in twelve months"), "money": margin},
        {"name": N_("Retention over twelve months"), "share": rate},
    )
    flags = (() if values["costed"] else ("margin_is_net",)) + (("low_confidence",) if values["now"] < FEW else ())
    coverage = values["covered"] / amounts if amounts else None
    return Reading(value=each * values["now"], n=int(values["now"]), flags=flags, coverage=coverage, rows=rows)


METRICS = (
    Metric(
        key="ret.value_of_1pt",
        name=N_("Worth of one point of retention"),
        unit="money",
        better="info",
        kind="outcome",
        words=N_(
            "How much more your active customers would be worth if one in a hundred more stayed each year: margin × rate/(1 + "
            "discount − rate), with your own margin per active customer and your own retention of the last twelve months, and "
            "the discount rate in the module's settings."
        ),
        code="Σ CLV(r + 0.01) − Σ CLV(r)",
        needs=("orders",),
        grains=("tenant", "segment"),
        measures=MEASURES,
        formula=worth,
    ),
)
