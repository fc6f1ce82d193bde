"""A metric of each unit of a grain, as its page and its file show it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from kith_platform.metrics import service, store
from kith_platform.metrics.engine import Offered
from kith_platform.metrics.grains import LABELS, TENANT
from kith_platform.metrics.models import MetricValue
from kith_platform.scorecards import words
from kith_platform.sdk.metrics import Period
from kith_tenants.context import Actor

PAGE, ALL = 50, 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class UnitRow:
    """One unit: its name as people know it, the id of its page (customers), and its value in the reader's language."""

    name: str
    public: str
    value: Any
    n: int
    interval: str
    flags: list[tuple[str, str]]


@dataclass(frozen=True)
class Units:
    """A page of units. `computed` says whether this grain was computed for the period; `next` is the key of the next page."""

    grain: str
    label: str
    computed: bool
    rows: list[UnitRow]
    next: str


def of_request(session: Session, actor: Actor, found: Offered, period: Period, asked: Mapping[str, str]) -> Units | None:
    """The units asked for with `by` (a grain of the metric) and `after`; None without."""
    grain = asked.get("by", "")
    if grain == TENANT or grain not in found.metric.grains:
        return None
    after = service.unit_of(session, grain, asked["after"]) if asked.get("after") else ""
    values, names = service.units_page(session, actor, found.metric.key, period, grain, after=after, limit=PAGE)
    rows = [_row(found, value, names[value.unit]) for value in values[:PAGE]]
    computed = store.noted(session, period, grain) is not None
    return Units(grain, gettext(LABELS[grain]), computed, rows, rows[-1].public if len(values) > PAGE else "")


def _row(found: Offered, value: MetricValue, name: service.UnitName) -> UnitRow:
    low, high = (words.written(found.metric, one) for one in (value.low, value.high))
    interval = f"{low} – {high}" if low is not None and high is not None else ""
    shown = words.written(found.metric, value.value)
    return UnitRow(name.name or name.public, name.public, shown, value.n, interval, words.flags(value.flags))


def csv_lines(session: Session, actor: Actor, found: Offered, period: Period, grain: str) -> Iterator[str]:
    """The months up to that of the period, or with a grain its units over the period; with a head and a byte order mark."""
    yield "\ufeff"
    key = found.metric.key
    if grain in found.metric.grains and grain != TENANT:
        values, names = service.units_page(session, actor, key, period, grain, after="", limit=ALL)
        yield _line((grain, "from", "to", "value", "n", "low", "high", "flags"))
        for value in values:
            name = names[value.unit]
            yield _line((name.name or name.public, *_days(period), *_numbers(value)))
        return
    yield _line(("from", "to", "value", "n", "low", "high", "flags"))
    for place, one in service.series(session, [key], period)[key]:
        yield _line((*_days(place), *(_numbers(one) if one else ("",) * 5)))


def _days(period: Period) -> tuple[str, str]:
    return period.start.isoformat(), (period.end - dt.timedelta(days=1)).isoformat()


def _numbers(value: MetricValue) -> tuple[Any, ...]:
    return value.value, value.n, value.low, value.high, " ".join(str(flag) for flag in value.flags)


def _line(cells: Sequence[Any]) -> str:
    """A line of CSV; text that a spreadsheet would take for a formula is marked as text."""
    text = io.StringIO()
    safe = [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells]
    csv.writer(text, lineterminator="\r\n").writerow(["" if cell is None else cell for cell in safe])
    return text.getvalue()
