"""Whom a campaign moves (domain.md D6): what a message adds to the chance to buy, learned from randomised control groups.

Without at least 1,000 people and 100 conversions in each arm nothing is learned. The order must beat the order by the chance to
answer, by its Qini on later campaigns. Whom a message makes less likely to buy is a sleeping dog, and is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from kith_platform.i18n import N_
from kith_platform.predict import sends
from kith_platform.predict.evidence import Floats
from kith_platform.predict.features.contacts import CONTACTS
from kith_platform.predict.fits import bootstrap, uplift
from kith_platform.predict.fits.evaluation import value
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.fits.uplift import Arms, Effect, Thresholds, Trial, Uplift
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.reasons import drivers, of_rows
from kith_platform.predict.sends import Part, Parts, Sends
from kith_platform.predict.training import Evidence, Scored, Trained


def train(evidence: Evidence) -> Trained:
    """From trials to verdict. Raises nothing for data that forbid it or say nothing: that is a result."""
    question, every = evidence.question, sends.past(evidence)
    tried = _tried(every)
    trials = every.where(tried)
    if not trials.customer.size:
        return Trained(ships=False, verdict="no_control_group")
    counted, outcome = trials.fair_outcome
    arms = Arms.of(outcome.astype(np.float64), (~trials.control).astype(np.float64))
    if missing := arms.missing():
        return Trained(ships=False, verdict="trial_too_small", verdict_params=_shortfall(arms, missing))
    try:
        split = sends.parts(evidence, every, tried)
        names = split.train.matrix.varying()
        if picked := _picked(evidence, split, names):
            return Trained(ships=False, verdict="not_randomised", verdict_params=picked)
        question.progress(50, N_("Learning from what came"))
        train_set, validation, test = (_trial(part, names, counted) for part in (split.train, split.validation, split.test))
        model = uplift.fit(train_set, validation, features=names, seed=question.seed, nthread=question.threads)
    except FitRefused as refusal:
        params = {"found": refusal.found, "needed": refusal.needed}
        return Trained(ships=False, verdict=str(refusal.code), verdict_params=params)
    question.progress(75, N_("Judging it on what it has not seen"))
    parameters = {"window_days": sends.WINDOW_DAYS, "counted": counted, "learner": model.learner, **asdict(arms), **split.days()}
    everybody = _everybody(train_set, validation, test)
    whole = uplift.average_effect(everybody.outcome, everybody.treated, _people(split))
    return _judged(evidence, model, test, split.test.matrix.ids, whole, parameters)


def _tried(every: Sends) -> sends.Bools:
    """Sends of campaigns that held somebody back, and not everybody."""
    held, sent = (np.bincount(every.campaign, rows, minlength=1) > 0 for rows in (every.control, ~every.control))
    return np.asarray((held & sent)[every.campaign])


def _shortfall(arms: Arms, missing: Mapping[str, int]) -> dict[str, Any]:
    return {
        **asdict(arms),
        "needed": uplift.LEAST_PER_ARM,
        "needed_conversions": uplift.LEAST_CONVERSIONS,
        "missing": dict(missing),
    }


def _trial(part: Part, names: tuple[str, ...], counted: str) -> Trial:
    outcome = part.sends.converted if counted == "converted" else part.sends.bought
    return Trial(part.matrix.columns(names), outcome.astype(np.float64), (~part.sends.control).astype(np.float64))


def _everybody(*parts: Trial) -> Trial:
    return Trial(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("matrix", "outcome", "treated")))


def _people(split: Parts) -> Any:
    return np.concatenate([part.matrix.ids for part in (split.train, split.validation, split.test)])


def _picked(evidence: Evidence, split: Parts, names: tuple[str, ...]) -> dict[str, Any]:
    """The feature by which arms differ more than a draw makes them; empty where they are alike. Each campaign draws for itself,
    so values are compared with their campaign's mean."""
    part = split.train
    values, campaign = part.matrix.columns(names), part.sends.campaign
    known = ~np.isnan(values)
    for column in range(len(names)):
        total = np.bincount(campaign, np.where(known[:, column], values[:, column], 0.0), minlength=1)
        mean = total / np.maximum(np.bincount(campaign, known[:, column], minlength=1), 1)
        values[:, column] -= mean[campaign]
    found = uplift.imbalance(values, (~part.sends.control).astype(np.float64), names)
    if found["excess"] <= 1.0:
        return {}
    words = {one.name: one.label for each in (*evidence.sets, CONTACTS) for one in each.features}
    return {**found, "feature": words.get(found["feature"], found["feature"])}


def _judged(evidence: Evidence, model: Uplift, test: Trial, people: Any, whole: Effect, parameters: Mapping[str, Any]) -> Trained:
    found, response = model.uplift(test.matrix), model.response(test.matrix)
    qini, seed = uplift.qini(test.treated), evidence.question.seed
    against = bootstrap.compare(test.outcome, found, response, qini, people=people, seed=seed)
    alone = bootstrap.compare(test.outcome, found, np.zeros(found.size), qini, people=people, seed=seed)
    effect = uplift.average_effect(test.outcome, test.treated, people)
    ships = bool(against and against.better() and alone and alone.better())
    limits = Thresholds.of(whole)
    evidence.question.progress(85, N_("Scoring every customer"))
    now = sends.reachable(evidence)
    report: dict[str, Any] = {
        "comparison": asdict(against) if against else None,
        "qini": uplift.qini_curve(test.outcome, test.treated, found),
        "response_qini": uplift.qini_curve(test.outcome, test.treated, response),
        "groups": uplift.uplift_table(test.outcome, test.treated, found),
        "effect": asdict(whole),
        "limits": asdict(limits),
    }
    if now.ids.size:
        values = now.columns(model.features)
        report["drivers"] = drivers(model.contributions, values, model.features)
    return Trained(
        ships=ships,
        verdict="better_than_response" if ships else "no_better_than_response" if alone and alone.better() else "no_uplift",
        verdict_params=_numbers(against, effect),
        tier=f"{model.learner}_learner",
        features=model.features,
        parameters=parameters,
        metrics=_metrics(test, found, response, effect, against, alone),
        report=report,
        warnings=() if effect.holds(float(found.mean())) else ({"code": "uplift_off", "mean": float(found.mean())},),
        artefact=model.to_bytes(),
        scored=(scores(now, model, limits) if ships else _mean(now, whole)) if now.ids.size else None,
    )


def _numbers(against: bootstrap.Comparison | None, effect: Effect) -> dict[str, Any]:
    keys = ("model", "baseline", "difference", "low", "high")
    ends = {key: getattr(against, key) if against else None for key in keys}
    return {**ends, "measure": "qini", "effect": effect.value, "effect_low": effect.low, "effect_high": effect.high}


def _metrics(
    test: Trial,
    found: Floats,
    response: Floats,
    effect: Effect,
    against: bootstrap.Comparison | None,
    alone: bootstrap.Comparison | None,
) -> dict[str, Any]:
    top = {share: uplift.uplift_at(share / 100, test.treated) for share in (10, 30)}
    return {
        **asdict(Arms.of(test.outcome, test.treated)),
        "qini": against.model if against else None,
        "qini_low": alone.low if alone else None,
        "qini_high": alone.high if alone else None,
        "response_qini": against.baseline if against else None,
        **{f"uplift_at_{share}": value(metric, test.outcome, found) for share, metric in top.items()},
        **{f"response_uplift_at_{share}": value(metric, test.outcome, response) for share, metric in top.items()},
        "predicted_effect": float(found.mean()),
        "effect": effect.value,
        "effect_low": effect.low,
        "effect_high": effect.high,
        "effect_inside": effect.holds(float(found.mean())),
    }


def scores(now: Matrix, model: Uplift, limits: Thresholds) -> Scored:
    """What a message adds to each one's chance, with the chance without it and the type (fits.uplift.Kind)."""
    values = now.columns(model.features)
    found, without = model.uplift(values), model.without(values)
    return Scored(
        customer_ids=now.ids,
        values=found,
        tier=f"{model.learner}_learner",
        extra={"without": without, "type": uplift.kinds(found, without, limits).astype(np.float64)},
        reasons=of_rows(model.contributions, values, model.features, found),
        rows=now,
    )


def _mean(now: Matrix, effect: Effect) -> Scored:
    """Nobody can be told from another: each has the mean effect of the trials."""
    return Scored(customer_ids=now.ids, values=np.full(now.ids.size, effect.value), tier="rule", rows=now)


def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Scores at the question's cutoff by what was trained before; None where a trial never allowed any."""
    stored = report.get("effect")
    now = sends.reachable(evidence)
    if stored is None or not now.ids.size:
        return None
    if artefact is None:
        return _mean(now, Effect(**stored))
    return by_model(now, artefact, report, threads=evidence.question.threads)


def by_model(rows: Matrix, artefact: bytes, report: Mapping[str, Any], *, threads: int = 1) -> Scored:
    """What a trained model says of rows."""
    return scores(rows, uplift.load(artefact, nthread=threads), Thresholds(**report["limits"]))
