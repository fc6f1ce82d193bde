"""Silent churn without a contract (domain.md D0, D1a): who will not buy again in the window, and what is typical of it.

Population at a cutoff: bought before, and not already left (C4: ρ > 3 and at least 30 days). Label 1: no purchase day in
[cutoff + gap, cutoff + gap + H), H = 90 days or three times the tenant's usual gap, so that at that gap ρ would pass 3.
The rule to beat is ρ > 1.5.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np

from kith_platform.i18n import N_
from kith_platform.predict.calendar import Calendar, HistoryTooShort, plan
from kith_platform.predict.evidence import Floats, PurchaseDays, day_number, day_of
from kith_platform.predict.fits import bootstrap, calibration, evaluation, rates, rhythm, tiers
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.matrix import Matrix, matrix_at
from kith_platform.predict.reasons import drivers, top_reasons
from kith_platform.predict.training import Question, Scored, Trained
from kith_platform.sdk.types import FeatureSet

RULE = rates.Rule("rho", (1.5,))
LEFT_RHO, LEFT_DAYS = 3.0, 30.0
SHORTEST_HORIZON = 90
PLAIN = ("recency", "purchase_days", "tenure")  # the second baseline: logistic on R, F and tenure
LEAST_POPULATION = 50
RATE_OF_ALL = 0.3
Z95 = 1.96


@dataclass(frozen=True)
class Labelled:
    """The population of one cutoff: features (n, k), label (n,), ids (n,)."""

    matrix: Matrix
    outcome: Floats


def horizon_days(purchases: PurchaseDays, cutoff: int) -> int:
    """H: 90 days, or 3·m of the tenant's own gaps where that is longer."""
    past = purchases.before(cutoff)
    same = past.customer[1:] == past.customer[:-1]
    gaps = (past.day[1:] - past.day[:-1])[same]
    return max(SHORTEST_HORIZON, round(3 * rhythm.segment_gap([], gaps, SHORTEST_HORIZON / 3)))


def train(question: Question, purchases: PurchaseDays, feature_sets: Sequence[FeatureSet]) -> Trained:
    """The protocol of D0 from cutoffs to verdict. Raises nothing for data that are too few or say nothing: that is a result."""
    past = purchases.before(day_number(question.cutoff))
    if not len(past):
        return Trained(ships=False, verdict="empty")
    horizon = horizon_days(past, day_number(question.cutoff))
    try:
        calendar = plan(day_of(past.day.min()), question.cutoff, horizon)
    except HistoryTooShort as short:
        return _by_rule(question, feature_sets, "history_too_short", {"has": short.has, "needs": short.needs})
    train_set, validation, test = _samples(question, past, feature_sets, calendar)
    if min(validation.outcome.size, test.outcome.size) < LEAST_POPULATION:
        few = min(validation.outcome.size, test.outcome.size)
        return _by_rule(question, feature_sets, "too_few_customers", {"found": few, "needed": LEAST_POPULATION})
    names = train_set.matrix.varying()
    question.progress(50, N_("Learning from past leavers"))
    try:
        model = _fit(question, train_set, validation, names)
        calibrated = calibration.fit(model.predict(validation.matrix.columns(names)), validation.outcome)
    except FitRefused as refusal:
        return _by_rule(question, feature_sets, str(refusal.code), {"found": refusal.found, "needed": refusal.needed})
    question.progress(75, N_("Judging it on customers it has not seen"))
    judged = _judge(model, calibrated, names, train_set, validation, test, seed=question.seed)
    return _result(question, feature_sets, calendar, model, calibrated, names, train_set, judged)


def _samples(
    question: Question, past: PurchaseDays, sets: Sequence[FeatureSet], calendar: Calendar
) -> tuple[Labelled, Labelled, Labelled]:
    """Training (all its cutoffs stacked), validation, test."""
    parts = []
    for done, cutoff in enumerate(calendar.training):
        question.progress(5 + 35 * done // len(calendar.training), N_("Looking at customers as they were then"))
        parts.append(labelled(question, past, sets, cutoff, calendar))
    stacked = Labelled(Matrix.stack([part.matrix for part in parts]), np.concatenate([part.outcome for part in parts]))
    return (
        stacked,
        labelled(question, past, sets, calendar.validation, calendar),
        labelled(question, past, sets, calendar.test, calendar),
    )


def labelled(question: Question, past: PurchaseDays, sets: Sequence[FeatureSet], cutoff: dt.date, calendar: Calendar) -> Labelled:
    """Population, features and labels at one cutoff."""
    population = staying(matrix_at(question.frames, sets, cutoff))
    start, end = calendar.window(cutoff)
    bought, _ = past.between(day_number(start), day_number(end)).totals(population.customer)
    return Labelled(population, (bought == 0).astype(np.float64))


def staying(matrix: Matrix) -> Matrix:
    """Rows of customers who bought before and have not already left by C4.4."""
    rho, recency = matrix.column("rho"), matrix.column("recency")
    return matrix.where(~np.isnan(recency) & ~((rho > LEFT_RHO) & (recency >= LEFT_DAYS)))


def _fit(question: Question, train_set: Labelled, validation: Labelled, names: tuple[str, ...]) -> tiers.Classifier:
    # Ten cutoffs show the same leaver up to ten times: the gate counts leavers, not rows.
    leavers = np.unique(train_set.matrix.customer[train_set.outcome == 1]).size
    stayers = np.unique(train_set.matrix.customer[train_set.outcome == 0]).size
    found = min(leavers, stayers)
    tier = (
        tiers.Tier.BOOSTED
        if found >= tiers.BOOSTED_FROM
        else tiers.Tier.LOGISTIC
        if found >= tiers.LOGISTIC_FROM
        else tiers.Tier.RATES
    )
    return tiers.fit(
        tiers.Sample(train_set.matrix.columns(names), train_set.outcome),
        tiers.Sample(validation.matrix.columns(names), validation.outcome),
        features=names,
        rule=RULE,
        monotone={name: sense for name, sense in train_set.matrix.senses.items() if sense and name in names},
        seed=question.seed,
        nthread=question.threads,
        tier=tier,
    )


@dataclass(frozen=True)
class Judged:
    """What the test period says."""

    metrics: Mapping[str, Any]
    report: Mapping[str, Any]
    comparison: bootstrap.Comparison | None


def _judge(
    model: tiers.Classifier,
    calibrated: calibration.Calibration,
    names: tuple[str, ...],
    train_set: Labelled,
    validation: Labelled,
    test: Labelled,
    *,
    seed: int,
) -> Judged:
    outcome = test.outcome
    ours = calibrated.apply(model.predict(test.matrix.columns(names)))
    rule = (test.matrix.column("rho") > RULE.edges[0]).astype(np.float64)
    comparison = bootstrap.compare(outcome, ours, rule, evaluation.average_precision, seed=seed)
    slope = calibration.slope_and_intercept(outcome, ours)
    metrics = {
        "customers": int(outcome.size),
        "leavers": int(outcome.sum()),
        "rate": float(outcome.mean()),
        "auc": evaluation.value(evaluation.auc, outcome, ours),
        "pr_auc": evaluation.value(evaluation.average_precision, outcome, ours),
        "lift_at_10": evaluation.value(evaluation.lift_at(0.1), outcome, ours),
        "brier": evaluation.value(evaluation.brier, outcome, ours),
        "log_loss": evaluation.value(evaluation.log_loss, outcome, ours),
        "ece": calibration.expected_calibration_error(outcome, ours),
        "calibration_slope": slope[0] if slope else None,
        "rule_auc": evaluation.value(evaluation.auc, outcome, rule),
        "rule_pr_auc": evaluation.value(evaluation.average_precision, outcome, rule),
        "plain_pr_auc": _plain(train_set, validation, test),
        "training_customers": int(np.unique(train_set.matrix.customer).size),
        "training_leavers": int(np.unique(train_set.matrix.customer[train_set.outcome == 1]).size),
    }
    report = {
        "calibration": calibration.calibration_table(outcome, ours),
        "deciles": evaluation.decile_table(outcome, ours),
        "comparison": asdict(comparison) if comparison else None,
    }
    return Judged(metrics, report, comparison)


def _plain(train_set: Labelled, validation: Labelled, test: Labelled) -> float | None:
    """PR-AUC of the second baseline, a logistic regression on recency, frequency and tenure; shown beside the rule."""
    try:
        plain = tiers.fit(
            tiers.Sample(train_set.matrix.columns(PLAIN), train_set.outcome),
            tiers.Sample(validation.matrix.columns(PLAIN), validation.outcome),
            features=PLAIN,
            rule=RULE,
            tier=tiers.Tier.LOGISTIC,
        )
    except FitRefused:
        return None
    return evaluation.value(evaluation.average_precision, test.outcome, plain.predict(test.matrix.columns(PLAIN)))


def _result(
    question: Question,
    sets: Sequence[FeatureSet],
    calendar: Calendar,
    model: tiers.Classifier,
    calibrated: calibration.Calibration,
    names: tuple[str, ...],
    train_set: Labelled,
    judged: Judged,
) -> Trained:
    ships = judged.comparison is not None and judged.comparison.better() and _tells_apart(judged.metrics)
    question.progress(85, N_("Scoring every customer"))
    everybody = staying(matrix_at(question.frames, sets, question.cutoff))
    now = everybody.columns(names)
    rule = rule_of(train_set)
    comparison = judged.comparison
    base = Trained(
        ships=ships,
        verdict="better_than_baseline" if ships else "no_better_than_baseline",
        verdict_params={
            "model": judged.metrics["pr_auc"],
            "baseline": judged.metrics["rule_pr_auc"],
            "difference": comparison.difference if comparison else None,
            "low": comparison.low if comparison else None,
            "high": comparison.high if comparison else None,
        },
        tier=model.tier,
        features=names,
        parameters={
            "horizon_days": calendar.horizon,
            "gap_days": calendar.gap,
            "training_cutoffs": [day.isoformat() for day in calendar.training],
            "validation_cutoff": calendar.validation.isoformat(),
            "test_cutoff": calendar.test.isoformat(),
        },
        metrics=judged.metrics,
        report={**judged.report, "drivers": drivers(model.contributions(now), now, names), "rule": json.loads(rule.to_bytes())},
        artefact=pack(model, calibrated),
        scored=model_scores(everybody, model, calibrated),
    )
    return base if ships else replace(base, scored=rule_scores(everybody, rule))


def _tells_apart(found: Mapping[str, Any]) -> bool:
    """Whether the order is better than chance (Mann & Whitney 1947): a constant beats a rule that errs by chance, too."""
    leavers, customers = found["leavers"], found["customers"]
    if found["auc"] is None:
        return False
    return bool(found["auc"] - 0.5 > Z95 * np.sqrt((customers + 1) / (12.0 * leavers * (customers - leavers))))


def pack(model: tiers.Classifier, calibrated: calibration.Calibration) -> bytes:
    """Calibration and classifier in one artefact: a line of JSON each."""
    return calibrated.to_json().encode() + b"\n" + model.to_bytes()


def unpack(data: bytes, *, threads: int = 1) -> tuple[tiers.Classifier, calibration.Calibration]:
    """The inverse of `pack`, for bytes whose seal has been proved."""
    line, rest = data.split(b"\n", 1)
    return tiers.load(rest, nthread=threads), calibration.Calibration.from_json(line.decode())


def model_scores(everybody: Matrix, model: tiers.Classifier, calibrated: calibration.Calibration) -> Scored:
    """What a model says of everybody, with its reasons."""
    now = everybody.columns(model.features)
    return Scored(
        customer_ids=everybody.customer,
        values=calibrated.apply(model.predict(now)),
        tier=model.tier,
        reasons=top_reasons(model.contributions(now), now, model.features),
    )


def rule_of(train_set: Labelled | None) -> rates.Rates:
    """The rule: the leaving rate seen on either side of ρ = 1.5, drawn towards the rate of all."""
    if train_set is None or not train_set.outcome.size:  # before any window is over: a shipped constant
        return rates.fit(np.zeros((0, 1)), np.zeros(0), features=("rho",), rule=RULE, prior=RATE_OF_ALL)
    return rates.fit(train_set.matrix.column("rho")[:, None], train_set.outcome, features=("rho",), rule=RULE)


def rule_scores(everybody: Matrix, rule: rates.Rates) -> Scored:
    """What the rule says of everybody."""
    values = everybody.column("rho")[:, None]
    reasons = top_reasons(rule.contributions(values), values, ("rho",))
    return Scored(customer_ids=everybody.customer, values=rule.predict(values), tier="rule", reasons=reasons)


def rescore(question: Question, sets: Sequence[FeatureSet], artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Everybody's scores at the question's cutoff by what was trained before: the opened artefact, or the stored rule."""
    everybody = staying(matrix_at(question.frames, sets, question.cutoff))
    if not everybody.customer.size:
        return None
    if artefact is not None:
        return model_scores(everybody, *unpack(artefact, threads=question.threads))
    stored = report.get("rule")
    rule = tiers.load(json.dumps(stored).encode()) if stored else rule_of(None)
    return rule_scores(everybody, cast("rates.Rates", rule))


def _by_rule(question: Question, sets: Sequence[FeatureSet], verdict: str, params: Mapping[str, Any]) -> Trained:
    """Nothing could be trained: the rule serves, and the verdict says what is missing."""
    everybody = staying(matrix_at(question.frames, sets, question.cutoff))
    scored = rule_scores(everybody, rule_of(None)) if everybody.customer.size else None
    return Trained(ships=False, verdict=verdict, verdict_params=dict(params), scored=scored)
