"""Deals that were closed: how many are won, and what selling brings per day (domain B2 2b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk import survival
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows, Setting
from kith_plugins.analytics_cim.book import UNIT, days_between

NO_DECISION = ("no_decision", "no decision", "未决定", "未決定")
OUT = "out"

SETTINGS = (
    Setting(
        key="no_decision",
        label=N_("Deals that end without a decision"),
        kind="choice",
        default="lost",
        choices=(("lost", N_("Count as lost")), (OUT, N_("Do not count"))),
        help=N_("Deals closed as lost for the reason “No decision”."),
    ),
)


def closed(scope: MetricScope) -> ir.Table:
    """Deals by the day they were closed: place, rep, channel, product_id, customer_id, won, lost (0 or 1), worth."""
    rows = scope.happened("opportunities", at="closed_at")
    rows = rows.filter(~rows.duplicate.fill_null(False), rows.status.isin(("won", "lost")))
    won = rows.status == "won"
    lost = ~won
    if scope.settings.get("no_decision") == OUT:
        lost = lost & rows.loss_reason.fill_null("").lower().notin(NO_DECISION)
    return rows.select(
        "place",
        "customer_id",
        "rep",
        "channel",
        "product_id",
        won=won.cast("int64"),
        lost=lost.cast("int64"),
        worth=ibis.ifelse(won, ibis.coalesce(rows.won_amount, rows.amount), rows.amount),
        had_worth=ibis.ifelse(won, rows.had_won_amount | rows.had_amount, rows.had_amount).cast("int64"),
    )


CLOSED = Rows(key="deals_closed", make=closed)
WON = Measure(key="won", fact=CLOSED, aggregate=lambda rows: rows.won.sum())
LOST = Measure(key="lost", fact=CLOSED, aggregate=lambda rows: rows.lost.sum())
WORTH_WON = Measure(key="worth_won", fact=CLOSED, aggregate=lambda rows: rows.worth.sum(where=rows.won == 1), money="worth")
WORTH_LOST = Measure(key="worth_lost", fact=CLOSED, aggregate=lambda rows: rows.worth.sum(where=rows.lost == 1))


def win_rate(values: Mapping[str, Any]) -> Reading:
    """Won of those closed, by number; behind it by amount."""
    won, lost = values["won"] or 0.0, values["lost"] or 0.0
    gained, gone = values["worth_won"] or 0.0, values["worth_lost"] or 0.0
    rows = [{"name": N_("By amount"), "share": gained / (gained + gone)}] if gained + gone > 0 else []
    return Reading.share(won, won + lost, rows=rows)


def standing(scope: MetricScope) -> ir.Table:
    """Deals that stood open at the end of a period: `open` 1; with those closed in the twelve months before, each with `cycle`,
    the days from opening to closing, or −days − 1 so far.
    """
    rows = scope.frames.at(scope.today)["opportunities"]
    rows = rows.filter(~rows.duplicate.fill_null(False))
    marks = scope.days.select("place", "ends_at", "year_end")
    rows = rows.inner_join(marks, rows.occurred_at < marks.ends_at)
    still = is_open(rows)
    over = (rows.closed_at < rows.ends_at) & (rows.closed_at.cast("date") >= rows.year_end) & rows.status.isin(("won", "lost"))
    rows = rows.mutate(still=still.fill_null(False), over=over.fill_null(False))
    rows = rows.filter(rows.still | rows.over)
    cycle = ibis.ifelse(
        rows.still, -days_between(rows.occurred_at, rows.ends_at) - 1.0, days_between(rows.occurred_at, rows.closed_at)
    )
    return rows.select("place", "rep", open=rows.still.cast("int64"), cycle=cycle)


def is_open(rows: ir.Table) -> ir.Value:
    """Whether a deal was open at the instant `ends_at`. One that is closed without saying when was not."""
    return (rows.closed_at >= rows.ends_at) | (rows.closed_at.isnull() & rows.status.fill_null("open").isin(("open",)))


STANDING = Rows(key="deals_standing", make=standing)
OPEN = Measure(key="open", fact=STANDING, aggregate=lambda rows: rows.open.sum())
CYCLES = Measure(key="cycles", fact=STANDING, aggregate=lambda rows: rows.cycle.collect())


def velocity(values: Mapping[str, Any]) -> Reading:
    """Open deals × share won × mean amount won / median days; no value where a part has none."""
    won, lost, count = values["won"] or 0.0, values["lost"] or 0.0, values["open"]
    ended, waiting = survival.signed(values["cycles"] or [])
    days = survival.median(ended, waiting)
    if count is None or not won or values["worth_won"] is None:
        return Reading.none()
    if days is None:
        return Reading.none("immature" if waiting else "empty_denominator")
    if not days:
        return Reading.none()
    rate, mean = won / (won + lost), values["worth_won"] / won / UNIT
    rows = (
        {"name": N_("Open deals"), "count": int(count)},
        {"name": N_("Share won"), "share": rate},
        {"name": N_("Mean amount won"), "money": mean},
        {"name": N_("Median days from opening to closing"), "number": days},
    )
    few = ("low_confidence",) if won + lost < 30 or won < 10 else ()
    return Reading(value=count * rate * mean / days, n=int(won + lost), flags=few, rows=rows)


METRICS = (
    Metric(
        key="cim.sal.win_rate",
        name=N_("Win rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Deals won, divided by deals won and lost, by the day they were closed. Open deals and duplicates do not "
            "count; deals without a decision count as lost unless set otherwise. Behind it: the same by amount."
        ),
        code="won/(won+lost)",
        needs=("opportunities",),
        grains=("tenant", "rep", "segment", "channel", "product"),
        measures=(WON, LOST, WORTH_WON, WORTH_LOST),
        formula=win_rate,
    ),
    Metric(
        key="cim.sal.velocity",
        name=N_("Sales velocity per day"),
        unit="money_per_day",
        better="up",
        kind="outcome",
        words=N_(
            "Deals open at the end of the period × share won × mean amount won ÷ median days from opening to closing. The days "
            "are of deals closed in twelve months; open deals count as not closed yet."
        ),
        code="open·win_rate·mean(won_amount)/median(cycle)",
        needs=("opportunities",),
        grains=("tenant", "rep"),
        measures=(OPEN, CYCLES, WON, LOST, WORTH_WON),
        formula=velocity,
    ),
)
