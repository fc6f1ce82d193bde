"""How long subscribers stay: a hazard for each month ahead (discrete-time survival, Singer & Willett 1993), learned from what all
features said then. Rows are subscribers at a cutoff × months after it, while they stay; features know only what came before the
cutoff, and how many months ahead is a feature itself, so that what matters next month may matter less in ten.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kith_platform.predict.calendar import LEAST_HISTORY_DAYS, Calendar
from kith_platform.predict.evidence import Floats, Ids, day_number, day_of
from kith_platform.predict.fits import boosted, bootstrap, calibration, evaluation, logistic, staying, tiers
from kith_platform.predict.fits.clv import DAYS_PER_MONTH
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.training import Evidence
from kith_platform.predict.value.brought import by_plan, whole_months, with_notice
from kith_platform.predict.value.subscriptions import Bound, Subscriptions, placed
from kith_platform.predict.value.trees import figures
from kith_platform.predict.value.windows import rows_of

AHEAD = "months_ahead"
SEEN_MONTHS = 6  # ahead, from every look of training: the longer, the further back lies what is learned from
LOOKS, APART = 4, 91  # days: a year of looks, each in another season
MOST_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Hazard:
    """The chance to end in a month of those who began it; `months` ahead were seen in training, later ones count as the last."""

    model: tiers.Classifier
    calibrated: calibration.Calibration
    months: int

    @property
    def features(self) -> tuple[str, ...]:
        """Those of a customer."""
        return tuple(name for name in self.model.features if name != AHEAD)

    def stays(self, rows: Floats, months: int) -> Floats:
        """P(still there after month h), (n, months), from features (n, k)."""
        hazards = np.zeros((rows.shape[0], months))
        for month in range(months):
            ahead = np.full((rows.shape[0], 1), float(min(month + 1, self.months)))
            hazards[:, month] = self.calibrated.apply(self.model.predict(np.hstack([rows, ahead])))
        return staying.from_hazards(hazards)

    def to_fields(self) -> dict[str, Any]:
        """JSON fields; the same data and seed give the same."""
        return {
            "model": self.model.to_bytes().decode(),
            "calibration": json.loads(self.calibrated.to_json()),
            "months": self.months,
        }


def load(fields: Mapping[str, Any], *, nthread: int = 1) -> Hazard:
    """The reverse of `to_fields`. Raises FitRefused for anything else; check the seal first."""
    model = tiers.load(fields["model"].encode(), nthread=nthread)
    return Hazard(model, calibration.Calibration.from_json(json.dumps(fields["calibration"])), int(fields["months"]))


def learn(evidence: Evidence, known: Subscriptions, calendar: Calendar) -> Hazard | None:
    """From the windows of training, calibrated on validation's; `known` tells who stayed. None with fewer than 50 ends in
    training: then Kaplan–Meier serves.
    """
    question = evidence.question
    seen = min(SEEN_MONTHS, whole_months(calendar.horizon))
    cutoffs, validation = cutoffs_before(calendar.test, known, seen)
    if not cutoffs:
        return None
    names = (*evidence.matrix(cutoffs[-1]).varying(), AHEAD)
    most = MOST_ROWS // len(cutoffs)
    several = [_months(evidence, known, cutoff, seen, names, most) for cutoff in cutoffs]
    people, matrix, ended = (np.concatenate(part) for part in zip(*several, strict=True))
    _, later, later_ended = _months(evidence, known, validation, seen, names, MOST_ROWS)
    found = int(np.unique(people[ended == 1]).size)
    if found < tiers.LOGISTIC_FROM:
        return None
    try:
        model: tiers.Classifier
        if found < tiers.BOOSTED_FROM:
            model = logistic.fit(matrix, ended, later, later_ended, features=names)
        else:
            model = boosted.fit(matrix, ended, later, later_ended, features=names, seed=question.seed, nthread=question.threads)
        return Hazard(model, calibration.fit(model.predict(later), later_ended), seen)
    except FitRefused:
        return None


def cutoffs_before(test: dt.date, known: Subscriptions, months: int) -> tuple[tuple[dt.date, ...], dt.date]:
    """Cutoffs of training, none where the history is too short, and that of validation: the `months` after each end before
    those of the next begin, and all before `test`."""
    span = dt.timedelta(days=round(months * DAYS_PER_MONTH))
    validation = test - span
    earliest = day_of(known.day.min()) + dt.timedelta(days=LEAST_HISTORY_DAYS)
    room = (validation - span - earliest).days
    count = min(LOOKS, room // APART + 1) if room >= 0 else 0
    return tuple(validation - span - dt.timedelta(days=APART * back) for back in reversed(range(count))), validation


def compare(evidence: Evidence, known: Subscriptions, calendar: Calendar, hazard: Hazard | None) -> dict[str, Any] | None:
    """Kaplan–Meier by plan, that all stay, and the hazard where there is one, on the window of test: error a subscriber, bias,
    order; and who `serves`: the hazard where its error is smaller than Kaplan–Meier's by the whole interval. None where nobody
    subscribed then.
    """
    day, months = day_number(calendar.test), whole_months(calendar.horizon)
    then = Subscriptions.known(evidence.question.frames, calendar.test)
    bound = then.at(day)
    if not bound.customer.size:
        return None
    money = known.paid(day, months, bound.customer)
    by_all = staying.value(bound.fee, by_plan(then, bound, day, months))
    rows: dict[str, Any] = {"kaplan_meier": figures(money, by_all), "last_year": figures(money, bound.fee * months)}
    if hazard is None:
        return {**rows, "serves": "kaplan_meier"}
    by_each = staying.value(bound.fee, stays_by(hazard, evidence, calendar.test, bound, months))
    against = bootstrap.compare(money, by_each, by_all, evaluation.mean_absolute_error, seed=0)
    better = against is not None and against.better(lower_is_better=True)
    ends = {name: getattr(against, name) if against else None for name in ("difference", "low", "high")}
    serves = "hazard" if better else "kaplan_meier"
    return {"hazard": figures(money, by_each), **rows, **ends, "tier": hazard.model.tier, "serves": serves}


def stays_by(hazard: Hazard, evidence: Evidence, cutoff: dt.date, bound: Bound, months: int) -> Floats:
    """P(still there after month h), (n, months), of those bound at the cutoff."""
    return with_notice(bound, hazard.stays(rows_of(evidence, cutoff, bound.customer, hazard.features), months))


def _months(
    evidence: Evidence, known: Subscriptions, cutoff: dt.date, months: int, names: tuple[str, ...], most: int
) -> tuple[Ids, Floats, Floats]:
    """Whose, features and outcome of each month that a subscriber at the cutoff began; at most about `most` rows, by lot."""
    bound = Subscriptions.known(evidence.question.frames, cutoff).at(day_number(cutoff))
    who = bound.customer[bound.free]
    if who.size * months > most:
        lot = np.random.default_rng(evidence.question.seed).permutation(who.size)[: most // months]
        who = who[np.sort(lot)]
    rows = rows_of(evidence, cutoff, who, names[:-1])
    there = np.ones(who.size, dtype=bool)
    parts: list[tuple[Ids, Floats, Floats]] = []
    for month in range(1, months + 1):
        stays = known.fees(day_number(cutoff) + round(month * DAYS_PER_MONTH), who) > 0
        matrix = np.hstack([rows[there], np.full((int(there.sum()), 1), float(month))])
        parts.append((who[there], matrix, (~stays[there]).astype(np.float64)))
        there &= stays
    people, matrices, ended = (list(part) for part in zip(*parts, strict=True))
    return np.concatenate(people), np.concatenate(matrices), np.concatenate(ended)


def fees_of(customers: Ids, bound: Bound, stays: Floats, rate_per_month: float = 0.0) -> Floats:
    """What each of `customers` is expected to pay for subscriptions, (n,); 0 for who has none."""
    return placed(customers, bound.customer, staying.value(bound.fee, stays, rate_per_month))
