"""Customer lifetime value (domain.md D2): purchases to come, and fees while a subscription stays; `value/` holds the ways.

Net stands for margin while lines carry no cost, and every result says so. A customer's value is the sum of both: who only buys is
valued by purchases, who only subscribes by how long that lasts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kith_platform.i18n import N_
from kith_platform.predict.calendar import LEAST_HISTORY_DAYS, STEP_DAYS, Calendar
from kith_platform.predict.evidence import day_of
from kith_platform.predict.fits import tweedie
from kith_platform.predict.fits.clv import DAYS_PER_MONTH
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.reasons import drivers
from kith_platform.predict.training import Evidence, Scored, Trained
from kith_platform.predict.value import contract, rhythm, serving, trees
from kith_platform.predict.value.brought import Brought, without_bills
from kith_platform.predict.value.judging import judge
from kith_platform.predict.value.serving import Serving
from kith_platform.predict.value.subscriptions import Subscriptions
from kith_platform.predict.value.windows import LEAST_LOOKS, LEAST_MONTHS, Look, rows_of, windows


@dataclass(frozen=True, eq=False)
class _Tried:
    """What serves, how each way did beside the others (by part; nothing where none could be tried), and by which windows."""

    serving: Serving
    beside: Mapping[str, Any]
    calendar: Calendar | None


def train(evidence: Evidence) -> Trained:
    """Fit at the cutoff, judge on days the fit has not seen, and score everybody who has bought or subscribes."""
    question = evidence.question
    known = Brought.known(question.frames, question.cutoff)
    look = Look.of(known, question.cutoff)
    if not look.customers.size:
        return Trained(ships=False, verdict="empty")
    question.progress(10, N_("Fitting how often customers buy"))
    refusal, fit = None, None
    try:
        fit = rhythm.Fit.on(look.history)
    except FitRefused as found:
        refusal = found
    tried = _tried(evidence, known, fit)
    if fit is None and tried.serving.hazard is None:
        return replace(_untrained(evidence, look, refusal), report={"beside": dict(tried.beside)})
    question.progress(60, N_("Judging it on days it has not seen"))
    holdout = judge(evidence, tried.serving, tried.calendar, _now(evidence))
    question.progress(80, N_("Scoring every customer"))
    return _told(evidence, look, tried, holdout)


def rescore(evidence: Evidence, artefact: bytes | None, _report: Mapping[str, Any]) -> Scored | None:
    """Everybody's values at the question's cutoff by the opened artefact of a version, or by the rule."""
    question = evidence.question
    look = Look.at(evidence, question.cutoff)
    if not look.customers.size:
        return None
    if artefact is None:
        return serving.rule_scores(evidence, look)
    return serving.load(artefact, nthread=question.threads).score(evidence, question.cutoff, look)


def _tried(evidence: Evidence, known: Brought, fit: rhythm.Fit | None) -> _Tried:
    """The ways that three separate windows before the cutoff let learn, each beside the one it must beat there."""
    plain = _Tried(Serving(fit), {}, None)
    calendar = _calendar(evidence, known)
    if calendar is None:
        return plain
    beside: dict[str, Any] = {}
    found = plain.serving
    evidence.question.progress(25, N_("Learning from what came"))
    if fit is not None and (grown := trees.learn(evidence, known.purchases, calendar)) is not None:
        beside["purchases"] = trees.compare(evidence, known.purchases, calendar, grown)
        if beside["purchases"] and beside["purchases"]["serves"] == "tweedie":
            found = replace(found, trees=grown, days=calendar.horizon)
    if len(known.subscriptions):
        hazard = contract.learn(evidence, known.subscriptions, calendar)
        beside["subscriptions"] = contract.compare(evidence, known.subscriptions, calendar, hazard)
        if beside["subscriptions"] and beside["subscriptions"]["serves"] == "hazard":
            found = replace(found, hazard=hazard)
    beside = {part: rows for part, rows in beside.items() if rows}
    return _Tried(found, beside, calendar if beside else None)


def _calendar(evidence: Evidence, known: Brought) -> Calendar | None:
    days = np.concatenate([known.purchases.day, known.subscriptions.day])
    return windows(day_of(days.min()), evidence.question.cutoff)


def _now(evidence: Evidence) -> Brought:
    """What is known of all time: an order that came back later was none."""
    frames = evidence.question.frames
    subscriptions = Subscriptions.known(frames, frames.last_day + dt.timedelta(days=1))
    return Brought(without_bills(evidence.purchases(), subscriptions), subscriptions)


def _told(evidence: Evidence, look: Look, tried: _Tried, holdout: dict[str, Any] | None) -> Trained:
    question, serves = evidence.question, tried.serving
    ships = holdout is None or bool(holdout["better"])
    return Trained(
        ships=ships,
        verdict="no_holdout" if holdout is None else "better_than_baseline" if ships else "no_better_than_baseline",
        verdict_params=_verdict_numbers(holdout) | ({"serves": _serves(tried)} if ships and tried.beside else {}),
        tier=serves.tier,
        features=_features(serves),
        parameters=(rhythm.parameters(serves.fit) if serves.fit else {}) | _windows_of(tried),
        metrics=holdout or {},
        report={
            "holdout": holdout,
            "customers": int(look.customers.size),
            "beside": dict(tried.beside),
            "drivers": _drivers(evidence, look, serves.trees),
        },
        warnings=tuple(_warnings(serves, holdout)),
        artefact=serves.to_bytes(),
        scored=serves.score(evidence, question.cutoff, look) if ships else serving.rule_scores(evidence, look),
    )


def _untrained(evidence: Evidence, look: Look, refusal: FitRefused | None) -> Trained:
    """Nothing could be fitted: the rules serve, and the verdict says what is missing."""
    scored = serving.rule_scores(evidence, look)
    if look.history.customer.size and refusal is not None:
        params = {"found": refusal.found, "needed": refusal.needed}
        return Trained(ships=False, verdict=str(refusal.code), verdict_params=params, scored=scored)
    has = look.day - int(look.brought.subscriptions.day.min())
    needs = 3 * round(LEAST_MONTHS * DAYS_PER_MONTH) + LEAST_HISTORY_DAYS + (LEAST_LOOKS - 1) * STEP_DAYS
    if has < needs:
        return Trained(ships=False, verdict="cases_too_short", verdict_params={"has": has, "needs": needs}, scored=scored)
    return Trained(ships=False, verdict="subscribers_by_plan", scored=scored)


def _drivers(evidence: Evidence, look: Look, grown: tweedie.Tweedie | None) -> list[dict[str, Any]]:
    if grown is None:
        return []
    values = rows_of(evidence, evidence.question.cutoff, look.history.customer, grown.features)
    return drivers(grown.contributions, values, grown.features)


def _serves(tried: _Tried) -> list[str]:
    """What was chosen over another way."""
    return [str(rows["serves"]) for rows in tried.beside.values() if "low" in rows]


def _features(serves: Serving) -> tuple[str, ...]:
    bought = ("x", "t_x", "T", "mean_net") if serves.trees is None and serves.fit is not None else ()
    further = (*(serves.trees.features if serves.trees else ()), *(serves.hazard.features if serves.hazard else ()))
    return tuple(dict.fromkeys((*bought, *further)))


def _windows_of(tried: _Tried) -> dict[str, Any]:
    calendar = tried.calendar
    if calendar is None:
        return {}
    return {
        "horizon_days": calendar.horizon,
        "validation_cutoff": calendar.validation.isoformat(),
        "test_cutoff": calendar.test.isoformat(),
    }


def _verdict_numbers(holdout: dict[str, Any] | None) -> dict[str, Any]:
    keys = ("difference", "low", "high", "baseline", "days", "bias", "money_mae", "baseline_money_mae")
    return {"measure": "money_error", **{key: holdout[key] for key in keys}} if holdout else {}


def _warnings(serves: Serving, holdout: dict[str, Any] | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"code": "margin_is_net"}]
    fit = serves.fit
    if fit is not None and fit.buying.at_bound:
        found.append({"code": "at_bound", "parameters": list(fit.buying.at_bound)})
    bias = holdout["bias"] if holdout else None
    if bias is not None and not trees.FAIR_BIAS[0] <= bias <= trees.FAIR_BIAS[1]:
        found.append({"code": "bias", "bias": bias})
    if fit is not None and len(fit.value.models) > 1:
        found.append({"code": "value_depends_on_frequency", "correlation": fit.value.correlation})
    return found
