"""A customer's own rhythm (domain rule C4): expected gap τ, lateness ρ, spending trend s; and the posterior mean of D0."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# A customer's own median gap weighs as much as his number of gaps; the segment's weighs as much as three.
SEGMENT_WEIGHT = 3.0
GAPS_NEEDED = 30
# Weight of the prior in `posterior_mean`, in cases.
PRIOR_CASES = 20.0


def gap_statistics(customer: ArrayLike, day: ArrayLike) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64], Floats]:
    """Per customer, from one row per purchase: ids (ascending), median gap in days, number of gaps G, coefficient of variation.

    `customer` integer ids, `day` whole day numbers, any order; purchases of one day count once. Without a gap the
    median is NaN; the coefficient (sample standard deviation / mean) needs two gaps.
    """
    order = np.lexsort((np.asarray(day), np.asarray(customer)))
    who, when = np.asarray(customer)[order].astype(np.int64), np.asarray(day)[order].astype(np.float64)
    ids, row = np.unique(who, return_inverse=True)
    same = (who[1:] == who[:-1]) & (when[1:] > when[:-1])
    owner, gaps = row[1:][same], (when[1:] - when[:-1])[same]
    ranked = np.lexsort((gaps, owner))
    owner, gaps = owner[ranked], gaps[ranked]
    n = np.bincount(owner, minlength=ids.size)
    first = np.concatenate([[0], np.cumsum(n)[:-1]]).astype(np.int64)
    median, spread = np.full(ids.size, np.nan), np.full(ids.size, np.nan)
    some = n > 0
    median[some] = (gaps[(first + (n - 1) // 2)[some]] + gaps[(first + n // 2)[some]]) / 2.0
    total = np.bincount(owner, gaps, minlength=ids.size)
    mean = total / np.maximum(n, 1)
    squares = np.bincount(owner, (gaps - mean[owner]) ** 2, minlength=ids.size)
    two = n > 1
    spread[two] = np.sqrt(squares[two] / (n[two] - 1)) / mean[two]
    return ids, median, n.astype(np.int64), spread


def segment_gap(segment_gaps: ArrayLike, tenant_gaps: ArrayLike, industry_default: float, *, needed: int = GAPS_NEEDED) -> float:
    """m_seg in days: median of the segment's gaps where there are `needed`, else of the tenant's, else the default."""
    for gaps in (np.asarray(segment_gaps, dtype=np.float64), np.asarray(tenant_gaps, dtype=np.float64)):
        if gaps.size >= needed:
            return float(np.median(gaps))
    return float(industry_default)


def expected_gap(own_gap: ArrayLike, gaps: ArrayLike, segment_gap: ArrayLike) -> Floats:
    """τ = (3·m_seg + G·m_c)/(3 + G) in days; with no gap of his own (G = 0, m_c NaN) it is m_seg. Broadcasts."""
    own, n, segment = (np.asarray(column, dtype=np.float64) for column in (own_gap, gaps, segment_gap))
    return np.asarray((SEGMENT_WEIGHT * segment + np.where(n > 0, n * own, 0.0)) / (SEGMENT_WEIGHT + n))


def lateness(days_since_last: ArrayLike, tau: ArrayLike) -> Floats:
    """ρ = days since the last purchase / τ; NaN where τ is not positive or the customer never bought."""
    days, gap = np.broadcast_arrays(np.asarray(days_since_last, dtype=np.float64), np.asarray(tau, dtype=np.float64))
    return np.asarray(np.divide(days, gap, out=np.full(days.shape, np.nan), where=gap > 0))


def spending_trend(last_2tau: ArrayLike, previous_6tau: ArrayLike, tenure_days: ArrayLike, tau: ArrayLike) -> Floats:
    """s = spend in the last 2τ / mean spend per 2τ over the 6τ before.

    NaN where the customer is younger than 8τ or spent nothing in those 6τ.
    """
    recent, before, tenure, gap = np.broadcast_arrays(
        *(np.asarray(column, dtype=np.float64) for column in (last_2tau, previous_6tau, tenure_days, tau))
    )
    known = (before > 0) & (tenure >= 8.0 * gap) & (gap > 0)
    return np.asarray(np.divide(recent, before / 3.0, out=np.full(recent.shape, np.nan), where=known))


def posterior_mean(positives: ArrayLike, cases: ArrayLike, prior: ArrayLike, prior_cases: float = PRIOR_CASES) -> Floats:
    """(k + κ·prior)/(n + κ): a rate drawn towards `prior` the more, the fewer cases there are. Broadcasts."""
    k, n, rate = (np.asarray(column, dtype=np.float64) for column in (positives, cases, prior))
    return np.asarray((k + prior_cases * rate) / (n + prior_cases))
