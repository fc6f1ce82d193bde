"""What a contract is worth while its customer stays: a curve of staying by age, and money by month along it (domain.md D2).

The curve is Kaplan–Meier's (1958). Beyond the age at which LEAST_AT_RISK are still watched it goes on with the rate of all ends
by all time watched, as one end among three says little. Forecasts are conditional on having stayed so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kith_platform.predict.fits.kaplan_meier import survival

Floats = NDArray[np.float64]

LEAST_AT_RISK = 30


@dataclass(frozen=True)
class Curve:
    """Cumulative hazard (−ln of the share that stayed) just after each of `times`; `rate` per unit of time after `last`."""

    times: Floats
    hazard: Floats
    last: float
    rate: float

    @staticmethod
    def of(durations: ArrayLike, ended: ArrayLike, *, least: int = LEAST_AT_RISK) -> Curve:
        """From cases (n,): how long each was watched, in any unit, and whether it ended then. Nobody: nobody ever ends."""
        time, over = np.asarray(durations, dtype=np.float64), np.asarray(ended, dtype=bool)
        found = survival(time, over)
        firm = (found.at_risk >= least) & (found.share_open > 0)
        watched = float(time.sum())
        # Times are distinct and at_risk falls: the firm part is a beginning of the curve.
        last = float(np.sort(time)[-least]) if time.size >= least else 0.0
        rate = float(over.sum()) / watched if watched else 0.0
        return Curve(found.times[firm], -np.log(found.share_open[firm]), last, rate)

    def stays(self, ages: ArrayLike, steps: ArrayLike) -> Floats:
        """P(still there at age + step | there at age), (n, steps)."""
        age, step = np.asarray(ages, dtype=np.float64)[:, None], np.asarray(steps, dtype=np.float64)[None, :]
        return np.asarray(np.exp(self._cumulative(age) - self._cumulative(age + step)))

    def _cumulative(self, age: Floats) -> Floats:
        levels = np.concatenate([[0.0], self.hazard])
        seen = levels[np.searchsorted(self.times, np.minimum(age, self.last), side="right")]
        return np.asarray(seen + np.maximum(age - self.last, 0.0) * self.rate)


def from_hazards(hazards: ArrayLike) -> Floats:
    """P(still there after month h), from the chances to end in each month of those who began it, (n, months)."""
    return np.asarray(np.cumprod(1.0 - np.asarray(hazards, dtype=np.float64), axis=1))


def until(months: ArrayLike, count: int) -> Floats:
    """P(still there after month h), (n, count), of those whose end is known: 1 for months that are paid, a part for the last."""
    return np.asarray(np.clip(np.asarray(months, dtype=np.float64)[:, None] - np.arange(count)[None, :], 0.0, 1.0))


def value(fee: ArrayLike, stays: ArrayLike, rate_per_month: float = 0.0) -> Floats:
    """Σ_h fee · P(there after month h) / (1 + d)^h, (n,), in the fee's currency."""
    there = np.asarray(stays, dtype=np.float64)
    discounts = (1.0 + rate_per_month) ** -np.arange(1, there.shape[1] + 1)
    return np.asarray(np.asarray(fee, dtype=np.float64) * (there @ discounts))
