"""The index of customers' success (domain B4, csm.index): three blocks of scores, none of which may be silent."""

from __future__ import annotations

from collections.abc import Mapping

from kith_platform.sdk.scoring import Part, Scorecard, Weighted, score
from kith_platform.sdk.types import N_, Above, Metric, Reading

BLOCKS = (
    Part(
        key="customer",
        label=N_("What customers achieve"),
        weight=40,
        metrics=("csm.outcome", "csm.ttv", "csm.balance"),
    ),
    Part(key="relation", label=N_("Relation"), weight=30, metrics=("csm.health", "csm.promise_kept", "csm.advocacy")),
    Part(key="firm", label=N_("What the company gains"), weight=30, metrics=("csm.nrr", "csm.firm_value")),
)
SCORECARD = Scorecard(
    key="csm",
    label=N_("Customer success"),
    answers=N_("Whether customers reach their goals with you, and both sides gain by it."),
    metric="csm.index",
    parts=BLOCKS,
    need=1.0,  # every block must have a score
)


def csm_index(scores: Mapping[str, float | None]) -> Weighted:
    """The index from scores by metric key; provisional while a block has none."""
    return SCORECARD.index(scores)


def _index(seen: Above) -> Reading:
    """Of the metrics for which success criteria were signed."""
    scores: dict[str, float | None] = {}
    for part in BLOCKS:
        for key in part.metrics:
            signed, reading = seen.signed.get(key), seen.readings.get(key)
            if signed and reading and signed.target != signed.baseline:
                scores[key] = score(reading.value, signed.baseline, signed.target)
    found = csm_index(scores)
    parts = SCORECARD.part_scores(scores)
    rows = tuple({"name": part.label, "number": parts[part.key]} for part in BLOCKS if parts[part.key] is not None)
    if found.published is None:
        return Reading(value=None, n=len(scores), reason="uncovered", rows=rows)
    return Reading(value=found.published, n=len(scores), coverage=found.coverage, rows=rows)


METRICS = (
    Metric(
        key="csm.index",
        name=N_("Customer success index"),
        unit="score",
        better="up",
        kind="outcome",
        words=N_(
            "Scores from 0 to 100 against the criteria you signed: 40% what customers achieve (goals, time to value, balance), "
            "30% relation (health, promises, advocacy), 30% what the company gains (net revenue retention, value to us). "
            "Published when each of the three has at least one metric with signed criteria."
        ),
        code="Σ w·score / Σ w",
        needs=(),
        above=_index,
    ),
)
