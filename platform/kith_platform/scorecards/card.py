"""A metric as a card: value, period, comparison, interval, its last months as a line, or what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from kith_platform import i18n
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.periods import change
from kith_platform.metrics.service import Shown
from kith_platform.scorecards import words
from kith_platform.sdk.types import Metric, Period
from kith_platform.web import locale

Series = Sequence[tuple[Period, MetricValue | None]]
WIDTH, HEIGHT = 120.0, 28.0


@dataclass(frozen=True)
class Card:
    """Everything the templates need of one metric; texts are in the reader's language."""

    metric: Metric
    name: str
    value: Any
    unit: str
    period: str
    change: float | None
    change_text: str
    compared: str
    good: str
    interval: str
    missing: str
    importable: bool
    model: str  # the task whose model is missing, or empty
    flags: list[tuple[str, str]]
    line: str  # points of an SVG polyline, empty with fewer than three months


def card(shown: Shown, series: Series, facts: FactCatalogue) -> Card:
    """The card of a metric. Where the period has to ripen, the newest month with a value stands for it."""
    metric, value, period = shown.metric, shown.value, shown.period
    then, against = shown.compared.get("mom"), gettext("on the month before")
    if value is not None and value.value is None and value.reason in {"immature", "empty_denominator"}:
        ripe = [(place, found) for place, found in series if found is not None and found.value is not None]
        if ripe:
            (period, value), then = ripe[-1], ripe[-2][1] if len(ripe) > 1 else None
    elif shown.changes.get("yoy") is not None:
        then, against = shown.compared["yoy"], gettext("on the year before")
    reason = value.reason if value else ""
    changed = change(value.value if value else None, then.value if then else None) if metric.unit != "list" else None
    return Card(
        metric=metric,
        name=gettext(metric.name),
        value=words.written(metric, value.value if value else None),
        unit=words.unit(metric),
        period=month_name(period),
        change=changed,
        change_text=words.difference(metric, value.value, then.value) if changed is not None and value and then else "",
        compared=against,
        good=metric.better if metric.better in {"up", "down"} else "",
        interval=interval(metric, value),
        missing="" if value is not None and value.value is not None else words.reason(reason, facts),
        importable=reason.startswith("import:"),
        model=reason.removeprefix("train:") if reason.startswith("train:") else "",
        flags=words.flags(value.flags if value else ()),
        line=polyline([found.value if found else None for _place, found in series]),
    )


def month_name(period: Period) -> str:
    """October 2026, the quarter or the year as such, or both days of another period."""
    last = period.end - dt.timedelta(days=1)
    if period.start.day == 1 and period.end.day == 1:
        span = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
        if span == 1:
            return i18n.day(period.start, locale.language(), style="month")
        if span == 3 and period.start.month % 3 == 1:
            return str(gettext("Quarter %(number)s of %(year)s", number=last.month // 3, year=last.year))
        if span == 12 and period.start.month == 1:
            return str(gettext("Year %(year)s", year=last.year))
    return f"{i18n.day(period.start, locale.language())} – {i18n.day(last, locale.language())}"


def interval(metric: Metric, value: MetricValue | None) -> str:
    """The 95 % interval in the metric's unit; empty without one."""
    if value is None or value.low is None or value.high is None:
        return ""
    return f"{words.written(metric, value.low)} – {words.written(metric, value.high)}"


def polyline(values: Sequence[float | None]) -> str:
    """The values as points of a line of WIDTH × HEIGHT, gaps left out; empty with fewer than three of them."""
    points = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(points) < 3:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    span = high - low or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    return " ".join(
        f"{place * step:.1f},{HEIGHT - 2 - (value - low) / span * (HEIGHT - 4) if high > low else HEIGHT / 2:.1f}"
        for place, value in points
    )
