"""Whether staff would recommend the company, and whether they use this system of their own accord (domain B2 2h)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import added

LEAST, FEW = 5, 30  # answers below which nothing is shown, or it is unsure
DAYS_A_WEEK = 3
Z95 = 1.959963984540054
ONE = ibis.literal(1, type="int64")


def _answers(scope: MetricScope) -> ir.Table:
    rows = scope.happened("survey_responses")
    rows = rows.filter(rows.kind == "enps", rows.score.between(0, 10))
    return rows.select(
        "place", "unit", answers=ONE, promoters=(rows.score >= 9).cast("int64"), detractors=(rows.score <= 6).cast("int64")
    )


ANSWERS = Rows(key="enps", make=_answers)


def enps(values: Mapping[str, Any]) -> Reading:
    """100·(promoters − detractors)/answers with its 95 % interval; nothing of fewer than five, for they could be told apart."""
    n = int(values["answers"] or 0)
    if not n:
        return Reading.none()
    if n < LEAST:
        return Reading.none("few_staff", n=n)
    up, down = values["promoters"] / n, values["detractors"] / n
    value, width = 100 * (up - down), 100 * Z95 * math.sqrt(max(up + down - (up - down) ** 2, 0.0) / n)
    flags = ("low_confidence",) if n < FEW else ()
    return Reading(value=value, n=n, low=max(value - width, -100.0), high=min(value + width, 100.0), flags=flags)


def _weeks(scope: MetricScope) -> ir.Table:
    """in_place, open_days of each period, and the days a week on which the company opens."""
    open_days = [float(scope.calendar.days(one.start, one.end)) for one in scope.periods]
    week = float(len({weekday for weekday, _opens, _closes in scope.calendar.hours}))
    return ibis.memtable(
        pa.table(
            {
                "in_place": pa.array(range(len(open_days)), pa.int64()),
                "open_days": pa.array(open_days, pa.float64()),
                "week": pa.array([week] * len(open_days), pa.float64()),
            }
        )
    )


def _users(scope: MetricScope) -> ir.Table:
    """Licensed users by their last state before the period's end, but for those on leave: place, users, active (0 or 1)."""
    marks = scope.days.select("place", "end")
    states = scope.frames.at(scope.today)["employee_snapshots"]
    states = states.inner_join(marks, states.occurred_on < marks.end)
    turn = ibis.row_number().over(
        group_by=[states.place, states.employee], order_by=[states.occurred_on.desc(), states.id.desc()]
    )
    states = states.mutate(turn=turn)
    gone = (states.left_on < states.end).fill_null(False)
    users = states.filter(states.turn == 0, states.licensed.fill_null(False), ~states.on_leave.fill_null(False), ~gone)
    users = users.select("place", who=users.employee.strip().lower())
    work = scope.happened("activities")
    own = work.filter(work.rep.notnull(), work.captured.fill_null("manual") == "manual")
    wrote = own.group_by(of_place="place", by=own.rep.strip().lower()).aggregate(wrote=own.occurred_on.nunique())
    off = scope.happened("work_days")
    off = off.filter(off.on_leave.fill_null(False))
    away = off.group_by(away_place="place", absent=off.rep.strip().lower()).aggregate(away=off.occurred_on.nunique())
    rows = users.left_join(wrote, [users.place == wrote.of_place, users.who == wrote.by])
    rows = rows.left_join(away, [rows.place == away.away_place, rows.who == away.absent])
    weeks = _weeks(scope)
    rows = rows.inner_join(weeks, rows.place == weeks.in_place)
    rows = rows.mutate(there=rows.open_days - rows.away.fill_null(0).cast("float64"))
    rows = rows.filter(rows.there > 0)
    # Days of work, in weeks of as many days as the company opens.
    active = rows.wrote.fill_null(0).cast("float64") * rows.week >= rows.there * float(DAYS_A_WEEK)
    return rows.select("place", users=ONE, active=active.cast("int64"))


USERS = Rows(key="licensed_users", make=_users)

METRICS = (
    Metric(
        key="cim.mot.enps",
        name=N_("Recommendation by staff (eNPS)"),
        unit="points",
        better="up",
        kind="outcome",
        words=N_(
            "Of anonymous answers from 0 to 10: the share of 9 and 10 less the share of 0 to 6, in points. Shown only from five "
            "answers on, so that nobody can be told from it."
        ),
        code="100·(%9–10 − %0–6)",
        needs=("survey_responses",),
        grains=("tenant", "unit"),
        measures=tuple(added(name, ANSWERS) for name in ("answers", "promoters", "detractors")),
        formula=enps,
    ),
    Metric(
        key="cim.mot.active_use",
        name=N_("Licensed users at work in it"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "People with a licence who recorded activities of their own on three days or more a week, on average over their "
            "working days of the period, divided by people with a licence. Leave does not count, nor what was recorded "
            "automatically."
        ),
        code="users writing on ≥ 3 d/week/licensed",
        needs=("employee_snapshots", "activities"),
        measures=(added("active", USERS), added("users", USERS)),
        formula=lambda values: Reading.share(values["active"], values["users"]),
        target=0.80,
    ),
)
