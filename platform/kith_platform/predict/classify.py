"""What is answered yes or no of each customer: rows are customers at cutoffs, labels what came in the days after.

What is asked is a `Classification`: whom it is asked of, what counts as yes in the window after a cutoff, and the rule to beat.
`protocol` learns and judges; training, validation and test never share a day of their windows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith_platform.i18n import N_
from kith_platform.predict import guarded, protocol, treatment
from kith_platform.predict.calendar import Calendar, HistoryTooShort, plan
from kith_platform.predict.evidence import Floats, Ids
from kith_platform.predict.fits import rates
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.protocol import Labelled
from kith_platform.predict.training import Evidence, Scored, Trained


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What is asked. `began` gives the first day of which anything is known (None: nothing to learn from), `horizon` the days
    of a window. `population` tells of rows at a cutoff (n,) whom it is asked of. `outcome` gives for customers (n,) and a window
    [start, end) 1 for yes, 0 for no and NaN for those who count as neither. `rule` is the baseline: bands of one feature; `prior`
    its rate before any window is over. `plain` names the features of a second baseline, a small logistic regression; `without`
    those that the outcome itself makes. `senses` are known directions; None: what features say of leaving. `nothing` is the
    verdict where there is nothing to learn from. `beside` gives further numbers of rows and their chances; `ranked` names the one
    by which tenths are counted.
    """

    key: str
    began: Callable[[Evidence], dt.date | None]
    horizon: Callable[[Evidence], int]
    population: Callable[[Evidence, Matrix, dt.date], NDArray[np.bool_]]
    outcome: Callable[[Evidence, Ids, dt.date, dt.date], Floats]
    rule: rates.Rule
    prior: float
    plain: tuple[str, ...]
    without: frozenset[str] = frozenset()
    senses: Mapping[str, int] | None = None
    nothing: tuple[str, Mapping[str, Any]] = ("empty", {})
    beside: Callable[[Evidence, Matrix, Floats], Mapping[str, Floats]] | None = None
    ranked: str = ""


def train(asked: Classification, evidence: Evidence) -> Trained:
    """From cutoffs to verdict. Raises nothing for data that are too few or say nothing: that is a result."""
    question, began = evidence.question, asked.began(evidence)
    if began is None:
        return Trained(ships=False, verdict=asked.nothing[0], verdict_params=asked.nothing[1])
    try:
        calendar = plan(began, question.cutoff, asked.horizon(evidence))
    except HistoryTooShort as short:
        return _by_rule(asked, evidence, "history_too_short", {"has": short.has, "needs": short.needs})
    parts, touched = _samples(asked, evidence, calendar)
    suspects = guarded.suspects(*parts[:2], keep=(asked.rule.feature,))
    try:
        learned, warnings = guarded.learn(
            suspects,
            asked.rule,
            asked.plain,
            parts,
            seed=question.seed,
            threads=question.threads,
            progress=question.progress,
        )
    except FitRefused as refusal:
        by_rule = _by_rule(asked, evidence, str(refusal.code), {"found": refusal.found, "needed": refusal.needed})
        return replace(by_rule, warnings=(suspects.warning(),) if suspects else ())
    question.progress(85, N_("Scoring every customer"))
    now = asked_of(asked, evidence, question.cutoff)
    trained = learned.trained(
        now,
        {
            "horizon_days": calendar.horizon,
            "gap_days": calendar.gap,
            "training_cutoffs": [day.isoformat() for day in calendar.training],
            "validation_cutoff": calendar.validation.isoformat(),
            "test_cutoff": calendar.test.isoformat(),
        },
    )
    trained = replace(trained, report={**trained.report, "reached": touched}, warnings=(*trained.warnings, *warnings))
    return replace(trained, scored=_whole(asked, evidence, now, trained.scored)) if trained.scored else trained


def _samples(
    asked: Classification, evidence: Evidence, calendar: Calendar
) -> tuple[tuple[Labelled, Labelled, Labelled], float | None]:
    """Training (all its cutoffs stacked), validation, test; and the share of training rows whom campaigns reached."""
    parts = []
    for done, cutoff in enumerate(calendar.training):
        evidence.question.progress(5 + 35 * done // len(calendar.training), N_("Looking at customers as they were then"))
        parts.append(labelled(asked, evidence, cutoff, calendar))
    looks = ((part.matrix.ids, calendar.window(cutoff)) for part, cutoff in zip(parts, calendar.training, strict=True))
    touched = treatment.reached(evidence, looks)
    validation, test = (labelled(asked, evidence, cutoff, calendar) for cutoff in (calendar.validation, calendar.test))
    return (Labelled.stack(parts), validation, test), touched


def labelled(asked: Classification, evidence: Evidence, cutoff: dt.date, calendar: Calendar) -> Labelled:
    """Population, features and labels at one cutoff, without those whose label says neither."""
    population = asked_of(asked, evidence, cutoff)
    return Labelled(population, asked.outcome(evidence, population.ids, *calendar.window(cutoff))).known()


def asked_of(asked: Classification, evidence: Evidence, cutoff: dt.date) -> Matrix:
    """Features at a cutoff of those of whom it is asked."""
    everybody = evidence.matrix(cutoff)
    rows = everybody.where(asked.population(evidence, everybody, cutoff)).without(asked.without)
    return rows if asked.senses is None else replace(rows, senses=asked.senses)


def rescore(asked: Classification, evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Everybody's scores at the question's cutoff by what was trained before; None where it is asked of nobody."""
    rows = asked_of(asked, evidence, evidence.question.cutoff)
    if not rows.ids.size:
        return None
    otherwise = protocol.fitted_rule(asked.rule, None, prior=asked.prior)
    scored = protocol.rescored(rows, artefact, report, otherwise, threads=evidence.question.threads)
    return _whole(asked, evidence, rows, scored)


def _whole(asked: Classification, evidence: Evidence, rows: Matrix, scored: Scored) -> Scored:
    """With the numbers that stand beside it, and by which it is ranked."""
    if asked.beside is None:
        return scored
    return replace(scored, extra=asked.beside(evidence, rows, scored.values), ranked=asked.ranked)


def _by_rule(asked: Classification, evidence: Evidence, verdict: str, params: Mapping[str, Any]) -> Trained:
    """Nothing could be trained: the rule serves, and the verdict says what is missing."""
    scored = rescore(asked, evidence, None, {})
    return Trained(ships=False, verdict=verdict, verdict_params=dict(params), scored=scored)
