"""What really was, and what could be known: the measure by which predictions on a demo company are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from kith_platform.simulator.buying import NEVER, Ints, Purchases
from kith_platform.simulator.endings import Chances, chances, shortness
from kith_platform.simulator.persuasion import WINDOW_DAYS, Sway
from kith_platform.simulator.processes import History, Knowing, Process
from kith_platform.simulator.seasons import Calendar, Floats


@dataclass(frozen=True)
class Truth:
    """The truth about every customer, in the order of `customer_ids`.

    A cutoff is a date; what was before the start of that day is history. Windows are whole days from cutoff + gap on.
    Answers are arrays with one value per customer, NaN for those who had not joined before the cutoff.
    """

    customer_ids: NDArray[np.str_]
    calendar: Calendar
    bought: Purchases
    spent: Floats  # net money of each purchase
    mean_spend: Floats  # each customer's own mean at price level 1
    price_level: Floats  # by day
    left: Ints  # the first day on which the customer is gone; NEVER for none
    cause: tuple[str | None, ...]
    process: Process
    cancel_chance: Floats | None = None  # of ending a contract at each bill, where that is all there is to it
    sway: Sway | None = None  # how campaigns work, where they do

    def joined(self, cutoff: date) -> NDArray[np.bool_]:
        """Who had bought before the cutoff."""
        return self._past(cutoff).first < self.calendar.day(cutoff)

    def alive_at(self, day: date) -> NDArray[np.bool_]:
        """Who had joined and not left by the start of the day."""
        return self.joined(day) & (self.left > self.calendar.day(day))

    def left_on(self) -> tuple[date | None, ...]:
        """The day each customer left, None for those who did not within the data."""
        return tuple(
            self.calendar.start + timedelta(days=int(day)) if day < self.calendar.days and day < NEVER else None
            for day in self.left
        )

    def churn_probability(
        self, cutoff: date, horizon_days: int | ArrayLike = 90, *, gap_days: int = 0, knowing: Knowing = "everything"
    ) -> Floats:
        """P(no purchase in the window of `horizon_days` that starts `gap_days` after the cutoff).

        `everything`: given all hidden states, also whether the customer has left already.
        `history`: given what could be seen. For well_specified this is the BG/NBD posterior with the true parameters, the
        Bayes-optimal score. For misspecified it also knows hidden rates and resentment, so no model can do better, apart
        from experiences between cutoff and window's end that it takes as none. For no_signal it is the same for all.
        """
        horizon = np.broadcast_to(np.asarray(horizon_days, dtype=np.int64), self.left.shape)
        return self._joined_only(cutoff, self.process.p_silent(self._past(cutoff), gap_days, horizon, knowing))

    def p_alive(self, cutoff: date) -> Floats:
        """P(not left by the cutoff), given what could be seen."""
        return self._joined_only(cutoff, self.process.p_alive(self._past(cutoff), "history"))

    def optimum(
        self,
        customer_ids: Sequence[str],
        labels: ArrayLike,
        cutoff: date,
        *,
        gap_days: int = 7,
        horizon_days: int | Sequence[int] = 90,
    ) -> float:
        """AUC of the best attainable score (churn_probability knowing history) against the caller's own labels.

        `labels` are true for leavers; `horizon_days` is one number, or one for each of `customer_ids`.
        Raises KeyError for an unknown customer and ValueError where the labels hold one class only.
        """
        rows = self.rows(customer_ids)
        horizon = np.full(self.left.size, 90, dtype=np.int64)
        horizon[rows] = horizon_days
        score = self.churn_probability(cutoff, horizon, gap_days=gap_days, knowing="history")
        return auc(np.asarray(labels, dtype=bool), score[rows])

    def ending_chances(
        self, cutoff: date, *, gap_days: int = 7, horizon_days: int = 90, bills: tuple[Ints, Ints] | None = None
    ) -> Chances:
        """P(the subscription ends by choice) and P(it ends unpaid) in the window, of everybody.

        With `bills` (how many were not paid at once, how many there were, of each customer before the cutoff) by what could be
        seen; without, knowing how short of money each is: a bound that nothing seen can reach. Both know hidden resentment.
        Raises ValueError where nobody has a hidden life (the regimes but misspecified).
        """
        lives = getattr(self.process, "lives", None)
        if lives is None:
            raise ValueError("only the misspecified regime has lives that end subscriptions")
        past = self._past(cutoff)
        broke = lives.broke if bills is None else shortness(*bills, lives.temper.non_payment)
        alive = self.process.p_alive(past, "history")
        return chances(lives, alive, broke, past.cutoff, gap=gap_days, horizon=horizon_days)

    def expected_purchases(self, cutoff: date, horizon_days: int, *, knowing: Knowing = "everything") -> Floats:
        """Expected number of purchase days in the horizon."""
        return self._joined_only(cutoff, self.process.purchases(self._past(cutoff), horizon_days, knowing))

    def expected_money(self, cutoff: date, horizon_days: int, *, knowing: Knowing = "everything") -> Floats:
        """Expected net money in the horizon at the prices of the cutoff: expected purchases × the customer's true mean."""
        level = self.price_level[min(max(self.calendar.day(cutoff), 0), self.price_level.size - 1)]
        return np.asarray(self.expected_purchases(cutoff, horizon_days, knowing=knowing) * self.mean_spend * level)

    def realised_purchases(self, start: date, end: date) -> Ints:
        """Purchase days from the start of `start` to the start of `end`."""
        return np.bincount(self.bought.who[self._within(start, end)], minlength=self.left.size)

    def realised_money(self, start: date, end: date) -> Floats:
        """Net money of the purchases from `start` to the start of `end`, before returns."""
        within = self._within(start, end)
        return np.bincount(self.bought.who[within], self.spent[within], minlength=self.left.size).astype(np.float64)

    def silent(self, cutoff: date, *, gap_days: int = 7, horizon_days: int = 90) -> NDArray[np.bool_]:
        """Who really bought nothing in the window. Raises ValueError where the data end before the window does."""
        start = cutoff + timedelta(days=gap_days)
        end = start + timedelta(days=horizon_days)
        if self.calendar.day(end) > self.calendar.days:
            raise ValueError(f"the window ends on {end}, after the data")
        return np.asarray(self.realised_purchases(start, end) == 0)

    def rows(self, customer_ids: Sequence[str]) -> Ints:
        """Places of customers in the arrays. Raises KeyError for an unknown one."""
        place = {identity: row for row, identity in enumerate(self.customer_ids.tolist())}
        return np.array([place[identity] for identity in customer_ids], dtype=np.int64)

    def table(self) -> pl.DataFrame:
        """customer_id, left_on, cause."""
        return pl.DataFrame(
            {"customer_id": self.customer_ids, "left_on": self.left_on(), "cause": self.cause},
            schema={"customer_id": pl.String, "left_on": pl.Date, "cause": pl.String},
        )

    def uplift(self, day: date) -> Floats:
        """What a message sent on the day really adds to the chance to buy in the 14 days from it on, knowing all hidden states:
        0 where campaigns change nothing."""
        if self.sway is None:
            return self._joined_only(day, np.zeros(self.left.size))
        past = self._past(day, self.sway.natural)
        window = np.full(self.left.size, WINDOW_DAYS)
        buys = 1.0 - self.process.p_silent(past, 0, window, "everything")
        return self._joined_only(day, self.sway.uplift(buys, self.left > self.calendar.day(day)))

    def _past(self, cutoff: date, bought: Purchases | None = None) -> History:
        day, bought = self.calendar.day(cutoff), bought or self.bought
        before = bought.at < day
        who, at = bought.who[before], bought.at[before]
        count = np.bincount(who, minlength=self.left.size)
        first, last = np.full(self.left.size, float(day)), np.full(self.left.size, float(day))
        last[who] = at  # rows are in order of time: the last one stays
        first[who[::-1]] = at[::-1]
        return History(day, np.maximum(count - 1, 0), first, last, (self.left > day).astype(np.float64))

    def _within(self, start: date, end: date) -> NDArray[np.bool_]:
        return (self.bought.at >= self.calendar.day(start)) & (self.bought.at < self.calendar.day(end))

    def _joined_only(self, cutoff: date, values: Floats) -> Floats:
        return np.where(self.joined(cutoff), values, np.nan)


def auc(labels: NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve by ranks, ties counted half. Raises ValueError where only one class is present."""
    positives = int(labels.sum())
    negatives = labels.size - positives
    if not positives or not negatives:
        raise ValueError(f"AUC needs both classes; there are {positives} positives and {negatives} negatives")
    ranks = rankdata(score)
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))
