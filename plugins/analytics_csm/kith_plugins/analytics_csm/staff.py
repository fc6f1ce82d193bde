"""Giving and getting with staff, and whether they stay (domain B4, csm.emp_exchange, emp_stay)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_csm.stakeholders import balance, total
from kith_plugins.analytics_csm.windows import counted

LEAST_STAFF = 5  # of a team, below which a person could be told from the figure


def _staff(scope: MetricScope) -> ir.Table:
    """The last state in the period of each employee who is there."""
    rows = scope.happened("employee_snapshots")
    turn = ibis.row_number().over(group_by=[rows.place, rows.employee], order_by=rows.occurred_on.desc())
    rows = rows.mutate(turn=turn)
    rows = rows.filter(rows.turn == 0, rows.left_on.isnull() | (rows.left_on > rows.occurred_on))
    give = _mean(rows.attainment, rows.quality)
    return rows.select("place", "unit", give=give, pay=rows.pay_fit, training=rows.training, enps=ibis.null("float64"))


def _mean(first: ir.Value, second: ir.Value) -> ir.Value:
    return ibis.ifelse(first.isnull(), second, ibis.ifelse(second.isnull(), first, (first + second) / 2))


def _exchange(scope: MetricScope) -> ir.Table:
    """The staff, and answers whether they would recommend us as an employer: 100 for 9 and 10, −100 for 0 to 6."""
    staff = _staff(scope)
    answers = scope.happened("survey_responses")
    answers = answers.filter(answers.kind == "enps", answers.score.between(0, 10))
    vote = ibis.cases((answers.score >= 9, 100.0), (answers.score <= 6, -100.0), else_=0.0)
    none = ibis.null("float64")
    said = answers.select("place", "unit", give=none, pay=none, training=none, enps=vote)
    return staff.mutate(person=ibis.literal(1)).union(said.mutate(person=ibis.literal(0)))


def _headcount(scope: MetricScope) -> ir.Table:
    """Days of staff: `there` on a day of the period that was counted, of `days`; and `left`, those who left in it by choice."""
    rows = scope.happened("employee_snapshots")
    there = rows.filter(rows.left_on.isnull() | (rows.left_on > rows.occurred_on))
    counted_days = rows.group_by(days_place="place").aggregate(days=rows.occurred_on.nunique())
    present = there.group_by("place", "unit", "employee").aggregate(there=there.occurred_on.nunique())
    present = present.inner_join(counted_days, present.place == counted_days.days_place).drop("days_place")
    present = present.mutate(left=ibis.literal(0))
    every = scope.frames.at(scope.today)["employee_snapshots"]
    marks = scope.days.select("place", "start", "end")
    gone = every.inner_join(marks, [every.left_on >= marks.start, every.left_on < marks.end])
    gone = gone.filter(gone.leaving_kind == "voluntary")
    left = gone.group_by("place", "employee").aggregate(unit=gone.unit.argmax(gone.occurred_on))
    left = left.mutate(there=ibis.literal(0), days=ibis.null("int64"), left=ibis.literal(1))
    names = ("place", "unit", "employee", "there", "days", "left")
    whole = [rows.select(*names[:3], *(rows[name].cast("int64").name(name) for name in names[3:])) for rows in (present, left)]
    return whole[0].union(whole[1])


def _average(key: str, rows: Rows, column: str) -> Measure:
    return Measure(key=key, fact=rows, aggregate=lambda found: found[column].mean())


EXCHANGE = Rows(key="exchange", make=_exchange)
GIVEN = (
    _average("give", EXCHANGE, "give"),
    _average("pay", EXCHANGE, "pay"),
    _average("training", EXCHANGE, "training"),
    _average("enps", EXCHANGE, "enps"),
    total("people", EXCHANGE, "person"),
)
HEADS = Rows(key="headcount", make=_headcount)
STAFF = (
    total("left", HEADS, "left"),
    total("there", HEADS, "there"),
    Measure(key="days", fact=HEADS, aggregate=lambda rows: rows.days.max()),
)


def exchanged(values: Mapping[str, Any]) -> Reading:
    """What staff give (attainment, quality) against what they get (pay, training, whether they would recommend us), 0 to 100."""
    people = values["people"] or 0
    if people < LEAST_STAFF:
        return Reading.none("few_staff" if people else "empty_denominator", n=int(people))
    enps = None if values["enps"] is None else (values["enps"] + 100) / 2
    back = [one for one in (values["pay"], values["training"], enps) if one is not None]
    give, get = values["give"], sum(back) / len(back) if back else None
    if give is None or get is None:
        return Reading.none("one_unknown", n=int(people))
    rows = ({"name": N_("What staff give"), "number": give}, {"name": N_("What staff get"), "number": get})
    return counted(balance(give, get), people, reason="one_sided", rows=rows)


def leavers(values: Mapping[str, Any]) -> Reading:
    """Who left by choice, by the mean number of staff on the days that were counted."""
    if not values["there"] or not values["days"]:
        return Reading.none()
    mean = values["there"] / values["days"]
    return counted((values["left"] or 0.0) / mean, max(1, round(mean)))


METRICS = (
    Metric(
        key="csm.emp_exchange",
        name=N_("Balance with staff"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "How even giving and getting are, both from 0 to 100: attainment and quality of work against pay, training and "
            "whether staff would recommend us. The last state of each employee in the period; teams of fewer than "
            "five have no value."
        ),
        code="1 − |2s − 1|, s = contribution / (contribution + return)",
        needs=("employee_snapshots",),
        grains=("tenant", "unit"),
        measures=GIVEN,
        formula=exchanged,
    ),
    Metric(
        key="csm.emp_stay",
        name=N_("Staff who leave by choice"),
        unit="ratio",
        better="down",
        kind="outcome",
        words=N_(
            "Employees who left by their own choice in the period, divided by the mean number of employees on the days of the "
            "period that were counted."
        ),
        code="voluntary leavers / mean headcount",
        needs=("employee_snapshots",),
        grains=("tenant", "unit"),
        measures=STAFF,
        formula=leavers,
    ),
)
