"""Revenue and accounts that stay (domain B4, csm.nrr, grr, logo_ret)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk import staying
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_platform.sdk.windows import within
from kith_plugins.analytics_csm.windows import UNIT, counted, windows


def levels(events: ir.Table) -> ir.Table:
    """customer_id, currency, occurred_on, change, paid: by how much each day's events changed what a customer pays a month
    (ten-thousandths), and whether any said an amount. An event without an amount leaves the amount before; an end makes it 0.
    """
    events = events.filter(events.customer_id.notnull())
    own = [events.customer_id, events.subscription, events.currency]
    order = [events.occurred_at, events.id]
    # The last amount said: events since one that says an amount share its number.
    said = events.mrr.count().over(group_by=own, order_by=order, rows=(None, 0))
    rows = events.mutate(said=said).view()
    told = rows.mrr.max().over(group_by=[rows.customer_id, rows.subscription, rows.currency, rows.said])
    over = rows.kind.isin((staying.BY_CHOICE, staying.BY_US))
    rows = rows.mutate(level=ibis.ifelse(over, 0, told.fill_null(0))).view()
    before = rows.level.lag().over(
        group_by=[rows.customer_id, rows.subscription, rows.currency], order_by=[rows.occurred_at, rows.id]
    )
    rows = rows.mutate(change=rows.level - before.fill_null(0))
    return rows.group_by("customer_id", "currency", "occurred_on").aggregate(change=rows.change.sum().cast("int64"))


def _subscribed(scope: MetricScope) -> ir.Table:
    """Customers who paid at the period's start: `before`, and `after`, what they pay at its end; 0 once they stopped, for
    whoever comes back is new. All at the exchange rates of the period's first day.
    """
    tables = scope.frames.at(scope.today)
    changes = levels(tables["subscription_events"])
    marks = scope.days.select("place", "start", "end")
    rows = changes.inner_join(marks, changes.occurred_on < marks.end).mutate(happened=changes.occurred_on)
    rows = rows.mutate(occurred_on=rows.start, had_before=rows.change.notnull())
    rows = tables.money(rows, "change")
    rows = rows.group_by("place", "customer_id", "happened").aggregate(
        start=rows.start.min(), change=rows.change.sum(), had=rows.had_before.sum(), told=rows.change.count()
    )
    total = rows.change.sum().over(group_by=[rows.place, rows.customer_id], order_by=rows.happened, rows=(None, 0))
    rows = rows.mutate(level=total).view()
    early = rows.happened < rows.start
    own = rows.group_by("place", "customer_id").aggregate(
        before=rows.level.argmax(rows.happened, where=early),
        after=rows.level.argmax(rows.happened),
        least=rows.level.min(where=~early),
        amounts=rows.had.sum(),
        covered=rows.told.sum(),
    )
    own = own.mutate(paid=(own.before > 0).fill_null(False), stopped=(own.least <= 0).fill_null(False))
    # Amounts without a rate are left out, and counted as such.
    rows = own.filter(own.paid | (own.covered < own.amounts))
    none = ibis.null("int64")
    return rows.select(
        "place",
        "customer_id",
        "amounts",
        "covered",
        before=ibis.ifelse(rows.paid, rows.before, none).cast("int64"),
        after=ibis.ifelse(rows.paid, ibis.ifelse(rows.stopped, 0, rows.after), none).cast("int64"),
    )


def _bought(scope: MetricScope) -> ir.Table:
    """Without subscriptions: `after`, what customers bought in the last twelve months, `before`, in the twelve before."""
    ledger = scope.buying.ledger
    ledger = ledger.mutate(occurred_on=ledger.day)
    now, then = windows(scope), windows(scope)
    then = then.mutate(past=then["first"], first=(then["first"].cast("timestamp") - ibis.interval(years=1)).cast("date"))
    rows = {name: within(ledger, window).group_by("place", "customer_id") for name, window in (("before", then), ("after", now))}
    before = rows["before"].aggregate(before=ibis._.net.sum(), amounts=ibis._.amounts.sum(), covered=ibis._.covered.sum())
    after = rows["after"].aggregate(
        after=ibis._.net.sum(), amounts_after=ibis._.amounts.sum(), covered_after=ibis._.covered.sum()
    )
    after = after.rename(after_place="place", after_id="customer_id")
    both = before.left_join(after, [before.place == after.after_place, before.customer_id == after.after_id])
    both = both.filter(both.before > 0)
    return both.select(
        "place",
        "customer_id",
        before=both.before.cast("int64"),
        after=both.after.fill_null(0).cast("int64"),
        amounts=both.amounts + both.amounts_after.fill_null(0),
        covered=both.covered + both.covered_after.fill_null(0),
    )


def _revenue(scope: MetricScope) -> ir.Table:
    rows = _subscribed(scope) if scope.has("subscription_events") else _bought(scope)
    return rows.mutate(kept=ibis.least(rows.after, rows.before), stopped=rows.after <= 0)


def _accounts(scope: MetricScope) -> ir.Table:
    """Accounts at each period's start, and whether each is `kept` at its end: by contract where there are any, else by rhythm."""
    days = scope.days
    marks = days.select(place=days.place * 2, end=days.start).union(days.select(place=days.place * 2 + 1, end=days.end))
    if scope.has("subscription_events"):
        events = scope.frames.at(scope.today)["subscription_events"]
        rows = staying.contracts(events, marks).mutate(active=ibis._.running)
    else:
        rows = scope.staying(marks)
    rows = rows.mutate(period=rows.place // 2, at_end=rows.place % 2 == 1, active=rows.active.fill_null(False))
    own = rows.group_by("period", "customer_id").aggregate(
        was=(rows.active & ~rows.at_end).any(), kept=(rows.active & rows.at_end).any()
    )
    return own.filter(own.was).select("customer_id", place="period", kept=own.kept.cast("int64"))


REVENUE = Rows(key="revenue", make=_revenue, keep=True)
BEFORE = Measure(key="before", fact=REVENUE, aggregate=lambda rows: rows.before.sum().cast("float64"))
AFTER = Measure(key="after", fact=REVENUE, aggregate=lambda rows: rows.after.sum().cast("float64"))
KEPT = Measure(key="kept", fact=REVENUE, aggregate=lambda rows: rows.kept.sum().cast("float64"))
LOST = Measure(key="lost", fact=REVENUE, aggregate=lambda rows: rows.before.sum(where=rows.stopped).fill_null(0).cast("float64"))
PAYING = Measure(key="paying", fact=REVENUE, aggregate=lambda rows: rows.before.count())
AMOUNTS = Measure(key="amounts", fact=REVENUE, aggregate=lambda rows: rows.amounts.sum().cast("float64"))
COVERED = Measure(key="covered", fact=REVENUE, aggregate=lambda rows: rows.covered.sum().cast("float64"))
MOVED = (BEFORE, AFTER, KEPT, LOST, PAYING, AMOUNTS, COVERED)
ACCOUNTS = Rows(key="accounts", make=_accounts)
STAYED = Measure(key="stayed", fact=ACCOUNTS, aggregate=lambda rows: rows.kept.sum())
STARTED = Measure(key="accounts", fact=ACCOUNTS, aggregate=lambda rows: rows.count())


def net(values: Mapping[str, Any]) -> Reading:
    """What the customers of the start pay at the end, by what they paid; behind it expansion, contraction and loss."""
    return _retained(values, values["after"])


def gross(values: Mapping[str, Any]) -> Reading:
    """The same without expansion: never above 1."""
    return _retained(values, values["kept"])


def _retained(values: Mapping[str, Any], kept: float | None) -> Reading:
    before = values["before"]
    if not before or kept is None:
        return Reading.none()
    lost = values["lost"]
    parts = {
        N_("At the start"): before,
        N_("Expansion"): values["after"] - values["kept"],
        N_("Contraction"): values["kept"] + lost - before,
        N_("Lost"): -lost,
    }
    rows = tuple({"name": name, "money": amount / UNIT} for name, amount in parts.items())
    coverage = values["covered"] / values["amounts"] if values["amounts"] else None
    return counted(kept / before, values["paying"], rows=rows, coverage=coverage)


REVENUE_WORDS = N_(
    "Of customers who paid at the start of the period: what they pay a month at its end, divided by what they paid at its start, "
    "at the exchange rates of its first day. New customers, and those who come back after they stopped, do not count. Without "
    "subscriptions: what customers bought in the last twelve months, divided by the twelve months before."
)
GROSS_WORDS = N_(
    "As net revenue retention, without expansion: of each customer no more counts than what it paid at the start, so the "
    "value is never above 100%."
)


METRICS = (
    Metric(
        key="csm.nrr",
        name=N_("Net revenue retention"),
        unit="ratio",
        better="up",
        kind="outcome",
        target=1.0,
        words=REVENUE_WORDS,
        code="(start + expansion − contraction − churn) / start",
        needs=("subscription_events|orders",),
        grains=("tenant", "segment"),
        measures=MOVED,
        formula=net,
    ),
    Metric(
        key="csm.grr",
        name=N_("Gross revenue retention"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=GROSS_WORDS,
        code="(start − contraction − churn) / start",
        needs=("subscription_events|orders",),
        grains=("tenant", "segment"),
        measures=MOVED,
        formula=gross,
    ),
    Metric(
        key="csm.logo_ret",
        name=N_("Accounts retained"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Customers with a running contract at the start of the period who still have one at its end, divided by all of them. "
            "Without subscriptions their own buying rhythm says who is still there."
        ),
        code="retained / accounts at the start",
        needs=("subscription_events|orders",),
        grains=("tenant", "segment"),
        measures=(STAYED, STARTED),
        formula=lambda values: Reading.share(values["stayed"], values["accounts"]),
    ),
)
