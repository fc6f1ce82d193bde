"""What was promised to customers, and kept (domain B4, csm.onboard, csm.promise_kept)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_csm.windows import day_ends

FIRST_DAYS = 30  # of a contract, in which a customer gets going


def _steps(scope: MetricScope) -> ir.Table:
    """Steps due in the period and in the first 30 days of their contract: whether `ripe`, and whether `done` by day 30. Where the
    contract's start is not known, the whole day on which they were due is theirs.
    """
    rows = scope.happened("onboarding_steps").select("place", "customer_id", "subscription", "occurred_on", "done_at")
    events = scope.frames.at(scope.today)["subscription_events"]
    events = events.filter(events.kind == "started", events.customer_id.notnull())
    own = events.group_by(own_id="customer_id", own_contract="subscription").aggregate(own_start=events.occurred_on.min())
    first = events.group_by(first_id="customer_id").aggregate(first_start=events.occurred_on.min())
    rows = rows.left_join(own, [rows.customer_id == own.own_id, rows.subscription == own.own_contract])
    rows = rows.left_join(first, rows.customer_id == first.first_id)
    start = ibis.ifelse(rows.subscription.notnull(), rows.own_start, rows.first_start)
    rows = rows.mutate(until=on_day(start + ibis.interval(days=FIRST_DAYS)))
    rows = rows.filter(rows.until.isnull() | (rows.occurred_on <= rows.until))
    rows = rows.mutate(until=rows.until.fill_null(rows.occurred_on))
    ends = day_ends(scope, scope.start, scope.end + dt.timedelta(days=FIRST_DAYS))
    rows = rows.left_join(ends, rows.until == ends.day)
    ripe = rows.until <= scope.today
    done = ripe & (rows.done_at < rows.over_at).fill_null(False)
    return rows.select("place", "customer_id", ripe=ripe.cast("int64"), done=done.cast("int64"))


def _promises(scope: MetricScope) -> ir.Table:
    """Promises due in the period and not cancelled, and whether they were kept in time. A day without a time is due when over."""
    rows = scope.happened("commitments", at="due_at")
    rows = rows.filter(~rows.cancelled.fill_null(False))
    ends = day_ends(scope, scope.start, scope.end)
    rows = rows.left_join(ends, rows.due_at == ends.begins_at)
    kept = ibis.ifelse(rows.over_at.notnull(), rows.done_at < rows.over_at, rows.done_at <= rows.due_at).fill_null(False)
    return rows.select("place", "customer_id", "rep", kept=kept.cast("int64"))


STEPS = Rows(key="steps", make=_steps)
DONE = Measure(key="done", fact=STEPS, aggregate=lambda rows: rows.done.sum())
RIPE = Measure(key="ripe", fact=STEPS, aggregate=lambda rows: rows.ripe.sum())
ALL = Measure(key="steps", fact=STEPS, aggregate=lambda rows: rows.count())
PROMISES = Rows(key="promises", make=_promises)
KEPT = Measure(key="kept", fact=PROMISES, aggregate=lambda rows: rows.kept.sum())
DUE = Measure(key="due", fact=PROMISES, aggregate=lambda rows: rows.count())


def onboarded(values: Mapping[str, Any]) -> Reading:
    """Done of those whose thirty days are over; while others wait, the value may still change."""
    ripe, every = values["ripe"] or 0, values["steps"] or 0
    if every and not ripe:
        return Reading.none("immature", n=int(every))
    return Reading.share(values["done"], ripe, flags=("provisional",) if every > ripe else ())


METRICS = (
    Metric(
        key="csm.onboard",
        name=N_("Onboarding done"),
        unit="ratio",
        better="up",
        kind="process",
        target=0.90,
        words=N_(
            "Onboarding steps due in the period that were done by day 30 of the contract, divided by all such steps. Steps whose "
            "30 days are not over are left out; where the contract's start is not known, the day they were due counts."
        ),
        code="steps done by day 30 / steps due",
        needs=("onboarding_steps",),
        grains=("tenant", "segment", "customer"),
        measures=(DONE, RIPE, ALL),
        formula=onboarded,
    ),
    Metric(
        key="csm.promise_kept",
        name=N_("Promises kept"),
        unit="ratio",
        better="up",
        kind="process",
        target=0.95,
        words=N_(
            "Commitments to customers that were met in time, divided by those due in the period: deliveries, fixes, call-backs. "
            "Cancelled ones do not count; one due on a day may be met until that day ends."
        ),
        code="met in time / due",
        needs=("commitments",),
        grains=("tenant", "segment", "rep"),
        measures=(KEPT, DUE),
        formula=lambda values: Reading.share(values["kept"], values["due"]),
    ),
)
