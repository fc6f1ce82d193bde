"""Which bill will be paid more than 30 days late (domain.md D9), and what is expected to be lost of it.

The unit is a bill at its issue: own terms and amount, and how its customer stood and paid before the week of its issue. A
scorecard is the default; boosted trees with known senses take its place where they rank validation better by their whole
interval. The rule to beat is the rate by days to pay. Open bills that are not yet so late are scored; whether one is held back
or a customer put on hold is a person's decision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import numpy as np

from kith_platform.predict.cases import Cases, Ends, Looked, day_numbers
from kith_platform.predict.evidence import Floats, Ids
from kith_platform.predict.features.bills import FEATURES, WEEK, issued
from kith_platform.predict.features.paying import bills
from kith_platform.predict.fits import bootstrap, evaluation, rates, scorecard, tiers
from kith_platform.predict.fits.scorecard import LGD, Scorecard, expected_loss, kolmogorov_smirnov
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.protocol import Labelled, Learned
from kith_platform.predict.training import Evidence

LATE = 30  # days
TERMS_EDGES = (0.0, 7.0, 14.0, 21.0, 30.0, 45.0, 60.0, 90.0)
MOST_TERMS = 0.9  # of the bills fall due within the days for which labels are waited
LONGEST_TERMS = 120
OPEN_WEEKS = 26  # older open bills are not scored: they are late long since


def look(evidence: Evidence, days: Sequence[dt.date]) -> Looked:
    """The bills issued in the week that each of the days begins, as their customers stood before it."""
    frames = evidence.question.frames
    known = frames.before(evidence.question.cutoff)
    return Looked.of(known.run(issued(known, frames.before_each(days).looks)), FEATURES)


def ends(evidence: Evidence) -> Ends:
    """A bill is late once it is open on the 31st day after it fell due, and in time once it is paid before."""
    tables = evidence.question.frames.at(evidence.question.as_of)
    found = tables.run(bills(tables).select("id", "due_on", "paid_on").order_by("id"))
    late, paid = day_numbers(found, "due_on") + LATE + 1, day_numbers(found, "paid_on")
    in_time = paid < late
    return Ends(found["id"].to_numpy().astype(np.int64), np.where(in_time, np.inf, late), np.where(in_time, paid, np.inf))


def settles(evidence: Evidence) -> int:
    """Days from the first of the week of issue after which most bills are either paid or late."""
    tables = evidence.question.frames.before(evidence.question.cutoff)
    rows = bills(tables)
    terms = tables.run(rows.select(terms=rows.due_on.delta(rows.occurred_on, unit="day")))["terms"].to_numpy()
    usual = np.clip(np.quantile(terms, MOST_TERMS), 0, LONGEST_TERMS) if terms.size else 0
    return WEEK + int(usual) + LATE + 1


def fresh(evidence: Evidence, day: dt.date) -> Ids:
    """The bills of the week before a day, as the test asks of them: those still open after months are late more often."""
    tables = evidence.question.frames.before(evidence.question.cutoff)
    rows = bills(tables)
    week = (rows.occurred_on >= ibis.date(day - dt.timedelta(days=WEEK)), rows.occurred_on < ibis.date(day))
    return np.asarray(tables.run(rows.filter(*week).select("id"))["id"].to_numpy(), dtype=np.int64)


def now(evidence: Evidence) -> Matrix:
    """The open bills that are not yet late, each as of the week of its issue."""
    question = evidence.question
    tables = question.frames.before(question.cutoff)
    first = question.cutoff - dt.timedelta(days=WEEK * OPEN_WEEKS)
    rows = bills(tables)
    late = ibis.date(question.as_of - dt.timedelta(days=LATE))
    rows = rows.filter(rows.paid_on.isnull(), rows.due_on >= late, rows.occurred_on >= ibis.date(first))
    wanted = tables.run(rows.select("id"))["id"].to_numpy()
    every = look(evidence, [first + dt.timedelta(days=WEEK * week) for week in range(OPEN_WEEKS)]).matrix
    return every.where(np.isin(every.ids, wanted))


def fit(
    rule: rates.Rule, train: Labelled, validation: Labelled, names: tuple[str, ...], seed: int, threads: int
) -> tiers.Classifier:
    """The scorecard, or trees where they rank validation better by their whole interval; below 50 late bills, the rates."""
    senses = {name: sense for name, sense in train.matrix.senses.items() if sense and name in names}
    gate = tiers.gate(train.outcome)
    known, later = (tiers.Sample(part.matrix.columns(names), part.outcome) for part in (train, validation))
    if gate.tier is tiers.Tier.RATES:
        feature = (rule.feature,)
        return rates.fit(train.matrix.columns(feature), train.outcome, features=feature, rule=rule)
    card = scorecard.fit(known.matrix, known.outcome, later.matrix, later.outcome, features=names, monotone=senses)
    if gate.tier is not tiers.Tier.BOOSTED:
        return card
    trees = tiers.fit(known, later, features=names, rule=rule, monotone=senses, seed=seed, nthread=threads)
    challenger, standing = trees.predict(later.matrix), card.predict(later.matrix)
    comparison = bootstrap.compare(later.outcome, challenger, standing, evaluation.auc, seed=seed)
    return trees if comparison is not None and comparison.better() else card


def judge(_evidence: Evidence, test: Labelled, chances: Floats) -> tuple[dict[str, Any], dict[str, Any]]:
    """KS, and in money: what was expected to be lost of the bills judged against what of the late ones is."""
    amount = np.nan_to_num(test.matrix.column("bill_amount"))
    return {
        "ks": kolmogorov_smirnov(test.outcome, chances),
        "expected_loss": float(expected_loss(chances, amount).sum()),
        "actual_loss": float(expected_loss(test.outcome, amount).sum()),
        "lgd": LGD,
    }, {}


def card(learned: Learned) -> dict[str, Any]:
    """The points of the scorecard, where one was fitted."""
    model = learned.model
    return {"lgd": LGD, **({"scorecard": model.points()} if isinstance(model, Scorecard) else {})}


def losses(_evidence: Evidence, rows: Matrix, chances: Floats) -> Mapping[str, Floats]:
    """EL = chance · open money · LGD, in the company's currency. A part that is paid already still counts as open."""
    return {"expected_loss": expected_loss(chances, np.nan_to_num(rows.column("bill_amount")))}


PAYMENT_RISK = Cases(
    key="payment_risk",
    subject="invoices",
    look=look,
    ends=ends,
    settles=settles,
    rule=rates.Rule("bill_terms", TERMS_EDGES),
    prior=0.05,
    plain=("days_late", "days_late_most", "failed_payments_365"),
    now=now,
    as_tested=fresh,
    fit=fit,
    judge=judge,
    explain=card,
    beside=losses,
)
