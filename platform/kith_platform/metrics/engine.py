"""Computing metrics: measures of one fact in one query for all periods, formulas above, each metric guarded on its own."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames
from kith_platform.guard import PluginFailed
from kith_platform.metrics.buying import buying
from kith_platform.metrics.periods import year_before
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Buying, Measure, Metric, MetricScope, Period, QualityReading, Reading
from kith_tenants.tenant import TenantContext

IMPORT, TRAIN, FAILED, NOT_YET = "import", "train", "failed", "not_yet"
PARTIAL = "partial"
ROWS_AT_ONCE = 20_000_000

Measured = Mapping[Period, Mapping[str, float | None]]


@dataclass(frozen=True)
class Offered:
    """A metric with the module that brings it, and that module's settings for the tenant."""

    plugin: str
    metric: Metric
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """A period as it is kept, and the part of it that the data cover (None: they end before it)."""

    period: Period
    covered: Period | None
    latest: bool = False


@dataclass(frozen=True)
class Result:
    """One reading of one metric over one period."""

    key: str
    period: Period
    reading: Reading


class Engine:
    """One computation over one snapshot. `scores(model)` gives a model's scores as a table, or None; `quality()` what the
    refresh last read of the data's quality."""

    def __init__(
        self,
        frames: Frames,
        tenant: TenantContext,
        plugins: Plugins,
        facts: FactCatalogue,
        scores: Callable[[str], ir.Table | None],
        quality: Callable[[], Sequence[QualityReading]] = tuple,
        *,
        until: dt.date,
    ) -> None:
        self.frames, self.tenant, self.until = frames, tenant, until
        self.plugins, self.facts, self.scores, self.quality = plugins, facts, scores, quality
        self._kept: dict[tuple[str, str, tuple[Period, ...]], ir.Table] = {}

    @cached_property
    def buying(self) -> Buying:
        return buying(self.frames, self.until)

    def results(
        self, offered: Sequence[Offered], wanted: Sequence[Wanted], told: Callable[[int], None] = lambda _done: None
    ) -> list[Result]:
        """Every metric over every period wanted; a `latest_only` metric over the latest alone."""
        ready = [one for one in offered if not self._lacking(one.metric)]
        measured = self._measured([one for one in ready if one.metric.formula], [one.covered for one in wanted if one.covered])
        found: list[Result] = []
        for number, one in enumerate(offered):
            told(number)
            places = [place for place in wanted if place.latest or not one.metric.latest_only]
            readings = self._readings(one, places, measured)
            found += [Result(one.metric.key, place.period, reading) for place, reading in zip(places, readings, strict=True)]
        return found

    def _lacking(self, metric: Metric) -> str:
        """The reason a metric cannot be computed at all; empty where it can."""
        for need in metric.needs:
            if not any(self._any(plural) for plural in need.split("|")):
                return f"{IMPORT}:{need}"
        return next((f"{TRAIN}:{model}" for model in metric.needs_scores if self.scores(model) is None), "")

    def _any(self, plural: str) -> bool:
        table = self.frames.manifest.tables.get(self.facts.by_plural(plural).name)
        return table is not None and table.rows > 0

    def _readings(self, one: Offered, places: Sequence[Wanted], measured: Measured) -> list[Reading]:
        """A reading per place, in order. An error shows on this metric alone."""
        if lacking := self._lacking(one.metric):
            return [Reading.none(lacking)] * len(places)
        covered = [place.covered for place in places if place.covered]
        try:
            values = dict(zip(covered, self._computed(one, covered, measured), strict=True))
        except PluginFailed:
            values = dict.fromkeys(covered, Reading.none(FAILED))
        return [_flagged(values[place.covered], place.covered) if place.covered else Reading.none(NOT_YET) for place in places]

    def _computed(self, one: Offered, periods: Sequence[Period], measured: Measured) -> list[Reading]:
        metric = one.metric
        if metric.formula is not None:
            return [self._formula(one, metric.formula, measured[period]) for period in periods]
        if metric.compute is not None:
            return [self._checked(one, self._call(one, metric.compute, self._scope(one, (period,)))) for period in periods]
        assert metric.over is not None  # noqa: S101 - checked where metrics are offered
        found: list[Reading] = []
        for start in range(0, len(periods), self._at_once):
            part = tuple(periods[start : start + self._at_once])
            answers = self._call(one, metric.over, self._scope(one, part))
            if not isinstance(answers, Sequence) or len(answers) != len(part):
                raise self._refused(one, f"not one reading for each of {len(part)} periods")
            found += [self._checked(one, answer) for answer in answers]
        return found

    @cached_property
    def _at_once(self) -> int:
        """How many periods one query answers for: as many as memory bears, for each repeats the rows of buying."""
        rows = self.frames.manifest.tables["sales_order"].rows if "sales_order" in self.frames.manifest.tables else 0
        return max(1, min(32, ROWS_AT_ONCE // max(rows, 1)))

    def _formula(self, one: Offered, formula: Callable[..., Any], values: Mapping[str, float | None]) -> Reading:
        if any(_name(measure) not in values for measure in one.metric.measures):
            raise PluginFailed(f"a measure of {one.metric.key} failed")  # counted already, where it failed
        reading = self._checked(one, self._call(one, formula, _own(one.metric, values)))
        return replace(reading, coverage=_coverage(one.metric, values)) if reading.coverage is None else reading

    def _scope(self, one: Offered, periods: tuple[Period, ...]) -> MetricScope:
        def once(name: str, make: Callable[[], ir.Table]) -> ir.Table:
            key = (one.plugin, name, periods)
            if key not in self._kept:
                self._kept[key] = ibis.memtable(self.frames.at(self.until).run(make()))
            return self._kept[key]

        return MetricScope(
            frames=self.frames,
            periods=periods,
            days=days_of(periods),
            tenant=self.tenant,
            today=self.until,
            settings=one.settings,
            buying=self.buying,
            scores=self.scores,
            has=self._any,
            once=once,
            quality=self.quality,
        )

    def _call(self, one: Offered, function: Callable[..., Any], argument: Any) -> Any:
        return self.plugins.call(one.plugin, self.tenant.id, f"metric {one.metric.key}", function, argument)

    def _refused(self, one: Offered, problem: str) -> PluginFailed:
        return self.plugins.guard.refuse(one.plugin, self.tenant.id, f"metric {one.metric.key}", problem)

    def _checked(self, one: Offered, answer: Any) -> Reading:
        """The plugin's answer, which must be a Reading with a finite value or a reason."""
        if not isinstance(answer, Reading):
            raise self._refused(one, f"{type(answer).__name__} instead of a Reading")
        numbers = (answer.value, answer.low, answer.high, answer.coverage)
        if any(number is not None and not math.isfinite(number) for number in numbers):
            raise self._refused(one, "a number that is not finite")
        if answer.value is None and not answer.reason:
            raise self._refused(one, "no value and no reason")
        return answer

    def _measured(self, offered: Sequence[Offered], periods: Sequence[Period]) -> dict[Period, dict[str, float | None]]:
        """Every measure's value per period: one query per fact, however many metrics and periods."""
        values: dict[Period, dict[str, float | None]] = {period: {} for period in periods}
        by_fact: dict[str, dict[str, tuple[Offered, Measure]]] = {}
        for one in offered:
            for measure in one.metric.measures:
                by_fact.setdefault(measure.fact, {})[_name(measure)] = (one, measure)
        for plural, measures in by_fact.items():
            if not periods:
                break
            try:
                self._query(plural, [measure for _one, measure in measures.values()], periods, values)
            except Exception:  # one bad aggregate must not take the others with it: each again, alone and guarded
                for one, measure in measures.values():
                    try:
                        what = f"measure {measure.key}"
                        self.plugins.call(one.plugin, self.tenant.id, what, self._query, plural, [measure], periods, values)
                    except PluginFailed:
                        continue
        return values

    def _query(
        self, plural: str, measures: Sequence[Measure], periods: Sequence[Period], values: dict[Period, dict[str, float | None]]
    ) -> None:
        expression = measured(self._rows(plural, periods), measures, periods)
        names = [name for measure in measures for name in (_name(measure), *_covering(measure))]
        found = {row["place"]: row for row in self.frames.at(self.until).run(expression).to_pylist()}
        for place, period in enumerate(periods):
            row = found.get(place)
            values[period].update({name: None if row is None else _number(row[name]) for name in names})

    def _rows(self, plural: str, periods: Sequence[Period]) -> ir.Table:
        """The fact's rows of all these days, money in the tenant's currency, `had_<column>` where it has an amount at all."""
        tables = self.frames.during(min(one.start for one in periods), max(one.end for one in periods))
        rows = tables[plural]
        money = [column.stored_as for column in self.facts.by_plural(plural).money]
        if not money:
            return rows
        return tables.money(rows.mutate(**{f"had_{name}": rows[name].notnull() for name in money}), *money)


def days_of(periods: Sequence[Period]) -> ir.Table:
    """place, start, end, year_start, year_end: see `MetricScope.days`."""
    columns = {
        "start": [one.start for one in periods],
        "end": [one.end for one in periods],
        "year_start": [year_before(one.start) for one in periods],
        "year_end": [year_before(one.end) for one in periods],
    }
    days = {name: pa.array(values, pa.date32()) for name, values in columns.items()}
    return ibis.memtable(pa.table({"place": pa.array(range(len(periods)), pa.int64()), **days}))


def measured(rows: ir.Table, measures: Sequence[Measure], periods: Sequence[Period]) -> ir.Table:
    """One row per period with a column per measure; `place` counts the periods. A period without rows gets its empty values."""
    marks = days_of(periods).select("place", period_start="start", period_end="end")
    inside = rows.inner_join(marks, [rows.occurred_on >= marks.period_start, rows.occurred_on < marks.period_end])
    columns: dict[str, ir.Value] = {}
    for measure in measures:
        columns[_name(measure)] = measure.aggregate(inside)
        for name, column in zip(_covering(measure), (f"had_{measure.money}", measure.money), strict=False):
            columns[name] = inside[column].sum() if column.startswith("had_") else inside[column].count()
    return inside.group_by("place").aggregate(**columns)


def _name(measure: Measure) -> str:
    return f"{measure.fact}.{measure.key}"


def _covering(measure: Measure) -> tuple[str, ...]:
    return (f"{_name(measure)}.amounts", f"{_name(measure)}.covered") if measure.money else ()


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _own(metric: Metric, values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {measure.key: values.get(_name(measure)) for measure in metric.measures}


def _coverage(metric: Metric, values: Mapping[str, float | None]) -> float | None:
    """The least share of amounts with an exchange rate among the metric's measures."""
    pairs = [[values.get(name) for name in _covering(measure)] for measure in metric.measures if measure.money]
    return min((covered / amounts for amounts, covered in pairs if amounts and covered is not None), default=None)


def _flagged(reading: Reading, covered: Period) -> Reading:
    flags = list(reading.flags)
    if reading.reason == "empty_denominator":
        flags.append("empty_denominator")
    if covered.partial and reading.value is not None:
        flags.append(PARTIAL)
    return replace(reading, flags=tuple(dict.fromkeys(flags)))
