"""What is known about the future of each purchase process: to one who knows all hidden states, and to one who knows only
the history. Both are exact on a grid of days, apart from experiences yet to come, which are taken as none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy.special import betaincinv, gammaln, hyp2f1

from kith_platform.simulator.buying import BgNbd, Ints
from kith_platform.simulator.lives import Lives, Matrix
from kith_platform.simulator.seasons import Calendar, Floats

Knowing = Literal["everything", "history"]


@dataclass(frozen=True)
class History:
    """What each customer bought before the start of day `cutoff`: repeat purchases, first and last moment (in days), and
    whether he is a customer still. Customers who have not joined yet carry first = last = cutoff."""

    cutoff: int
    repeats: Ints
    first: Floats
    last: Floats
    alive: Floats


class Process(Protocol):
    """One value per customer in each answer. `horizon` is in days, one for all or one each. `rate` is each one's pace of
    buying a day, while he is a customer."""

    @property
    def rate(self) -> Floats: ...

    def p_alive(self, past: History, knowing: Knowing) -> Floats: ...

    def p_silent(self, past: History, gap: int, horizon: Ints, knowing: Knowing) -> Floats: ...

    def purchases(self, past: History, horizon: int, knowing: Knowing) -> Floats: ...


@dataclass(frozen=True)
class BgNbdProcess:
    """BG/NBD with the true parameters; knowing all, each customer's own rate (per day) and chance to leave."""

    process: BgNbd
    rate: Floats
    drop: Floats

    def p_alive(self, past: History, knowing: Knowing) -> Floats:
        """Fader, Hardie and Lee (2005); see domain.md §D2."""
        if knowing == "everything":
            return past.alive
        law, repeats, last, age = self.process, past.repeats, *self._weeks(past)
        odds = law.a / (law.b + repeats - 1) * ((law.alpha + age) / (law.alpha + last)) ** (law.r + repeats)
        return np.where(repeats > 0, 1.0 / (1.0 + np.where(repeats > 0, odds, 0.0)), 1.0)

    def p_silent(self, past: History, gap: int, horizon: Ints, knowing: Knowing) -> Floats:
        """1 − P(a purchase in the window): alive after the gap's purchases, e^(−λpg), and then one, 1 − e^(−λH)."""
        if knowing == "everything":
            buys = np.exp(-self.rate * self.drop * gap) * -np.expm1(-self.rate * horizon)
            return np.asarray(1.0 - past.alive * buys)
        law, repeats, _, age = self.process, past.repeats, *self._weeks(past)
        shape, scale, window = law.r + repeats, law.alpha + age, horizon / 7.0
        buys = np.zeros(repeats.size)
        quantiles = (np.arange(16) + 0.5) / 16
        for quantile in quantiles:  # the mean over the posterior of p, Beta(a, b + x)
            waited = scale + betaincinv(law.a, law.b + repeats, quantile) * gap / 7.0
            buys += ((scale / waited) ** shape - (scale / (waited + window)) ** shape) / quantiles.size
        return 1.0 - self.p_alive(past, knowing) * buys

    def purchases(self, past: History, horizon: int, knowing: Knowing) -> Floats:
        """Expected purchases; from history by equation 10 of the paper (domain.md §D2)."""
        if knowing == "everything":
            return np.asarray(past.alive * -np.expm1(-self.rate * self.drop * horizon) / self.drop)
        law, repeats, _, age = self.process, past.repeats, *self._weeks(past)
        weeks = horizon / 7.0
        before = law.alpha + age
        series = hyp2f1(law.r + repeats, law.b + repeats, law.a + law.b + repeats - 1, weeks / (before + weeks))
        grown = 1.0 - (before / (before + weeks)) ** (law.r + repeats) * series
        return np.asarray((law.a + law.b + repeats - 1) / (law.a - 1) * grown * self.p_alive(past, knowing))

    def _weeks(self, past: History) -> tuple[Floats, Floats]:
        return (past.last - past.first) / 7.0, (past.cutoff - past.first) / 7.0


@dataclass(frozen=True)
class RenewalProcess:
    """Gaps ~ Gamma(shape) in own time, ended by leaving; without `lives` nobody leaves.

    A gap is `shape` exponential phases, so phase and life make a small Markov chain that is carried forward day by day.
    `evidence[c, d]` is log P(what was seen of c on day d, purchases apart | gone) − log P(… | still a customer).
    Knowing history includes the customer's rate and resentment, but not whether he has left: an upper bound for any model.
    """

    calendar: Calendar
    rate: Floats
    shape: int
    lives: Lives | None = None
    evidence: Matrix | None = None

    def p_alive(self, past: History, knowing: Knowing) -> Floats:
        if knowing == "everything" or self.lives is None or self.evidence is None or past.cutoff < 1:
            return past.alive
        end = past.cutoff
        after = np.arange(end)[None, :] > np.floor(past.last)[:, None]
        hazard = self.lives.hazard(self.lives.resentment[:, :end], self.lives.outside[:, :end])
        hazard = np.where(after, hazard, 0.0)
        survived = -np.cumsum(hazard, axis=1)
        seen = np.cumsum(self.evidence[:, :end][:, ::-1], axis=1)[:, ::-1]
        waited = np.maximum(self.calendar.clock[: end + 1][None, :] - self.calendar.own_time(past.last)[:, None], 0.0)
        no_purchase = self._log_survival(waited)
        with np.errstate(divide="ignore"):
            gone = survived + hazard + np.log(-np.expm1(-hazard)) + no_purchase[:, :-1] + seen
        here = survived[:, -1] + no_purchase[:, -1]
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(gone - here[:, None], -700, 300)).sum(axis=1)))

    def p_silent(self, past: History, gap: int, horizon: Ints, knowing: Knowing) -> Floats:
        phases, gone = self._now(past, knowing)
        answer = np.full(gone.size, np.nan)
        for day in range(int(gap + horizon.max())):
            phases, gone = self._leave(past, day, phases, gone)
            phases, _ = self._step(past.cutoff + day, phases, again=day < gap)
            done = horizon + gap == day + 1
            answer[done] = (gone + phases.sum(axis=1))[done]
        return answer

    def purchases(self, past: History, horizon: int, knowing: Knowing) -> Floats:
        phases, gone = self._now(past, knowing)
        total = np.zeros(gone.size)
        for day in range(horizon):
            phases, gone = self._leave(past, day, phases, gone)
            phases, bought = self._step(past.cutoff + day, phases, again=True)
            total += bought
        return total

    def _now(self, past: History, knowing: Knowing) -> tuple[Floats, Floats]:
        """Probability of each phase (and alive), and of having left."""
        alive = self.p_alive(past, knowing)
        cutoff = self.calendar.own_time(np.array([float(past.cutoff)]))
        waited = self.shape * self.rate * np.maximum(cutoff - self.calendar.own_time(past.last), 0.0)
        order = np.arange(self.shape)
        odds = waited[:, None] ** order / np.exp(gammaln(order + 1.0))
        return alive[:, None] * odds / odds.sum(axis=1, keepdims=True), 1.0 - alive

    def _leave(self, past: History, ahead: int, phases: Floats, gone: Floats) -> tuple[Floats, Floats]:
        if self.lives is None:
            return phases, gone
        last = self.lives.outside.shape[1] - 1
        now = min(past.cutoff, last)
        resentment = self.lives.resentment[:, now] * np.float32(self.lives.temper.memory**ahead)
        leaves = -np.expm1(-self.lives.hazard(resentment, self.lives.outside[:, min(past.cutoff + ahead, last)]))
        return phases * (1 - leaves)[:, None], gone + phases.sum(axis=1) * leaves

    def _step(self, day: int, phases: Floats, *, again: bool) -> tuple[Floats, Floats]:
        """One day on: the new phases and the probability of a purchase. Without `again`, who buys drops out of the sum."""
        pace = self.calendar.pace[min(day, self.calendar.pace.size - 1)]
        steps = self.shape * self.rate * pace
        after, bought = np.zeros_like(phases), np.zeros(steps.size)
        for count in range(4 * self.shape + 4):
            chance = np.exp(-steps + count * np.log(steps) - gammaln(count + 1.0))
            for phase in range(self.shape):
                moved = phases[:, phase] * chance
                buys = phase + count >= self.shape
                bought += moved * buys
                if again or not buys:
                    after[:, (phase + count) % self.shape] += moved
        return after, bought

    def _log_survival(self, waited: Floats) -> Floats:
        """log P(gap > waited), waited in own time, customers × days."""
        steps = (self.shape * self.rate)[:, None] * waited
        series = sum(steps**order / np.exp(gammaln(order + 1.0)) for order in range(self.shape))
        return np.asarray(np.log(series) - steps)
