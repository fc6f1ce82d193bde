"""Why a customer would leave (domain.md D1, reason model): which of the reasons, if they leave by choice.

Asked of whom churn is asked of; learned only from leavers whose reason was noted, as a leaving or with the end of a subscription.
Whose bills stayed unpaid is another question (D1b); a bankruptcy is a reason here, whoever noted it. A leaver's row is at the
newest cutoff, of those of their part, at which they were still a customer without notice. Reasons of fewer than LEAST leavers in
training are merged into 'other'. The rule to beat is the share of each reason among them, by log-loss; where it serves, all have
the same chances and nobody has a reason of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import ibis
import numpy as np
from numpy.typing import NDArray

from kith_platform.i18n import N_
from kith_platform.predict import churn, classify
from kith_platform.predict.calendar import LEAST_HISTORY_DAYS, Calendar, HistoryTooShort, plan
from kith_platform.predict.evidence import Floats, Ids, day_number
from kith_platform.predict.fits import bootstrap, classes, evaluation
from kith_platform.predict.fits.calibration import expected_calibration_error
from kith_platform.predict.fits.classes import Classes
from kith_platform.predict.leaving_words import CODES, NOT_PAID, OTHER, code_of
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.protocol import LEAST_JUDGED
from kith_platform.predict.reasons import drivers, of_rows
from kith_platform.predict.training import Evidence, Scored, Trained
from kith_platform.sdk.staying import BY_CHOICE, BY_US

LEAST = 100  # leavers in training from which a reason is a class of its own
LATEST = 365  # days: who was last seen as a customer longer before the note has left otherwise


@dataclass(frozen=True)
class Noted:
    """The last reason noted of each leaver: customers ascending (n,), day numbers and places in CODES."""

    customer: Ids
    day: Ids
    code: Ids

    def between(self, start: dt.date, end: dt.date) -> Noted:
        """Those noted on days start ≤ day < end."""
        rows = (self.day >= day_number(start)) & (self.day < day_number(end))
        return Noted(self.customer[rows], self.day[rows], self.code[rows])

    def of(self, customers: Ids) -> tuple[Ids, NDArray[np.bool_]]:
        """Of customers (k,) their rows here (k,), and which of them have one."""
        place = np.minimum(np.searchsorted(self.customer, customers), max(self.customer.size - 1, 0))
        found = self.customer[place] == customers if self.customer.size else np.zeros(customers.size, dtype=bool)
        return place.astype(np.int64), np.asarray(found)


@dataclass(frozen=True)
class Part:
    """Leavers as they were at a cutoff of their part, and the place in CODES of each one's reason (n,)."""

    matrix: Matrix
    code: Ids


def noted(evidence: Evidence) -> Noted:
    """All that is known now of why customers left."""
    tables = evidence.question.frames.at(evidence.question.as_of)
    left, events = tables.leavings, tables.subscription_events
    ended = events.filter(events.kind.isin((BY_CHOICE, BY_US, "cancel_requested")))
    told = left.select(
        "customer_id", "occurred_on", "reason", by_us=(left.kind == "involuntary").fill_null(False), at=ibis.literal(1)
    )
    told = told.union(ended.select("customer_id", "occurred_on", "reason", by_us=ended.kind == BY_US, at=ibis.literal(0)))
    told = told.filter(told.customer_id.notnull(), told.reason.notnull(), told.reason.strip() != "")
    rows = tables.run(told.order_by("customer_id", "occurred_on", "at", "reason"))
    codes = [code_of(text) for text in rows["reason"].to_pylist()]
    kept = np.array(
        [
            code != NOT_PAID and (code == "bankruptcy" or not us)
            for code, us in zip(codes, rows["by_us"].to_pylist(), strict=True)
        ],
        dtype=bool,
    )
    customer = rows["customer_id"].to_numpy().astype(np.int64)
    day = rows["occurred_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    # The last word on a customer decides: a bill that stayed unpaid is the last word, too.
    last = kept & np.append(customer[1:] != customer[:-1], True)[: customer.size]
    return Noted(customer[last], day[last], np.array([CODES.index(codes[row]) for row in np.flatnonzero(last)], dtype=np.int64))


def train(evidence: Evidence) -> Trained:
    """From cutoffs to verdict. Raises nothing for data that are too few or say nothing: that is a result."""
    return learned(evidence, noted(evidence))


def learned(evidence: Evidence, found: Noted) -> Trained:
    """What these notes teach, as `train`."""
    question, began = evidence.question, churn.began(evidence)
    if not found.customer.size or began is None:
        return Trained(ships=False, verdict="no_reasons")
    try:
        calendar = plan(began, question.cutoff, churn.horizon(evidence))
    except HistoryTooShort as short:
        return _by_rule(evidence, found.code, "history_too_short", {"has": short.has, "needs": short.needs})
    learnt, validation, test = parts(evidence, found, calendar, began)
    if shortfall := _shortfall(learnt.code):
        return Trained(ships=False, verdict="too_few_reasons", verdict_params=shortfall)
    judged = min(validation.code.size, test.code.size)
    if judged < LEAST_JUDGED:
        return _by_rule(evidence, learnt.code, "too_few_customers", {"found": judged, "needed": LEAST_JUDGED})
    question.progress(50, N_("Learning from what came"))
    names = learnt.matrix.varying()
    kept = merged(learnt.code, np.concatenate([validation.code, test.code]))
    model = classes.fit(
        learnt.matrix.columns(names),
        _places(learnt.code, kept),
        validation.matrix.columns(names),
        _places(validation.code, kept),
        features=names,
        classes=len(kept),
        seed=question.seed,
        nthread=question.threads,
    )
    question.progress(75, N_("Judging it on what it has not seen"))
    return _judged(evidence, model, kept, learnt, test, calendar)


def merged(learnt: Ids, further: Ids) -> tuple[str, ...]:
    """The classes: reasons of at least LEAST leavers in training, and 'other' where there are more, in the order of CODES."""
    counts = np.bincount(learnt, minlength=len(CODES))
    own = [code for code, count in zip(CODES, counts, strict=True) if count >= LEAST and code != OTHER]
    rest = any(CODES[code] not in own for code in np.unique(np.concatenate([learnt, further])))
    return (*own, OTHER) if rest else tuple(own)


def _places(code: Ids, kept: tuple[str, ...]) -> Ids:
    """Each reason as its place among the classes."""
    place = [kept.index(one if one in kept else OTHER) if one in kept or OTHER in kept else -1 for one in CODES]
    return np.asarray(np.array(place, dtype=np.int64)[code])


def _shortfall(learnt: Ids) -> dict[str, Any]:
    """What is missing where fewer than two reasons, 'other' among them, have LEAST leavers; else nothing."""
    kept = merged(learnt, learnt)
    counts = sorted(np.bincount(_places(learnt, kept), minlength=len(kept)).tolist(), reverse=True) if kept else []
    second = int(counts[1]) if len(counts) > 1 else 0
    if second >= LEAST:
        return {}
    return {"noted": int(learnt.size), "found": second, "needed": LEAST, "missing": LEAST - second}


def parts(evidence: Evidence, found: Noted, calendar: Calendar, began: dt.date) -> tuple[Part, Part, Part]:
    """Training, validation and test: leavers noted after their cutoff's gap and before the next part's cutoff."""
    # Churn looks back a year; reasons are rarer, so older leavers teach too, from cutoffs a window apart.
    earliest, looks = began + dt.timedelta(days=LEAST_HISTORY_DAYS), list(calendar.training)
    while (older := looks[0] - dt.timedelta(days=calendar.horizon)) >= earliest:
        looks.insert(0, older)
    days = (calendar.validation, calendar.test, calendar.end)
    return (
        _seen(evidence, found, looks, calendar, days[0], 5),
        _seen(evidence, found, [calendar.validation], calendar, days[1], 40),
        _seen(evidence, found, [calendar.test], calendar, days[2], 45),
    )


def _seen(evidence: Evidence, found: Noted, looks: Sequence[dt.date], calendar: Calendar, until: dt.date, done: int) -> Part:
    """Leavers noted before `until`, each at the newest of the cutoffs at which churn was asked of them."""
    parts: list[Part] = []
    taken = np.zeros(0, dtype=np.int64)
    for cutoff in reversed(looks):
        evidence.question.progress(done, N_("Looking at customers as they were then"))
        start = calendar.window(cutoff)[0]
        asked = found.between(start, min(until, start + dt.timedelta(days=LATEST)))
        people = asked_of(evidence, cutoff)
        place, left = asked.of(people.ids)
        left &= ~np.isin(people.ids, taken)
        parts.append(Part(people.where(left), asked.code[place[left]] if asked.code.size else np.zeros(0, dtype=np.int64)))
        taken = np.concatenate([taken, parts[-1].matrix.ids])
    return Part(Matrix.stack([one.matrix for one in parts]), np.concatenate([one.code for one in parts]))


def asked_of(evidence: Evidence, cutoff: dt.date) -> Matrix:
    """Features at a cutoff of those of whom churn is asked."""
    return classify.asked_of(churn.CHURN, evidence, cutoff)


def _judged(evidence: Evidence, model: Classes, kept: tuple[str, ...], learnt: Part, test: Part, calendar: Calendar) -> Trained:
    place, row = _places(test.code, kept), np.arange(test.code.size)
    values = test.matrix.columns(model.features)
    said = model.predict(values)
    ours, theirs = said[row, place], model.shares[place]
    # Of several classes log-loss reads only the chance of the one that came.
    against = bootstrap.compare(np.ones(row.size), ours, theirs, evaluation.log_loss, seed=evidence.question.seed)
    ships = against is not None and against.better(lower_is_better=True)
    names = ("model", "baseline", "difference", "low", "high")
    evidence.question.progress(85, N_("Scoring every customer"))
    now = asked_of(evidence, evidence.question.cutoff)
    own = set(kept)
    counts = np.bincount(learnt.code, minlength=len(CODES))
    gone = [code for code, count in zip(CODES, counts, strict=True) if count and code not in own]
    return Trained(
        ships=ships,
        verdict="better_than_shares" if ships else "no_better_than_shares",
        verdict_params={"measure": "log_loss", **{name: getattr(against, name) if against else None for name in names}},
        tier="multiclass",
        features=model.features,
        parameters={
            "horizon_days": calendar.horizon,
            "gap_days": calendar.gap,
            "reasons": list(kept),
            "merged_into_other": gone,
            "trust": model.slope,
            "validation_cutoff": calendar.validation.isoformat(),
            "test_cutoff": calendar.test.isoformat(),
        },
        metrics={
            "customers": int(row.size),
            "log_loss": float(-np.log(ours).mean()),
            "rule_log_loss": float(-np.log(theirs).mean()),
            "first_right": float((said.argmax(axis=1) == place).mean()),
            "rule_first_right": float((model.shares.argmax() == place).mean()),
            "ece": _gap(said, place),
            "training_customers": int(learnt.code.size),
        },
        report={
            "comparison": asdict(against) if against else None,
            "by_reason": [
                {
                    "reason": code,
                    "n": int((place == one).sum()),
                    "said": float(said[:, one].mean()),
                    "came": float((place == one).mean()),
                }
                for one, code in enumerate(kept)
            ],
            # Each reason pulls its own way, so a feature has a weight and no direction.
            "drivers": [
                {**one, "direction": 0}
                for one in drivers(lambda rows: np.linalg.norm(model.contributions(rows), axis=1), values, model.features)
            ],
            "shares": dict(zip(kept, model.shares.tolist(), strict=True)),
        },
        warnings=({"code": "reasons_merged", "reasons": gone, "needed": LEAST},) if gone else (),
        artefact=model.to_bytes(),
        scored=scores(now, model, kept) if ships and now.ids.size else _shares(now, kept, model.shares),
    )


def _gap(said: Floats, place: Ids) -> float:
    """The mean over classes of each one's calibration error."""
    each = [expected_calibration_error(place == one, said[:, one]) or 0.0 for one in range(said.shape[1])]
    return float(np.mean(each))


def scores(now: Matrix, model: Classes, kept: tuple[str, ...]) -> Scored:
    """Each one's likeliest reason: its chance as the value, its place in CODES as `reason`, and the chances of all."""
    values = now.columns(model.features)
    said = model.predict(values)
    best, row = said.argmax(axis=1), np.arange(now.ids.size)
    highest = said[row, best]

    def of_likeliest(rows: Floats) -> Floats:
        return np.asarray(model.contributions(rows)[np.arange(rows.shape[0]), model.predict(rows).argmax(axis=1)])

    place = np.array([CODES.index(code) for code in kept], dtype=np.float64)
    return Scored(
        customer_ids=now.ids,
        values=highest,
        tier="multiclass",
        extra={"reason": place[best], **{code: said[:, one] for one, code in enumerate(kept)}},
        reasons=of_rows(of_likeliest, values, model.features, highest),
        rows=now,
    )


def _shares(now: Matrix, kept: Sequence[str], shares: Floats) -> Scored | None:
    """Nobody can be told from another: all have the shares of past leavers, and nobody a reason of their own."""
    if not now.ids.size:
        return None
    extra = {code: np.full(now.ids.size, share) for code, share in zip(kept, shares.tolist(), strict=True)}
    return Scored(customer_ids=now.ids, values=np.full(now.ids.size, float(shares.max())), tier="rule", extra=extra)


def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Scores at the question's cutoff by what was trained before; None where no reason was ever noted often enough."""
    stored = report.get("shares")
    if not stored:
        return None
    now, kept = asked_of(evidence, evidence.question.cutoff), _classes(stored)
    if artefact is None:
        return _shares(now, kept, np.array([stored[code] for code in kept]))
    return by_model(now, artefact, report, threads=evidence.question.threads) if now.ids.size else None


def by_model(rows: Matrix, artefact: bytes, report: Mapping[str, Any], *, threads: int = 1) -> Scored:
    """What a trained model says of rows."""
    return scores(rows, classes.load(artefact, nthread=threads), _classes(report["shares"]))


def _classes(shares: Mapping[str, float]) -> tuple[str, ...]:
    """The reasons in the order of `merged`: the database gives their shares back in an order of its own."""
    return tuple(code for code in (*(one for one in CODES if one != OTHER), OTHER) if code in shares)


def _by_rule(evidence: Evidence, code: Ids, verdict: str, params: Mapping[str, Any]) -> Trained:
    """Nothing could be learned: the shares serve where two reasons are noted often enough; the verdict says what is missing."""
    if shortfall := _shortfall(code):
        return Trained(ships=False, verdict="too_few_reasons", verdict_params=shortfall)
    kept = merged(code, code)
    shares = classes.shares_of(_places(code, kept), len(kept))
    return Trained(
        ships=False,
        verdict=verdict,
        verdict_params=dict(params),
        report={"shares": dict(zip(kept, shares.tolist(), strict=True))},
        scored=_shares(asked_of(evidence, evidence.question.cutoff), kept, shares),
    )
