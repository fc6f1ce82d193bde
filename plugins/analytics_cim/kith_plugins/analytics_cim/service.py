"""Service within what was promised: first reply and solution in time (domain B2 2c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.funnel import until

STANDS = ("waiting", "solved", "closed")  # states of a ticket in which its clock stands


def stood(tickets: ir.Table, statuses: ir.Table, end: ir.Value) -> ir.Table:
    """of_ticket, since, to_reply, to_end: the times a ticket's clock stood, up to its first reply and up to its solution.

    Only such as have not moved the ticket's due times yet. Kith moves them itself when a wait ends, and notes a state a moment
    after it began; what a file brings is known when it happened. A wait that still goes on has moved nothing.
    """
    following = statuses.occurred_at.lead().over(group_by=statuses.ticket_id, order_by=[statuses.occurred_at, statuses.id])
    rows = statuses.mutate(following=following, told=statuses.known_at <= statuses.occurred_at)
    rows = rows.filter(rows.status.isin(STANDS), rows.told | (rows.following.isnull() & (rows.status == "waiting")))
    rows = rows.select(of_ticket="ticket_id", since="occurred_at", following="following")
    own = tickets.select("id", "first_reply_at", "resolved_at")
    rows = rows.inner_join(own, rows.of_ticket == own.id)
    over = ibis.coalesce(rows.following, end)
    solved, replied = ibis.coalesce(rows.resolved_at, end), ibis.coalesce(rows.first_reply_at, rows.resolved_at, end)
    rows = rows.mutate(to_end=ibis.least(over, solved), to_reply=ibis.least(over, replied))
    return rows.select("of_ticket", "since", "to_end", "to_reply")


def _due(scope: MetricScope) -> ir.Table:
    """Tickets by the day the last of what was promised fell due: place, rep, channel, met (0 or 1).

    The clock of one that is late stood for `waited` business minutes: so much later is in time, and not due before.
    """
    tables, end = scope.frames.at(scope.today), until(scope)
    rows = tables["tickets"]
    rows = rows.mutate(
        due=ibis.greatest(ibis.coalesce(rows.sla_due_at, rows.reply_due_at), ibis.coalesce(rows.reply_due_at, rows.sla_due_at)),
        replied=ibis.coalesce(rows.first_reply_at, rows.resolved_at, end),
        solved=ibis.coalesce(rows.resolved_at, end),
    )
    marks = scope.days.select("place", "starts_at", "ends_at")
    rows = rows.inner_join(marks, [rows.due >= marks.starts_at, rows.due < marks.ends_at])
    rows = scope.open_minutes(rows, "reply_due_at", "replied", "reply_late")
    rows = scope.open_minutes(rows, "sla_due_at", "solved", "late")
    rows = _waited(scope, rows, stood(tables["tickets"], tables["ticket_statuses"], end))
    return judged(rows)


def _waited(scope: MetricScope, rows: ir.Table, times: ir.Table) -> ir.Table:
    times = scope.open_minutes(times, "since", "to_end", "minutes")
    times = scope.open_minutes(times, "since", "to_reply", "reply_minutes")
    zero = ibis.literal(0.0)
    sums = times.group_by("of_ticket").aggregate(
        waited=ibis.greatest(times.minutes, zero).sum(), reply_waited=ibis.greatest(times.reply_minutes, zero).sum()
    )
    joined = rows.left_join(sums, rows.id == sums.of_ticket)
    return joined.mutate(waited=joined.waited.fill_null(0.0), reply_waited=joined.reply_waited.fill_null(0.0))


def judged(rows: ir.Table) -> ir.Table:
    """Tickets with `met`, 1 where reply and solution came in time; one that waits, and so is not late yet, is not due."""
    # Late by the clock on the wall but in no business minute is in time only if nothing was due before it.
    replied = (rows.replied <= rows.reply_due_at) | (rows.reply_late <= rows.reply_waited) & (rows.reply_waited > 0)
    solved = (rows.solved <= rows.sla_due_at) | (rows.late <= rows.waited) & (rows.waited > 0)
    on_time = replied.fill_null(rows.reply_due_at.isnull()) & solved.fill_null(rows.sla_due_at.isnull())
    undecided = on_time & (rows.resolved_at.isnull() & rows.sla_due_at.notnull())
    rows = rows.mutate(met=on_time.cast("int64"), undecided=undecided)
    return rows.filter(~rows.undecided).select("place", "rep", "channel", "met")


DUE = Rows(key="tickets_due", make=_due)
TICKETS = Measure(key="tickets", fact=DUE, aggregate=lambda rows: rows.count())
MET = Measure(key="met", fact=DUE, aggregate=lambda rows: rows.met.sum())


def in_time(values: Mapping[str, Any]) -> Reading:
    """Tickets in time ÷ tickets due."""
    return Reading.share(values["met"], values["tickets"])


METRICS = (
    Metric(
        key="cim.svc.sla",
        name=N_("Service level kept"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Tickets answered and solved by their due times, divided by tickets due in the period. The clock runs in "
            "opening hours and stands while you wait for the customer. Tickets without a due time do not count."
        ),
        code="answered and solved in SLA/due",
        needs=("tickets",),
        grains=("tenant", "channel", "rep"),
        measures=(TICKETS, MET),
        formula=in_time,
        target=0.95,
    ),
)
