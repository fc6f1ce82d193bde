"""The way of deals through the stages: of those who enter one, how many reach the next in time (domain B2 2b)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

WINDOW = 60  # days to reach the next stage
MOST = 13  # twelve stages, and won


def until(scope: MetricScope) -> ir.Value:
    """The instant at which the data end: the beginning of the day after the last, on the company's clock."""
    after = dt.datetime.combine(scope.today + ONE_DAY, dt.time(), ZoneInfo(scope.tenant.timezone))
    return ibis.literal(after.astimezone(dt.UTC), type="timestamp('UTC')")


def reached(stages: ir.Table, deals: ir.Table) -> ir.Table:
    """deal, step, at: when each deal first stood at a place or further; a stage that was skipped was passed with the next.

    What is noted of a lost deal once it is closed is no step, duplicates have none. A won deal has reached the last place.
    """
    rows = stages.filter(stages.position.notnull()).select("opportunity_id", "position", at="occurred_at")
    own = deals.filter(~deals.duplicate.fill_null(False)).select("id", "status", "closed_at", "rep", "product_id")
    rows = rows.inner_join(own, rows.opportunity_id == own.id)
    rows = rows.filter(~((rows.status == "lost") & (rows.at >= rows.closed_at)).fill_null(False))
    last = rows.position.max().over()
    rows = rows.mutate(last=last)
    won = rows.filter((rows.status == "won") & rows.closed_at.notnull())
    won = won.mutate(position=won["last"], at=won.closed_at)
    columns = ("id", "rep", "product_id", "position", "last", "at")
    rows = rows.select(*columns).union(won.select(*columns).distinct())
    numbers = ibis.range(1, MOST + 1).unnest().name("step").as_table()
    steps = rows.inner_join(numbers, rows.position >= numbers.step)
    steps = steps.group_by("id", "rep", "product_id", "last", "step").aggregate(at=steps["at"].min())
    following = steps["at"].lead().over(group_by=steps.id, order_by=steps.step)
    return steps.mutate(following=following)


def passed(steps: ir.Table, days: ir.Table, end: ir.Value) -> ir.Table:
    """Per period and deal that entered a stage in it: step, ripe (its time is over), passed (in time); the last place "
    "has none."""
    window = ibis.interval(days=WINDOW)
    marks = days.select("place", "starts_at", "ends_at")
    rows = steps.inner_join(marks, [steps["at"] >= marks.starts_at, steps["at"] < marks.ends_at])
    rows = rows.filter(rows.step < rows["last"])
    ripe = rows["at"] + window <= end
    went = (rows.following <= rows["at"] + window).fill_null(False)
    return rows.select("place", "rep", "product_id", "step", ripe=ripe.cast("int64"), passed=(ripe & went).cast("int64"))


def _make(scope: MetricScope) -> ir.Table:
    tables = scope.frames.at(scope.today)
    return passed(reached(tables["opportunity_stages"], tables["opportunities"]), scope.days, until(scope))


STEPS = Rows(key="funnel_steps", make=_make)


def _of_step(name: str, step: int) -> Measure:
    counted: Callable[[ir.Table], ir.Value] = {
        "entered": lambda rows: (rows.step == step).cast("int64").sum(),
        "ripe": lambda rows: rows.ripe.sum(where=rows.step == step),
        "passed": lambda rows: rows.passed.sum(where=rows.step == step),
    }[name]
    return Measure(key=f"{name}_{step}", fact=STEPS, aggregate=counted)


MEASURES = tuple(_of_step(name, step) for step in range(1, MOST) for name in ("entered", "ripe", "passed"))


def conversion(values: Mapping[str, Any]) -> Reading:
    """The product of the stages' shares: from the first stage to the last; each stage's behind it."""
    rows: list[dict[str, Any]] = []
    total, whole, waiting, few = 1.0, True, False, False
    for step in range(1, MOST):
        entered, ripe, went = (values[f"{name}_{step}"] or 0.0 for name in ("entered", "ripe", "passed"))
        waiting = waiting or entered > ripe
        if not ripe:
            whole = whole and not entered
            continue
        one = Reading.share(went, ripe)
        few = few or bool(one.flags)
        rows.append({"name": f"{step} → {step + 1}", "step": step, "share": one.value, "n": int(ripe)})
        total *= went / ripe
    if not rows:
        return Reading.none("immature" if waiting else "empty_denominator")
    if not whole:  # a stage in the middle of the way whose time is not over
        return Reading(value=None, reason="immature", rows=tuple(rows))
    flags = (("provisional",) if waiting else ()) + (("low_confidence",) if few else ())
    return Reading(value=total, n=rows[0]["n"], flags=flags, rows=tuple(rows))


METRICS = (
    Metric(
        key="cim.sal.stage_conv",
        name=N_("Stage conversion"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Of the deals that enter a stage in the period, the share that reach the next one within 60 days; a skipped stage "
            "counts as passed, deals whose 60 days are not over are left out. The value is the product over all stages."
        ),
        code="Π reached(s+1 in 60 d)/entered(s)",
        needs=("opportunity_stages",),
        grains=("tenant", "rep", "product"),
        measures=MEASURES,
        formula=conversion,
    ),
)
