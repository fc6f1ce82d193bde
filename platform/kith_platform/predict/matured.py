"""Scores of the past whose window is over, against what came (domain.md D0): as the test at training, on days that came later.

A score said on a day is judged by the very label that the model learned: the customers asked of then, the same gap, the same
horizon. Whoever has become another customer since, or counts as neither, is left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kith_platform.predict.cases import Cases
from kith_platform.predict.classify import Classification
from kith_platform.predict.evidence import Floats, Ids, day_number
from kith_platform.predict.fits import evaluation
from kith_platform.predict.training import Evidence

LEAST_JUDGED, LEAST_POSITIVES = 50, 10  # below either, a month says "not enough yet"
YEAR = 365  # days: what a customer lifetime value looks ahead
JUDGED, FEW = "judged", "few"


@dataclass(frozen=True)
class Said:
    """Scores as they were said: ids ascending (n,), values (n,), expected purchases (n,) or NaN, and the window [start, end)."""

    ids: Ids
    values: Floats
    expected: Floats
    start: dt.date
    end: dt.date

    def still_there(self, evidence: Evidence) -> Said:
        """Without those who are no customer of their own any more."""
        tables = evidence.question.frames.at(evidence.question.as_of)
        people = tables.run(tables.people.select("customer_id"))["customer_id"].to_numpy()
        kept = np.isin(self.ids, people)
        return Said(self.ids[kept], self.values[kept], self.expected[kept], self.start, self.end)


def window(as_of: dt.date, parameters: Mapping[str, Any]) -> tuple[dt.date, dt.date]:
    """The days [start, end) that a score of `as_of` speaks of, by the parameters of its version; a year where they name none."""
    start = as_of + dt.timedelta(days=1 + int(parameters.get("gap_days", 0)))
    days = next((parameters[name] for name in ("said_days", "settles_days", "horizon_days") if name in parameters), YEAR)
    return start, start + dt.timedelta(days=int(days))


def of_chances(asked: Classification, evidence: Evidence, said: Said) -> dict[str, Any]:
    """state, judged, positives; and where there are enough, auc, and what was said and came on average."""
    said = said.still_there(evidence)
    return _against(said.values, asked.outcome(evidence, said.ids, said.start, said.end))


def of_soon(evidence: Evidence, said: Said) -> dict[str, Any]:
    """As `of_chances`, of chances to buy within the window."""
    said = said.still_there(evidence)
    bought, _money = evidence.purchases().between(day_number(said.start), day_number(said.end)).totals(said.ids)
    return _against(said.values, (bought > 0).astype(np.float64))


def of_cases(asked: Cases, evidence: Evidence, said: Said) -> dict[str, Any]:
    """As `of_chances`, of rows of a fact: how they ended, as far as it was known when the window was over."""
    ids, values = said.ids, said.values
    if asked.as_tested is not None:
        same = np.isin(ids, asked.as_tested(evidence, said.start))
        ids, values = ids[same], values[same]
    return _against(values, asked.ends(evidence).of(ids, np.full(ids.size, day_number(said.start)), said.end, asked.within))


def _against(values: Floats, outcome: Floats) -> dict[str, Any]:
    """What was said against what came, NaN where neither did."""
    told = ~np.isnan(outcome)
    outcome, values = outcome[told], values[told]
    positives = int(outcome.sum())
    found = {"judged": int(outcome.size), "positives": positives}
    if outcome.size < LEAST_JUDGED or positives < LEAST_POSITIVES or positives == outcome.size:
        return {"state": FEW, **found}
    return {
        "state": JUDGED,
        **found,
        "auc": evaluation.value(evaluation.auc, outcome, values),
        "said": float(values.mean()),
        "came": float(outcome.mean()),
    }


def of_purchases(evidence: Evidence, said: Said) -> dict[str, Any]:
    """state, judged; and where there are enough, the purchases expected and those that came, and their ratio (D2)."""
    said = said.still_there(evidence)
    known = ~np.isnan(said.expected)
    bought, _money = evidence.purchases().between(day_number(said.start), day_number(said.end)).totals(said.ids[known])
    found = {"judged": int(known.sum())}
    if known.sum() < LEAST_JUDGED or not bought.sum():
        return {"state": FEW, **found}
    expected = float(said.expected[known].sum())
    return {"state": JUDGED, **found, "said": expected, "came": float(bought.sum()), "bias": expected / float(bought.sum())}
