"""Complaints and what became of them (domain B3): how many, how fast, whether people were content, whether they stayed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.survival import median, signed
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

FEW = 30
GOOD = 4  # of five
ANSWER_WITHIN = dt.timedelta(days=30)
KEPT_AFTER = 90  # days
DECILES = 10


def complained(scope: MetricScope, at: str = "") -> ir.Table:
    """Complaints of each period, by the day they came or by another time of theirs."""
    rows = scope.happened("tickets", at=at)
    return rows.filter(rows.is_complaint.fill_null(False))


def ordered(scope: MetricScope) -> ir.Table:
    """Orders of each period that stand, once for each product in them."""
    orders = scope.sold().select("place", "customer_id", "channel", order="id")
    if not scope.has("order_lines"):
        return orders.mutate(product_id=ibis.null("int64"))
    lines = scope.known("order_lines")
    lines = lines.select(line_order="order_id", product_id="product_id").distinct()
    return orders.left_join(lines, orders.order == lines.line_order).drop("line_order")


COMPLAINED = Rows(key="complained", make=complained)
ORDERED = Rows(key="ordered", make=ordered)
COMPLAINTS = Measure(key="complaints", fact=COMPLAINED, aggregate=lambda rows: rows.count())
ORDERS = Measure(key="orders", fact=ORDERED, aggregate=lambda rows: rows.order.nunique())


def complaint_rate(values: Mapping[str, Any]) -> Reading:
    """Complaints per 1,000 orders."""
    orders, found = values["orders"], values["complaints"] or 0.0
    if not orders:
        return Reading.none()
    return Reading(value=1000 * found / orders, n=int(orders), flags=("low_confidence",) if found < 10 or orders < FEW else ())


def _now(scope: MetricScope) -> ir.Value:
    """The instant to which the data reach."""
    after = dt.datetime.combine(scope.today + dt.timedelta(days=1), dt.time(), ZoneInfo(scope.tenant.timezone))
    return ibis.literal(after.astimezone(dt.UTC), type="timestamp('UTC')")


def handled(scope: MetricScope) -> ir.Table:
    """Complaints of each period with `waited`: business minutes until resolved, and −minutes − 1 of those that are still open."""
    rows = complained(scope)
    rows = rows.mutate(until=ibis.coalesce(rows.resolved_at, _now(scope)))
    rows = scope.open_minutes(rows, "occurred_at", "until", "minutes")
    return rows.mutate(waited=ibis.ifelse(rows.resolved_at.notnull(), rows.minutes, -rows.minutes - 1.0))


HANDLED = Rows(key="handled", make=handled)
WAITED = Measure(key="waited", fact=HANDLED, aggregate=lambda rows: rows.waited.collect())


def time_to_resolve(values: Mapping[str, Any]) -> Reading:
    """The median in business hours; open complaints count as not yet resolved."""
    waited = values["waited"] or ()
    ended, open_ = signed(waited)
    if not waited:
        return Reading.none()
    middle = median(ended, open_)
    rows = ({"name": N_("Still open"), "count": len(open_)},)
    if middle is None:
        return Reading(value=None, n=len(waited), reason="half_still_open", rows=rows)
    return Reading(value=middle / 60, n=len(waited), rows=rows, flags=("low_confidence",) if len(waited) < FEW else ())


def asked_after(scope: MetricScope) -> ir.Table:
    """Complaints resolved in each period after which their satisfaction was asked within 30 days: `answered`, `content`.

    A survey that names its ticket counts for that one; any other of the customer for the complaint it follows.
    """
    rows = complained(scope, at="resolved_at")
    rows = rows.select("place", "customer_id", "channel", "rep", "resolved_at", complaint="id")
    asked = scope.known("survey_responses")
    asked = asked.filter(asked.kind == "csat")
    asked = asked.select("ticket_id", "score", sent_at="occurred_at", whom="customer_id")
    named = rows.inner_join(asked, rows.complaint == asked.ticket_id)
    loose = asked.filter(asked.ticket_id.isnull())
    others = rows.inner_join(loose, rows.customer_id == loose.whom)
    both = named.union(others)
    passed = both.sent_at.epoch_seconds() - both.resolved_at.epoch_seconds()
    both = both.filter(passed >= 0, passed <= ANSWER_WITHIN.total_seconds())
    return both.group_by("place", "complaint").aggregate(
        customer_id=both.customer_id.min(),
        channel=both.channel.min(),
        rep=both.rep.min(),
        answered=both.score.notnull().any().cast("int64"),
        content=(both.score >= GOOD).any().fill_null(False).cast("int64"),
    )


ASKED_AFTER = Rows(key="asked_after", make=asked_after, keep=True)
RECOVERY = (
    Measure(key="asked", fact=ASKED_AFTER, aggregate=lambda rows: rows.count()),
    Measure(key="answered", fact=ASKED_AFTER, aggregate=lambda rows: rows.answered.sum()),
    Measure(key="content", fact=ASKED_AFTER, aggregate=lambda rows: rows.content.sum()),
)


def recovery_rate(values: Mapping[str, Any]) -> Reading:
    """Content afterwards, of those asked; no value where nobody answered."""
    if not values["answered"]:
        return Reading.none()
    return Reading.share(values["content"], values["asked"])


def matched(scope: MetricScope) -> ir.Table:
    """place, customer_id of complainers who were content after their complaint: `kept` (still active 90 days after the period),
    and `usual`, the share kept of customers of the same tenth of value and the same year who did not complain.
    """
    days = scope.days
    later = days.select(place=days.place * 2 + 1, end=(days.end + ibis.interval(days=KEPT_AFTER)).cast("timestamp").cast("date"))
    both = scope.staying(days.select(place=days.place * 2, end=days.start).union(later))
    both = both.mutate(period=both.place // 2, at_end=both.place % 2 == 1)
    base = both.group_by("period", "customer_id").aggregate(
        was=(both.active & ~both.at_end).any(), kept=(both.active & both.at_end).any()
    )
    base = base.filter(base.was).select(place="period", customer_id="customer_id", kept=base.kept.fill_null(False).cast("int64"))
    marks = days.select("place", "start", "year_start")
    book = scope.buying.ledger.select("day", "margin", buyer="customer_id")
    spent = book.inner_join(marks, book.day < marks.start)
    worth = spent.group_by(worth_place="place", buyer="buyer").aggregate(
        margin=spent.margin.sum(where=spent.day >= spent.year_start).fill_null(0), first=spent.day.min(), start=spent.start.min()
    )
    base = base.left_join(worth, [base.place == worth.worth_place, base.customer_id == worth.buyer])
    base = base.mutate(margin=base.margin.fill_null(0), years=(base.start.delta(base["first"], unit="day") // 365).fill_null(0))
    # Equal margins share a tenth: rank among all of them, not the order of rows.
    rank = ibis.percent_rank().over(group_by=base.place, order_by=base.margin)
    base = base.mutate(tenth=(rank * DECILES).floor().cast("int64"))
    done = asked_after(scope)
    content = done.filter(done.content == 1).select("place", "customer_id").distinct().mutate(content=ibis.literal(1))
    unhappy = complained(scope).select(unhappy_place="place", unhappy_id="customer_id").distinct()
    base = base.left_join(unhappy, [base.place == unhappy.unhappy_place, base.customer_id == unhappy.unhappy_id])
    calm = base.filter(base.unhappy_id.isnull())
    cells = calm.group_by(cell_place="place", cell_tenth="tenth", cell_years="years").aggregate(usual=calm.kept.mean())
    rows = base.inner_join(content, [base.place == content.place, base.customer_id == content.customer_id])
    rows = rows.inner_join(
        cells, [rows.place == cells.cell_place, rows.tenth == cells.cell_tenth, rows.years == cells.cell_years]
    )
    ripe = rows.place.isin(tuple(at for at, one in enumerate(scope.periods) if (scope.today - one.end).days >= KEPT_AFTER - 1))
    return rows.select("place", "customer_id", "kept", "usual", ripe=ripe.cast("int64"))


MATCHED = Rows(key="matched", make=matched, keep=True)
LIFT = (
    Measure(key="recovered", fact=MATCHED, aggregate=lambda rows: rows.count()),
    Measure(key="ripe", fact=MATCHED, aggregate=lambda rows: rows.ripe.sum()),
    Measure(key="kept", fact=MATCHED, aggregate=lambda rows: rows.kept.sum()),
    Measure(key="usual", fact=MATCHED, aggregate=lambda rows: rows.usual.sum()),
)


def recovery_lift(values: Mapping[str, Any]) -> Reading:
    """Share kept of recovered complainers, less that of the customers they are matched with."""
    n = values["recovered"]
    if not n:
        return Reading.none()
    if values["ripe"] < n:
        return Reading.none("immature", n=int(n))
    kept, usual = values["kept"] / n, values["usual"] / n
    rows = (
        {"name": N_("Stayed after a complaint put right"), "share": kept},
        {"name": N_("Stayed, like them but without complaint"), "share": usual},
    )
    flags = ("grade_b", *(("low_confidence",) if n < FEW else ()))
    return Reading(value=kept - usual, n=int(n), rows=rows, flags=flags)


METRICS = (
    Metric(
        key="cem.complaint_rate",
        name=N_("Complaints per 1,000 orders"),
        unit="per_1000",
        better="info",
        kind="outcome",
        words=N_(
            "Complaints divided by orders that were not cancelled, times 1,000. A fall may mean silence: read it with retention."
        ),
        code="1000 · complaints / orders",
        needs=("orders", "tickets"),
        grains=("tenant", "channel", "product"),
        measures=(COMPLAINTS, ORDERS),
        formula=complaint_rate,
    ),
    Metric(
        key="cem.recovery_rate",
        name=N_("Complaints put right"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Complaints closed in the period whose customer was asked within 30 days and gave 4 or 5 of 5, divided by "
            "those asked."
        ),
        code="content within 30 days / asked",
        needs=("tickets", "survey_responses"),
        grains=("tenant", "channel", "rep"),
        measures=RECOVERY,
        formula=recovery_rate,
        target=0.80,
    ),
    Metric(
        key="cem.recovery_lift",
        name=N_("Staying after a complaint put right"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Share of customers, content after their complaint, who are still active 90 days after the period, less the "
            "same share of "
            "customers of the same tenth of value and the same year of buying who did not complain. A comparison, not a "
            "trial: grade B."
        ),
        code="kept(recovered) − kept(matched)",
        needs=("tickets", "survey_responses", "orders|subscription_events"),
        grains=("tenant", "segment"),
        measures=LIFT,
        formula=recovery_lift,
    ),
    Metric(
        key="cem.time_to_resolve",
        name=N_("Time until a complaint is resolved"),
        unit="hours",
        better="down",
        kind="process",
        words=N_(
            "Median business hours from a complaint to its solution, for complaints that came in the period. Those still "
            "open count as "
            "longer than they have lasted (Kaplan–Meier); where half are open there is no median yet."
        ),
        code="Kaplan–Meier median of business hours",
        needs=("tickets",),
        grains=("tenant", "channel"),
        measures=(WAITED,),
        formula=time_to_resolve,
    ),
)
