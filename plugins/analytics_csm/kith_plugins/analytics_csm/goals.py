"""Customers' own goals: agreed, reached, and how long until the first is (domain B4, csm.goal_set, outcome, ttv)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk import survival
from kith_platform.sdk.health import confirmed, progress
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_platform.sdk.windows import within
from kith_plugins.analytics_csm.windows import counted, windows


def _key_customers(scope: MetricScope) -> ir.Table:
    """Active key customers, and whether a goal with baseline, target and day was agreed with them by the period's end."""
    tables = scope.frames.at(scope.today)
    records = tables.records
    key = records.filter(records.key_account.fill_null(False), records.customer_id.notnull())
    key = key.select(key_id="customer_id").distinct()
    goals = confirmed(tables["outcomes"])
    goals = goals.filter(goals.baseline.notnull(), goals.target.notnull(), goals.due_on.notnull(), goals.customer_id.notnull())
    first = goals.group_by(with_id="customer_id").aggregate(agreed_at=ibis.greatest(goals.agreed_at, goals.occurred_at).min())
    rows = scope.active()
    rows = rows.inner_join(key, rows.customer_id == key.key_id)
    rows = rows.left_join(first, rows.customer_id == first.with_id)
    marks = scope.days.select(mark="place", ends_at="ends_at")
    rows = rows.inner_join(marks, rows.place == marks.mark)
    agreed = (rows.agreed_at < rows.ends_at).fill_null(False)
    return rows.select("place", "customer_id", agreed=agreed.cast("int64"))


def _due(scope: MetricScope) -> ir.Table:
    """Confirmed goals due in the period, with `reached` where measured; and those set before its end that are due later."""
    goals = confirmed(scope.frames.at(scope.today)["outcomes"])
    goals = goals.filter(goals.due_on.notnull(), goals.baseline.notnull(), goals.target.notnull())
    goals = goals.select("customer_id", "due_on", "occurred_on", reached=progress(goals))
    marks = scope.days.select("place", "start", "end")
    rows = goals.inner_join(marks, goals.due_on >= marks.start)
    due = rows.due_on < rows.end
    rows = rows.filter(due | (rows.occurred_on < rows.end)).mutate(due=rows.due_on < rows.end)
    reached = ibis.ifelse(rows.due, rows.reached, ibis.null("float64"))
    return rows.select("place", "customer_id", reached=reached, waiting=(~rows.due).cast("int64"))


def contracts(tables: Any, *, events: bool) -> ir.Table:
    """customer_id, product_id, begun, over (days): each contract from its first event, or, without events, each licence."""
    if events:
        rows = tables["subscription_events"]
        over = rows.kind.isin(("cancelled", "ended"))
        found = rows.group_by("customer_id", "subscription").aggregate(
            begun=rows.occurred_on.min(where=rows.kind == "started"),
            over=rows.occurred_on.max(where=over),
            product_id=rows.product_id.max(),
        )
    else:
        rows = tables["entitlements"]
        found = rows.group_by("customer_id", "subscription").aggregate(begun=rows.occurred_on.min(), over=rows.ends_on.max())
        found = found.mutate(product_id=ibis.null("int64"))
    return found.filter(found.begun.notnull(), found.customer_id.notnull())


def _waits(scope: MetricScope) -> ir.Table:
    """Contracts that began in the twelve months to the period's end: `wait`, days to the first confirmed value by then; of the
    others −days−1 to the end, or to the end of the contract.
    """
    tables = scope.frames.at(scope.today)
    found = contracts(tables, events=scope.has("subscription_events"))
    window = windows(scope)
    rows = within(found.mutate(occurred_on=found.begun), window).drop("occurred_on")
    goals = confirmed(tables["outcomes"])
    goals = goals.filter(goals.actual.notnull() | goals.value.notnull())
    shown = ibis.greatest(goals.agreed_at, goals.measured_at.fill_null(goals.agreed_at))
    goals = goals.select(of_id="customer_id", of_product="product_id", shown_at=shown)
    goals = goals.mutate(shown_on=goals.shown_at.cast("date"))
    joined = rows.left_join(
        goals,
        [
            rows.customer_id == goals.of_id,
            goals.shown_at < rows.past_at,
            goals.shown_on >= rows.begun,
            (goals.of_product == rows.product_id) | goals.of_product.isnull() | rows.product_id.isnull(),
        ],
    )
    kept = joined.group_by("place", "customer_id", "subscription", "product_id", "begun", "over", "past").aggregate(
        shown_on=joined.shown_on.min()
    )
    seen = ibis.least(kept.past, kept.over.fill_null(kept.past))
    wait = ibis.ifelse(
        kept.shown_on.notnull(),
        kept.shown_on.delta(kept.begun, unit="day"),
        -ibis.greatest(seen.delta(kept.begun, unit="day"), 0) - 1,
    )
    return kept.select("place", "customer_id", "product_id", wait=wait.cast("int64"))


KEY_CUSTOMERS = Rows(key="key_customers", make=_key_customers)
AGREED = Measure(key="agreed", fact=KEY_CUSTOMERS, aggregate=lambda rows: rows.agreed.sum())
KEYS = Measure(key="keys", fact=KEY_CUSTOMERS, aggregate=lambda rows: rows.count())
DUE = Rows(key="goals_due", make=_due)
REACHED = Measure(key="reached", fact=DUE, aggregate=lambda rows: rows.reached.sum())
MEASURED = Measure(key="measured", fact=DUE, aggregate=lambda rows: rows.reached.count())
WAITING = Measure(key="waiting", fact=DUE, aggregate=lambda rows: rows.waiting.sum())
WAITS = Rows(key="waits", make=_waits)
DAYS = Measure(key="waits", fact=WAITS, aggregate=lambda rows: rows.wait.collect())


def reached(values: Mapping[str, Any]) -> Reading:
    """The mean over goals that were due and measured; where all are due later it is too early to say."""
    n, waiting = values["measured"], values["waiting"]
    if not n:
        return Reading.none("immature", n=int(waiting)) if waiting else Reading.none()
    return counted(values["reached"] / n, n)


def time_to_value(values: Mapping[str, Any]) -> Reading:
    """The median in days; none where half have not got there."""
    ended, waiting = survival.signed(values["waits"] or ())
    n = len(ended) + len(waiting)
    reason = "half_never" if n else "empty_denominator"
    rows = ({"name": N_("Reached"), "count": len(ended)}, {"name": N_("Still waiting"), "count": len(waiting)})
    return counted(survival.median(ended, waiting), n, reason=reason, rows=rows)


METRICS = (
    Metric(
        key="csm.goal_set",
        name=N_("Goals agreed"),
        unit="ratio",
        better="up",
        kind="process",
        target=0.80,
        words=N_(
            "Active key customers who confirmed at least one goal with a baseline, a target and a day, divided by active key "
            "customers, at the end of the period. Key customers are those whose records say so."
        ),
        code="key customers with a confirmed goal / key customers",
        needs=("outcomes",),
        grains=("tenant", "segment"),
        measures=(AGREED, KEYS),
        formula=lambda values: Reading.share(values["agreed"], values["keys"]),
    ),
    Metric(
        key="csm.outcome",
        name=N_("Goals reached"),
        unit="ratio",
        better="up",
        kind="outcome",
        target=1.0,
        words=N_(
            "How far customers came on the way from baseline to target, 120% at most, as a mean over the goals that were due in "
            "the period, were measured, and which the customer confirmed. Goals due later do not count yet."
        ),
        code="mean(clip((actual − baseline)/(target − baseline), 0, 1.2))",
        needs=("outcomes",),
        grains=("tenant", "segment", "customer"),
        measures=(REACHED, MEASURED, WAITING),
        formula=reached,
    ),
    Metric(
        key="csm.ttv",
        name=N_("Time to value"),
        unit="days",
        better="down",
        kind="outcome",
        words=N_(
            "Days from the start of a contract until the customer confirmed the first result: the median over contracts of the "
            "last twelve months. Contracts still without one count as waiting (Kaplan-Meier); no value while half are."
        ),
        code="KM median(first confirmed value − contract start)",
        needs=("subscription_events|entitlements", "outcomes"),
        grains=("tenant", "segment", "product"),
        measures=(DAYS,),
        formula=time_to_value,
    ),
)
