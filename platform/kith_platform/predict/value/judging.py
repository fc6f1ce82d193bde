"""Judging value on days that it has not seen, against the best of the simple rules on these very days (domain.md D2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from kith_platform.predict.calendar import Calendar
from kith_platform.predict.evidence import day_number, day_of
from kith_platform.predict.fits import bootstrap, evaluation
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.training import Evidence
from kith_platform.predict.value.brought import Brought, rules
from kith_platform.predict.value.rhythm import Fit
from kith_platform.predict.value.serving import Serving
from kith_platform.predict.value.windows import Look

LONGEST_HOLDOUT = 39 * 7
SHORTEST_HOLDOUT = 28
Z95 = 1.96


def judge(evidence: Evidence, serving: Serving, calendar: Calendar | None, now: Brought) -> dict[str, Any] | None:
    """Compare on days after the fit: those after the cutoff where there are any, else the calendar's window of test, else the
    last third. `now` is what is known of all time; `calendar` is None where nothing was learned by one.

    Better is who errs less and also tells customers apart: a constant nearer to the mean would err less, too. Returns None where
    no part leaves SHORTEST_HOLDOUT days.
    """
    cutoff = day_number(evidence.question.cutoff)
    days_seen = np.concatenate([now.purchases.day, now.subscriptions.day])
    end = int(days_seen.max()) + 1
    start, refit = cutoff, end - cutoff < SHORTEST_HOLDOUT
    if refit and calendar is not None:
        start, end = day_number(calendar.test), day_number(calendar.end)
    elif refit:
        length = min(LONGEST_HOLDOUT, (cutoff - int(days_seen.min())) // 3)
        if length < SHORTEST_HOLDOUT:
            return None
        start, end = cutoff - length, cutoff
    look = Look.at(evidence, day_of(start))
    if refit and serving.fit is not None:
        try:
            serving = replace(serving, fit=Fit.on(look.history))
        except FitRefused:
            return None
    return _compared(evidence, serving, look, now, end - start)


def _compared(evidence: Evidence, serving: Serving, look: Look, now: Brought, days: int) -> dict[str, Any]:
    money = now.between(look.day, days, look.customers)
    expected = serving.expected(evidence, day_of(look.day), look, days)
    simple = rules(look.brought, look.history, look.customers, look.bound, look.day, days)
    errors = {name: float(np.mean(np.abs(said - money))) for name, said in simple.items()}
    rival = min(errors, key=lambda name: errors[name])  # the hardest that these very days can give
    against = bootstrap.compare(money, expected, simple[rival], evaluation.mean_absolute_error, seed=0)
    order = evaluation.value(evaluation.spearman, money, expected)
    ranks = order is not None and order > Z95 / np.sqrt(money.size - 1)  # Spearman's error where nothing is to be told
    return {
        "from": day_of(look.day).isoformat(),
        "to": day_of(look.day + days - 1).isoformat(),
        "days": days,
        "customers": int(look.customers.size),
        **_purchases(serving, look, now, days),
        "expected_money": float(expected.sum()),
        "actual_money": float(money.sum()),
        "money_mae": float(np.mean(np.abs(expected - money))),
        "bias": evaluation.value(evaluation.bias_ratio, money, expected),
        "spearman": order,
        "top_tenth_capture": evaluation.value(evaluation.capture_at(0.1), money, expected),
        "deciles": evaluation.decile_table(money, expected),
        "baseline": rival,
        "baseline_money_mae": errors[rival],
        "baseline_bias": evaluation.value(evaluation.bias_ratio, money, simple[rival]),
        "difference": against.difference if against else None,
        "low": against.low if against else None,
        "high": against.high if against else None,
        "better": bool(ranks and against and against.better(lower_is_better=True)),
    }


def _purchases(serving: Serving, look: Look, now: Brought, days: int) -> dict[str, Any]:
    """How many purchases were expected and came, where there is a rhythm."""
    if serving.fit is None:
        return {}
    actual, _ = now.purchases.between(look.day, look.day + days).totals(look.history.customer)
    expected = serving.fit.purchases(look.history, days)
    return {
        "expected_purchases": float(expected.sum()),
        "actual_purchases": float(actual.sum()),
        "purchases_mae": float(np.mean(np.abs(expected - actual))),
        "purchases_bias": evaluation.value(evaluation.bias_ratio, actual, expected),
    }
