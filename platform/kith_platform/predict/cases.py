"""What is asked of things that begin, stay open a while and end one way or the other: leads, opportunities, invoices.

Rows are the open ones on the days of a week-by-week calendar, labels how they ended. A label of training must be known before
the first day of validation, one of validation before the first day of test: so each thing's end decides in which part it is
judged, and no opportunity stands in two. What is still open then is censored: it counts as neither.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from kith_platform.i18n import N_
from kith_platform.predict import guarded, protocol
from kith_platform.predict.calendar import HistoryTooShort
from kith_platform.predict.evidence import Floats, Ids, day_number
from kith_platform.predict.fits import rates
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.protocol import Labelled, Learned
from kith_platform.predict.training import Evidence, Scored, Trained

if TYPE_CHECKING:
    import pyarrow as pa

    from kith_platform.sdk.types import Feature

WEEK = 7
MOST_TRAINING_WEEKS, JUDGED_WEEKS, LEAST_TRAINING_WEEKS = 52, 13, 4
LEAST_HISTORY_DAYS = 60  # before the first week, so that rates have something to count


@dataclass(frozen=True)
class Looked:
    """Rows of several looks, by id and look: features, and the day number of each row's look (n,)."""

    matrix: Matrix
    day: Floats

    @staticmethod
    def of(found: pa.Table, features: Sequence[Feature]) -> Looked:
        """From a table with id, look and a column per feature."""
        ids, day = found["id"].to_numpy().astype(np.int64), day_numbers(found, "look")
        columns = [found[one.name].cast("double").to_numpy(zero_copy_only=False) for one in features]
        order = np.lexsort((day, ids))
        values = np.column_stack(columns)[order] if ids.size else np.zeros((0, len(features)))
        names = tuple(one.name for one in features)
        return Looked(Matrix(ids[order], values, names, {one.name: one.sense for one in features}), day[order])

    def on(self, days: Sequence[dt.date]) -> Looked:
        """The rows of these looks."""
        rows = np.isin(self.day, [day_number(day) for day in days])
        return Looked(self.matrix.where(rows), self.day[rows])


def local_days(rows: pa.Table, name: str, zone: str) -> Floats:
    """A column of instants as day numbers of a zone's calendar, ∞ where there is none."""
    calendar = ZoneInfo(zone)
    told = (None if at is None else at.astimezone(calendar).date() for at in rows[name].to_pylist())
    return np.array([np.inf if day is None else day_number(day) for day in told], dtype=np.float64)


def day_numbers(rows: pa.Table, name: str) -> Floats:
    """A column of dates as day numbers, ∞ where there is none."""
    numbers = rows[name].cast("date32").cast("int32").cast("double")
    return np.asarray(numbers.fill_null(np.inf).to_numpy(zero_copy_only=False))


@dataclass(frozen=True)
class Ends:
    """How things end: `ids` ascending, the day number on which yes was certain and that on which no was, ∞ for neither (n,)."""

    ids: Ids
    yes: Floats
    no: Floats

    def outcome(self, rows: Looked, until: dt.date, horizon: int | None) -> Floats:
        """Of rows as they were looked at; see `of`."""
        return self.of(rows.matrix.ids, rows.day, until, horizon)

    def of(self, ids: Ids, looked: Floats, until: dt.date, horizon: int | None) -> Floats:
        """1 or 0 as known before `until`, NaN where neither is. With a `horizon` a yes counts only within its days of the
        look, whose day numbers are `looked` (n,), and no is certain when they are over. Of unknown ids neither is.
        """
        if not self.ids.size:
            return np.full(ids.size, np.nan)
        place = np.minimum(np.searchsorted(self.ids, ids), self.ids.size - 1)
        known = self.ids[place] == ids
        yes, no = (np.where(known, days[place], np.inf) for days in (self.yes, self.no))
        end, over = day_number(until), np.inf if horizon is None else looked + float(horizon)
        came = (yes < end) & (yes < over)
        return np.where(came, 1.0, np.where(known & ((no < end) | (over <= end)), 0.0, np.nan))


@dataclass(frozen=True, kw_only=True)
class Weeks:
    """Days on which the open ones are looked at. Labels of training are known before `validation[0]`, and so on."""

    training: tuple[dt.date, ...]
    validation: tuple[dt.date, ...]
    test: tuple[dt.date, ...]
    end: dt.date


@dataclass(frozen=True, kw_only=True)
class Cases:
    """What is asked. `look` gives the open ones before each of several days with their features, `now` those that are scored
    (default: those open now). `ends` tells how all ended, as known at the question's day. `settles` gives the days after
    which most ends are known; where `within` is set, the outcome is asked of that many days. `judge(evidence, test rows,
    chances)` adds metrics and parts of the report, `explain` parameters, `beside` the numbers that stand beside a score;
    `ranked` names the one by which tenths are counted. Where other rows are scored than tested, `as_tested` gives the ids of
    those that stood before a day as in the test.
    """

    key: str
    subject: str
    look: Callable[[Evidence, Sequence[dt.date]], Looked]
    ends: Callable[[Evidence], Ends]
    settles: Callable[[Evidence], int]
    rule: rates.Rule
    prior: float
    plain: tuple[str, ...]
    within: int | None = None
    now: Callable[[Evidence], Matrix] | None = None
    fit: protocol.Fitter | None = None
    as_tested: Callable[[Evidence, dt.date], Ids] | None = None
    judge: Callable[[Evidence, Labelled, Floats], tuple[dict[str, Any], dict[str, Any]]] | None = None
    explain: Callable[[Learned], dict[str, Any]] | None = None
    beside: Callable[[Evidence, Matrix, Floats], Mapping[str, Floats]] | None = None
    ranked: str = ""


def plan(first: dt.date, end: dt.date, settles: int) -> Weeks:
    """Place the looks: `first` is the first day of the history, `end` the first day after it. Raises HistoryTooShort."""
    apart, wait = dt.timedelta(days=WEEK), dt.timedelta(days=settles)

    def weeks(last: dt.date, count: int) -> tuple[dt.date, ...]:
        return tuple(last - apart * back for back in reversed(range(count)))

    test = weeks(end - wait, JUDGED_WEEKS)
    validation = weeks(test[0] - wait, JUDGED_WEEKS)
    latest = validation[0] - wait
    earliest = first + dt.timedelta(days=LEAST_HISTORY_DAYS)
    room = (latest - earliest).days // WEEK + 1
    if room < LEAST_TRAINING_WEEKS:
        needs = (end - latest).days + LEAST_HISTORY_DAYS + (LEAST_TRAINING_WEEKS - 1) * WEEK
        raise HistoryTooShort(has=(end - first).days, needs=needs)
    training = weeks(latest, min(room, MOST_TRAINING_WEEKS))
    return Weeks(training=training, validation=validation, test=test, end=end)


def train(asked: Cases, evidence: Evidence) -> Trained:
    """From looks to verdict. Raises nothing for data that are too few or say nothing: that is a result."""
    question = evidence.question
    first = began(asked, evidence)
    if first is None:
        return Trained(ships=False, verdict="nothing_of_it", verdict_params={"facts": asked.subject})
    settles = asked.settles(evidence)
    try:
        weeks = plan(first, question.cutoff, settles)
    except HistoryTooShort as short:
        return _by_rule(asked, evidence, "cases_too_short", {"has": short.has, "needs": short.needs})
    parts = samples(asked, evidence, weeks)
    suspects = guarded.suspects(*parts[:2], keep=(asked.rule.feature,))
    try:
        learned, warnings = guarded.learn(
            suspects, asked.rule, asked.plain, parts, seed=question.seed, threads=question.threads, progress=question.progress,
            fit=asked.fit,
        )  # fmt: skip
    except FitRefused as refusal:
        words = {"too_few_customers": "too_few_cases"}.get(str(refusal.code), str(refusal.code))
        by_rule = _by_rule(asked, evidence, words, {"found": refusal.found, "needed": refusal.needed, "facts": asked.subject})
        return replace(by_rule, warnings=(suspects.warning(),) if suspects else ())
    question.progress(85, N_("Scoring what is open"))
    metrics, report = _judged(asked, evidence, learned, parts[2])
    learned = replace(learned, metrics={**learned.metrics, **metrics}, report={**learned.report, **report})
    rows = open_now(asked, evidence)
    trained = learned.trained(rows, _parameters(asked, learned, weeks, settles))
    scored = _whole(asked, evidence, rows, learned.score(rows))
    return replace(trained, scored=scored, warnings=(*trained.warnings, *warnings))


def samples(asked: Cases, evidence: Evidence, weeks: Weeks) -> tuple[Labelled, Labelled, Labelled]:
    """Training, validation and test rows, without those whose label says neither."""
    ends = asked.ends(evidence)
    evidence.question.progress(5, N_("Looking at what was open then"))
    every = asked.look(evidence, (*weeks.training, *weeks.validation, *weeks.test))
    parts = []
    for days, until in ((weeks.training, weeks.validation[0]), (weeks.validation, weeks.test[0]), (weeks.test, weeks.end)):
        rows = every.on(days)
        parts.append(Labelled(rows.matrix, ends.outcome(rows, until, asked.within)).known())
    return parts[0], parts[1], parts[2]


def open_now(asked: Cases, evidence: Evidence) -> Matrix:
    """What is scored: the open ones, with their features."""
    return asked.now(evidence) if asked.now else asked.look(evidence, (evidence.question.cutoff,)).matrix


def rescore(asked: Cases, evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Scores at the question's cutoff by what was trained before. Nothing open is an empty answer: what is over loses its
    score.
    """
    rows = open_now(asked, evidence)
    otherwise = protocol.fitted_rule(asked.rule, None, prior=asked.prior)
    scored = protocol.rescored(rows, artefact, report, otherwise, threads=evidence.question.threads)
    return _whole(asked, evidence, rows, scored)


def _whole(asked: Cases, evidence: Evidence, rows: Matrix, scored: Scored) -> Scored:
    """With the numbers that stand beside it, and by which it is ranked."""
    further = asked.beside(evidence, rows, scored.values) if asked.beside else {}
    return replace(scored, extra=further, ranked=asked.ranked)


def began(asked: Cases, evidence: Evidence) -> dt.date | None:
    """The first day of which anything is known; None where nothing is."""
    tables = evidence.question.frames.before(evidence.question.cutoff)
    rows = tables[asked.subject]
    first: dt.date | None = tables.run(rows.aggregate(day=rows.occurred_on.min()))["day"][0].as_py()
    return first


def _judged(asked: Cases, evidence: Evidence, learned: Learned, test: Labelled) -> tuple[dict[str, Any], dict[str, Any]]:
    if asked.judge is None:
        return {}, {}
    chances = learned.calibrated.apply(learned.model.predict(test.matrix.columns(learned.model.features)))
    return asked.judge(evidence, test, chances)


def _parameters(asked: Cases, learned: Learned, weeks: Weeks, settles: int) -> dict[str, Any]:
    return {
        "settles_days": settles,
        "training_looks": [weeks.training[0].isoformat(), weeks.training[-1].isoformat()],
        "validation_looks": [weeks.validation[0].isoformat(), weeks.validation[-1].isoformat()],
        "test_looks": [weeks.test[0].isoformat(), weeks.test[-1].isoformat()],
        **(asked.explain(learned) if asked.explain else {}),
    }


def _by_rule(asked: Cases, evidence: Evidence, verdict: str, params: Mapping[str, Any]) -> Trained:
    """Nothing could be trained: the rule serves, and the verdict says what is missing."""
    return Trained(ships=False, verdict=verdict, verdict_params=dict(params), scored=rescore(asked, evidence, None, {}))
