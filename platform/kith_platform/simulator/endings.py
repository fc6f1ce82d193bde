"""How subscriptions end by what is hidden: the best that can be known of who ends one by choice and who for want of money."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kith_platform.simulator.buying import Ints
from kith_platform.simulator.lives import Lives
from kith_platform.simulator.seasons import Floats

BILL = 30  # days from bill to bill: who has left ends the subscription at the next


class Chances(NamedTuple):
    """Per customer: P(ends by choice), P(ends unpaid) in a window, by what moves each."""

    by_choice: Floats
    unpaid: Floats


def chances(lives: Lives, alive: Floats, broke: Floats, cutoff: int, *, gap: int, horizon: int) -> Chances:
    """From the hazards as they stand at day `cutoff`; resentment fades, nothing new happens.

    `alive` is P(not left in the mind yet), `broke` how short of money each is, or is thought to be. A subscription ends with the
    bill after its customer has left, half a month later on average; who left before the cutoff and has not ended yet does so with
    the next bill, mostly within the window.
    """
    last = lives.outside.shape[1] - 1
    want, hidden = lives.temper.non_payment * broke, lives.temper.non_payment * lives.broke
    resentment = lives.resentment[:, min(cutoff, last)]
    here, left = alive.astype(np.float64), 1.0 - alive
    by_choice, unpaid = np.zeros(alive.size), np.zeros(alive.size)
    for ahead in range(max(gap + horizon - BILL // 2, 1)):
        faded = resentment * np.float32(lives.temper.memory**ahead)
        hazard = lives.hazard(faded, lives.outside[:, min(cutoff + ahead, last)]) - hidden + want
        gone = (left if ahead == 0 else 0.0) + here * -np.expm1(-hazard)
        unpaid += gone * want / hazard
        by_choice += gone * (1.0 - want / hazard)
        here = here * np.exp(-hazard)
    return Chances(by_choice, unpaid)


def shortness(slow: Ints, bills: Ints, non_payment: float) -> Floats:
    """E[how short of money | `slow` of `bills` were not paid at once, and the customer is still there], by Bayes' rule.

    Shortness is Gamma(½) with mean 1 before anything is seen; a bill is paid late with chance min(shortness / 10, .6).
    """
    short = np.geomspace(1e-4, 20.0, 400)
    late = np.minimum(0.1 * short, 0.6)
    prior = 0.5 * np.log(short) - short / 2.0  # of the logarithm, on which the grid is even
    told = slow[:, None] * np.log(late) + (bills - slow)[:, None] * np.log1p(-late) - non_payment * BILL * bills[:, None] * short
    weight = np.exp(told + prior - (told + prior).max(axis=1, keepdims=True))
    return np.asarray((weight * short).sum(axis=1) / weight.sum(axis=1))
