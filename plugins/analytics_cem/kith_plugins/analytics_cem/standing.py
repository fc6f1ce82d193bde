"""Each customer's standing on a day: rhythm, spending, contracts, and the stage of life that follows (domain C4)."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import AT_LEAST, LATE, on_day
from kith_platform.sdk.types import PlacementScope, PlacementTurns
from kith_plugins.analytics_cem import spending
from kith_plugins.analytics_cem.buyers import buyers
from kith_plugins.analytics_cem.contracts import CONTRACT, contracts, owing
from kith_plugins.analytics_cem.holidays import clock
from kith_plugins.analytics_cem.season import months, seasons

DECLINING = 1.5  # ρ beyond which a customer declines
MATURE_GAPS, STEADY = 3, 0.6
MATURE_CONTRACT = 180  # days a subscription runs until its customer is mature without purchases
BOUGHT = {
    "first": "date",
    "last": "date",
    "since": "int64",
    "purchase_days": "int64",
    "gap_count": "int64",
    "tau": "float64",
    "variation": "float64",
    "segment_gap": "float64",
    "purchased": "int64",
    "net": "int64",
    "orders": "int64",
    "margin": "int64",
    "s": "float64",
    "s_week_ago": "float64",
}


def standing(scope: PlacementScope) -> ir.Table:
    """Per customer with any history: the numbers of `buyers`, and stage, waited, late (ρ), s, left_on, reason, resting, running.

    Who ever bought has purchase_days. Computed once for all turns.
    """
    return scope.together("standing", _standing)


def _standing(turns: PlacementTurns) -> ir.Table:
    rows = _bought(turns) if turns.has("orders") else None
    # What a company has no facts of is null for everybody, and costs nothing.
    parts: tuple[tuple[str, dict[str, str], Callable[[PlacementTurns], ir.Table]], ...] = (
        ("events", {"use": "float64", "use_week_ago": "float64"}, spending.usage),
        ("subscription_events", CONTRACT, contracts),
        ("invoices", {"owes": "boolean"}, owing),
    )
    lacking: dict[str, str] = {}
    for need, kinds, make in parts:
        if turns.has(need):
            rows = make(turns) if rows is None else _both(rows, make(turns))
        else:
            lacking |= kinds
    assert rows is not None  # noqa: S101 - the placements name orders or subscriptions among their needs
    lacking |= {name: kind for name, kind in (BOUGHT | SEASON).items() if name not in rows.columns}
    return _judged(rows.mutate(**{name: ibis.null(kind) for name, kind in lacking.items()}), turns)


SEASON = {"season": "string", "in_season": "int64"}


def _bought(turns: PlacementTurns) -> ir.Table:
    """`buyers` with s and, of whom it would otherwise make late or declining, the season."""
    rows = turns.keep("buyers", lambda: _spending(turns))
    seasonal = seasons(rows, turns)
    rows = rows.drop("early", "late")
    if seasonal is None:
        return rows
    named = seasonal.rename(seasonal_id="customer_id", seasonal_turn="turn")
    joined = rows.left_join(named, [rows.customer_id == named.seasonal_id, rows.turn == named.seasonal_turn])
    return joined.drop("seasonal_id", "seasonal_turn")


def _spending(turns: PlacementTurns) -> ir.Table:
    rows = spending.trend(buyers(turns), turns)
    rows = months(rows, (rows.since > DECLINING * rows.tau) | spending.less(rows.s, rows.s_week_ago), turns)
    return rows.select("customer_id", "turn", "early", "late", *BOUGHT)


def _both(rows: ir.Table, more: ir.Table) -> ir.Table:
    """All rows of either, matched by customer and turn."""
    named = more.rename(joined_id="customer_id", joined_turn="turn")
    joined = rows.outer_join(named, [rows.customer_id == named.joined_id, rows.turn == named.joined_turn])
    keys = {"customer_id": joined.joined_id, "turn": joined.joined_turn}
    return joined.mutate(**{name: ibis.coalesce(joined[name], key) for name, key in keys.items()}).drop(
        "joined_id", "joined_turn"
    )


def _judged(rows: ir.Table, turns: PlacementTurns) -> ir.Table:
    """The first rule that fits."""
    if ticking := clock(turns):
        rows = ticking.numbered(rows, "last")
        waited = turns.told(rows, {day: ticking.number(day) for day in turns.days}) - rows.number
    else:
        waited = rows.since
    month, seasonal = turns.turn(rows).month(), rows.season.notnull()
    rows = rows.mutate(
        waited=ibis.ifelse(seasonal, rows.in_season, waited),
        resting=(seasonal & (rows.season.substr(month - 1, 1) == "0")).fill_null(False),
        running=rows.running.fill_null(False),
        bound=rows.running.notnull(),
    ).view()
    late = rows.waited / rows.tau
    bought, running, awake = rows.purchase_days.notnull(), rows.running, ~rows.resting
    s, s_before = ibis.coalesce(rows.s, rows.use), ibis.coalesce(rows.s_week_ago, rows.use_week_ago)
    less = spending.less(s, s_before)
    # Whoever buys after the contract's end is a customer again.
    over = rows.bound & ~running & ~(rows["last"] > rows.over_on).fill_null(False)
    ended_by_us = over & (rows.ended == "ended").fill_null(False)
    unpaid = over & rows.owes.fill_null(False)
    silent = ~running & awake & ((late > LATE) & (rows.waited >= AT_LEAST)).fill_null(False)
    steady = (rows.gap_count >= MATURE_GAPS) & (rows.variation <= STEADY)
    held = running & (rows.bound_days >= MATURE_CONTRACT).fill_null(False) & ~bought
    settled = (steady.fill_null(False) & (late <= DECLINING).fill_null(False)) | held
    stage = ibis.cases(
        (ended_by_us | unpaid, "left_inv"),
        (over, "left_vol"),
        (~bought & ~running, "acquisition"),
        (silent, "left"),
        (awake & ((late > DECLINING).fill_null(False) | less), "decline"),
        (settled & ~less, "mature"),
        else_="growth",
    )
    rows = rows.mutate(stage=stage, late=late, s=s, reason=ibis.ifelse(over, rows.reason, ibis.null("string"))).view()
    return _dated(rows, turns)


def _dated(rows: ir.Table, turns: PlacementTurns) -> ir.Table:
    """With left_on and the reason."""
    # ρ passes 3 on the day after three whole rhythms; a season's clock has stood still, so there the day is not known.
    crossing = (ibis.greatest((rows.tau * LATE).floor() + 1, float(AT_LEAST))).cast("int64")
    crossed = on_day(rows["last"] + crossing.as_interval("D"))
    if ticking := clock(turns):
        rows = ticking.day(rows.mutate(crosses=rows.number + crossing).view(), "crosses", "crossed").view()
        crossed = rows.crossed
    left_on = ibis.cases(
        (rows.stage == "left", ibis.ifelse(rows.season.isnull(), crossed, turns.turn(rows))),
        (rows.stage.isin(("left_vol", "left_inv")), rows.over_on),
        else_=ibis.null("date"),
    )
    reason = ibis.ifelse(rows.stage == "left", "unknown", rows.reason)
    names = (name for name in BOUGHT if name not in ("s", "s_week_ago"))
    return rows.select(
        "customer_id", "turn", *names, "stage", "waited", "late", "s", "resting", "running", left_on=left_on, reason=reason
    )
