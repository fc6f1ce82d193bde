"""Metrics above others: indices of what these read, against what the company signed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from kith_platform.guard import PluginFailed
from kith_platform.metrics.answers import Answers, Offered
from kith_platform.metrics.engine import FAILED, NOT_YET, Result, Wanted, flagged, results_of
from kith_platform.metrics.grains import TENANT
from kith_platform.sdk.metrics import Above, Period, Reading, Signed


class Indices:
    """One computation of all of them. `signed` are the criteria the company signed, by the metric's key."""

    def __init__(self, answers: Answers, signed: Mapping[str, Signed]) -> None:
        self.answers, self.signed = answers, signed

    def results(self, offered: Sequence[Offered], wanted: Sequence[Wanted], measured: Sequence[Result]) -> list[Result]:
        """Every metric above others over every period wanted, from what those below it read of the whole company."""
        below: dict[Period, dict[str, Reading]] = defaultdict(dict)
        for result in measured:
            if result.grain == TENANT:
                below[result.period][result.key] = result.reading
        found: list[Result] = []
        for one in offered:
            if not one.metric.above:
                continue
            places = [place for place in wanted if place.latest or not one.metric.latest_only]
            own = results_of(one, places, [self._reading(one, place, below[place.period]) for place in places])
            for result in own:
                below[result.period][result.key] = result.reading
            found += own
        return found

    def _reading(self, one: Offered, place: Wanted, below: Mapping[str, Reading]) -> Reading:
        if place.covered is None:
            return Reading.none(NOT_YET)
        seen = Above(period=place.covered, readings=dict(below), signed=self.signed, settings=one.settings)
        try:
            reading = self.answers.checked(one, self.answers.call(one, one.metric.above, seen))  # type: ignore[arg-type]
        except PluginFailed:
            reading = Reading.none(FAILED)
        return flagged(reading, place.covered)
