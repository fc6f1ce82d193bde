"""What customers say when asked (domain B3): would they recommend us, was it easy, where do touchpoints fall short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import sqrt
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows

FEW = 30
Z = 1.96
EASY, EASIEST = 5, 7  # of the scale from 1 to 7 of CES 2.0
SATISFIED = 4
USUAL_TARGET = 0.9  # of satisfied answers, where no target is set for a touchpoint


def answered(scope: MetricScope) -> ir.Table:
    """Answers with a score in each period. `easy_scale`: the scale of CES 2.0; another scale of effort is never mixed with it."""
    rows = scope.happened("survey_responses")
    rows = rows.filter(rows.score.notnull())
    return rows.mutate(easy_scale=rows.scale.isnull() | rows.scale.isin(("", "7", "1-7", "ces2")))


ANSWERS = Rows(key="answers", make=answered)


def _count(key: str, kind: str, low: float, high: float) -> Measure:
    """Answers of one kind of survey with a score from `low` to `high`."""

    def aggregate(rows: ir.Table) -> ir.Value:
        return ((rows.kind == kind) & rows.score.between(low, high)).fill_null(False).cast("int64").sum()

    return Measure(key=key, fact=ANSWERS, aggregate=aggregate)


PROMOTERS, DETRACTORS, ASKED = _count("promoters", "nps", 9, 10), _count("detractors", "nps", 0, 6), _count("asked", "nps", 0, 10)


def nps(values: Mapping[str, Any]) -> Reading:
    """100·(promoters − detractors)/answers with its 95 % interval; SE = 100·√((p + d − (p − d)²)/n)."""
    n = values["asked"]
    if not n:
        return Reading.none()
    p, d = values["promoters"] / n, values["detractors"] / n
    error = 100 * sqrt((p + d - (p - d) ** 2) / n)
    score = 100 * (p - d)
    low, high = max(-100.0, score - Z * error), min(100.0, score + Z * error)
    return Reading(value=score, n=int(n), low=low, high=high, flags=("low_confidence",) if n < FEW else ())


def _effort(rows: ir.Table) -> ir.Value:
    return ibis.ifelse((rows.kind == "ces") & rows.easy_scale & rows.score.between(1, EASIEST), rows.score, ibis.null("float64"))


EFFORT = (
    Measure(key="efforts", fact=ANSWERS, aggregate=lambda rows: _effort(rows).count()),
    Measure(key="effort", fact=ANSWERS, aggregate=lambda rows: _effort(rows).sum()),
    Measure(key="effort_squared", fact=ANSWERS, aggregate=lambda rows: (_effort(rows) * _effort(rows)).sum()),
    Measure(key="easy", fact=ANSWERS, aggregate=lambda rows: (_effort(rows) >= EASY).fill_null(False).cast("int64").sum()),
)


def ces(values: Mapping[str, Any]) -> Reading:
    """The mean with its 95 % interval; beside it the share of answers from 5 to 7."""
    n = values["efforts"]
    if not n:
        return Reading.none()
    mean = values["effort"] / n
    spread = sqrt(max(values["effort_squared"] / n - mean**2, 0.0) / (n - 1)) if n > 1 else 0.0
    return Reading(
        value=mean,
        n=int(n),
        low=mean - Z * spread,
        high=mean + Z * spread,
        flags=("low_confidence",) if n < FEW else (),
        rows=({"name": N_("It was easy (5 to 7)"), "share": values["easy"] / n},),
    )


def agreed_touchpoints(text: str) -> dict[str, tuple[float, float]]:
    """(weight, target) by touchpoint from the setting, such as `delivery 0.6 0.9; service 0.4 0.85`; what is unreadable is left
    out.

    >>> agreed_touchpoints("delivery 0.6 0.9; help desk 0.4 0.85")
    {'delivery': (0.6, 0.9), 'help desk': (0.4, 0.85)}
    """
    found = {}
    for part in text.replace("；", ";").split(";"):
        name, *numbers = part.strip().rsplit(maxsplit=2) or [""]
        try:
            weight, target = (float(one) for one in numbers)
        except ValueError:
            continue
        found[name] = (weight, target)
    return found


def touched(scope: MetricScope) -> ir.Table:
    """Satisfaction answers of a touchpoint, with the weight (null: by its answers) and target that were agreed for it."""
    rows = answered(scope)
    rows = rows.filter(rows.kind == "csat", rows.touchpoint.notnull(), rows.score.between(1, 5))
    weight, target = ibis.null("float64"), ibis.literal(USUAL_TARGET)
    for name, (own_weight, own_target) in agreed_touchpoints(str(scope.settings.get("touchpoints") or "")).items():
        weight = ibis.ifelse(rows.touchpoint == name, ibis.literal(own_weight), weight)
        target = ibis.ifelse(rows.touchpoint == name, ibis.literal(own_target), target)
    said = ibis.struct({"touchpoint": rows.touchpoint, "good": rows.score >= SATISFIED, "weight": weight, "target": target})
    return rows.mutate(said=said)


TOUCHED = Rows(key="touched", make=touched)
SAID = Measure(key="said", fact=TOUCHED, aggregate=lambda rows: rows.said.collect())


def touch_gap(values: Mapping[str, Any]) -> Reading:
    """Σ w·(target − share satisfied) over touchpoints with answers, Σ w = 1. Without agreed weights, by number of answers."""
    by_place: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in values["said"] or ():
        by_place[one["touchpoint"]].append(one)
    if not by_place:
        return Reading.none()
    agreed = any(answers[0]["weight"] is not None for answers in by_place.values())
    weighed = []
    for name, answers in sorted(by_place.items()):
        weight = (answers[0]["weight"] or 0.0) if agreed else float(len(answers))
        share = sum(one["good"] for one in answers) / len(answers)
        weighed.append((name, weight, answers[0]["target"] - share, len(answers)))
    whole = sum(weight for _name, weight, _gap, _n in weighed)
    if not whole:
        return Reading.none()
    n = sum(count for *_rest, count in weighed)
    rows = tuple({"name": name, "value": gap, "weight": weight / whole, "n": count} for name, weight, gap, count in weighed)
    value = sum(weight * gap for _name, weight, gap, _n in weighed) / whole
    return Reading(value=value, n=n, rows=rows, flags=("low_confidence",) if n < FEW else ())


METRICS = (
    Metric(
        key="cem.nps",
        name=N_("Net promoter score"),
        unit="points",
        better="up",
        kind="outcome",
        words=N_(
            "Share of answers of 9 or 10, less the share of 0 to 6, times 100. "
            "From −100 to 100; levels differ between industries."
        ),
        code="100·(n(9–10) − n(0–6)) / n",
        needs=("survey_responses",),
        grains=("tenant", "segment", "channel"),
        measures=(PROMOTERS, DETRACTORS, ASKED),
        formula=nps,
    ),
    Metric(
        key="cem.ces",
        name=N_("Customer effort score"),
        unit="score",
        better="up",
        kind="outcome",
        words=N_(
            "Mean answer from 1 to 7 to 'the company made it easy for me'. Answers on an older scale of effort, which runs the "
            "other way, are not mixed in."
        ),
        code="Σ score / n, scale 1–7",
        needs=("survey_responses",),
        grains=("tenant", "channel"),
        measures=EFFORT,
        formula=ces,
    ),
    Metric(
        key="cem.touch_gap",
        name=N_("Gap at touchpoints"),
        unit="score",
        better="down",
        kind="outcome",
        words=N_(
            "At each touchpoint: the share of satisfied answers that was aimed at, less the share there was; weighted by the "
            "importance of the touchpoint. Weights and targets are settings of this module; without them every answer "
            "counts alike "
            "and the target is 90 %."
        ),
        code="Σ w·(target − satisfied/answers) / Σ w",
        needs=("survey_responses",),
        grains=("tenant", "channel"),
        measures=(SAID,),
        formula=touch_gap,
    ),
)
