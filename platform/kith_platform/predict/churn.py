"""Silent churn without a contract (domain.md D1a): who will not buy again in the window, and what is typical of it.

Population at a cutoff: bought before, and not already left (C4: ρ > 3 and at least 30 days). Label 1: no purchase day in
[cutoff + gap, cutoff + gap + H), H = 90 days or three times the tenant's usual gap, so that at that gap ρ would pass 3.
The rule to beat is ρ > 1.5.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.classify import Classification
from kith_platform.predict.evidence import Floats, Ids, PurchaseDays, day_number, day_of
from kith_platform.predict.fits import rates, rhythm
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.training import Evidence

LEFT_RHO, LEFT_DAYS = 3.0, 30.0
SHORTEST_HORIZON = 90


def began(evidence: Evidence) -> dt.date | None:
    """The first purchase day."""
    past = evidence.purchases().before(day_number(evidence.question.cutoff))
    return day_of(past.day.min()) if len(past) else None


def horizon(evidence: Evidence) -> int:
    return horizon_days(evidence.purchases(), day_number(evidence.question.cutoff))


def horizon_days(purchases: PurchaseDays, cutoff: int) -> int:
    """H: 90 days, or 3·m of the tenant's own gaps where that is longer."""
    past = purchases.before(cutoff)
    same = past.customer[1:] == past.customer[:-1]
    gaps = (past.day[1:] - past.day[:-1])[same]
    return max(SHORTEST_HORIZON, round(3 * rhythm.segment_gap([], gaps, SHORTEST_HORIZON / 3)))


def staying(_evidence: Evidence, matrix: Matrix, _cutoff: dt.date) -> NDArray[np.bool_]:
    """Customers who bought before and have not already left by C4.4."""
    rho, recency = matrix.column("rho"), matrix.column("recency")
    return np.asarray(~np.isnan(recency) & ~((rho > LEFT_RHO) & (recency >= LEFT_DAYS)))


def silent(evidence: Evidence, customers: Ids, start: dt.date, end: dt.date) -> Floats:
    """1 for customers without a purchase day in the window."""
    past = evidence.purchases().before(day_number(evidence.question.cutoff))
    bought, _ = past.between(day_number(start), day_number(end)).totals(customers)
    return np.asarray(bought == 0, dtype=np.float64)


CHURN = Classification(
    key="churn",
    began=began,
    horizon=horizon,
    population=staying,
    outcome=silent,
    rule=rates.Rule("rho", (1.5,)),
    prior=0.3,
    plain=("recency", "purchase_days", "tenure"),
)
