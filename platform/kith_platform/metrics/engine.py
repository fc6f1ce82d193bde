"""Computing metrics: measures of the same rows in one query for all periods, formulas above, each metric guarded on its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis.expr.types as ir

from kith_platform.guard import PluginFailed
from kith_platform.metrics.answers import Answers, Offered
from kith_platform.metrics.grains import TENANT, WHOLE, summed
from kith_platform.metrics.scope import Sources
from kith_platform.plugins import Plugins
from kith_platform.sdk.metrics import Measure, Metric, Number, Period, Reading, Rows

IMPORT, TRAIN, FAILED, NOT_YET = "import", "train", "failed", "not_yet"
PARTIAL = "partial"

Values = dict[tuple[str, Period], dict[str, dict[str, Number]]]  # (grain, period) → unit → measure → value


@dataclass(frozen=True)
class Wanted:
    """A period as it is kept, and the part of it that the data cover (None: they end before it)."""

    period: Period
    covered: Period | None
    latest: bool = False


@dataclass(frozen=True)
class Result:
    """One reading of one metric over one period, of one unit of a grain."""

    key: str
    period: Period
    reading: Reading
    grain: str = TENANT
    unit: str = WHOLE


class Engine:
    """One computation over one snapshot, of all metrics but those above others. `members` has segment_id and customer_id."""

    def __init__(self, sources: Sources, plugins: Plugins, *, members: ir.Table | None = None) -> None:
        self.sources, self.plugins, self.members = sources, plugins, members
        self.tenant, self.answers = sources.tenant, Answers(plugins, sources.tenant)
        self._broken: set[tuple[str, str]] = set()  # (grain, measure)

    def results(
        self,
        offered: Sequence[Offered],
        wanted: Sequence[Wanted],
        grains: Sequence[str] = (TENANT,),
        told: Callable[[int], None] = lambda _done: None,
    ) -> list[Result]:
        """Every metric over every period wanted, of the grains it has; a `latest_only` metric over the latest alone."""
        ready = [one for one in offered if one.metric.formula and not self._lacking(one.metric)]
        values = self._measured(ready, [one.covered for one in wanted if one.covered], grains)
        found: list[Result] = []
        for number, one in enumerate(offered):
            told(number)
            places = [place for place in wanted if place.latest or not one.metric.latest_only]
            if TENANT in grains:
                found += results_of(one, places, self._readings(one, places, values))
            if one in ready:
                for grain in grains:
                    if grain != TENANT and grain in one.metric.grains:
                        found += self._of_units(one, places, values, grain)
        return found

    def _lacking(self, metric: Metric) -> str:
        """The reason a metric cannot be computed at all; empty where it can."""
        for need in metric.needs:
            if not any(self.sources.any(plural) for plural in need.split("|")):
                return f"{IMPORT}:{need}"
        return next((f"{TRAIN}:{model}" for model in metric.needs_scores if self.sources.scores(model) is None), "")

    def _readings(self, one: Offered, places: Sequence[Wanted], values: Values) -> list[Reading]:
        """A reading per place, in order, of the whole company. An error shows on this metric alone."""
        if lacking := self._lacking(one.metric):
            return [Reading.none(lacking)] * len(places)
        covered = [place.covered for place in places if place.covered]
        try:
            found = dict(zip(covered, self._computed(one, covered, values), strict=True))
        except PluginFailed:
            found = dict.fromkeys(covered, Reading.none(FAILED))
        return [flagged(found[place.covered], place.covered) if place.covered else Reading.none(NOT_YET) for place in places]

    def _computed(self, one: Offered, periods: Sequence[Period], values: Values) -> list[Reading]:
        metric = one.metric
        if metric.formula is not None:
            return [self._formula(one, values[TENANT, period].get(WHOLE, {}), TENANT) for period in periods]
        if metric.compute is not None:
            scopes = (self._scope(one, (period,)) for period in periods)
            return [self.answers.checked(one, self.answers.call(one, metric.compute, scope)) for scope in scopes]
        assert metric.over is not None  # noqa: S101 - checked where metrics are offered
        found: list[Reading] = []
        for part in self._parts(periods):
            answers = self.answers.call(one, metric.over, self._scope(one, part))
            if not isinstance(answers, Sequence) or len(answers) != len(part):
                raise self.answers.refused(one, f"not one reading for each of {len(part)} periods")
            found += [self.answers.checked(one, answer) for answer in answers]
        return found

    def _of_units(self, one: Offered, places: Sequence[Wanted], values: Values, grain: str) -> list[Result]:
        """A reading per period and unit that has any of the metric's rows."""
        found: list[Result] = []
        keys = {_name(one, measure) for measure in one.metric.measures}
        for place in places:
            of = values[grain, place.covered] if place.covered else {}
            for unit, measured in of.items():
                if not keys.isdisjoint(measured):
                    try:
                        reading = self._formula(one, measured, grain)
                    except PluginFailed:
                        reading = Reading.none(FAILED)
                    assert place.covered is not None  # noqa: S101 - `of` is empty without
                    found.append(Result(one.metric.key, place.period, flagged(reading, place.covered), grain, unit))
        return found

    def _formula(self, one: Offered, values: Mapping[str, Number], grain: str) -> Reading:
        measures = one.metric.measures
        if any((grain, _name(one, measure)) in self._broken for measure in measures):
            raise PluginFailed(f"a measure of {one.metric.key} failed")  # counted already, where it failed
        own = {measure.key: values.get(_name(one, measure)) for measure in measures}
        assert one.metric.formula is not None  # noqa: S101 - only metrics with one come here
        reading = self.answers.checked(one, self.answers.call(one, one.metric.formula, own))
        return replace(reading, coverage=_coverage(one, values)) if reading.coverage is None else reading

    def _parts(self, periods: Sequence[Period]) -> Iterable[tuple[Period, ...]]:
        size = self.sources.at_once
        return [tuple(periods[start : start + size]) for start in range(0, len(periods), size)]

    def _scope(self, one: Offered, periods: tuple[Period, ...]) -> Any:
        return self.sources.scope(one.plugin, one.settings, periods)

    def _measured(self, offered: Sequence[Offered], periods: Sequence[Period], grains: Sequence[str]) -> Values:
        """Every measure's value per grain, period and unit: a query per rows and grain, however many metrics and periods."""
        values: Values = {(grain, period): defaultdict(dict) for grain in grains for period in periods}
        if not periods:
            return values
        for grain in grains:
            by_rows: dict[tuple[str, str], dict[str, tuple[Offered, Measure]]] = defaultdict(dict)
            for one in offered:
                if grain == TENANT or grain in one.metric.grains:
                    for measure in one.metric.measures:
                        by_rows[_rows_key(one, measure)][_name(one, measure)] = (one, measure)
            for measures in by_rows.values():
                pairs = list(measures.values())
                for part in [tuple(periods)] if isinstance(pairs[0][1].fact, str) else self._parts(periods):
                    self._guarded(pairs, part, grain, values)
        return values

    def _guarded(self, measures: list[tuple[Offered, Measure]], periods: tuple[Period, ...], grain: str, values: Values) -> None:
        try:
            self._query(measures, periods, grain, values)
        except Exception:  # one bad aggregate must not take the others with it: each again, alone and guarded
            for one, measure in measures:
                try:
                    what = f"measure {measure.key}"
                    self.plugins.call(one.plugin, self.tenant.id, what, self._query, [(one, measure)], periods, grain, values)
                except PluginFailed:
                    self._broken.add((grain, _name(one, measure)))

    def _query(self, measures: list[tuple[Offered, Measure]], periods: tuple[Period, ...], grain: str, values: Values) -> None:
        one, first = measures[0]
        rows = self._rows(one, first.fact, periods)
        expression = summed(rows, [measure for _one, measure in measures], grain, self.members)
        for row in self.sources.all.run(expression).to_pylist():
            into = values[grain, periods[row["place"]]][row.get("of", WHOLE)]
            for number, (owner, measure) in enumerate(measures):
                name = _name(owner, measure)
                into[name] = _number(row[f"m{number}"])
                if f"a{number}" in row:
                    into[f"{name}.amounts"], into[f"{name}.covered"] = _number(row[f"a{number}"]), _number(row[f"c{number}"])

    def _rows(self, one: Offered, fact: str | Rows, periods: tuple[Period, ...]) -> ir.Table:
        if isinstance(fact, str):
            return self.sources.happened(fact, periods)
        scope = self._scope(one, periods)
        return scope.once(f"rows {fact.key}", lambda: fact.make(scope)) if fact.keep else fact.make(scope)


def results_of(one: Offered, places: Sequence[Wanted], readings: Sequence[Reading]) -> list[Result]:
    """A metric's readings at their places."""
    return [Result(one.metric.key, place.period, reading) for place, reading in zip(places, readings, strict=True)]


def _rows_key(one: Offered, measure: Measure) -> tuple[str, str]:
    """Facts are the same for all modules, rows of a module its own."""
    return ("", measure.fact) if isinstance(measure.fact, str) else (one.plugin, measure.fact.key)


def _name(one: Offered, measure: Measure) -> str:
    plugin, rows = _rows_key(one, measure)
    return f"{plugin}/{rows}.{measure.key}"


def _number(value: Any) -> Number:
    if isinstance(value, list):
        return [each if isinstance(each, dict) else float(each) for each in value if each is not None]
    return None if value is None else float(value)


def _coverage(one: Offered, values: Mapping[str, Any]) -> float | None:
    """The least share of amounts with an exchange rate among the metric's measures."""
    names = [_name(one, measure) for measure in one.metric.measures if measure.money]
    pairs = [(values.get(f"{name}.covered"), values.get(f"{name}.amounts")) for name in names]
    return min((covered / amounts for covered, amounts in pairs if amounts and covered is not None), default=None)


def flagged(reading: Reading, covered: Period) -> Reading:
    """With the flags that follow from its period."""
    flags = list(reading.flags)
    if reading.reason == "empty_denominator":
        flags.append("empty_denominator")
    if covered.partial and reading.value is not None:
        flags.append(PARTIAL)
    return replace(reading, flags=tuple(dict.fromkeys(flags)))
