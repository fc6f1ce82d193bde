"""When each customer will buy next (domain.md D3): days from a cutoff to the next purchase day, open where none came yet.

Population: bought before, and not already left by C4.4. The baseline is the last purchase plus the customer's own rhythm τ; the
model ships where its error in days, on those who did buy, is smaller by its whole interval.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith_platform.i18n import N_
from kith_platform.predict import guarded
from kith_platform.predict.calendar import Calendar, HistoryTooShort, plan
from kith_platform.predict.churn import LEFT_DAYS, LEFT_RHO, SHORTEST_HORIZON
from kith_platform.predict.evidence import Floats, day_number, day_of
from kith_platform.predict.fits import bootstrap, calibration, evaluation, rates, waiting
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.protocol import Labelled, tells_apart
from kith_platform.predict.reasons import drivers, of_rows
from kith_platform.predict.training import Evidence, Scored, Trained

SOON = 30  # days: a score is the chance of a purchase within them
DUE = rates.Rule("due_in", (-90.0, -30.0, 0.0, 15.0, 30.0, 60.0, 120.0))  # days until the rhythm's day; below 0 it is over
PRIOR = 0.3  # before anything could be seen
QUANTILES = {"days_10": 0.1, "days_50": 0.5, "days_90": 0.9}
MOST_DAYS = 3650.0
RULE = ("tau", "recency")


def train(evidence: Evidence) -> Trained:
    """From cutoffs to verdict. Raises nothing for data that are too few: that is a result."""
    question = evidence.question
    past = evidence.purchases().before(day_number(question.cutoff))
    if not len(past):
        return Trained(ships=False, verdict="empty")
    try:
        calendar = plan(day_of(past.day.min()), question.cutoff, SHORTEST_HORIZON)
    except HistoryTooShort as short:
        return _by_rhythm(evidence, _seen(), "history_too_short", {"has": short.has, "needs": short.needs})
    question.progress(10, N_("Looking at customers as they were then"))
    parts = [_cases(evidence, cutoff, calendar) for cutoff in calendar.training]
    matrix = Matrix.stack([rows for rows, _cases in parts])
    soon = np.concatenate([cases.happened & (cases.days <= SOON) for _rows, cases in parts])
    seen = _seen(due_in(matrix), soon)
    suspects = guarded.suspects(Labelled(matrix, soon.astype(np.float64)), keep=RULE)
    names = matrix.without(suspects.names).varying()

    def learnt(names: tuple[str, ...]) -> tuple[waiting.Waiting, Matrix, waiting.Cases]:
        """The model of these features, and the test rows."""
        several = [waiting.Cases(rows.columns(names), cases.days, cases.happened) for rows, cases in parts]
        (_, validation), (judged, test) = (_cases(evidence, day, calendar, names) for day in (calendar.validation, calendar.test))
        model = waiting.fit(_stacked(several), validation, features=names, seed=question.seed, nthread=question.threads)
        return model, judged, test

    question.progress(50, N_("Learning from what came"))
    try:
        model, judged, test = learnt(names)
        metrics, comparison = _judge(model, judged, test, question.seed)
        flattered = _judge(*learnt(matrix.varying()), question.seed)[0]["auc"] if suspects else None
    except FitRefused as refusal:
        ruled = _by_rhythm(evidence, seen, str(refusal.code), {"found": refusal.found, "needed": refusal.needed})
        return replace(ruled, warnings=(suspects.warning(),) if suspects else ())
    came = test.happened & (test.days <= SOON)
    apart = tells_apart(metrics["auc"], int(came.sum()), int(came.size))
    ships = comparison is not None and comparison.better(lower_is_better=True) and apart
    everybody = _population(evidence, question.cutoff)
    values = everybody.columns(names)
    return Trained(
        ships=ships,
        verdict="better_than_baseline" if ships else "no_better_than_baseline",
        verdict_params={"measure": "days_error", **({} if comparison is None else _ends(comparison))},
        tier=model.tier,
        features=names,
        parameters={
            "horizon_days": calendar.horizon,
            "gap_days": 0,
            "said_days": SOON,
            "training_cutoffs": [day.isoformat() for day in calendar.training],
            "validation_cutoff": calendar.validation.isoformat(),
            "test_cutoff": calendar.test.isoformat(),
            "line": list(model.line),
        },
        metrics=metrics,
        report={
            "calibration": calibration.calibration_table(came, model.chance(test.matrix, SOON)),
            "deciles": evaluation.decile_table(came, model.chance(test.matrix, SOON)),
            "gains": {"model": evaluation.gains_table(came, model.chance(test.matrix, SOON))},
            "comparison": asdict(comparison) if comparison else None,
            "drivers": drivers(model.contributions, values, names, sign=-1),
            "rule": json.loads(seen.to_bytes()),
        },
        warnings=(suspects.warning(metrics["auc"], flattered),) if suspects else (),
        artefact=model.to_bytes(),
        scored=_scored(model, everybody) if ships else _rhythm_scores(everybody, seen),
    )


def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Everybody's scores at the question's cutoff by what was trained before; None where it is asked of nobody."""
    everybody = _population(evidence, evidence.question.cutoff)
    if not everybody.ids.size:
        return None
    if artefact is None:
        rule = report.get("rule")  # as the database gives it back, its keys are in another order
        known = rates.load({name: value for name, value in rule.items() if name != "kith_model"}) if rule else _seen()
        return _rhythm_scores(everybody, known)
    return by_model(everybody, artefact, report, threads=evidence.question.threads)


def by_model(rows: Matrix, artefact: bytes, _report: Mapping[str, Any], *, threads: int = 1) -> Scored:
    """What a trained model says of rows."""
    return _scored(waiting.load(artefact, nthread=threads), rows)


def _population(evidence: Evidence, cutoff: dt.date) -> Matrix:
    matrix = evidence.matrix(cutoff)
    rho, recency = matrix.column("rho"), matrix.column("recency")
    return matrix.where(~np.isnan(recency) & ~((rho > LEFT_RHO) & (recency >= LEFT_DAYS)))


def _cases(evidence: Evidence, cutoff: dt.date, calendar: Calendar, names: tuple[str, ...] = ()) -> tuple[Matrix, waiting.Cases]:
    """Rows of a cutoff, and how long each waited: open at the end of the cutoff's window, which no later cutoff shares."""
    rows = _population(evidence, cutoff)
    start, end = day_number(cutoff), day_number(calendar.window(cutoff)[1])
    later = evidence.purchases().between(start, end)
    ids, first = np.unique(later.customer, return_index=True)  # sorted by customer and day: the first is the earliest
    days = np.full(rows.ids.size, float(end - start))
    place = np.searchsorted(ids, rows.ids)
    found = (place < ids.size) & (ids[np.minimum(place, max(ids.size - 1, 0))] == rows.ids) if ids.size else np.zeros(0, bool)
    happened = np.zeros(rows.ids.size, dtype=bool)
    if ids.size:
        happened = np.asarray(found)
        days[happened] = later.day[first[place[happened]]] - start + 1.0  # a purchase on the cutoff's own day took one day
    return rows, waiting.Cases(rows.columns(names), days, happened)


def _stacked(parts: list[waiting.Cases]) -> waiting.Cases:
    return waiting.Cases(
        np.concatenate([part.matrix for part in parts]),
        np.concatenate([part.days for part in parts]),
        np.concatenate([part.happened for part in parts]),
    )


def _judge(
    model: waiting.Waiting, rows: Matrix, test: waiting.Cases, seed: int
) -> tuple[dict[str, Any], bootstrap.Comparison | None]:
    median, rhythm = np.minimum(model.quantile(test.matrix, 0.5), MOST_DAYS), by_rhythm(rows)
    came = test.happened
    soon = came & (test.days <= SOON)
    chance = model.chance(test.matrix, SOON)
    slope = calibration.slope_and_intercept(soon, chance)
    comparison = bootstrap.compare(
        test.days[came], median[came], rhythm[came], evaluation.mean_absolute_error, strata=np.zeros(int(came.sum())), seed=seed
    )
    metrics = {
        "customers": int(came.size),
        "positives": int(came.sum()),
        "rate": float(soon.mean()) if soon.size else None,
        "concordance": waiting.concordance(test.days, came, median, seed=seed),
        "rule_concordance": waiting.concordance(test.days, came, rhythm, seed=seed),
        "coverage_80": waiting.coverage(model, test),
        "days_mae": float(np.mean(np.abs(median[came] - test.days[came]))) if came.any() else None,
        "rule_days_mae": float(np.mean(np.abs(rhythm[came] - test.days[came]))) if came.any() else None,
        "auc": evaluation.value(evaluation.auc, soon, chance),
        "ece": calibration.expected_calibration_error(soon, chance),
        "calibration_slope": slope[0] if slope else None,
    }
    return metrics, comparison


def by_rhythm(rows: Matrix) -> Floats:
    """The baseline: days until the last purchase plus τ, rounded half up to a day; at least one."""
    return np.maximum(due_in(rows), 1.0)


def due_in(rows: Matrix) -> Floats:
    """Days until the last purchase plus τ, rounded half up to a day; below 0 where that day is over."""
    return np.asarray(np.floor(rows.column("tau") - rows.column("recency") + 0.5))


def _scored(model: waiting.Waiting, rows: Matrix) -> Scored:
    values = rows.columns(model.features)
    extra = {name: np.minimum(model.quantile(values, share), MOST_DAYS) for name, share in QUANTILES.items()}
    soon = model.chance(values, SOON)
    reasons = of_rows(model.contributions, values, model.features, soon, sign=-1)  # fewer days make it likelier
    return Scored(customer_ids=rows.ids, values=soon, tier=model.tier, extra=extra, reasons=reasons, rows=rows)


def _rhythm_scores(rows: Matrix, seen: rates.Rates) -> Scored:
    """By the rhythm alone: its day, which may be over, and how often those bought within SOON days who were due like that."""
    days = due_in(rows)
    return Scored(customer_ids=rows.ids, values=seen.predict(days[:, None]), tier="rule", extra={"days_50": days}, rows=rows)


def _seen(due: Floats | None = None, soon: NDArray[np.bool_] | None = None) -> rates.Rates:
    """How often who was due in so many days bought within SOON, drawn to the rate of all; PRIOR where nothing was seen."""
    if due is None or soon is None or not soon.size:
        return rates.fit(np.zeros((0, 1)), np.zeros(0), features=(DUE.feature,), rule=DUE, prior=PRIOR)
    return rates.fit(due[:, None], soon, features=(DUE.feature,), rule=DUE)


def _by_rhythm(evidence: Evidence, seen: rates.Rates, verdict: str, params: Mapping[str, Any]) -> Trained:
    rule = json.loads(seen.to_bytes())
    scored = rescore(evidence, None, {"rule": rule})
    return Trained(ships=False, verdict=verdict, verdict_params=dict(params), report={"rule": rule}, scored=scored)


def _ends(comparison: bootstrap.Comparison) -> dict[str, float]:
    return {name: getattr(comparison, name) for name in ("difference", "low", "high")}
