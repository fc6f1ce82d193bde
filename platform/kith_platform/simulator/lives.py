"""The hidden lives of customers in the misspecified regime: what angers them, what draws them away, when they leave.

Nothing here looks at recency, frequency or any ratio of gaps. Customers leave because of what they lived through (late
deliveries, faulty goods, complaints that nobody solved, prices that rose), because a competitor opened in their region,
because they moved or their life changed. Data show these causes only in part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kith_platform.simulator.buying import NEVER, Ints, Purchases
from kith_platform.simulator.experiences import Experiences
from kith_platform.simulator.seasons import Floats

Matrix = NDArray[np.float32]  # customers × days

CAUSES = ("service_failure", "product_failure", "price", "no_value", "competitor", "moved", "life_change", "non_payment")


@dataclass(frozen=True, kw_only=True)
class Temper:
    """How customers feel and leave. Hazards are per day."""

    base: float = 0.00016  # a contented customer's
    anger: float = 1.3  # the hazard is base · exp(anger · resentment)
    memory: float = 0.987  # share of resentment left after a day: half is forgotten in 53 days
    competitor: float = 0.0018  # at its opening, times the customer's openness (mean 1)
    moved: float = 0.00008
    life_change: float = 0.00009
    non_payment: float = 0.0  # mean, spread over customers by Gamma(.5)


@dataclass(frozen=True)
class Lives:
    """`resentment` and `outside` (hazard that has nothing to do with experiences) by customer and day; the day each leaves
    (NEVER if within the data none) and why (an index of CAUSES, −1 for none); `broke` is how short of money each is (mean 1)."""

    temper: Temper
    resentment: Matrix
    outside: Matrix
    left: Ints
    cause: Ints
    broke: Floats

    def hazard(self, resentment: Matrix, outside: Matrix) -> Matrix:
        """Hazard of leaving per day, from resentment and outside hazard of the same shape."""
        return np.asarray(self.temper.base * np.exp(self.temper.anger * resentment) + outside, dtype=np.float32)


@dataclass(frozen=True)
class World:
    """What happens to all: days of price rises and of a competitor's opening by region (NEVER for none)."""

    price_rises: tuple[int, ...]
    competitor: Ints


def live(
    rng: np.random.Generator,
    temper: Temper,
    world: World,
    region: Ints,
    joined: Ints,
    days: int,
    bought: Purchases,
    lived: Experiences,
) -> Lives:
    """Draw when and why each customer leaves, given all he would buy if he stayed."""
    count = joined.size
    care = rng.gamma(8.0, 0.125, count)  # how much a rise in price hurts
    parts = _resentments(temper, world, care, lived, days, count)
    total = _total(parts)
    broke = rng.gamma(0.5, 2.0, count)
    pull = _pull(rng, temper, world, region, days)
    steady = np.stack([np.full(count, temper.moved), np.full(count, temper.life_change), temper.non_payment * broke])
    outside = pull + steady.sum(axis=0).astype(np.float32)[:, None]
    hazard = temper.base * np.exp(temper.anger * total) + outside
    hazard[np.arange(days)[None, :] <= joined[:, None]] = 0.0
    gone = np.cumsum(hazard, axis=1) >= rng.exponential(1.0, count)[:, None]
    left = np.where(gone.any(axis=1), gone.argmax(axis=1), NEVER)
    cause = _causes(rng, temper, parts, pull, steady, left)
    # A second pass over what was really lived: purchases after leaving never happened, nor did what came of them.
    real = bought.day < left[bought.who]
    resentment = _total(_resentments(temper, world, care, lived.where(real), days, count))
    return Lives(temper, resentment, outside, left, cause, broke)


def _resentments(temper: Temper, world: World, care: Floats, lived: Experiences, days: int, count: int) -> NDArray[np.float32]:
    """Resentment from service, product and price (days × 3 × customers); what happens on a day is felt from the next."""
    felt = np.zeros((days, 3, count), dtype=np.float32)
    for part, who, day, weight in lived.shocks():
        within = day < days
        np.add.at(felt[:, part], (day[within], who[within]), weight[within])
    for raised in world.price_rises:
        felt[raised, 2] += care.astype(np.float32)
    carried = np.zeros((3, count), dtype=np.float32)
    for today in range(days):
        tomorrow = np.float32(temper.memory) * (carried + felt[today])
        felt[today] = carried
        carried = tomorrow
    return felt


def _total(parts: NDArray[np.float32]) -> Matrix:
    return np.ascontiguousarray(np.clip(parts.sum(axis=1), 0.0, 4.0).T)


def _pull(rng: np.random.Generator, temper: Temper, world: World, region: Ints, days: int) -> Matrix:
    """The hazard of going over to a competitor: it fades, and some are more open to it than others."""
    since = np.arange(days)[None, :] - world.competitor[:, None]
    pull = np.where(since >= 0, np.exp(-np.maximum(since, 0) / 120.0), 0.0)
    openness = rng.gamma(3.0, 1 / 3, region.size)
    return (temper.competitor * openness).astype(np.float32)[:, None] * pull.astype(np.float32)[region]


def _causes(
    rng: np.random.Generator, temper: Temper, parts: NDArray[np.float32], pull: Matrix, steady: Floats, left: Ints
) -> Ints:
    """One cause per leaver, with the odds of the hazards that stood on that day."""
    cause = np.full(left.size, -1, dtype=np.int64)
    who = np.nonzero(left < NEVER)[0]
    felt = np.clip(parts[left[who], :, who].T, 0, None)
    content = np.full((1, who.size), temper.base)
    angry = temper.base * np.expm1(temper.anger * np.clip(felt.sum(axis=0), 0.0, 4.0))
    share = felt / np.maximum(felt.sum(axis=0), 1e-9)
    odds = np.concatenate([angry * share, content, pull[who, left[who]][None, :], steady[:, who]])
    drawn = rng.random(who.size) * odds.sum(axis=0)
    cause[who] = np.minimum((np.cumsum(odds, axis=0) < drawn).sum(axis=0), len(CAUSES) - 1)
    return cause
