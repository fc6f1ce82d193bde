"""How much stock, when to order and how early to build (domain.md D10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_ERRORS = 30  # from so many on the errors speak for themselves


def safety_stock(mean: float, deviation: float, lead: float, lead_deviation: float, service: float, review: float = 0.0) -> float:
    """z·√((L+R)·σ_d² + d̄²·σ_L²): units, for a service level in (0, 1). All times in periods of the demand.

    >>> round(safety_stock(100, 20, 9, 1, 0.95), 1)
    191.8
    """
    return float(NormalDist().inv_cdf(service) * np.sqrt((lead + review) * deviation**2 + mean**2 * lead_deviation**2))


def reorder_point(mean: float, lead: float, safety: float, review: float = 0.0) -> float:
    """Demand until what is ordered now, or at the next review, has arrived, and the safety stock: units.

    >>> round(reorder_point(100, 9, 191.82), 2)
    1091.82
    """
    return mean * (lead + review) + safety


def measured_stock(errors: Floats, mean: float, lead_deviation: float, service: float) -> float | None:
    """The same from what forecasts of the sum over lead and review time missed by: `errors` (n,) actual − forecast, units.

    Their quantile at the service level, with an uncertain lead time on top. None with fewer than LEAST_ERRORS.
    """
    if errors.size < LEAST_ERRORS:
        return None
    short = max(float(np.quantile(errors, service)), 0.0)
    late = NormalDist().inv_cdf(service) * mean * lead_deviation
    return float(np.hypot(short, late))


def window_errors(errors: Floats, periods: float) -> Floats:
    """Errors of sums over so many periods, from `errors` (origins, steps): every window inside an origin, NaN left out.

    A part of a period counts with its root, as spread does. Empty where the window is longer than what was looked ahead.
    """
    whole, part = int(periods), periods - int(periods)
    width = whole + (part > 0)
    if not 0 < width <= errors.shape[1]:
        return np.zeros(0)
    weights = np.ones(width)
    if part:
        weights[-1] = np.sqrt(part)
    sums = np.lib.stride_tricks.sliding_window_view(errors, width, axis=1) @ weights
    flat = sums.ravel()
    return np.asarray(flat[~np.isnan(flat)])


@dataclass(frozen=True)
class Plan:
    """`stock` (n + 1,): units needed at hand at the start and after each period. `short` (n,): what cannot be met even so,
    because of capacity with shelf life or money."""

    stock: Floats
    short: Floats


def build_ahead(
    demand: Sequence[float] | Floats, capacity: float | Sequence[float], *, shelf: int | None = None, most: float | None = None
) -> Plan:
    """I_{t−1} = max(0, I_t + D_t − Cap_t) backwards from nothing left at the end.

    `shelf`: no stock for more than the demand of so many periods to come. `most`: no more units than that (money, room).

    >>> build_ahead([80, 90, 130, 150, 90], 100).stock.tolist()
    [50.0, 70.0, 80.0, 50.0, 0.0, 0.0]
    """
    wanted = np.asarray(demand, dtype=float)
    makes = np.broadcast_to(np.asarray(capacity, dtype=float), wanted.shape)
    stock, short = np.zeros(wanted.size + 1), np.zeros(wanted.size)
    for place in range(wanted.size - 1, -1, -1):
        need = max(0.0, stock[place + 1] + wanted[place] - makes[place])
        bound = np.inf if shelf is None else float(wanted[place : place + shelf].sum())
        stock[place] = min(need, bound, np.inf if most is None else most)
        short[place] = need - stock[place]
    return Plan(stock, short)
