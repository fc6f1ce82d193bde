"""What people get done: sales per head, time with customers, days that work takes (domain B2 2a)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk import survival
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows, Setting
from kith_plugins.analytics_cim.book import UNIT, added, days_between, orders
from kith_plugins.analytics_cim.costs import minutes
from kith_plugins.analytics_cim.funnel import until

WITH_CUSTOMERS = ("call", "meeting", "visit", "chat")
LOGGED = 0.70  # of the working days must be logged
FEW = 30
PROCESS = "cycle_process"
PROCESSES = {"delivery": N_("Order to delivery"), "ticket": N_("Ticket to solution"), "quote": N_("Lead to quote")}
QUOTES = ("quote", "proposal", "报价", "報價")

SETTINGS = (
    Setting(
        key=PROCESS,
        label=N_("Process whose days are measured"),
        kind="choice",
        default="",
        choices=(("", N_("The first of these you have data of")), *PROCESSES.items()),
        help=N_("The value of “Process days”; the others stand behind it."),
    ),
)


def heads(snapshots: ir.Table, days: ir.Table) -> ir.Table:
    """place, fte, weight: full-time equivalents with customers of each state of the staff, and the days of the period it held.

    A state holds until the next one; the first says nothing of the days before it.
    """
    works = snapshots.customer_facing.fill_null(False) & (
        snapshots.left_on.isnull() | (snapshots.left_on > snapshots.occurred_on)
    )
    states = snapshots.group_by(since=snapshots.occurred_on).aggregate(fte=snapshots.fte.sum(where=works).fill_null(0.0))
    states = states.mutate(following=states.since.lead().over(order_by=states.since))
    marks = days.select("place", "start", "end")
    rows = states.inner_join(marks, states.since < marks.end)
    last = ibis.coalesce(ibis.least(rows.following, rows.end), rows.end)
    weight = last.delta(ibis.greatest(rows.since, rows.start), unit="day").cast("float64")
    rows = rows.mutate(weight=weight)
    return rows.filter(rows.weight > 0).select("place", "fte", "weight")


def _heads(scope: MetricScope) -> ir.Table:
    staff = heads(scope.frames.at(scope.today)["employee_snapshots"], scope.days)
    ledger, days = scope.buying.ledger, scope.days.select("place", "start", "end")
    sold = ledger.inner_join(days, [ledger.day >= days.start, ledger.day < days.end])
    nothing, none = ibis.null("float64"), ibis.literal(0, type="int64")
    sold = sold.select(
        "place",
        fte=nothing,
        weight=nothing,
        net=sold.net.cast("float64"),
        amounts=sold.amounts.cast("int64"),
        covered=sold.covered.cast("int64"),
    )
    return staff.mutate(net=nothing, amounts=none, covered=none).union(sold)


HEADS = Rows(key="heads", make=_heads)
PER_HEAD = (
    Measure(key="fte_days", fact=HEADS, aggregate=lambda rows: (rows.fte * rows.weight).sum()),
    Measure(key="days", fact=HEADS, aggregate=lambda rows: rows.weight.sum()),
    Measure(key="net", fact=HEADS, aggregate=lambda rows: rows.net.sum()),
    Measure(key="amounts", fact=HEADS, aggregate=lambda rows: rows.amounts.sum()),
    Measure(key="covered", fact=HEADS, aggregate=lambda rows: rows.covered.sum()),
)


def per_head(values: Mapping[str, Any]) -> Reading:
    """Net ÷ mean daily full-time equivalents."""
    if not values["fte_days"] or not values["days"]:
        return Reading.none()
    fte, net, amounts = values["fte_days"] / values["days"], (values["net"] or 0.0) / UNIT, values["amounts"]
    rows = ({"name": N_("Net sales"), "money": net}, {"name": N_("Mean full-time equivalents with customers"), "number": fte})
    return Reading(value=net / fte, n=int(amounts or 0), coverage=values["covered"] / amounts if amounts else None, rows=rows)


def _time(scope: MetricScope) -> ir.Table:
    """place, rep, with_customers, worked (minutes), logged (days), expected (working days less leave): rows of each kind."""
    talks = scope.happened("activities")
    talks = talks.filter(talks.rep.notnull(), talks.kind.isin(WITH_CUSTOMERS), talks.ended_at > talks.occurred_at)
    work = scope.happened("work_days")
    leave = work.on_leave.fill_null(False)
    zero = {name: ibis.literal(0.0) for name in ("with_customers", "worked", "logged", "expected")}
    open_days = pa.table(
        {
            "of_place": pa.array(range(len(scope.periods)), pa.int64()),
            "open_days": pa.array([float(scope.calendar.days(one.start, one.end)) for one in scope.periods], pa.float64()),
        }
    )
    people = talks.select("place", "rep").union(work.select("place", "rep")).distinct()
    wanted = ibis.memtable(open_days)
    people = people.inner_join(wanted, people.place == wanted.of_place)
    columns = ("place", "rep", *zero)
    parts = (
        talks.mutate(**zero | {"with_customers": minutes(talks)}),
        work.mutate(
            **zero
            | {
                "worked": ibis.ifelse(leave, 0.0, work["minutes"].cast("float64")),
                "logged": ibis.ifelse(leave, 0.0, 1.0),
                "expected": ibis.ifelse(leave, -1.0, 0.0),
            }
        ),
        people.mutate(**zero | {"expected": people.open_days}),
    )
    return ibis.union(*(part.select(*columns) for part in parts))


TIME = Rows(key="selling_time", make=_time)
SPENT = tuple(added(name, TIME) for name in ("with_customers", "worked", "logged", "expected"))


def selling_time(values: Mapping[str, Any]) -> Reading:
    """Minutes with customers ÷ minutes worked; unsure where few days are logged."""
    worked, logged, expected = (values[name] or 0.0 for name in ("worked", "logged", "expected"))
    if not worked:
        return Reading.none()
    coverage = min(1.0, logged / expected) if expected > 0 else 1.0
    rows = ({"name": N_("Working days logged"), "share": coverage},)
    flags = ("low_confidence",) if coverage < LOGGED or logged < FEW else ()
    return Reading(value=(values["with_customers"] or 0.0) / worked, n=int(logged), flags=flags, rows=rows)


def _cases(scope: MetricScope) -> ir.Table:
    """Cases by when they began: place, process, days (−days − 1 so far), chosen."""
    tables, end = scope.frames.at(scope.today), until(scope)
    today = ibis.literal(scope.today)
    marks = scope.days.select("place", "start", "end")

    def placed(rows: ir.Table) -> ir.Table:
        return rows.inner_join(marks, [rows.day >= marks.start, rows.day < marks.end])

    sold = orders(scope)
    # Both ends are days of the company: what is delivered on the day it was ordered took none.
    taken = sold.delivered_on.delta(sold.occurred_on, unit="day").cast("float64")
    so_far = -ibis.literal(scope.today).delta(sold.occurred_on, unit="day").cast("float64") - 1.0
    delivered = sold.delivered_on.notnull() & (sold.delivered_on <= today)
    cases = [("delivery", sold.select(day="occurred_on", days=ibis.ifelse(delivered, ibis.greatest(taken, 0.0), so_far)))]
    for process, rows in (
        ("ticket", tables["tickets"].mutate(over_at=ibis._.resolved_at, given_up_at=end)),
        ("quote", _quoted(scope)),
    ):
        stop = ibis.least(ibis.coalesce(rows.given_up_at, end), end)
        days = ibis.ifelse(
            rows.over_at.notnull(),
            ibis.greatest(days_between(rows.occurred_at, rows.over_at), 0.0),
            -ibis.greatest(days_between(rows.occurred_at, stop), 0.0) - 1.0,
        )
        cases.append((process, rows.select(day="occurred_on", days=days)))
    chosen = str(scope.settings.get(PROCESS) or "")
    return ibis.union(
        *(
            placed(rows).select(
                "place", "days", process=ibis.literal(process), chosen=ibis.literal(int(process == chosen), type="int64")
            )
            for process, rows in cases
        )
    )


def _quoted(scope: MetricScope) -> ir.Table:
    """Leads with `over_at`, when a deal of theirs first stood in a stage of quotes, and `given_up_at`."""
    tables = scope.frames.at(scope.today)
    stages, deals = tables["opportunity_stages"], tables["opportunities"]
    said = stages.stage.lower()
    quoted = stages.filter(ibis.or_(*(said.contains(word) for word in QUOTES)))
    own = deals.filter(deals.lead_id.notnull()).select("id", of_lead="lead_id")
    first = quoted.inner_join(own, quoted.opportunity_id == own.id)
    first = first.group_by("of_lead").aggregate(over_at=first.occurred_at.min())
    leads = tables["leads"]
    rows = leads.left_join(first, leads.id == first.of_lead)
    return rows.select("occurred_at", "occurred_on", "over_at", given_up_at="disqualified_at")


CASES = Rows(key="cycles", make=_cases)


def _days(process: str) -> Measure:
    return Measure(key=f"days_{process}", fact=CASES, aggregate=lambda rows: rows.days.collect(where=rows.process == process))


def _chosen(process: str) -> Measure:
    return Measure(key=f"chosen_{process}", fact=CASES, aggregate=lambda rows: rows.chosen.max(where=rows.process == process))


CYCLES = tuple(make(process) for process in PROCESSES for make in (_days, _chosen))


def cycle_days(values: Mapping[str, Any]) -> Reading:
    """The median after Kaplan and Meier of the process that is measured; those of the others behind it."""
    known = {process: survival.signed(values[f"days_{process}"] or []) for process in PROCESSES}
    medians = {process: survival.median(*both) for process, both in known.items()}
    chosen = next((process for process in PROCESSES if values[f"chosen_{process}"]), None)
    chosen = chosen or next((process for process, (ended, _waiting) in known.items() if ended), None)
    rows = tuple({"name": PROCESSES[process], "number": days} for process, days in medians.items() if days is not None)
    if chosen is None:
        return Reading.none("immature" if any(waiting for _ended, waiting in known.values()) else "empty_denominator")
    n, days = sum(map(len, known[chosen])), medians[chosen]
    if days is None:
        return Reading(value=None, n=n, reason="immature" if n else "empty_denominator", rows=rows)
    return Reading(value=days, n=n, flags=("low_confidence",) if n < FEW else (), rows=rows)


METRICS = (
    Metric(
        key="cim.prd.rev_per_fte",
        name=N_("Sales per head"),
        unit="money",
        better="up",
        kind="process",
        words=N_(
            "Net sales of the period, divided by the mean of full-time equivalents that work with customers, over the "
            "days of the period. A state of the staff holds until the next one."
        ),
        code="net/mean daily FTE",
        needs=("orders", "employee_snapshots"),
        measures=PER_HEAD,
        formula=per_head,
    ),
    Metric(
        key="cim.prd.selling_time",
        name=N_("Time with customers"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_(
            "Minutes of calls, meetings, visits and chats, divided by minutes worked and logged. Where fewer than 70 % of the "
            "working days are logged the value is unsure; leave does not count."
        ),
        code="contact minutes/logged minutes",
        needs=("activities", "work_days"),
        grains=("tenant", "rep"),
        measures=SPENT,
        formula=selling_time,
        target=0.35,
    ),
    Metric(
        key="cim.prd.cycle_days",
        name=N_("Process days"),
        unit="days",
        better="down",
        kind="process",
        words=N_(
            "Median days from order to delivery, from ticket to solution, or from lead to quote, of cases that began in the "
            "period. Cases that are still open count as waiting so far. Which process is chosen in the module's settings."
        ),
        code="median(days), open cases censored",
        needs=("orders|tickets|leads",),
        measures=CYCLES,
        formula=cycle_days,
    ),
)
