"""The turns of placements: at which days each is computed, with what it may see, and what it gives. In a job's child only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import structlog

from kith_platform.calendar.business import BusinessCalendar
from kith_platform.guard import PluginFailed
from kith_platform.placements.models import PlacementFrozen, PlacementTrack
from kith_platform.placements.rows import ONE_DAY, columns, moves, normal
from kith_platform.placements.scopes import Scopes
from kith_platform.placements.service import Offered
from kith_platform.refresh.graph import Turn
from kith_platform.sdk.placing import Histories
from kith_platform.sdk.rhythm import USUAL_GAP
from kith_platform.sdk.types import Placement

MONTHS_BACK = 12
TOGETHER = 1_000_000  # so many rows, one for each customer and day, are computed in one go
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Day:
    """One turn. `month_end`: it ends a month that is over."""

    day: dt.date
    month_end: bool


@dataclass
class Placed:
    """What came of a placement's turns: `rows` of the last one, all `moves`, the thresholds that were frozen on the way."""

    one: Offered
    track: PlacementTrack | None
    before: pa.Table | None
    days: Sequence[Day]
    limits: dict[dt.date, Mapping[str, float]]  # by quarter, frozen
    eves: dict[dt.date, Mapping[str, float]] = field(default_factory=dict)  # by quarter, as of the day before it
    moves: list[pl.DataFrame] = field(default_factory=list)
    frozen: list[PlacementFrozen] = field(default_factory=list)
    figures: dict[str, list[Any]] = field(default_factory=dict)
    failed: bool = False

    @property
    def placement(self) -> Placement:
        return self.one.placement

    @property
    def month_end(self) -> dt.date | None:
        """The last month-end gone through, with these turns."""
        ends = [day.day for day in self.days if day.month_end]
        return max(ends) if ends else self.track.month_end if self.track else None


def quarter_of(day: dt.date) -> dt.date:
    """The first day of its quarter."""
    return dt.date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def month_ends(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The last days of months within [first, last]."""
    year, month = first.year, first.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        end = dt.date(year, month, 1) - ONE_DAY
        if end > last:
            return
        yield end


def days_of(placement: Placement, track: PlacementTrack | None, day: dt.date, today: dt.date, first: dt.date | None) -> list[Day]:
    """The month-ends since the last turn and the day itself. `first` is the company's first purchase day.

    A month is over when the company's `today` lies beyond it. Where facts were taken away again the day may lie before the
    last turn: then there is just the one.
    """
    ends: list[dt.date] = []
    if placement.by_month and first is not None:
        start = track.month_end + ONE_DAY if track and track.month_end else track.first_day if track else first
        ends = [end for end in month_ends(start, day) if end < today][-MONTHS_BACK:]
    found = [Day(end, month_end=True) for end in ends]
    return found if ends and ends[-1] == day else [*found, Day(day, month_end=False)]


class Round:
    """All turns of one refresh, day by day, so that placements share what they compute of a day, and of many days."""

    def __init__(self, turn: Turn, places: Sequence[Placed], found: Histories, calendar: BusinessCalendar) -> None:
        self._turn, self._places, self._histories, self._calendar = turn, places, found, calendar
        self._run = turn.run

    def go(self, told: Callable[[int, int], None]) -> None:
        """Compute everything. A placement that fails keeps what it had: its `failed` is set, and nothing of it is stored."""
        days = sorted({day.day for place in self._places for day in place.days})
        gaps = (place.one.settings.get("usual_gap_days") for place in self._places)
        usual, done = next((float(gap) for gap in gaps if gap), USUAL_GAP), 0
        for batch in self._batches(days):
            with self._turn.frames.keeping() as keep:
                run, days_seen = self._run, sorted(batch)
                scopes = Scopes(
                    self._turn.frames,
                    run.runtime.facts,
                    run.tenant,
                    days_seen,
                    self._histories,
                    keep,
                    self._calendar,
                    usual_gap=usual,
                )
                for day in (day for day in batch if day in days):
                    told(done, len(days))
                    self._day(scopes, day)
                    done += 1

    def _batches(self, days: Sequence[dt.date]) -> Iterator[list[dt.date]]:
        """Days that are computed together, with the eves of quarters whose limits are not known yet and that are no turns."""
        customers = self._turn.manifest.tables.get("customer")
        size = max(1, TOGETHER // max(1, customers.rows if customers else 1))
        for start in range(0, len(days), size):
            batch = list(days[start : start + size])
            yield [*{eve for day in batch if (eve := self._eve(day)) is not None and eve not in days}, *batch]

    def _eve(self, day: dt.date) -> dt.date | None:
        """The eve of the day's quarter, where a placement has yet to find its limits."""
        quarter = quarter_of(day)
        limited = (place for place in self._places if place.placement.limits and any(one.day == day for one in place.days))
        return quarter - ONE_DAY if any(quarter not in place.limits for place in limited) else None

    def _day(self, scopes: Scopes, day: dt.date) -> None:
        for place in self._places:
            mine = next((one for one in place.days if one.day == day), None)
            if mine is not None and not place.failed:
                self._guarded(scopes, place, mine)

    def _guarded(self, scopes: Scopes, place: Placed, day: Day) -> None:
        one = place.one
        try:
            self._run.runtime.plugins.call(
                one.plugin, self._run.tenant.id, f"placement {one.placement.key}", self._take, scopes, place, day
            )
        except PluginFailed as failed:
            place.failed = True
            log.warning(
                "a placement keeps its old values", tenant=self._run.tenant.id, placement=one.placement.key, reason=str(failed)
            )

    def _take(self, scopes: Scopes, place: Placed, day: Day) -> None:
        placement, one = place.placement, place.one
        scope = scopes.scope(
            one.plugin,
            one.settings,
            day.day,
            limits=self._limits(scopes, place, day.day),
            before=None if place.before is None else ibis.memtable(place.before),
            month_end=day.month_end,
        )
        names = ["customer_id", *(column.name for column in columns(placement))]
        rows = normal(placement, scope.tables.run(placement.compute(scope).select(*names)))
        if place.before is not None:
            eve = max((one.day for one in place.days if one.day < day.day), default=place.track.last_day if place.track else None)
            place.moves.append(moves(placement, place.before, rows, day.day, eve))
        place.before = rows
        if day is place.days[-1]:
            place.figures = {figure.key: [dict(row) for row in figure.compute(scope)] for figure in placement.figures}
        elif quarter_of(day.day + ONE_DAY) == day.day + ONE_DAY:
            place.eves[day.day + ONE_DAY] = self._found(scopes, place, day.day)

    def _limits(self, scopes: Scopes, place: Placed, day: dt.date) -> Mapping[str, float]:
        """Frozen already, or computed as of the quarter's eve; where nothing was sold before the quarter, as of the day."""
        quarter = quarter_of(day)
        if place.placement.limits is not None and quarter not in place.limits:
            until = quarter - ONE_DAY
            found = place.eves.get(quarter)
            if found is None:
                found = self._found(scopes, place, until)
            if not found:
                found, until = self._found(scopes, place, day), day
            if found:
                place.limits[quarter] = found
                place.frozen.append(PlacementFrozen(key=place.placement.key, quarter=quarter, until=until, limits=found))
        return place.limits.get(quarter, {})

    def _found(self, scopes: Scopes, place: Placed, day: dt.date) -> Mapping[str, float]:
        """The limits as of a day."""
        limits = place.placement.limits
        return dict(limits(scopes.scope(place.one.plugin, place.one.settings, day))) if limits else {}


def first_purchase(turn: Turn, found: Histories) -> dt.date | None:
    """The company's first purchase day."""
    days = found.rows.days.mins()
    told = turn.frames.at(found.until).run(found.rows.aggregate(first=days.min()))
    first: dt.date | None = told["first"][0].as_py()
    return first
