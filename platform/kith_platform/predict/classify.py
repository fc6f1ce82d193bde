"""The protocol of domain.md D0 for what is answered yes or no of each customer: from cutoffs over tiers to a verdict.

What is asked is a `Classification`: whom it is asked of, what counts as yes in the days after a cutoff, and the rule to beat. Its
rows are customers at cutoffs; training, validation and test never share a day of their windows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kith_platform.i18n import N_
from kith_platform.predict.calendar import Calendar, HistoryTooShort, plan
from kith_platform.predict.evidence import Floats, Ids
from kith_platform.predict.fits import bootstrap, calibration, evaluation, rates, tiers
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.matrix import Matrix, matrix_at
from kith_platform.predict.reasons import drivers, top_reasons
from kith_platform.predict.training import Evidence, Question, Scored, Trained

LEAST_POPULATION = 50
Z95 = 1.96


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What is asked. `began` gives the first day of which anything is known (None: nothing to learn from), `horizon` the days
    of a window. `population` tells of rows at a cutoff (n,) whom it is asked of. `outcome` gives for customers (n,) and a window
    [start, end) 1 for yes, 0 for no and NaN for those who count as neither. `rule` is the baseline: bands of one feature; `prior`
    its rate before any window is over. `plain` names the features of a second baseline, a small logistic regression.
    """

    key: str
    began: Callable[[Evidence], dt.date | None]
    horizon: Callable[[Evidence], int]
    population: Callable[[Matrix], NDArray[np.bool_]]
    outcome: Callable[[Evidence, Ids, dt.date, dt.date], Floats]
    rule: rates.Rule
    prior: float
    plain: tuple[str, ...]


@dataclass(frozen=True)
class Labelled:
    """The population of one cutoff: features (n, k), label (n,), ids (n,)."""

    matrix: Matrix
    outcome: Floats


def train(asked: Classification, evidence: Evidence) -> Trained:
    """The protocol of D0 from cutoffs to verdict. Raises nothing for data that are too few or say nothing: that is a result."""
    question, began = evidence.question, asked.began(evidence)
    if began is None:
        return Trained(ships=False, verdict="empty")
    try:
        calendar = plan(began, question.cutoff, asked.horizon(evidence))
    except HistoryTooShort as short:
        return _by_rule(asked, evidence, "history_too_short", {"has": short.has, "needs": short.needs})
    train_set, validation, test = _samples(asked, evidence, calendar)
    if min(validation.outcome.size, test.outcome.size) < LEAST_POPULATION:
        few = min(validation.outcome.size, test.outcome.size)
        return _by_rule(asked, evidence, "too_few_customers", {"found": few, "needed": LEAST_POPULATION})
    names = train_set.matrix.varying()
    question.progress(50, N_("Learning from what came"))
    try:
        model = _fit(asked, question, train_set, validation, names)
        calibrated = calibration.fit(model.predict(validation.matrix.columns(names)), validation.outcome)
    except FitRefused as refusal:
        return _by_rule(asked, evidence, str(refusal.code), {"found": refusal.found, "needed": refusal.needed})
    question.progress(75, N_("Judging it on customers it has not seen"))
    judged = _judge(asked, model, calibrated, names, train_set, validation, test, seed=question.seed)
    return _result(asked, evidence, calendar, model, calibrated, names, train_set, judged)


def _samples(asked: Classification, evidence: Evidence, calendar: Calendar) -> tuple[Labelled, Labelled, Labelled]:
    """Training (all its cutoffs stacked), validation, test."""
    parts = []
    for done, cutoff in enumerate(calendar.training):
        evidence.question.progress(5 + 35 * done // len(calendar.training), N_("Looking at customers as they were then"))
        parts.append(labelled(asked, evidence, cutoff, calendar))
    stacked = Labelled(Matrix.stack([part.matrix for part in parts]), np.concatenate([part.outcome for part in parts]))
    return (
        stacked,
        labelled(asked, evidence, calendar.validation, calendar),
        labelled(asked, evidence, calendar.test, calendar),
    )


def labelled(asked: Classification, evidence: Evidence, cutoff: dt.date, calendar: Calendar) -> Labelled:
    """Population, features and labels at one cutoff, without those whose label says neither."""
    population = asked_of(asked, evidence, cutoff)
    outcome = asked.outcome(evidence, population.customer, *calendar.window(cutoff))
    known = ~np.isnan(outcome)
    return Labelled(population.where(known), outcome[known])


def asked_of(asked: Classification, evidence: Evidence, cutoff: dt.date) -> Matrix:
    """Features at a cutoff of those of whom it is asked."""
    everybody = matrix_at(evidence.question.frames, evidence.sets, cutoff)
    return everybody.where(asked.population(everybody))


def _fit(
    asked: Classification, question: Question, train_set: Labelled, validation: Labelled, names: tuple[str, ...]
) -> tiers.Classifier:
    # Ten cutoffs show the same customer up to ten times: the gate counts customers, not rows.
    found = min(np.unique(train_set.matrix.customer[train_set.outcome == said]).size for said in (1, 0))
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
        rule=asked.rule,
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
    asked: Classification,
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
    rule = (asked.rule.band(test.matrix.column(asked.rule.feature)) % (len(asked.rule.edges) + 1)).astype(np.float64)
    comparison = bootstrap.compare(outcome, ours, rule, evaluation.average_precision, seed=seed)
    slope = calibration.slope_and_intercept(outcome, ours)
    metrics = {
        "customers": int(outcome.size),
        "positives": int(outcome.sum()),
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
        "plain_pr_auc": _plain(asked, train_set, validation, test),
        "training_customers": int(np.unique(train_set.matrix.customer).size),
        "training_positives": int(np.unique(train_set.matrix.customer[train_set.outcome == 1]).size),
    }
    report = {
        "calibration": calibration.calibration_table(outcome, ours),
        "deciles": evaluation.decile_table(outcome, ours),
        "comparison": asdict(comparison) if comparison else None,
    }
    return Judged(metrics, report, comparison)


def _plain(asked: Classification, train_set: Labelled, validation: Labelled, test: Labelled) -> float | None:
    """PR-AUC of the second baseline, a small logistic regression; shown beside the rule."""
    try:
        plain = tiers.fit(
            tiers.Sample(train_set.matrix.columns(asked.plain), train_set.outcome),
            tiers.Sample(validation.matrix.columns(asked.plain), validation.outcome),
            features=asked.plain,
            rule=asked.rule,
            tier=tiers.Tier.LOGISTIC,
        )
    except FitRefused:
        return None
    return evaluation.value(evaluation.average_precision, test.outcome, plain.predict(test.matrix.columns(asked.plain)))


def _result(
    asked: Classification,
    evidence: Evidence,
    calendar: Calendar,
    model: tiers.Classifier,
    calibrated: calibration.Calibration,
    names: tuple[str, ...],
    train_set: Labelled,
    judged: Judged,
) -> Trained:
    ships = judged.comparison is not None and judged.comparison.better() and _tells_apart(judged.metrics)
    question = evidence.question
    question.progress(85, N_("Scoring every customer"))
    everybody = asked_of(asked, evidence, question.cutoff)
    now = everybody.columns(names)
    rule = rule_of(asked, train_set)
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
    positives, customers = found["positives"], found["customers"]
    if found["auc"] is None:
        return False
    return bool(found["auc"] - 0.5 > Z95 * np.sqrt((customers + 1) / (12.0 * positives * (customers - positives))))


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


def rule_of(asked: Classification, train_set: Labelled | None) -> rates.Rates:
    """The rule: the rate seen in each of its bands, drawn towards the rate of all."""
    feature = (asked.rule.feature,)
    if train_set is None or not train_set.outcome.size:  # before any window is over: a shipped constant
        return rates.fit(np.zeros((0, 1)), np.zeros(0), features=feature, rule=asked.rule, prior=asked.prior)
    return rates.fit(train_set.matrix.columns(feature), train_set.outcome, features=feature, rule=asked.rule)


def rule_scores(everybody: Matrix, rule: rates.Rates) -> Scored:
    """What the rule says of everybody."""
    values = everybody.columns(rule.features)
    reasons = top_reasons(rule.contributions(values), values, rule.features)
    return Scored(customer_ids=everybody.customer, values=rule.predict(values), tier="rule", reasons=reasons)


def rescore(asked: Classification, evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Everybody's scores at the question's cutoff by what was trained before: the opened artefact, or the stored rule."""
    everybody = asked_of(asked, evidence, evidence.question.cutoff)
    if not everybody.customer.size:
        return None
    if artefact is not None:
        return model_scores(everybody, *unpack(artefact, threads=evidence.question.threads))
    stored = report.get("rule")
    rule = tiers.load(json.dumps(stored).encode()) if stored else rule_of(asked, None)
    return rule_scores(everybody, cast("rates.Rates", rule))


def _by_rule(asked: Classification, evidence: Evidence, verdict: str, params: Mapping[str, Any]) -> Trained:
    """Nothing could be trained: the rule serves, and the verdict says what is missing."""
    everybody = asked_of(asked, evidence, evidence.question.cutoff)
    scored = rule_scores(everybody, rule_of(asked, None)) if everybody.customer.size else None
    return Trained(ships=False, verdict=verdict, verdict_params=dict(params), scored=scored)
