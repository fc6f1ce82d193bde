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

from kith_platform import workbook
from kith_platform.metrics import service, store
from kith_platform.metrics.answers import Offered
from kith_platform.metrics.grains import LABELS, TENANT
from kith_platform.metrics.models import MetricValue
from kith_platform.metrics.service import UnitName
from kith_platform.scorecards import words
from kith_platform.sdk.metrics import Period
from kith_platform.workbook import Cell, Number, Sheet
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


Line = tuple[UnitName | None, Period, MetricValue | None]


def lines(session: Session, actor: Actor, found: Offered, period: Period, grain: str) -> Iterator[Line]:
    """What a file of the metric holds: the months up to that of the period, or with a grain its units over the period."""
    key = found.metric.key
    if grain in found.metric.grains and grain != TENANT:
        values, names = service.units_page(session, actor, key, period, grain, after="", limit=ALL)
        yield from ((names[value.unit], period, value) for value in values)
        return
    yield from ((None, place, one) for place, one in service.series(session, [key], period)[key])


def csv_lines(session: Session, actor: Actor, found: Offered, period: Period, grain: str) -> Iterator[str]:
    """The lines as CSV, with a head and a byte order mark."""
    rows = list(lines(session, actor, found, period, grain))
    named = any(name for name, _place, _one in rows)
    yield "\ufeff" + _line((*([grain] if named else []), "from", "to", "value", "n", "low", "high", "flags"))
    for name, place, one in rows:
        first = (name.name or name.public,) if name else ()
        yield _line((*first, *_days(place), *(_numbers(one) if one else ("",) * 5)))


def book(session: Session, actor: Actor, found: Offered, period: Period, grain: str) -> bytes:
    """The lines as a workbook in the reader's language: days are days, numbers are numbers."""
    rows = list(lines(session, actor, found, period, grain))
    named = any(name for name, _place, _one in rows)
    labels = [gettext("From"), gettext("To"), gettext("Value"), gettext("Cases"), gettext("From (95%% interval)") % ()]
    head = [*([gettext(LABELS[grain])] if named else []), *labels, gettext("To (95%% interval)") % (), gettext("To keep in mind")]
    cells = [[*([name.name or name.public] if name else []), *_cells(found, place, one)] for name, place, one in rows]
    sheet = Sheet(gettext(found.metric.name), head, cells, ((30,) if named else ()) + (12, 12, 14, 10, 14, 14, 30))
    return workbook.written(
        [sheet], title=gettext(found.metric.name), made=max((one.computed_at for _n, _p, one in rows if one), default=None)
    )


def _cells(found: Offered, place: Period, one: MetricValue | None) -> list[Cell]:
    first, last = place.start, place.end - dt.timedelta(days=1)
    if one is None:
        return [first, last]
    value, low, high = (Number(number, found.metric.unit) for number in (one.value, one.low, one.high))
    return [first, last, value, one.n, low, high, " · ".join(short for short, _long in words.flags(one.flags))]


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
