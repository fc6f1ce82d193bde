"""What a customer may buy next (domain.md D4): families never held, in the order of the chance to be first bought in 60 days.

One ranker over customers and their candidates, judged by NDCG@5 against popularity in the segment and against lift rules; the
better of the two serves where the ranker is no better. Below 200 orders everybody gets what most customers hold.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from kith_platform.i18n import N_
from kith_platform.predict.calendar import Calendar, HistoryTooShort, plan
from kith_platform.predict.evidence import Floats, day_number, day_of
from kith_platform.predict.fits import boosted, bootstrap, calibration, evaluation, ranking
from kith_platform.predict.fits.boosted import Boosted
from kith_platform.predict.fits.calibration import Calibration
from kith_platform.predict.fits.evaluation import Reading
from kith_platform.predict.fits.ranking import Candidates
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.holdings import ACTIVE_DAYS, FEATURES, RISING, Bought, Holdings, bought, holdings
from kith_platform.predict.training import Evidence, Scored, Trained

HORIZON_DAYS = 60
LEAST_ORDERS = 200
LEAST_JUDGED = 50
TOP = 5
MOST_CUTOFFS = 4
MOST_TAUGHT = 20_000  # customers of a cutoff who teach; of more every k-th does
CHUNK = 5_000
RULES = ("popularity", "lift")


@dataclass(frozen=True)
class Looked:
    """One cutoff: the state, and its candidates with what came."""

    state: Holdings
    candidates: Candidates
    rows: NDArray[np.int64]
    family: NDArray[np.int64]

    def by(self, rule: str) -> Floats:
        """The candidates' scores by a rule."""
        if rule == "popularity":
            return np.asarray(self.candidates.matrix[:, FEATURES.index("popularity_in_segment")])
        return np.asarray(self.candidates.matrix[:, FEATURES.index("lift_best")])


def train(evidence: Evidence) -> Trained:
    """From cutoffs to verdict. Raises nothing for data that are too few or say nothing: that is a result."""
    question = evidence.question
    known = bought(question.frames.before(question.cutoff))
    orders = np.unique(np.stack([known.customer, known.day]), axis=1).shape[1]
    if not orders:
        return Trained(ships=False, verdict="no_families")
    if orders < LEAST_ORDERS:
        return _cold(evidence, known, "too_few_orders", {"found": orders, "needed": LEAST_ORDERS})
    try:
        calendar = plan(day_of(known.day.min()), question.cutoff, HORIZON_DAYS, least_span=HORIZON_DAYS)
    except HistoryTooShort as short:
        return _cold(evidence, known, "history_too_short", {"has": short.has, "needs": short.needs})
    question.progress(10, N_("Looking at customers as they were then"))
    train_sets = [_looked(evidence, known, cutoff, calendar) for cutoff in calendar.training[-MOST_CUTOFFS:]]
    validation, test = (_looked(evidence, known, cutoff, calendar) for cutoff in (calendar.validation, calendar.test))
    judged = np.unique(test.candidates.telling().group).size
    if judged < LEAST_JUDGED:
        return _cold(evidence, known, "too_few_customers", {"found": judged, "needed": LEAST_JUDGED})
    question.progress(50, N_("Learning from what came"))
    try:
        model = ranking.fit(
            _stacked(train_sets),
            validation.candidates,
            features=FEATURES,
            rising=RISING,
            seed=question.seed,
            nthread=question.threads,
        )
        levels = {
            name: calibration.fit(_chance(score), validation.candidates.relevance)
            for name, score in {"model": _margin(model, validation.candidates.matrix), **_ruled(validation)}.items()
        }
    except FitRefused as refusal:
        return _cold(evidence, known, str(refusal.code), {"found": refusal.found, "needed": refusal.needed})
    question.progress(75, N_("Judging it on what it has not seen"))
    return _judged(evidence, known, model, levels, test, calendar)


def _looked(evidence: Evidence, known: Bought, cutoff: dt.date, calendar: Calendar) -> Looked:
    """State, candidates and first purchases at a cutoff; of each customer who bought within a year."""
    state = holdings(bought(evidence.question.frames.before(cutoff)), cutoff)
    active = np.flatnonzero(state.pause < ACTIVE_DAYS)
    rows, family = state.candidates(active[:: 1 + active.size // MOST_TAUGHT])
    came = _came(state, known, cutoff, calendar)[rows, family]
    kept = ~np.isnan(came)
    rows, family = rows[kept], family[kept]
    return Looked(state, Candidates(state.matrix(rows, family), came[kept], state.customers[rows]), rows, family)


def _came(state: Holdings, known: Bought, cutoff: dt.date, calendar: Calendar) -> Floats:
    """1 where a family was first bought in the window, NaN where in the gap before it, (customers, families)."""
    start, end = (day_number(day) for day in calendar.window(cutoff))
    came = np.zeros(state.held.shape)
    number = {name: place for place, name in enumerate(state.families)}
    family = np.array([number.get(name, -1) for name in known.families], dtype=np.int64)[known.family]
    place = np.minimum(np.searchsorted(state.customers, known.customer), state.customers.size - 1)
    ours = (state.customers[place] == known.customer) & (family >= 0)
    window = ours & (known.day >= start) & (known.day < end)
    gap = ours & (known.day >= day_number(cutoff)) & (known.day < start)
    came[place[window], family[window]] = 1.0
    came[place[gap], family[gap]] = np.nan
    return came


def _stacked(looked: list[Looked]) -> Candidates:
    """Candidates of several cutoffs; a customer is another group at each."""
    parts, begin = [one.candidates for one in looked], 0
    groups = []
    for part in parts:
        groups.append(np.unique(part.group, return_inverse=True)[1] + begin)
        begin += part.group.size
    return Candidates(
        np.concatenate([part.matrix for part in parts]),
        np.concatenate([part.relevance for part in parts]),
        np.concatenate(groups),
    )


def _ruled(looked: Looked) -> dict[str, Floats]:
    return {rule: looked.by(rule) for rule in RULES}


def _margin(model: Boosted, matrix: Floats) -> Floats:
    return model.predict(matrix)


def _chance(score: Floats) -> Floats:
    """A score as a number between 0 and 1 in the same order, for calibration."""
    return np.asarray(expit(score))


def _mean(_outcome: Floats, score: Floats) -> Reading:
    return lambda weights: float(np.sum(score * weights) / np.sum(weights))


def _judged(
    evidence: Evidence, known: Bought, model: Boosted, levels: Mapping[str, Calibration], test: Looked, calendar: Calendar
) -> Trained:
    scores = {"model": _margin(model, test.candidates.matrix), **_ruled(test)}
    found = {name: ranking.ndcg(test.candidates, score) for name, score in scores.items()}
    rival = max(RULES, key=lambda rule: float(found[rule].mean()))
    against = bootstrap.compare(found["model"], found["model"], found[rival], _mean, seed=evidence.question.seed)
    ships = bool(against and against.better())
    served = "model" if ships else rival
    evidence.question.progress(85, N_("Scoring every customer"))
    chances = levels["model"].apply(_chance(scores["model"]))
    artefact = {
        "kith_model": "cross_sell",
        "booster": model.to_bytes().decode(),
        "levels": {name: level.to_json() for name, level in levels.items()},
    }
    ends = {key: getattr(against, key) if against else None for key in ("model", "baseline", "difference", "low", "high")}
    return Trained(
        ships=ships,
        verdict="better_than_baseline" if ships else "no_better_than_baseline",
        verdict_params={**ends, "measure": "ndcg", "rule": rival},
        tier="ranker",
        features=FEATURES,
        parameters={
            "horizon_days": HORIZON_DAYS,
            "gap_days": calendar.gap,
            "training_cutoffs": [day.isoformat() for day in calendar.training[-MOST_CUTOFFS:]],
            "validation_cutoff": calendar.validation.isoformat(),
            "test_cutoff": calendar.test.isoformat(),
            "families": len(test.state.families),
        },
        metrics={
            "customers": int(found["model"].size),
            "candidates": int(test.candidates.group.size),
            **{f"{name}_ndcg": float(values.mean()) for name, values in found.items()},
            **{f"{name}_recall": float(ranking.recall(test.candidates, score).mean()) for name, score in scores.items()},
            **{f"{name}_coverage": _coverage(test, score) for name, score in scores.items()},
            "ece": calibration.expected_calibration_error(test.candidates.relevance, chances),
            "auc": evaluation.value(evaluation.auc, test.candidates.relevance, chances),
        },
        report={
            "comparison": asdict(against) if against else None,
            "calibration": calibration.calibration_table(test.candidates.relevance, chances),
            "rule": {"name": rival, "level": levels[rival].to_json()},
        },
        artefact=json.dumps(artefact, sort_keys=True).encode(),
        scored=_scores(evidence, known, None if served != "model" else model, rival, levels[served]),
    )


def _coverage(looked: Looked, score: Floats) -> float:
    """The share of stocked families that stand among somebody's first five."""
    first = ranking.places(score, looked.candidates.group) < TOP
    return float(np.unique(looked.family[first]).size / max(int(looked.state.stocked.sum()), 1))


def _scores(evidence: Evidence, known: Bought, model: Boosted | None, rule: str, level: Calibration | None) -> Scored | None:
    """The first five families of each customer who bought within a year: value is the chance of the first."""
    state = holdings(known, evidence.question.cutoff)
    active = np.flatnonzero(state.pause < ACTIVE_DAYS)
    parts = [
        part for begin in range(0, active.size, CHUNK) for part in _best(state, active[begin : begin + CHUNK], model, rule, level)
    ]
    if not parts:
        return None
    return Scored(
        customer_ids=np.array([customer for customer, _ in parts], dtype=np.int64),
        values=np.array([offers[0]["value"] for _, offers in parts], dtype=np.float64),
        tier="ranker" if model is not None else "rule",
        reasons=[offers for _, offers in parts],
    )


def _best(
    state: Holdings, customers: NDArray[np.int64], model: Boosted | None, rule: str, level: Calibration | None
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Customers with their offers, the best first: {"feature": the family, "value": its chance, "with": what is held}."""
    rows, family = state.candidates(customers)
    if not rows.size:
        return
    looked = Looked(state, Candidates(state.matrix(rows, family), np.zeros(rows.size), state.customers[rows]), rows, family)
    score = looked.by(rule) if model is None else _margin(model, looked.candidates.matrix)
    if level is None:  # before anything is over: what most customers hold
        score = state.popularity[family]
    chance = score if level is None else level.apply(_chance(score))
    place = ranking.places(score, looked.candidates.group)
    first = np.flatnonzero(place < TOP)
    for row in np.unique(rows[first]):
        mine = first[rows[first] == row]
        mine = mine[np.argsort(place[mine])]
        yield (
            int(state.customers[row]),
            [
                {
                    "feature": state.families[family[one]],
                    "value": round(float(chance[one]), 4),
                    "effect": round(float(chance[one]), 4),
                    "with": state.partner(int(row), int(family[one])),
                }
                for one in mine
            ],
        )


def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Everybody's offers at the question's cutoff by what was trained before: the opened artefact, or the stored rule."""
    known = bought(evidence.question.frames.before(evidence.question.cutoff))
    if not known.customer.size:
        return None
    if artefact is not None:
        stored = json.loads(artefact)
        model = boosted.load(stored["booster"].encode(), nthread=evidence.question.threads)
        return _scores(evidence, known, model, RULES[0], Calibration.from_json(stored["levels"]["model"]))
    rule = report.get("rule")
    if rule is None:
        return _scores(evidence, known, None, RULES[0], None)
    return _scores(evidence, known, None, rule["name"], Calibration.from_json(rule["level"]))


def _cold(evidence: Evidence, known: Bought, verdict: str, params: Mapping[str, Any]) -> Trained:
    """Too little to learn from: what most customers hold is offered to those who do not."""
    return Trained(
        ships=False,
        verdict=verdict,
        verdict_params=dict(params),
        scored=_scores(evidence, known, None, RULES[0], None),
    )
