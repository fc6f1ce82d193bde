"""Subscriptions as arrays: who pays how much a month on a day, since when, and who has left.

A month is billed at its end: who still subscribes after it has paid it. Fees are in the tenant's currency, as of their event.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.evidence import TEN_THOUSANDTHS, Floats, Ids
from kith_platform.predict.fits.clv import DAYS_PER_MONTH
from kith_platform.sdk.staying import BY_CHOICE, BY_US

if TYPE_CHECKING:
    from kith_platform.frames import Frames

_DAYS = 10_000_000  # more than any day number: subscription and day in one ascending key


@dataclass(frozen=True)
class Bound:
    """Who pays for a subscription on a day, by id ascending: fee a month, day since which, plan, and the months that are still
    paid of those who gave notice (NaN for who gave none); (n,) each.
    """

    customer: Ids
    fee: Floats
    since: Floats
    plan: NDArray[np.str_]
    paid_months: Floats

    @property
    def free(self) -> NDArray[np.bool_]:
        """Who has given no notice: of them it is asked whether they stay."""
        return np.isnan(self.paid_months)


@dataclass(frozen=True)
class Subscriptions:
    """One row per event, by subscription and time: whose, which subscription (numbers from 0), day number, fee after it (NaN
    while none was told), whether it ends it, whether it gives notice, the day to which it is paid (NaN where not told), plan.
    """

    customer: Ids
    number: Ids
    day: Ids
    fee: Floats
    over: NDArray[np.bool_]
    notice: NDArray[np.bool_]
    renews: Floats
    plan: NDArray[np.str_]

    @staticmethod
    def known(frames: Frames, cutoff: dt.date) -> Subscriptions:
        """What was known before `cutoff`."""
        tables = frames.before(cutoff)
        events = tables.money(tables.subscription_events, "mrr")
        events = events.filter(events.customer_id.notnull()).mutate(subscription=events.subscription.fill_null(""))
        events = events.order_by("customer_id", "subscription", "occurred_at", "id")
        over = events.kind.isin((BY_CHOICE, BY_US)).fill_null(False)
        rows = tables.run(
            events.select(
                "customer_id",
                "subscription",
                day=events.occurred_on.delta(ibis.date(1970, 1, 1), unit="day"),
                over=over,
                notice=(events.kind == "cancel_requested").fill_null(False),
                fee=ibis.ifelse(over, ibis.null("float64"), events.mrr.cast("float64")),
                renews=events.renews_on.delta(ibis.date(1970, 1, 1), unit="day").cast("float64"),
                plan=events.plan.fill_null(""),
            )
        )
        customer = rows["customer_id"].to_numpy().astype(np.int64)
        named = rows["subscription"].to_numpy(zero_copy_only=False).astype(np.str_)
        if not customer.size:
            none, never, nothing = np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0)
            return Subscriptions(none, none, none, nothing, never, never, nothing, np.zeros(0, "U1"))
        begins = np.concatenate([[True], (customer[1:] != customer[:-1]) | (named[1:] != named[:-1])])
        number = np.cumsum(begins) - 1

        def told(name: str) -> Floats:
            return _carried(rows[name].to_numpy(zero_copy_only=False).astype(np.float64), np.flatnonzero(begins)[number])

        over_now, gives_notice = (rows[name].to_numpy(zero_copy_only=False).astype(bool) for name in ("over", "notice"))
        return Subscriptions(
            customer,
            number.astype(np.int64),
            rows["day"].to_numpy().astype(np.int64),
            told("fee") / TEN_THOUSANDTHS,
            over_now,
            gives_notice,
            told("renews"),
            rows["plan"].to_numpy(zero_copy_only=False).astype(np.str_),
        )

    def __len__(self) -> int:
        return int(self.customer.size)

    def at(self, day: int) -> Bound:
        """Who pays before `day`: in any subscription that runs, with a fee above zero."""
        row = self._last(day)
        row = row[~self.over[row] & (self.fee[row] > 0)]
        row = row[np.lexsort((self.fee[row], self.customer[row]))]
        ids, first, counts = np.unique(self.customer[row], return_index=True, return_counts=True)
        if not ids.size:
            nothing = np.zeros(0)
            return Bound(ids, nothing, nothing, np.zeros(0, "U1"), nothing)
        paid = np.maximum(np.nan_to_num(self.renews[row], nan=day + DAYS_PER_MONTH) - day, 0.0) / DAYS_PER_MONTH
        given = np.minimum.reduceat(self.notice[row], first)  # of every subscription that runs
        everybody, begun = np.unique(self.customer, return_index=True)
        started = np.minimum.reduceat(self.day, begun)
        return Bound(
            ids,
            np.add.reduceat(self.fee[row], first),
            started[np.searchsorted(everybody, ids)].astype(np.float64),
            self.plan[row[first + counts - 1]],  # of the dearest
            np.where(given, np.maximum.reduceat(paid, first), np.nan),
        )

    def fees(self, day: int, customers: Ids) -> Floats:
        """What each of `customers` (ascending) pays a month before `day`, (n,); 0 for who pays nothing."""
        bound = self.at(day)
        return placed(customers, bound.customer, bound.fee)

    def paid(self, start: int, months: int, customers: Ids) -> Floats:
        """What each of `customers` pays at the ends of the months after `start` (negative: before it), (n,)."""
        ends = range(1, months + 1) if months >= 0 else range(months + 1, 1)
        return np.asarray(
            sum((self.fees(start + round(month * DAYS_PER_MONTH), customers) for month in ends), np.zeros(customers.size))
        )

    def spells(self, day: int) -> tuple[Floats, NDArray[np.bool_], NDArray[np.str_]]:
        """Of each customer who subscribed before `day`: days subscribed, whether that is over, and the last plan; (n,) each."""
        row = self._last(day)
        row = row[np.lexsort((self.day[row], ~self.over[row], self.customer[row]))]  # of each: over first, then those that run
        if not row.size:
            return np.zeros(0), np.zeros(0, bool), np.zeros(0, "U1")
        ids, first, counts = np.unique(self.customer[row], return_index=True, return_counts=True)
        everybody, begun = np.unique(self.customer, return_index=True)
        since = np.minimum.reduceat(self.day, begun)[np.searchsorted(everybody, ids)]
        gone = np.minimum.reduceat(self.over[row], first)
        end = np.where(gone, np.maximum.reduceat(self.day[row], first), day)
        return np.maximum(end - since, 0).astype(np.float64), gone.astype(bool), self.plan[row[first + counts - 1]]

    def _last(self, day: int) -> Ids:
        """The row of each subscription's last event before `day`, of those that had begun."""
        number = np.unique(self.number)
        row = np.searchsorted(self.number * _DAYS + self.day, number * _DAYS + day) - 1
        begun = row >= 0
        row, number = row[begun], number[begun]
        return np.asarray(row[self.number[row] == number])


def placed(customers: Ids, ids: Ids, values: Floats) -> Floats:
    """`values` of `ids` (ascending) in the order of `customers`, (n,); 0 for who is not among them."""
    if not ids.size:
        return np.zeros(customers.size)
    place = np.minimum(np.searchsorted(ids, customers), ids.size - 1)
    return np.where(ids[place] == customers, values[place], 0.0)


def _carried(values: Floats, first: Ids) -> Floats:
    """Each value, or the last known one before it from row `first` on."""
    rows = np.arange(values.size)
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, rows))
    return np.where(last >= first, values[np.maximum(last, 0)], np.nan)
