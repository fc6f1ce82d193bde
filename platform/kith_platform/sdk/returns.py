"""What an initiative brings (domain B1): return, net present value, payback, split over CIM, CEM and CSM. Pure.

Money is in one currency. A flow is a month's amount by that month's first day, cost negative and benefit positive.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BUCKETS = ("cim", "cem", "csm")
GRADES = ("A", "B", "C", "D")
PROVEN = ("A", "B")  # a randomised control or a quasi-experiment; anything else is claimed (B0.6)
SHARES_TOLERANCE = 1e-6

Flows = Mapping[dt.date, float]


@dataclass(frozen=True)
class Cost:
    """What was spent on a day."""

    day: dt.date
    amount: float


@dataclass(frozen=True)
class Benefit:
    """What was gained on a day, how it was shown (`grade` A–D), and its shares by bucket, which sum to 1."""

    day: dt.date
    amount: float
    grade: str
    shares: Mapping[str, float]

    @property
    def proven(self) -> bool:
        return self.grade in PROVEN


def shares_fit(shares: Mapping[str, float]) -> bool:
    """Whether shares are at least 0 and sum to 1.

    >>> shares_fit({"cim": 0.5, "cem": 0.3, "csm": 0.2}), shares_fit({"cim": 0.5, "cem": 0.6, "csm": -0.1})
    (True, False)
    """
    return min(shares.values()) >= 0 and abs(sum(shares.values()) - 1) <= SHARES_TOLERANCE


def roi(benefit: float, cost: float) -> float | None:
    """(Σbenefit − Σcost)/Σcost; None without cost.

    >>> roi(240_000, 160_000)
    0.5
    """
    return (benefit - cost) / cost if cost else None


def flows(costs: Iterable[Cost], benefits: Iterable[Benefit]) -> dict[dt.date, float]:
    """Benefits less costs by month, in order; months in which nothing happened are left out."""
    found: dict[dt.date, float] = {}
    for day, amount in [*((one.day, -one.amount) for one in costs), *((one.day, one.amount) for one in benefits)]:
        month = day.replace(day=1)
        found[month] = found.get(month, 0.0) + amount
    return dict(sorted(found.items()))


def npv(found: Flows, rate: float) -> float | None:
    """Σ flow/(1+d)^t, t in years since the first month, in twelfths: months compound to the yearly rate. None without flows.

    >>> years = {dt.date(2020 + t, 1, 1): flow for t, flow in enumerate((-100_000, 40_000, 70_000, 70_000))}
    >>> round(npv(years, 0.10), 2)
    46806.91
    """
    if not found:
        return None
    first = min(found)
    return sum(amount / math.pow(1 + rate, _months(first, month) / 12) for month, amount in found.items())


def payback(found: Flows) -> float | None:
    """Months from the first until costs have come back, linear inside the month; None while they have not.

    >>> found = {dt.date(2024, 1, 1): -120.0, **{dt.date(2024, month, 1): 50.0 for month in (2, 3, 4)}}
    >>> round(payback(found), 4)
    2.4
    """
    if not found:
        return None
    first, total = min(found), 0.0
    for month, amount in sorted(found.items()):
        before, total = total, total + amount
        if total >= 0:
            return 0.0 if month == first else _months(first, month) - 1 + -before / amount
    return None


def split(benefits: Iterable[Benefit]) -> dict[str, float]:
    """Benefit by bucket, each amount by its shares, so that nothing counts twice."""
    found = dict.fromkeys(BUCKETS, 0.0)
    for one in benefits:
        for bucket in BUCKETS:
            found[bucket] += one.amount * one.shares[bucket]
    return found


def _months(first: dt.date, month: dt.date) -> int:
    return (month.year - first.year) * 12 + month.month - first.month
