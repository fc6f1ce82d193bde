"""The turns of placements: at which days each is computed, with what it may see, and what it gives. In a job's child only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
import structlog

from kith_platform.guard import PluginFailed
from kith_platform.metrics.buying import buying
from kith_platform.placements.models import PlacementFrozen, PlacementTrack
from kith_platform.placements.service import Offered
from kith_platform.refresh.graph import Turn
from kith_platform.sdk.types import Buying, Placement, PlacementColumn, PlacementScope

MONTHS_BACK = 12
DIGITS = 4  # what is finer is noise of sums, and would be written anew each day
ONE_DAY = dt.timedelta(days=1)
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
    limits: dict[dt.date, Mapping[str, float]]
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
    """All turns of one refresh, day by day, so that placements share what they compute of a day."""

    def __init__(self, turn: Turn, places: Sequence[Placed], bought: Buying) -> None:
        self._turn, self._places, self._bought = turn, places, bought
        self._run = turn.run
        self._kept: dict[tuple[str, str], ir.Table] = {}

    def go(self, told: Callable[[int, int], None]) -> None:
        """Compute everything. A placement that fails keeps what it had: its `failed` is set, and nothing of it is stored."""
        days = sorted({day.day for place in self._places for day in place.days})
        for number, day in enumerate(days):
            told(number, len(days))
            self._kept = {}
            for place in self._places:
                mine = next((one for one in place.days if one.day == day), None)
                if mine is not None and not place.failed:
                    self._guarded(place, mine)

    def _guarded(self, place: Placed, day: Day) -> None:
        one = place.one
        try:
            self._run.runtime.plugins.call(
                one.plugin, self._run.tenant.id, f"placement {one.placement.key}", self._take, place, day
            )
        except PluginFailed as failed:
            place.failed = True
            log.warning(
                "a placement keeps its old values", tenant=self._run.tenant.id, placement=one.placement.key, reason=str(failed)
            )

    def _take(self, place: Placed, day: Day) -> None:
        placement = place.placement
        scope = replace(self._scope(place, day), limits=self._limits(place, day))
        names = ["customer_id", *(column.name for column in columns(placement))]
        rows = normal(placement, scope.tables.run(placement.compute(scope).select(*names)))
        if place.before is not None:
            eve = max((one.day for one in place.days if one.day < day.day), default=place.track.last_day if place.track else None)
            place.moves.append(moves(placement, place.before, rows, day.day, eve))
        place.before = rows
        if day is place.days[-1]:
            place.figures = {figure.key: [dict(row) for row in figure.compute(scope)] for figure in placement.figures}

    def _scope(self, place: Placed, day: Day) -> PlacementScope:
        frames, run, own = self._turn.frames, self._run, place.one
        tables = frames.at(day.day)
        last = day.day == frames.last_day
        bought = self._bought if last else _until(self._bought, day.day)
        # Whoever was entered after the last thing that happened is placed, too.
        people = tables["records"].filter(tables["records"].customer_id.notnull()) if last else tables.customers

        def once(name: str, make: Callable[[], ir.Table]) -> ir.Table:
            key = (own.plugin, name)
            if key not in self._kept:
                self._kept[key] = ibis.memtable(tables.run(make()))
            return self._kept[key]

        def has(plural: str) -> bool:
            table = self._turn.manifest.tables.get(run.runtime.facts.by_plural(plural).name)
            return table is not None and table.rows > 0

        return PlacementScope(
            tables=tables,
            day=day.day,
            tenant=run.tenant,
            settings=own.settings,
            buying=bought,
            people=people.group_by("customer_id").aggregate(since=people.since.min()),
            has=has,
            once=once,
            before=None if place.before is None else ibis.memtable(place.before),
            month_end=day.month_end,
        )

    def _limits(self, place: Placed, day: Day) -> Mapping[str, float]:
        """Frozen already, or computed as of the quarter's eve; where nothing was sold before the quarter, as of the day."""
        if place.placement.limits is None:
            return {}
        quarter = quarter_of(day.day)
        for until in (quarter - ONE_DAY, day.day):
            if quarter in place.limits:
                break
            kept, self._kept = self._kept, {}  # another day's tables
            found = dict(place.placement.limits(self._scope(place, Day(until, month_end=False))))
            self._kept = kept
            if found:
                place.limits[quarter] = found
                place.frozen.append(PlacementFrozen(key=place.placement.key, quarter=quarter, until=until, limits=found))
        return place.limits.get(quarter, {})


def bought(turn: Turn) -> Buying:
    """Everything that was bought, read once."""
    return buying(turn.frames, turn.frames.last_day, gaps=True)


def first_purchase(turn: Turn, bought: Buying) -> dt.date | None:
    found = turn.frames.at(turn.frames.last_day).run(bought.purchases.aggregate(first=bought.purchases.day.min()))
    first: dt.date | None = found["first"][0].as_py()
    return first


def _until(bought: Buying, day: dt.date) -> Buying:
    end = ibis.literal(day)
    return replace(
        bought,
        until=day,
        purchases=bought.purchases.filter(bought.purchases.day <= end),
        ledger=bought.ledger.filter(bought.ledger.day <= end),
    )


def columns(placement: Placement) -> tuple[PlacementColumn, ...]:
    """All that is kept of it."""
    return (*placement.columns, *placement.carries)


def normal(placement: Placement, rows: pa.Table) -> pa.Table:
    """The rows as they are stored: numbers as doubles, texts never null, days as ISO text."""
    frame = pl.DataFrame(pl.from_arrow(rows))
    shaped = [pl.col("customer_id").cast(pl.Int64)]
    for column in columns(placement):
        value = pl.col(column.name)
        if column.kind == "number":
            value = value.cast(pl.Float64).round(DIGITS).fill_nan(None)
        elif column.kind == "day":
            value = value.cast(pl.String)
        else:
            value = value.cast(pl.String).fill_null("")
        shaped.append(value)
    table: pa.Table = frame.select(shaped).to_arrow(compat_level=pl.CompatLevel.oldest())
    return table


def named(placement: Placement) -> tuple[str | None, str | None]:
    """The columns that are the code and what lists sort by."""
    text = next((column.name for column in placement.columns if column.kind == "text"), None)
    number = next((column.name for column in placement.columns if column.kind == "number"), None)
    return text, number


def short(placement: Placement, rows: pa.Table) -> pl.DataFrame:
    """customer_id, code, sort, began of normal rows."""
    text, number = named(placement)
    frame = pl.DataFrame(pl.from_arrow(rows))
    return frame.select(
        "customer_id",
        (pl.col(text) if text else pl.lit("")).alias("code"),
        (pl.col(number) if number else pl.lit(None, dtype=pl.Float64)).alias("sort"),
        (pl.col(placement.dated).str.to_date() if placement.dated else pl.lit(None, dtype=pl.Date)).alias("began"),
    )


def kept(placement: Placement, rows: pa.Table) -> pl.DataFrame:
    """customer_id, code, sort and details (JSON text) of normal rows."""
    whole = pl.DataFrame(pl.from_arrow(rows)).select(pl.struct(pl.exclude("customer_id")).struct.json_encode().alias("details"))
    return short(placement, rows).drop("began").hstack(whole)


def moves(placement: Placement, before: pa.Table, rows: pa.Table, day: dt.date, eve: dt.date | None) -> pl.DataFrame:
    """customer_id, key, moved_on, from_code, to_code, from_sort, to_sort of whose code changed after `eve`, up to the day."""
    was = short(placement, before).drop("began").rename({"code": "from_code", "sort": "from_sort"})
    now = short(placement, rows).rename({"code": "to_code", "sort": "to_sort"})
    both = was.join(now, on="customer_id", how="full", coalesce=True)
    both = both.with_columns(pl.col("from_code", "to_code").fill_null(""))
    changed = both.filter(pl.col("from_code") != pl.col("to_code"))
    earliest = (eve + ONE_DAY) if eve is not None and eve < day else day
    moved_on = pl.col("began").fill_null(pl.lit(day)).clip(pl.lit(earliest), pl.lit(day))
    return changed.select(
        "customer_id",
        pl.lit(placement.key).alias("key"),
        moved_on.alias("moved_on"),
        "from_code",
        "to_code",
        "from_sort",
        "to_sort",
    )
