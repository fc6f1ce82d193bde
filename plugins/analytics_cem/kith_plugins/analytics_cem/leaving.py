"""Who stays and who leaves, how, and why (domain B3 `ret.*`); and who of those is won back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.staying import BY_CHOICE, BY_US
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

BACK_WITHIN = 90  # days
CONTROL = ("control", "holdout", "hold-out", "none", "对照", "對照", "对照组", "對照組")


def ends(days: ir.Table) -> ir.Table:
    """Marks for the start and the end of each period: twice as many, the starts first in each pair."""
    starts = days.select(place=days.place * 2, end=days.start)
    return starts.union(days.select(place=days.place * 2 + 1, end=days.end))


def stayed(rows: ir.Table) -> ir.Table:
    """place, customer_id of those active at the start of each period, from `staying` at its `ends`; whether they are `gone` at
    its end, and how.
    """
    rows = rows.mutate(period=rows.place // 2, at_end=rows.place % 2 == 1)
    own = rows.group_by("period", "customer_id").aggregate(
        was=(rows.active & ~rows.at_end).any(),
        gone=(~rows.active & rows.at_end).any(),
        how=rows.how.max(where=rows.at_end),
    )
    own = own.filter(own.was)
    return own.select(place="period", customer_id="customer_id", gone=own.gone.fill_null(False), how="how")


def reasons(scope: MetricScope) -> ir.Table | None:
    """Per period and customer the last that was noted of a leaving in the year before its end: `kind` and `reason`; None without
    such facts.
    """
    parts = []
    if scope.has("leavings"):
        rows = scope.known("leavings")
        parts.append(rows.select("customer_id", "occurred_on", "occurred_at", "kind", "reason"))
    if scope.has("subscription_events"):
        rows = scope.known("subscription_events")
        rows = rows.filter(rows.kind.isin((BY_CHOICE, BY_US, "cancel_requested")), rows.reason.notnull())
        parts.append(rows.select("customer_id", "occurred_on", "occurred_at", kind=ibis.null("string"), reason=rows.reason))
    if not parts:
        return None
    noted = ibis.union(*parts) if len(parts) > 1 else parts[0]
    marks = scope.days.select("place", "year_end", "end")
    noted = noted.inner_join(marks, [noted.occurred_on >= marks.year_end, noted.occurred_on < marks.end])
    return noted.group_by(noted_place="place", noted_id="customer_id").aggregate(
        said=noted.kind.argmax(noted.occurred_at, where=noted.kind.notnull()),
        reason=noted.reason.argmax(noted.occurred_at, where=noted.reason.notnull()),
    )


def classed(rows: ir.Table, noted: ir.Table | None) -> ir.Table:
    """`stayed` rows with `by_choice`, `by_us` and `known` (a reason) of those who are gone, as 0 and 1.

    What was noted decides; else how a subscription ended. Who left silently and of whom nothing is noted is neither.
    """
    if noted is None:
        rows = rows.mutate(said=ibis.null("string"), reason=ibis.null("string"))
    else:
        rows = rows.left_join(noted, [rows.place == noted.noted_place, rows.customer_id == noted.noted_id])
    by_choice = (rows.said == "voluntary") | (rows.said.isnull() & (rows.how == BY_CHOICE))
    by_us = (rows.said == "involuntary") | (rows.said.isnull() & (rows.how == BY_US))

    def counted(value: ir.Value) -> ir.Value:
        return (rows.gone & value).fill_null(False).cast("int64")

    return rows.select(
        "place",
        "customer_id",
        gone=rows.gone.cast("int64"),
        by_choice=counted(by_choice),
        by_us=counted(by_us),
        known=counted(rows.reason.notnull()),
    )


def _stayed(scope: MetricScope) -> ir.Table:
    return classed(stayed(scope.staying(ends(scope.days))), reasons(scope))


STAYED = Rows(key="stayed", make=_stayed, keep=True)
AT_START = Measure(key="at_start", fact=STAYED, aggregate=lambda rows: rows.count())
LEFT = Measure(key="left", fact=STAYED, aggregate=lambda rows: rows.gone.sum())
BY_CHOICE_LEFT = Measure(key="by_choice", fact=STAYED, aggregate=lambda rows: rows.by_choice.sum())
BY_US_LEFT = Measure(key="by_us", fact=STAYED, aggregate=lambda rows: rows.by_us.sum())
KNOWN = Measure(key="known", fact=STAYED, aggregate=lambda rows: rows.known.sum())
LEAVING = (AT_START, LEFT, BY_CHOICE_LEFT, BY_US_LEFT)


def _how(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    unknown = values["left"] - values["by_choice"] - values["by_us"]
    how = {N_("Left silently"): unknown, N_("Left by choice"): values["by_choice"], N_("Ended by us"): values["by_us"]}
    return tuple({"name": name, "count": count} for name, count in how.items())


def rate(values: Mapping[str, Any]) -> Reading:
    """The share that stayed, with how the others left."""
    if not values["at_start"]:
        return Reading.none()
    return Reading.share(values["at_start"] - values["left"], values["at_start"], rows=_how(values))


def churn(kind: str, values: Mapping[str, Any]) -> Reading:
    """The share of those active at the start that left in one way; who left without a known way stands behind it."""
    if not values["at_start"]:
        return Reading.none()
    return Reading.share(values[kind], values["at_start"], rows=_how(values))


def contacted(scope: MetricScope) -> ir.Table:
    """place, customer_id of those who had left when a period began and were chosen for a contact in it: `treated` or not, `ripe`
    where their time is over, `back` where they bought within it.
    """
    sent = scope.happened("touches")
    sent = sent.mutate(treated=sent.arm.fill_null("").lower().notin(CONTROL))
    sent = sent.filter(sent.customer_id.notnull())
    first = sent.group_by("place", "customer_id").aggregate(sent_on=sent.occurred_on.min(), treated=sent.treated.any())
    away = scope.staying(scope.days.select("place", end="start"))
    away = away.filter(~away.active.fill_null(False)).select(away_place="place", away_id="customer_id")
    rows = first.inner_join(away, [first.place == away.away_place, first.customer_id == away.away_id])
    bought = scope.buying.purchases.select("day", buyer="customer_id")
    until = on_day(rows.sent_on + ibis.interval(days=BACK_WITHIN))
    rows = rows.mutate(until=until)
    met = rows.inner_join(bought, [rows.customer_id == bought.buyer, bought.day > rows.sent_on, bought.day <= rows.until])
    met = met.select(back_place="place", back_id="customer_id").distinct()
    rows = rows.left_join(met, [rows.place == met.back_place, rows.customer_id == met.back_id])
    ripe = (rows.until <= ibis.literal(scope.today)).cast("int64")
    return rows.select(
        "place", "customer_id", ripe=ripe, treated=rows.treated.cast("int64"), back=rows.back_id.notnull().cast("int64")
    )


CONTACTED = Rows(key="contacted", make=contacted, keep=True)
WON_BACK = (
    Measure(key="chosen", fact=CONTACTED, aggregate=lambda rows: rows.treated.sum()),
    Measure(key="treated", fact=CONTACTED, aggregate=lambda rows: (rows.treated * rows.ripe).sum()),
    Measure(key="treated_back", fact=CONTACTED, aggregate=lambda rows: (rows.treated * rows.ripe * rows.back).sum()),
    Measure(key="control", fact=CONTACTED, aggregate=lambda rows: ((1 - rows.treated) * rows.ripe).sum()),
    Measure(key="control_back", fact=CONTACTED, aggregate=lambda rows: ((1 - rows.treated) * rows.ripe * rows.back).sum()),
)


def winback(values: Mapping[str, Any]) -> Reading:
    """The share of contacted leavers who bought within 90 days, less that of the control group; gross, and said "
    "so, without one."""
    if not values["treated"]:
        return Reading.none("immature" if values["chosen"] else "empty_denominator", n=int(values["chosen"] or 0))
    gross = Reading.share(values["treated_back"], values["treated"])
    rows = [{"name": N_("Contacted and back"), "share": gross.value}]
    waiting = ("provisional",) if values["chosen"] > values["treated"] else ()
    if not values["control"]:
        flags = tuple(dict.fromkeys((*gross.flags, *waiting, "no_control")))
        return Reading(value=gross.value, n=gross.n, low=gross.low, high=gross.high, flags=flags, rows=tuple(rows))
    alone = values["control_back"] / values["control"]
    rows.append({"name": N_("Back without contact (control group)"), "share": alone})
    few = ("low_confidence",) if gross.flags or values["control"] < 30 else ()
    return Reading(value=(gross.value or 0.0) - alone, n=gross.n, flags=(*few, *waiting), rows=tuple(rows))


def _leaving(key: str, name: str, words: str, kind: str) -> Metric:
    return Metric(
        key=key,
        name=name,
        unit="ratio",
        better="down",
        kind="outcome",
        words=words,
        code=f"left {kind.replace('_', ' ')} / active at the start",
        needs=("orders|subscription_events",),
        grains=("tenant", "segment"),
        measures=LEAVING,
        formula=lambda values: churn(kind, values),
    )


METRICS = (
    Metric(
        key="ret.rate",
        name=N_("Retention rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "One minus the customers who left in the period, divided by those active at its start. A subscriber leaves when "
            "the last subscription ends; anybody else when they are three of their own usual gaps late, and at least 30 days."
        ),
        code="1 − left / active at the start",
        needs=("orders|subscription_events",),
        grains=("tenant", "segment"),
        measures=LEAVING,
        formula=rate,
    ),
    _leaving(
        "ret.churn_vol",
        N_("Churn by choice"),
        N_(
            "Customers who left in the period by their own choice, divided by those active at its start. Of those who left "
            "silently "
            "it is not known, unless the reason was noted; they are counted apart."
        ),
        "by_choice",
    ),
    _leaving(
        "ret.churn_inv",
        N_("Churn by us or by circumstance"),
        N_(
            "Customers whose contract was ended by you, who did not pay, moved away or closed, divided by those active at "
            "the start "
            "of the period."
        ),
        "by_us",
    ),
    Metric(
        key="ret.reason_known",
        name=N_("Reasons of leaving known"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_("Customers who left in the period and whose reason was noted, divided by all who left in it."),
        code="leavers with a reason / leavers",
        needs=("orders|subscription_events",),
        grains=("tenant", "segment"),
        measures=(LEFT, KNOWN),
        formula=lambda values: Reading.share(values["known"], values["left"]),
        target=0.70,
    ),
    Metric(
        key="cem.winback_rate",
        name=N_("Win-back rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Of the customers who had left and were contacted, the share who bought within 90 days, less the same share of "
            "a control "
            "group that was not contacted. Without a control group it is the gross share, and says so."
        ),
        code="back/contacted − back/control",
        needs=("touches", "orders"),
        grains=("tenant", "segment"),
        measures=WON_BACK,
        formula=winback,
    ),
)
