"""What a purchase brings with it: delivery, faults, complaints and how they end. One row per purchase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from kith_platform.simulator.buying import Ints, Purchases
from kith_platform.simulator.seasons import Floats

Bools = NDArray[np.bool_]
Shock = tuple[int, Ints, Ints, NDArray[np.float32]]  # kind of resentment, customers, days, weight


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How well the company serves. `crises` are spans of days in which much goes wrong in one region."""

    delivers: bool  # goods that travel; a stream is there at once
    online: float  # mean share of purchases that are delivered
    late: float
    late_in_crisis: float
    fault: float
    complains: float  # share of bad experiences that become a complaint
    solved: float
    crises: tuple[tuple[int, int, int], ...]  # region, first day, last day


@dataclass(frozen=True)
class Experiences:
    """Columns of one value per purchase. Days and hours are whole or fractional numbers as named."""

    who: Ints
    at: Floats
    online: Bools
    promised_days: Ints
    delay_days: Ints  # after the promised day; 0 or less is on time
    fault: Bools
    asks: Bools  # a question to the service, no complaint
    complaint: Bools
    wait_hours: Floats  # from the event to the ticket
    reply_hours: Floats
    solve_hours: Floats  # infinite: never solved

    def where(self, kept: Bools) -> Experiences:
        return Experiences(*(getattr(self, field.name)[kept] for field in fields(self)))

    @property
    def late(self) -> Bools:
        return self.online & (self.delay_days > 0)

    @property
    def received(self) -> Floats:
        """When the goods were in hand, in days since the start: at once, or at some hour of the delivery day."""
        hour = 0.4 + 0.4 * np.modf(self.at * 7.0)[0]
        return np.where(self.online, np.floor(self.at) + self.promised_days + self.delay_days + hour, self.at)

    @property
    def opened(self) -> Floats:
        """When the ticket is opened, in days since the start (for those that have one)."""
        return self.received + self.wait_hours / 24.0

    def shocks(self) -> Iterator[Shock]:
        """What hurts (and what heals): kind (0 service, 1 product), customers, days, weight."""
        late = np.where(self.late, np.minimum(0.55 + 0.12 * self.delay_days, 1.6), 0.0)
        yield self._shock(0, late > 0, self.received, late)
        yield self._shock(1, self.fault, self.received, np.full(late.size, 0.9))
        solved = self.complaint & np.isfinite(self.solve_hours)
        healed = np.where(self.solve_hours < 48, -0.8, 0.1)
        yield self._shock(0, solved, self.opened + np.where(solved, self.solve_hours, 0.0) / 24.0, healed)
        yield self._shock(0, self.complaint & ~solved, self.opened + 5.0, np.full(late.size, 1.3))

    def _shock(self, kind: int, kept: Bools, moment: Floats, weight: Floats) -> Shock:
        return kind, self.who[kept], np.floor(moment[kept]).astype(np.int64), weight[kept].astype(np.float32)


def experience(rng: np.random.Generator, quality: Quality, bought: Purchases, region: Ints) -> Experiences:
    """Draw what each purchase brings; nothing depends on the customer's past or future purchases."""
    size = bought.who.size
    likes_online = rng.beta(3 * quality.online, 3 * (1 - quality.online), region.size)
    online = (rng.random(size) < likes_online[bought.who]) & quality.delivers
    crisis = np.zeros(size, dtype=np.bool_)
    for place, first, last in quality.crises:
        crisis |= (region[bought.who] == place) & (bought.day >= first) & (bought.day <= last)
    late = rng.random(size) < np.where(crisis, quality.late_in_crisis, quality.late)
    delay = np.where(late, 1 + rng.geometric(0.3, size), -rng.integers(0, 2, size))
    fault = rng.random(size) < np.where(crisis, 2 * quality.fault, quality.fault)
    hurt = fault | (online & (delay > 2))
    complaint = hurt & (rng.random(size) < quality.complains)
    solve = rng.lognormal(np.log(30.0), 0.9, size)
    return Experiences(
        who=bought.who,
        at=bought.at,
        online=online,
        promised_days=rng.integers(2, 6, size),
        delay_days=delay,
        fault=fault,
        asks=~complaint & (rng.random(size) < 0.03),
        complaint=complaint,
        wait_hours=rng.uniform(1, 60, size),
        reply_hours=np.minimum(rng.lognormal(np.log(4.0), 1.0, size), 0.8 * solve),
        solve_hours=np.where(rng.random(size) < quality.solved, solve, np.inf),
    )
