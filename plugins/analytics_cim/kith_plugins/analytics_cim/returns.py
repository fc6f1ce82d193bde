"""What customer work costs and brings (domain B1): return, net present value, payback, its parts, and criteria agreed before."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk import returns
from kith_platform.sdk.returns import BUCKETS, PROVEN
from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import UNIT, added

RATE = 0.10  # a year, while nothing is set
NAMES = {"cim": N_("Customer interface"), "cem": N_("Customer experience"), "csm": N_("Customer success")}
PROVEN_NAME = N_("Proven (grades A and B)")
AMOUNTS = ("cost", "claimed", "proven", *BUCKETS)


def _make(scope: MetricScope) -> ir.Table:
    """Costs and benefits of initiatives from their beginning to the end of each period: per place, initiative and month
    (2026-03 is 24,315) cost, claimed and proven benefit, the benefit of each bucket, `rate`, amounts, covered.
    """
    none, marks = ibis.null("float64"), scope.days.select("place", "end")
    costs = scope.known("costs")
    costs = costs.filter(costs.initiative.notnull())
    spent = costs.mutate(**dict.fromkeys(AMOUNTS, none) | {"cost": costs.amount.cast("float64")})
    gains = scope.known("benefits")
    amount = gains.amount.cast("float64")
    shares = {bucket: amount * gains[f"share_{bucket}"].cast("float64") for bucket in BUCKETS}
    proven = ibis.ifelse(gains.grade.isin(PROVEN), amount, 0.0)
    gained = gains.mutate(**{"cost": none, "claimed": amount, "proven": proven} | shares)
    columns = ("initiative", "occurred_on", "amount", "had_amount", *AMOUNTS)
    rows = spent.select(*columns).union(gained.select(*columns))
    rows = rows.inner_join(marks, rows.occurred_on < marks.end)
    rate = scope.settings.get("discount_rate")
    monthly = rows.group_by("place", "initiative", month=rows.occurred_on.year() * 12 + rows.occurred_on.month() - 1).aggregate(
        **{name: rows[name].sum() for name in AMOUNTS},
        amounts=rows.had_amount.cast("int64").sum(),
        covered=rows.amount.count(),
    )
    return monthly.mutate(rate=ibis.literal(RATE if rate is None else float(rate)))


FLOWS = Rows(key="returns", make=_make)
COUNTS = (added("amounts", FLOWS), added("covered", FLOWS))
TOTALS = tuple(added(name, FLOWS) for name in AMOUNTS)
MONTHS = Measure(
    key="months",
    fact=FLOWS,
    aggregate=lambda rows: ibis.struct(
        {
            "month": rows.month.cast("int64"),
            "cost": rows.cost.fill_null(0.0),
            "claimed": rows.claimed.fill_null(0.0),
            "proven": rows.proven.fill_null(0.0),
        }
    ).collect(),
)
YEARLY = Measure(key="rate", fact=FLOWS, aggregate=lambda rows: rows.rate.max())


def flows(months: Sequence[Mapping[str, Any]], benefit: str) -> dict[dt.date, float]:
    """Benefits (`claimed` or `proven`) less costs by month, in money."""
    found: dict[dt.date, float] = defaultdict(float)
    for row in months:
        if row["cost"] or row[benefit]:
            found[dt.date(int(row["month"]) // 12, int(row["month"]) % 12 + 1, 1)] += (row[benefit] - row["cost"]) / UNIT
    return dict(sorted(found.items()))


def _told(values: Mapping[str, Any], value: float | None, rows: Sequence[Mapping[str, Any]], reason: str = "") -> Reading:
    amounts = values["amounts"]
    coverage = values["covered"] / amounts if amounts else None
    said = "" if value is not None else reason or "empty_denominator"
    return Reading(value=value, n=int(amounts or 0), reason=said, coverage=coverage, rows=tuple(rows))


def roi(values: Mapping[str, Any]) -> Reading:
    """(benefit − cost)/cost of all benefits; behind it of the proven ones."""
    cost = values["cost"] or 0.0
    proven = returns.roi(values["proven"] or 0.0, cost)
    rows = [] if proven is None else [{"name": PROVEN_NAME, "share": proven}]
    return _told(values, returns.roi(values["claimed"] or 0.0, cost), rows)


def npv(values: Mapping[str, Any]) -> Reading:
    """Flows of all benefits discounted to the first month; behind it those of the proven ones."""
    months = values["months"] or []
    claimed, proven = (returns.npv(flows(months, name), values["rate"] or 0.0) for name in ("claimed", "proven"))
    return _told(values, claimed, [] if proven is None else [{"name": PROVEN_NAME, "money": proven}])


def payback(values: Mapping[str, Any]) -> Reading:
    """Months until all benefits have paid the costs; behind it until the proven ones have."""
    if not values["cost"]:
        return _told(values, None, [])
    months = values["months"] or []
    claimed, proven = (returns.payback(flows(months, name)) for name in ("claimed", "proven"))
    rows = [] if proven is None else [{"name": PROVEN_NAME, "number": proven}]
    return _told(values, claimed, rows, "not_paid_back")


def buckets(values: Mapping[str, Any]) -> Reading:
    """All benefits; behind it what each of the three had of them."""
    if values["claimed"] is None:
        return _told(values, None, [])
    rows = [{"name": NAMES[bucket], "money": (values[bucket] or 0.0) / UNIT} for bucket in BUCKETS]
    return _told(values, values["claimed"] / UNIT, rows)


def _started(scope: MetricScope) -> ir.Table:
    rows = scope.happened("initiatives")
    agreed = (rows.record_signed_at <= rows.occurred_at).fill_null(False)
    return rows.select("place", started=ibis.literal(1, type="int64"), agreed=agreed.cast("int64"))


STARTED = Rows(key="initiatives_started", make=_started)

METRICS = (
    Metric(
        key="crm.roi",
        name=N_("Return on customer work"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Benefits of initiatives less their costs, divided by their costs, from the beginning to the end of the period: "
            "what is claimed. Behind it what is proven by a control group or a matched comparison. Without costs no value."
        ),
        code="(Σbenefit − Σcost)/Σcost",
        needs=("costs|benefits",),
        grains=("tenant", "initiative"),
        measures=(*TOTALS, *COUNTS),
        formula=roi,
    ),
    Metric(
        key="crm.npv",
        name=N_("Net present value"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "Benefits less costs of initiatives up to the end of the period, each month discounted to the first one by the rate "
            "in the module's settings. Behind it: with proven benefits alone."
        ),
        code="Σ (b_t − c_t)/(1+d)^t",
        needs=("costs|benefits",),
        grains=("tenant", "initiative"),
        measures=(MONTHS, YEARLY, *COUNTS),
        formula=npv,
    ),
    Metric(
        key="crm.payback",
        name=N_("Payback"),
        unit="months",
        better="down",
        kind="outcome",
        words=N_(
            "Months from an initiative's first cost or benefit until its benefits have paid its costs, linear inside the month. "
            "No value while they have not. Of the company: all initiatives together."
        ),
        code="first month with Σ(b − c) ≥ 0",
        needs=("costs",),
        grains=("tenant", "initiative"),
        measures=(MONTHS, *TOTALS, *COUNTS),
        formula=payback,
    ),
    Metric(
        key="crm.bucket_return",
        name=N_("Returns by kind of work"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "Benefits of initiatives up to the end of the period; behind it what customer interface, customer experience and "
            "customer success had of them, each benefit by its shares, so that nothing counts twice."
        ),
        code="Σ benefit·share",
        needs=("benefits",),
        grains=("tenant", "initiative"),
        measures=(*TOTALS, *COUNTS),
        formula=buckets,
    ),
    Metric(
        key="crm.criteria_agreed",
        name=N_("Criteria agreed before the start"),
        unit="ratio",
        better="up",
        kind="process",
        words=N_("Initiatives with success criteria signed before they started, divided by initiatives started in the period."),
        code="signed before start/started",
        needs=("initiatives",),
        measures=(added("agreed", STARTED), added("started", STARTED)),
        formula=lambda values: Reading.share(values["agreed"], values["started"]),
        target=1.0,
    ),
)
