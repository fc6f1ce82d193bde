"""Whether what was solved stays solved (domain B2 2c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.funnel import until

AGAIN = 7  # days in which a solved ticket may come back


def solved(tickets: ir.Table, statuses: ir.Table) -> ir.Table:
    """Tickets with `at`, when they were solved: of one that came back, the last time before it did where that is known."""
    done = statuses.filter(statuses.status == "solved").select(of_ticket="ticket_id", done_at="occurred_at")
    came = tickets.filter(tickets.reopened_at.notnull()).select("id", "reopened_at")
    before = done.inner_join(came, done.of_ticket == came.id)
    before = before.filter(before.done_at < before.reopened_at)
    first = before.group_by("of_ticket").aggregate(done_at=before.done_at.max())
    rows = tickets.left_join(first, tickets.id == first.of_ticket)
    return rows.mutate(at=ibis.coalesce(rows.done_at, rows.resolved_at)).drop("of_ticket", "done_at")


def judged(rows: ir.Table, talks: ir.Table, end: ir.Value) -> ir.Table:
    """Solved tickets with `ripe` (seven days are over), `again` (came back within them), and `once`, 1 where one contact was
    enough, null where nobody counted. `talks` has of_ticket and `contacts`.
    """
    window = ibis.interval(days=AGAIN)
    # Solved again, and nobody noted when it was solved first: it did come back.
    again = (rows.reopened_at.notnull() & (rows.reopened_at <= rows["at"] + window)).fill_null(False)
    counted = rows.left_join(talks, rows.id == talks.of_ticket)
    contacts = ibis.coalesce(counted.contacts, counted.talks)
    once = ibis.ifelse(again, 0, (contacts <= 1).cast("int64"))
    ripe = (rows["at"] + window <= end).cast("int64")
    return counted.select("place", "rep", "channel", ripe=ripe, again=again.cast("int64"), once=once)


def _make(scope: MetricScope) -> ir.Table:
    tables = scope.frames.at(scope.today)
    rows, marks = solved(tables["tickets"], tables["ticket_statuses"]), scope.days.select("place", "starts_at", "ends_at")
    rows = rows.inner_join(marks, [rows["at"] >= marks.starts_at, rows["at"] < marks.ends_at])
    talks = tables["activities"]
    talks = talks.filter(talks.ticket_id.notnull(), talks.direction == "out", talks.kind.fill_null("").notin(("note", "task")))
    return judged(rows, talks.group_by(of_ticket=talks.ticket_id).aggregate(talks=talks.count()), until(scope))


SOLVED = Rows(key="tickets_solved", make=_make)
RIPE = Measure(key="ripe", fact=SOLVED, aggregate=lambda rows: rows.ripe.sum())
ALL = Measure(key="all", fact=SOLVED, aggregate=lambda rows: rows.count())
AGAINST = Measure(key="again", fact=SOLVED, aggregate=lambda rows: rows.again.sum(where=rows.ripe == 1))
COUNTED = Measure(key="counted", fact=SOLVED, aggregate=lambda rows: rows.once.count(where=rows.ripe == 1))
ONCE = Measure(key="once", fact=SOLVED, aggregate=lambda rows: rows.once.sum(where=rows.ripe == 1))


def reopened(values: Mapping[str, Any]) -> Reading:
    """Came back ÷ solved."""
    return _share(values, values["again"], values["ripe"])


def at_once(values: Mapping[str, Any]) -> Reading:
    """Solved by one contact ÷ solved of which the contacts are known."""
    return _share(values, values["once"], values["counted"])


def _share(values: Mapping[str, Any], part: float | None, whole: float | None) -> Reading:
    if values["all"] and not values["ripe"]:
        return Reading.none("immature", n=int(values["all"]))
    waiting = (values["all"] or 0) > (values["ripe"] or 0)
    return Reading.share(part, whole, flags=("provisional",) if waiting else ())


METRICS = (
    Metric(
        key="cim.svc.fcr",
        name=N_("Solved at first contact"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Tickets solved with one contact that did not come back within 7 days, divided by tickets solved in the period more "
            "than 7 days ago. Tickets of which nobody counted the contacts are left out."
        ),
        code="solved in first contact, not reopened ≤ 7 d/solved",
        needs=("tickets",),
        grains=("tenant", "channel", "rep"),
        measures=(ALL, RIPE, COUNTED, ONCE),
        formula=at_once,
    ),
    Metric(
        key="cim.svc.reopen",
        name=N_("Reopened tickets"),
        unit="ratio",
        better="down",
        kind="process",
        words=N_(
            "Tickets that came back within 7 days, divided by tickets solved in the period. Those whose 7 days are not over are "
            "left out."
        ),
        code="reopened ≤ 7 d/solved",
        needs=("tickets",),
        grains=("tenant", "channel", "rep"),
        measures=(ALL, RIPE, AGAINST),
        formula=reopened,
        target=0.05,
    ),
)
