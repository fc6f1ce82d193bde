"""Customer lifetime value: discounted margin over a horizon of months.

Metric `cem.clv`: Σ_h E[margin in month h] / (1 + d)^h with d per month. Without a contract the expected purchases of a
month are differences of the BG/NBD's cumulative expectation, times the Gamma-Gamma's margin per purchase day (Fader,
Hardie & Lee 2005). With a contract margin and retention are given per period (Gupta & Lehmann 2003).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kith_platform.predict.fits.bgnbd import BgNbd, expected_purchases

Floats = NDArray[np.float64]

WEEKS_PER_MONTH = 365.25 / 12.0 / 7.0
DAYS_PER_MONTH = 365.25 / 12.0


def monthly_rate(yearly_rate: float) -> float:
    """The rate per month that compounds to `yearly_rate`: (1 + d)^(1/12) - 1."""
    return float((1.0 + yearly_rate) ** (1.0 / 12.0) - 1.0)


def discounted_value(
    model: BgNbd,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,  # noqa: N803
    margin_per_purchase: ArrayLike,
    *,
    months: int,
    rate_per_month: float,
    month: float = WEEKS_PER_MONTH,
) -> Floats:
    """Value of each customer over the next `months` months, shape (n,), in the currency of the margin.

    `month` is the length of a month in the model's time unit; `margin_per_purchase` may be negative.
    """
    _whole_positive(months)
    steps = np.arange(1, months + 1)
    cumulative = expected_purchases(model, x, t_x, T, steps * month)
    by_month = np.diff(cumulative, axis=1, prepend=0.0)
    return np.asarray((by_month @ _discounts(rate_per_month, steps)) * np.asarray(margin_per_purchase, dtype=np.float64))


def contract_value(margin: ArrayLike, retention: ArrayLike, rate: float, *, periods: int | None = None) -> Floats:
    """Value of a contract customer: Σ_{h=1..H} m·r^h/(1+d)^h, or m·r/(1+d-r) for `periods=None` (for ever).

    Margin, retention (0..1) and discount rate all per period; arrays broadcast. Raises ValueError for a retention
    outside 0..1 or a sum that does not converge.
    """
    value, kept = np.asarray(margin, dtype=np.float64), np.asarray(retention, dtype=np.float64)
    if np.any((kept < 0.0) | (kept > 1.0)) or rate <= -1.0:
        raise ValueError("Retention must lie between 0 and 1 and the discount rate above -1.")
    if periods is None:
        if np.any(1.0 + rate - kept <= 0.0):
            raise ValueError("A customer who never leaves has no finite value without discounting.")
        return np.asarray(value * kept / (1.0 + rate - kept))
    _whole_positive(periods)
    steps = np.arange(1, periods + 1)
    return np.asarray(value * np.sum((kept[..., None] / (1.0 + rate)) ** steps, axis=-1))


def value_of_one_point(margin: ArrayLike, retention: ArrayLike, rate: float, *, periods: int | None = None) -> float:
    """`ret.value_of_1pt`: Σ CLV(r + .01) - Σ CLV(r) over customers; retention is not raised above 1."""
    kept = np.asarray(retention, dtype=np.float64)
    better = contract_value(margin, np.minimum(kept + 0.01, 1.0), rate, periods=periods)
    return float(np.sum(better - contract_value(margin, kept, rate, periods=periods)))


def _discounts(rate_per_month: float, steps: NDArray[np.int_]) -> Floats:
    if rate_per_month <= -1.0:
        raise ValueError("The discount rate must lie above -1.")
    return np.asarray((1.0 + rate_per_month) ** -steps.astype(np.float64))


def _whole_positive(periods: int) -> None:
    if periods < 1:
        raise ValueError("A horizon needs at least one period.")
