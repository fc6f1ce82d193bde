"""The challenger of the purchase rhythm: trees that learn from all features what customers brought in the months after (D2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from kith_platform.predict.calendar import Calendar
from kith_platform.predict.evidence import PurchaseDays, day_number
from kith_platform.predict.fits import bootstrap, evaluation, tweedie
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.training import Evidence
from kith_platform.predict.value.rhythm import Fit
from kith_platform.predict.value.windows import Look, looks, rows_of

LEAST_WITH_MONEY = 200  # customers, in each of the three windows
FAIR_BIAS = (0.9, 1.1)


def learn(evidence: Evidence, known: PurchaseDays, calendar: Calendar) -> tweedie.Tweedie | None:
    """Trees from the windows of training, stopped and corrected on validation; `known` tells what came. None below the gate."""
    question = evidence.question
    names = _names(evidence, calendar)
    parts = []
    for cutoffs in (looks(calendar), (calendar.validation,), (calendar.test,)):
        found = [_cases(evidence, known, cutoff, calendar.horizon, names) for cutoff in cutoffs]
        people = np.concatenate([who for who, _spent in found])
        spent = tweedie.Spent(
            np.concatenate([one.matrix for _who, one in found]), np.concatenate([one.money for _who, one in found])
        )
        if np.unique(people[spent.money > 0]).size < LEAST_WITH_MONEY:
            return None
        parts.append(spent)
    try:
        return tweedie.fit(parts[0], parts[1], features=names, seed=question.seed, nthread=question.threads)
    except FitRefused:
        return None


def compare(evidence: Evidence, known: PurchaseDays, calendar: Calendar, trees: tweedie.Tweedie) -> dict[str, Any] | None:
    """Rhythm and trees on the window of test, whose days neither has seen: error a customer, bias, order; and who `serves`.

    The trees serve where their error is smaller by the whole interval of the difference, or where the rhythm's sum is not fair,
    theirs is, and their error is no larger. None where no rhythm could be fitted then.
    """
    look = Look.at(evidence, calendar.test)
    try:
        fit = Fit.on(look.history)
    except FitRefused:
        return None
    days = calendar.horizon
    money = known.between(look.day, look.day + days).totals(look.history.customer)[1]
    told = {
        "bgnbd": fit.money(look.history, days),
        "tweedie": trees.predict(rows_of(evidence, calendar.test, look.history.customer, trees.features)),
    }
    rows = {name: figures(money, expected) for name, expected in told.items()}
    against = bootstrap.compare(money, told["tweedie"], told["bgnbd"], evaluation.mean_absolute_error, seed=0)
    better = against is not None and against.better(lower_is_better=True)
    ends = {name: getattr(against, name) if against else None for name in ("difference", "low", "high")}
    return {**rows, **ends, "power": trees.power, "serves": chosen(rows["bgnbd"], rows["tweedie"], better=better)}


def chosen(rhythm: Mapping[str, Any], trees: Mapping[str, Any], *, better: bool) -> str:
    """Who serves, from the figures of both and whether the trees were better by the whole interval."""
    fairer = _fair(trees) and not _fair(rhythm) and trees["money_mae"] <= rhythm["money_mae"]
    return "tweedie" if better or fairer else "bgnbd"


def figures(money: Any, expected: Any) -> dict[str, Any]:
    """What is told of every way beside the others, on the same customers and days."""
    return {
        "money_mae": float(np.mean(np.abs(expected - money))) if money.size else None,
        "bias": evaluation.value(evaluation.bias_ratio, money, expected),
        "spearman": evaluation.value(evaluation.spearman, money, expected),
        "top_tenth_capture": evaluation.value(evaluation.capture_at(0.1), money, expected),
    }


def _fair(row: Mapping[str, Any]) -> bool:
    return row["bias"] is not None and FAIR_BIAS[0] <= row["bias"] <= FAIR_BIAS[1]


def _names(evidence: Evidence, calendar: Calendar) -> tuple[str, ...]:
    """The columns that say something at the last look of training."""
    return evidence.matrix(calendar.training[-1]).varying()


def _cases(
    evidence: Evidence, known: PurchaseDays, cutoff: dt.date, days: int, names: tuple[str, ...]
) -> tuple[Any, tweedie.Spent]:
    """Who had bought before the cutoff, their features then, and their money after; losses count as nothing."""
    day = day_number(cutoff)
    who = np.unique(PurchaseDays.known(evidence.question.frames, cutoff).customer)
    money = known.between(day, day + days).totals(who)[1]
    return who, tweedie.Spent(rows_of(evidence, cutoff, who, names), np.maximum(money, 0.0))
