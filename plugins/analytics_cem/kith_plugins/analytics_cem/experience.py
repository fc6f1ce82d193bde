"""What customers say and complain about (domain B2 3a, B3)."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading

ONE_ANSWER_IN = 30  # days; further answers of a customer within them do not count
LOW = 30


def _answers(kind: str, low: float, high: float) -> Measure:
    """Answers of one kind of survey with a score from `low` to `high`."""

    def count(rows: ir.Table) -> ir.Value:
        return ((rows.kind == kind) & rows.score.between(low, high)).fill_null(False).cast("int64").sum()

    return Measure(key=f"{kind}_{low:g}_{high:g}", fact="survey_responses", aggregate=count)


NPS = _answers("nps", 9, 10), _answers("nps", 0, 10), _answers("nps", 0, 6)


def nps(values: Mapping[str, float | None]) -> Reading:
    """100·(promoters − detractors)/answers with its 95 % interval; SE = 100·√((p + d − (p − d)²)/n)."""
    promoters, n, detractors = (values.get(measure.key) or 0.0 for measure in NPS)
    if not n:
        return Reading.none()
    p, d = promoters / n, detractors / n
    error = 100 * sqrt((p + d - (p - d) ** 2) / n)
    score = 100 * (p - d)
    low, high = max(-100.0, score - 1.96 * error), min(100.0, score + 1.96 * error)
    return Reading(value=score, n=int(n), low=low, high=high, flags=("low_confidence",) if n < LOW else ())


def satisfied(answers: ir.Table, days: ir.Table) -> ir.Table:
    """Per period: `answers` with a score of 1–5, one per customer per 30 days, and `good`, those of 4 or 5."""
    marks = days.select("place", "start", "end")
    rows = answers.filter(answers.kind == "csat", answers.score.between(1, 5)).select("id", "customer_id", "occurred_on", "score")
    rows = rows.inner_join(marks, [rows.occurred_on >= marks.start, rows.occurred_on < marks.end])
    before = rows.occurred_on.lag().over(group_by=[rows.place, rows.customer_id], order_by=[rows.occurred_on, rows.id])
    rows = rows.mutate(before=before)
    again = rows.customer_id.notnull() & (rows.occurred_on.delta(rows.before, unit="day") < ONE_ANSWER_IN)
    rows = rows.mutate(again=again.fill_null(False))
    return rows.group_by("place").aggregate(
        answers=(~rows.again).cast("int64").sum(), good=(~rows.again & (rows.score >= 4)).cast("int64").sum()
    )


def _csat(scope: MetricScope) -> list[Reading]:
    answers = scope.frames.during(scope.start, scope.end)["survey_responses"]
    return scope.each(satisfied(answers, scope.days), lambda row: Reading.share(row["good"], row["answers"]))


COMPLAINTS = Measure(
    key="complaints", fact="tickets", aggregate=lambda rows: rows.is_complaint.fill_null(False).cast("int64").sum()
)
ORDERS = Measure(
    key="orders", fact="orders", aggregate=lambda rows: (rows.status.fill_null("") != "cancelled").cast("int64").sum()
)


def complaints(values: Mapping[str, float | None]) -> Reading:
    """Complaints per 1,000 orders."""
    orders = values.get("orders") or 0.0
    if not orders:
        return Reading.none()
    found = values.get("complaints") or 0.0
    return Reading(value=1000 * found / orders, n=int(orders), flags=("low_confidence",) if found < 10 or orders < LOW else ())


METRICS = (
    Metric(
        key="cem.nps",
        name=N_("Net promoter score"),
        unit="points",
        better="up",
        kind="outcome",
        words=N_(
            "Share of answers of 9 or 10, less the share of 0 to 6, times 100. "
            "From −100 to 100; levels differ between industries."
        ),
        needs=("survey_responses",),
        measures=NPS,
        formula=nps,
    ),
    Metric(
        key="cim.sat.csat",
        name=N_("Satisfaction"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_("Answers of 4 or 5 on the scale of five, divided by all answers; one answer per customer in 30 days."),
        needs=("survey_responses",),
        over=_csat,
    ),
    Metric(
        key="cem.complaint_rate",
        name=N_("Complaints per 1,000 orders"),
        unit="score",
        better="info",
        kind="outcome",
        words=N_(
            "Complaints divided by orders that were not cancelled, times 1,000. A fall may mean silence: read it with retention."
        ),
        needs=("orders", "tickets"),
        measures=(COMPLAINTS, ORDERS),
        formula=complaints,
    ),
)
