"""An index of a scorecard as a metric above the metrics it scores (domain B2.0, B3, B4)."""

from __future__ import annotations

from kith_platform.sdk.metrics import Above, Reading
from kith_platform.sdk.scoring import Scorecard, score

UNSIGNED = "no_criteria"


def index_reading(card: Scorecard, seen: Above) -> Reading:
    """The index of the period from readings and signed criteria, by the scorecard's first profile, the others behind it.

    `coverage` is the share of the weight that has a score; below what the scorecard needs the value is `provisional`. No value
    where no metric of it has both a value and a signed criterion.
    """
    scores = {
        key: score(reading.value, seen.signed[key].baseline, seen.signed[key].target)
        for key, reading in seen.readings.items()
        if key in seen.signed
    }
    found = card.index(scores)
    if found.value is None:
        return Reading.none(UNSIGNED)
    others = [(one.label, card.index(scores, one.key)) for one in card.profiles]
    rows = [{"name": label, "value": other.value, "share": other.coverage} for label, other in others]
    n = sum(one is not None for one in scores.values())
    flags = ("provisional",) if found.provisional else ()
    return Reading(value=found.value, n=n, coverage=found.coverage, flags=flags, rows=tuple(rows))
