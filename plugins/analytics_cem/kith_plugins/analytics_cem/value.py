"""Where the value lies: concentration, most valuable customers, lifetime value, customer equity (domain B3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

UNIT = 10_000.0  # money in frames is ten-thousandths
LISTED = 100  # of the most valuable customers, so many are listed by name


def margins(ledger: ir.Table, days: ir.Table) -> ir.Table:
    """place, customer_id, margin (ten-thousandths), amounts, covered over the twelve months before each period's end."""
    marks = days.select("place", "year_end", "end")
    rows = ledger.inner_join(marks, [ledger.day >= marks.year_end, ledger.day < marks.end])
    return rows.group_by("place", "customer_id").aggregate(
        margin=rows.margin.sum().fill_null(0).cast("int64"), amounts=rows.amounts.sum(), covered=rows.covered.sum()
    )


def concentration(own: ir.Table) -> ir.Table:
    """Ten rows at most per place, a tenth of the customers each, the best first: its margin, and parts of the three figures.

    `own`: place, customer_id, margin, amounts, covered. `top` is margin of the best fifth, `needed` counts those whose
    predecessors give less than 80 %, `weighed` is Σ i·x_i with i ascending (Gini). Shares are compared by multiplication.
    """
    order = [own.margin.desc(), own.customer_id]
    ranked = own.mutate(
        rank=ibis.row_number().over(group_by=own.place, order_by=order),
        reached=own.margin.sum().over(group_by=own.place, order_by=order, rows=(None, 0)).cast("float64"),
        total=own.margin.sum().over(group_by=own.place).cast("float64"),
        everybody=own.count().over(group_by=own.place),
    )
    ranked = ranked.mutate(tenth=(ranked.rank * 10) // ranked.everybody)
    missing = (ranked.reached - ranked.margin) * 5 < ranked.total * 4
    rows = ranked.group_by("place", "tenth").aggregate(
        customers=ranked.count(),
        margin=ranked.margin.sum().cast("float64"),
        top=ranked.margin.sum(where=ranked.rank * 5 < ranked.everybody).cast("float64"),
        needed=missing.cast("int64").sum(),
        weighed=((ranked.everybody - ranked.rank) * ranked.margin.cast("float64")).sum(),
        lowest=ranked.margin.min(),
        amounts=ranked.amounts.sum().cast("int64"),
        covered=ranked.covered.sum().cast("int64"),
    )
    return rows.order_by("place", "tenth")


def _pareto(scope: MetricScope) -> list[Reading]:
    tenths: dict[int, list[dict[str, Any]]] = {}
    for row in scope.rows(concentration(margins(scope.buying.ledger, scope.days))):
        tenths.setdefault(row["place"], []).append(row)
    flags = _flags(scope)
    return [concentrated(tenths.get(place, []), flags) for place in range(len(scope.periods))]


def concentrated(rows: Sequence[Mapping[str, Any]], flags: tuple[str, ...] = ()) -> Reading:
    """The reading of one period's tenths: the best fifth's share; behind it the 80 % share, Gini, and the curve."""
    n, total = sum(row["customers"] for row in rows), sum(row["margin"] for row in rows)
    if total <= 0:
        return Reading.none(n=n)
    gini = 2 * sum(row["weighed"] for row in rows) / (n * total) - (n + 1) / n
    figures = [
        {"name": N_("Customers who give 80 % of the margin"), "share": sum(row["needed"] for row in rows) / n},
        {"name": N_("Gini coefficient"), "number": gini},
    ]
    reached, met, curve = 0.0, 0, []
    for row in rows:
        reached, met = reached + row["margin"], met + row["customers"]
        curve.append({"customers": met / n, "margin": reached / total})
    flags = (*flags, *(("negatives",) if any(row["lowest"] < 0 for row in rows) else ()))
    return Reading(
        value=sum(row["top"] or 0.0 for row in rows) / total,
        n=n,
        flags=flags if n >= 30 else (*flags, "low_confidence"),
        coverage=_coverage(rows),
        rows=(*figures, *curve),
    )


def _coverage(rows: Sequence[Mapping[str, Any]]) -> float | None:
    amounts = sum(row["amounts"] for row in rows)
    return sum(row["covered"] for row in rows) / amounts if amounts else None


def _flags(scope: MetricScope) -> tuple[str, ...]:
    return () if scope.buying.has_cost else ("margin_is_net",)


def worth(scores: ir.Table, active: ir.Table) -> ir.Table:
    """customer_id, clv of the active customers who have a score, with their `place`, the most valuable 0 (tie: id)."""
    here = active.select(active_id="customer_id")
    rows = scores.inner_join(here, scores.customer_id == here.active_id)
    rows = rows.select("customer_id", clv=rows.value)
    return rows.mutate(place=ibis.row_number().over(order_by=[rows.clv.desc(), rows.customer_id]))


def _worth(scope: MetricScope) -> ir.Table:
    """Of the scope's only period."""
    scores = scope.scores("clv")
    assert scores is not None  # noqa: S101 - the metric names the model among its needs
    return scope.once("worth", lambda: worth(scores, scope.active()))


def valued(scope: MetricScope) -> ir.Table:
    """place, customer_id, clv of those active at each period's end, by the newest scores; `costed` where orders carry costs."""
    scores = scope.scores("clv")
    assert scores is not None  # noqa: S101 - the metric names the model among its needs
    active, scored = scope.active(), scores.select("value", scored_id="customer_id")
    rows = active.inner_join(scored, active.customer_id == scored.scored_id)
    return rows.select("place", "customer_id", clv="value", costed=ibis.literal(int(scope.buying.has_cost)))


VALUED = Rows(key="valued", make=valued)
VALUES = (
    Measure(key="n", fact=VALUED, aggregate=lambda rows: rows.count()),
    Measure(key="total", fact=VALUED, aggregate=lambda rows: rows.clv.sum()),
    Measure(key="middle", fact=VALUED, aggregate=lambda rows: rows.clv.median()),
    Measure(key="costed", fact=VALUED, aggregate=lambda rows: rows.costed.max()),
)


def lifetime_value(values: Mapping[str, Any]) -> Reading:
    """The mean over active customers; sum and median behind it."""
    n = values["n"]
    if not n:
        return Reading.none()
    rows = (
        {"name": N_("Sum over all active customers"), "money": values["total"]},
        {"name": N_("Median"), "money": values["middle"]},
    )
    return Reading(value=values["total"] / n, n=int(n), flags=_costed(values), rows=rows)


def equity(values: Mapping[str, Any]) -> Reading:
    """The sum over active customers."""
    return Reading(value=values["total"], n=int(values["n"]), flags=_costed(values)) if values["n"] else Reading.none()


def _costed(values: Mapping[str, Any]) -> tuple[str, ...]:
    return () if values["costed"] else ("margin_is_net",)


def best_count(customers: int) -> int:
    """How many the most valuable tenth holds: ceil(10 % · N), in whole numbers.

    >>> best_count(95)
    10
    """
    return -(-customers // 10)


def _count(scope: MetricScope) -> int:
    rows = _worth(scope)
    return best_count(int(scope.one(rows.aggregate(n=rows.count()))["n"]))


def _mvc_set(scope: MetricScope) -> Reading:
    count = _count(scope)
    if not count:
        return Reading.none()
    rows = _worth(scope)
    people = scope.frames.at(scope.today).customers.select("public_id", person="customer_id")
    named = rows.filter(rows.place < min(count, LISTED)).inner_join(people, rows.customer_id == people.person)
    listed = scope.frames.at(scope.today).run(named.order_by("place").select("public_id", "clv")).to_pylist()
    return Reading(
        value=float(count),
        n=count,
        flags=_flags(scope),
        rows=tuple({"customer": str(row["public_id"]), "money": row["clv"]} for row in listed),
    )


def share_of_best(best: ir.Table, own: ir.Table, count: int) -> ir.Table:
    """One row: `part` of all customers' margin (`total`) that the `count` best give; ten-thousandths."""
    chosen = best.filter(best.place < count).select(best_id="customer_id")
    rows = own.left_join(chosen, own.customer_id == chosen.best_id)
    return rows.aggregate(
        part=rows.margin.sum(where=rows.best_id.notnull()).cast("float64"),
        total=rows.margin.sum().cast("float64"),
        n=rows.count(),
        amounts=rows.amounts.sum().cast("int64"),
        covered=rows.covered.sum().cast("int64"),
    )


def _mvc_share(scope: MetricScope) -> Reading:
    count = _count(scope)
    [row] = scope.rows(share_of_best(_worth(scope), margins(scope.buying.ledger, scope.days), count))
    if not count or not row["total"] or row["total"] <= 0:
        return Reading.none()
    return Reading(value=(row["part"] or 0.0) / row["total"], n=row["n"], flags=_flags(scope), coverage=_coverage([row]))


METRICS = (
    Metric(
        key="cem.pareto",
        name=N_("Share of the best fifth"),
        unit="ratio",
        better="info",
        kind="outcome",
        words=N_(
            "Margin of the 20 % of customers with the highest margin in the last twelve months, divided by the margin of all. "
            "Beside it: the share of customers who give 80 % of the margin, and the Gini coefficient (0 equal, 1 all from one)."
        ),
        needs=("orders",),
        over=_pareto,
    ),
    Metric(
        key="cem.mvc_set",
        name=N_("Most valuable customers"),
        unit="list",
        better="info",
        kind="outcome",
        words=N_(
            "The tenth of active customers, rounded up, with the highest lifetime value of the next twelve months; kept by month."
        ),
        needs=("orders",),
        needs_scores=("clv",),
        compute=_mvc_set,
        latest_only=True,
    ),
    Metric(
        key="cem.mvc_share",
        name=N_("Margin from the most valuable customers"),
        unit="ratio",
        better="info",
        kind="outcome",
        words=N_(
            "Margin of the most valuable customers in the last twelve months, "
            "divided by the margin of all. Above 1 where others cost money."
        ),
        needs=("orders",),
        needs_scores=("clv",),
        compute=_mvc_share,
        latest_only=True,
    ),
    Metric(
        key="cem.clv",
        name=N_("Lifetime value per customer"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "Mean over active customers of the discounted margin "
            "expected in the next twelve months, as the model of lifetime value says."
        ),
        needs=("orders",),
        needs_scores=("clv",),
        grains=("tenant", "customer", "segment"),
        measures=VALUES,
        formula=lifetime_value,
        latest_only=True,
    ),
    Metric(
        key="cem.equity",
        name=N_("Customer equity"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_("Sum over active customers of the discounted margin expected in the next twelve months."),
        needs=("orders",),
        needs_scores=("clv",),
        measures=VALUES,
        formula=equity,
        latest_only=True,
    ),
)
