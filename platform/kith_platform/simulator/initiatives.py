"""What the company tried: initiatives with their success criteria, and what each is said to have brought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from kith_platform.simulator.columns import codes, dates, money, times
from kith_platform.simulator.firm import HISTORY, Firm
from kith_platform.simulator.staff import Staff


@dataclass(frozen=True)
class Plan:
    """`starts` is the place of its first month among those told; `signed` days from its start to the signing of its criteria;
    costs and yearly benefit as shares of a year's sales."""

    key: str
    name: str
    starts: int
    months: int
    signed: int
    cost: float
    benefit: float
    shares: tuple[float, float, float]
    grades: str
    evidence: str


INITIATIVES = (
    Plan("INI-1", "Answer within the hour", 4, 18, -20, 0.012, 0.019, (0.5, 0.3, 0.2), "AAB", "half of the calls as before"),
    Plan("INI-2", "New member evenings", 8, 14, 25, 0.015, 0.009, (0.1, 0.6, 0.3), "CD", "before and after, by season"),
    Plan("INI-3", "Advice for key accounts", 12, 12, -9, 0.006, 0.010, (0.2, 0.2, 0.6), "BD", "alike accounts without advice"),
)
_GAP = 3  # months until the first benefit


def scale(firm: Firm) -> float:
    """A year's net sales, of which costs and benefits are shares."""
    return float(firm.tables["orders"]["net"].sum()) / firm.days * 365.25


def initiatives(firm: Firm, crew: Staff) -> pl.DataFrame:
    """Three: two with criteria signed before they began, one signed after."""
    plans = [plan for plan in INITIATIVES if plan.starts < len(firm.months)]
    begins = np.array([firm.months[plan.starts].begins + 3.1 for plan in plans])
    signed = begins + np.array([plan.signed for plan in plans])
    return pl.DataFrame(
        {
            "initiative_id": [plan.key for plan in plans],
            "started_at": times(firm.start, begins),
            "name": [plan.name for plan in plans],
            "owner": crew.address[[0, 17, 9][: len(plans)]],
            "ends_on": dates(firm.start, begins + np.array([30.4 * plan.months for plan in plans])),
            "record_signed_at": times(firm.start, firm.only(signed)),
        }
    )


def benefits(firm: Firm) -> pl.DataFrame:
    """A row per initiative and month from its fourth on, growing in its first half year."""
    rng = firm.stream("benefits")
    rows = [
        (plan, age, month.ends - 1, plan.benefit * scale(firm) / 12 * min((age + 1) / 6, 1.0) * month.share)
        for plan in INITIATIVES
        for age, month in enumerate(firm.months[plan.starts + _GAP : HISTORY])
    ]
    amount = np.array([row[3] for row in rows]) * rng.lognormal(0.0, 0.15, len(rows))
    return pl.DataFrame(
        {
            "benefit_id": codes("BE", len(rows)),
            "gained_on": dates(firm.start, [row[2] for row in rows]),
            "initiative": [plan.key for plan, *_ in rows],
            "amount": money(amount),
            "currency": np.full(len(rows), firm.currency),
            **{name: [plan.shares[at] for plan, *_ in rows] for at, name in enumerate(("share_cim", "share_cem", "share_csm"))},
            "grade": [plan.grades[age % len(plan.grades)] for plan, age, *_ in rows],
            "evidence": [plan.evidence for plan, *_ in rows],
        }
    )
