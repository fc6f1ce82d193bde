"""A metric that fails, or answers garbage, shows that on itself alone."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from kith_platform.calendar.business import BusinessCalendar
from kith_platform.frames import open_frames
from kith_platform.metrics.answers import Offered
from kith_platform.metrics.engine import Engine, Wanted
from kith_platform.metrics.periods import month
from kith_platform.metrics.scope import Sources
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Measure, Metric, Reading
from kith_platform.snapshots import service as snapshots


def metric(key: str, **given: Any) -> Offered:
    made = Metric(key=key, name=key, unit="count", better="up", kind="outcome", words="", needs=("orders",), **given)
    return Offered("analytics_cem", made, {})


def count(values: Any) -> Reading:
    return Reading(value=values["n"] or 0.0)


def test_a_failing_metric_leaves_the_others_alone(company: Any) -> None:
    day = dt.date(2025, 10, 31)
    company.fact("sales_order", company.customer(), day, net=10)
    orders = Measure(key="n", fact="orders", aggregate=lambda rows: rows.count())
    absent = Measure(key="m", fact="orders", aggregate=lambda rows: rows.no_such_column.sum())

    def raises(_scope: Any) -> Reading:
        raise ZeroDivisionError

    offered = [
        metric("good", measures=(orders,), formula=count),
        metric("raises", compute=raises),
        metric("not finite", compute=lambda _scope: Reading(value=math.nan)),
        metric("no reading", compute=lambda _scope: 17),
        metric("no column", measures=(absent,), formula=lambda values: Reading(value=values["m"])),
        metric("also good", measures=(orders,), formula=count),
    ]
    runtime, tenant = company.runtime, company.tenant
    period = month(day)
    with open_frames(runtime, tenant, snapshots.take(runtime, tenant.id)) as frames:
        calendar = BusinessCalendar(zone=tenant.timezone)
        sources = Sources(frames, tenant, runtime.facts, until=day, calendar=calendar, scores=lambda _model: None)
        results = Engine(sources, Plugins()).results(offered, [Wanted(period, period, latest=True)])
    found = {one.key: (one.reading.value, one.reading.reason) for one in results}
    assert found["good"] == found["also good"] == (1.0, "")
    assert {key: why for key, (value, why) in found.items() if value is None} == dict.fromkeys(
        ["raises", "not finite", "no reading", "no column"], "failed"
    )
