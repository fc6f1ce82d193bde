"""Satisfaction and buying again (domain B2, 3a and 3b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from kith_platform.sdk.rhythm import repeated, usual_gap
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

ONE_ANSWER_IN = 30  # days; further answers of a customer within them do not count
GOOD = 4  # of five


def satisfied(rows: ir.Table) -> ir.Table:
    """Answers of 1 to 5 to 'how content are you', one per customer in 30 days; `good` 1 for those of 4 or 5."""
    rows = rows.filter(rows.kind == "csat")
    rows = rows.mutate(answered=rows.score.between(1, 5).fill_null(False).cast("int64"))
    before = rows.occurred_on.lag().over(
        group_by=[rows.place, rows.customer_id, rows.answered], order_by=[rows.occurred_on, rows.id]
    )
    rows = rows.mutate(before=before)
    again = rows.customer_id.notnull() & (rows.occurred_on.delta(rows.before, unit="day") < ONE_ANSWER_IN)
    rows = rows.filter(~again.fill_null(False))
    return rows.mutate(good=((rows.answered == 1) & (rows.score >= GOOD)).fill_null(False).cast("int64"))


SATISFIED = Rows(key="satisfied", make=lambda scope: satisfied(scope.happened("survey_responses")))
ANSWERS = (
    Measure(key="sent", fact=SATISFIED, aggregate=lambda rows: rows.count()),
    Measure(key="answered", fact=SATISFIED, aggregate=lambda rows: rows.answered.sum()),
    Measure(key="good", fact=SATISFIED, aggregate=lambda rows: rows.good.sum()),
)


def csat(values: Mapping[str, Any]) -> Reading:
    """Answers of 4 or 5 of all answers; behind it how many of those who were asked answered."""
    if not values["answered"]:
        return Reading.none()
    rows = ({"name": N_("Answered, of those asked"), "share": values["answered"] / values["sent"]},)
    return Reading.share(values["good"], values["answered"], rows=rows)


def _repeated(scope: MetricScope) -> ir.Table:
    return repeated(scope.buying.purchases, scope.days, usual_gap(scope.settings))


REPEATED = Rows(key="repeated", make=_repeated)
AGAIN = (
    Measure(key="buyers", fact=REPEATED, aggregate=lambda rows: rows.count()),
    Measure(key="repeated", fact=REPEATED, aggregate=lambda rows: rows.repeated.sum()),
)

METRICS = (
    Metric(
        key="cim.sat.csat",
        name=N_("Satisfaction"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_("Answers of 4 or 5 on the scale of five, divided by all answers; one answer per customer in 30 days."),
        code="answers 4–5 / answers",
        needs=("survey_responses",),
        grains=("tenant", "segment", "channel", "rep"),
        measures=ANSWERS,
        formula=csat,
    ),
    Metric(
        key="cim.loy.repeat",
        name=N_("Repeat purchase rate"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Customers with at least two purchase days in the last twelve months, divided by those with at least one. "
            "Customers whose first purchase is less than one usual gap ago are left out."
        ),
        code="≥ 2 purchase days / ≥ 1, twelve months",
        needs=("orders",),
        grains=("tenant", "segment"),
        measures=AGAIN,
        formula=lambda values: Reading.share(values["repeated"], values["buyers"]),
    ),
)
