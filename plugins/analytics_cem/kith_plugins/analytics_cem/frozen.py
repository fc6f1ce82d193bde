"""The most valuable customers as they were when a month began, and what became of the value of the same customers (domain B3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

FEW = 30
GOOD = 4  # of five
MODEL = "clv"
NOBODY = {"place": pa.int64(), "customer_id": pa.int64()}


def total(column: str, rows: ir.Table) -> ir.Value:
    """The column's sum."""
    return rows[column].sum()


def began(scope: MetricScope, day: str) -> ir.Table | None:
    """Per period the scores of the month that begins on its first day (`start`) or on the day after its last (`end`)."""
    kept = scope.frozen(MODEL)
    if kept is None:
        return None
    marks = scope.days.select("place", begins=day)
    return kept.inner_join(marks, kept.month == marks.begins).select("place", "customer_id", "value", "expected")


def best(scope: MetricScope) -> ir.Table:
    """place, customer_id of the most valuable tenth of those active when the period began, by the values kept then."""
    kept = began(scope, "start")
    if kept is None:
        return ibis.memtable(pa.schema(NOBODY).empty_table())
    here = scope.staying(scope.days.select("place", end="start"))
    here = here.filter(here.active.fill_null(False)).select(here_place="place", here_id="customer_id")
    rows = kept.inner_join(here, [kept.place == here.here_place, kept.customer_id == here.here_id])
    rank = ibis.row_number().over(group_by=rows.place, order_by=[rows.value.desc(), rows.customer_id])
    rows = rows.mutate(rank=rank, everybody=rows.count().over(group_by=rows.place))
    # ceil(10 % · N) in whole numbers
    return rows.filter(rows.rank * 10 < rows.everybody).select("place", "customer_id")


def _best(scope: MetricScope) -> ir.Table:
    return scope.once("best", lambda: best(scope))


def stayed(scope: MetricScope) -> ir.Table:
    """The best of each period, `here` where they are still active at its end."""
    rows, active = _best(scope), scope.active()
    active = active.select(active_place="place", active_id="customer_id")
    joined = rows.left_join(active, [rows.place == active.active_place, rows.customer_id == active.active_id])
    return joined.select("place", "customer_id", here=joined.active_id.notnull().cast("int64"))


STAYED = Rows(key="best_stayed", make=stayed)
BEST = Measure(key="best", fact=STAYED, aggregate=lambda rows: rows.count())
HERE = Measure(key="here", fact=STAYED, aggregate=lambda rows: rows.here.sum())


def satisfied(scope: MetricScope) -> ir.Table:
    """Satisfaction answers of customers of each period: `best` and `good`, 0 or 1."""
    rows = scope.happened("survey_responses")
    rows = rows.filter(rows.kind == "csat", rows.score.between(1, 5), rows.customer_id.notnull())
    those = _best(scope).select(best_place="place", best_id="customer_id")
    joined = rows.left_join(those, [rows.place == those.best_place, rows.customer_id == those.best_id])
    return joined.select(
        "place",
        "customer_id",
        best=joined.best_id.notnull().cast("int64"),
        good=(joined.score >= GOOD).cast("int64"),
    )


SATISFIED = Rows(key="best_satisfied", make=satisfied)
GAP = (
    Measure(key="of_best", fact=SATISFIED, aggregate=lambda rows: rows.best.sum()),
    Measure(key="good_best", fact=SATISFIED, aggregate=lambda rows: (rows.best * rows.good).sum()),
    Measure(key="of_others", fact=SATISFIED, aggregate=lambda rows: (1 - rows.best).sum()),
    Measure(key="good_others", fact=SATISFIED, aggregate=lambda rows: ((1 - rows.best) * rows.good).sum()),
)


def gap(values: Mapping[str, Any]) -> Reading:
    """Satisfaction of the best less that of the others."""
    if not values["of_best"] or not values["of_others"]:
        return Reading.none()
    best_share, other_share = values["good_best"] / values["of_best"], values["good_others"] / values["of_others"]
    rows = (
        {"name": N_("Most valuable customers"), "share": best_share},
        {"name": N_("Other customers"), "share": other_share},
    )
    n = int(values["of_best"] + values["of_others"])
    few = ("low_confidence",) if min(values["of_best"], values["of_others"]) < FEW else ()
    return Reading(value=best_share - other_share, n=n, rows=rows, flags=few)


def moved(scope: MetricScope) -> ir.Table:
    """place, customer_id and by how much the value of customers valued at both ends changed: by `purchases` expected, and by
    `margin` of each (all of it where the model does not count purchases); `came` and `went` for those valued at one end alone.
    """
    before, after = began(scope, "start"), began(scope, "end")
    if before is None or after is None:
        empty = ibis.memtable(
            pa.schema({**NOBODY, "purchases": pa.float64(), "margin": pa.float64(), "same": pa.int64()}).empty_table()
        )
        return empty.mutate(came=empty.margin, went=empty.margin)
    then = before.select("place", "customer_id", v0="value", n0="expected")
    now = after.select(now_place="place", now_id="customer_id", v1="value", n1="expected")
    rows = then.outer_join(now, [then.place == now.now_place, then.customer_id == now.now_id])
    both = rows.v0.notnull() & rows.v1.notnull()
    counted = (rows.n0 > 0) & (rows.n1 > 0)
    m0, m1 = rows.v0 / rows.n0.nullif(0.0), rows.v1 / rows.n1.nullif(0.0)
    purchases = ibis.ifelse(counted.fill_null(False), (rows.n1 - rows.n0) * (m0 + m1) / 2.0, 0.0)
    zero = ibis.literal(0.0)
    return rows.select(
        place=ibis.coalesce(rows.place, rows.now_place),
        customer_id=ibis.coalesce(rows.customer_id, rows.now_id),
        same=both.cast("int64"),
        purchases=ibis.ifelse(both, purchases, zero),
        margin=ibis.ifelse(both, rows.v1 - rows.v0 - purchases, zero),
        came=ibis.ifelse(rows.v0.isnull(), rows.v1, zero),
        went=ibis.ifelse(rows.v1.isnull(), rows.v0, zero),
    )


MOVED = Rows(key="value_moved", make=moved)
CHANGE = tuple(
    Measure(key=key, fact=MOVED, aggregate=partial(total, key)) for key in ("same", "purchases", "margin", "came", "went")
)


def delta(values: Mapping[str, Any]) -> Reading:
    """ΔN·(M₀+M₁)/2 + ΔM·(N₀+N₁)/2 over the same customers; who came and went stands apart."""
    if not values["same"]:
        return Reading.none("not_kept")
    rows = (
        {"name": N_("From more or fewer purchases"), "money": values["purchases"]},
        {"name": N_("From margin per purchase"), "money": values["margin"]},
        {"name": N_("Value of customers who came"), "money": values["came"]},
        {"name": N_("Value of customers who went"), "money": values["went"]},
    )
    return Reading(value=values["purchases"] + values["margin"], n=int(values["same"]), rows=rows)


METRICS = (
    Metric(
        key="cem.mvc_gap",
        name=N_("Satisfaction of the most valuable"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Satisfied answers of the most valuable customers, as a share, less the same share of all others. "
            "The list is the one with which the month began."
        ),
        code="CSAT(most valuable) − CSAT(others)",
        needs=("survey_responses", "orders|subscription_events"),
        needs_scores=("clv",),
        measures=GAP,
        formula=gap,
    ),
    Metric(
        key="cem.mvc_stay",
        name=N_("Most valuable customers who stay"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_("Customers who were among the most valuable when the month began and are still active at its end, as a share."),
        code="still active at the end / most valuable at the start",
        needs=("orders|subscription_events",),
        needs_scores=("clv",),
        measures=(BEST, HERE),
        formula=lambda values: Reading.share(values["here"], values["best"]) if values["best"] else Reading.none("not_kept"),
        target=0.95,
    ),
    Metric(
        key="cem.clv_delta",
        name=N_("Change of lifetime value"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "How much the lifetime value of the same customers changed between the beginning of the month and its end: by "
            "the purchases "
            "expected of them, and by the margin of each. Customers who came or went in between are told apart."
        ),
        code="ΔN·(M₀+M₁)/2 + ΔM·(N₀+N₁)/2",
        needs=("orders|subscription_events",),
        needs_scores=("clv",),
        grains=("tenant", "segment"),
        measures=CHANGE,
        formula=delta,
    ),
)
