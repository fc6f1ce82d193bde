"""Voluntary and silent churn (domain.md D1a): who will leave in the window by own choice, and what is typical of it.

Where a subscription binds, leaving is its end by choice. Elsewhere it is silence: no purchase day in [cutoff + gap,
cutoff + gap + H), H = 90 days or three times the tenant's usual gap, so that at that gap ρ would pass 3. Of whom it is asked:
bound and no notice given, or bought before and not already left (C4: ρ > 3 and at least 30 days). The rule to beat is ρ > 1.5.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.classify import Classification
from kith_platform.predict.contracts import ENDED, RUNS, UNPAID, noted, standing, stands
from kith_platform.predict.evidence import Floats, Ids, PurchaseDays, day_number, day_of
from kith_platform.predict.fits import rates, rhythm
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.training import Evidence

LEFT_RHO, LEFT_DAYS = 3.0, 30.0
SHORTEST_HORIZON = 90


def began(evidence: Evidence) -> dt.date | None:
    """The first purchase day, or the first day of a subscription."""
    cutoff = evidence.question.cutoff
    past = evidence.purchases().before(day_number(cutoff))
    tables = evidence.question.frames.before(cutoff)
    events = tables.subscription_events
    signed: dt.date | None = tables.run(events.aggregate(day=events.occurred_on.min()))["day"][0].as_py()
    first = [day_of(past.day.min())] if len(past) else []
    return min([*first, *([signed] if signed else [])], default=None)


def horizon(evidence: Evidence) -> int:
    return horizon_days(evidence.purchases(), day_number(evidence.question.cutoff))


def horizon_days(purchases: PurchaseDays, cutoff: int) -> int:
    """H: 90 days, or 3·m of the tenant's own gaps where that is longer."""
    past = purchases.before(cutoff)
    same = past.customer[1:] == past.customer[:-1]
    gaps = (past.day[1:] - past.day[:-1])[same]
    return max(SHORTEST_HORIZON, round(3 * rhythm.segment_gap([], gaps, SHORTEST_HORIZON / 3)))


def staying(evidence: Evidence, matrix: Matrix, cutoff: dt.date) -> NDArray[np.bool_]:
    """Who is bound by a running subscription and has given no notice; of those who never had one, who bought before and has
    not already left by C4.4.
    """
    rho, recency = matrix.column("rho"), matrix.column("recency")
    buys = ~np.isnan(recency) & ~((rho > LEFT_RHO) & (recency >= LEFT_DAYS))
    bound = standing(evidence.question.frames.known(stands, cutoff), matrix.ids)
    return np.asarray(np.where(np.isnan(bound), buys, bound == RUNS))


def left(evidence: Evidence, customers: Ids, start: dt.date, end: dt.date) -> Floats:
    """1 for who ended the last subscription by choice in the window, or of whom it was noted that they left by choice; of those
    who have none, who does not buy in it.

    NaN for who ended before the window, or left because bills stayed unpaid: that is another question (D1b).
    """
    now = evidence.question.as_of
    past = evidence.purchases().before(day_number(now) + 1)
    bought, _ = past.between(day_number(start), day_number(end)).totals(customers)
    tables = evidence.question.frames.at(now)
    before, after = (standing(tables.run(stands(tables, day)), customers) for day in (start, end))
    said = noted(tables, start, end, customers)
    after = np.where(np.isnan(said), after, said)
    bound = np.where(before != RUNS, np.nan, np.where(after == ENDED, 1.0, np.where(after == UNPAID, np.nan, 0.0)))
    return np.asarray(np.where(np.isnan(before), (bought == 0).astype(np.float64), bound))


CHURN = Classification(
    key="churn",
    began=began,
    horizon=horizon,
    population=staying,
    outcome=left,
    rule=rates.Rule("rho", (1.5,)),
    prior=0.3,
    plain=("recency", "purchase_days", "tenure"),
)
