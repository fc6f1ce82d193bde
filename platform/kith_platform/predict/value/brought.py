"""What customers brought: money of their purchases and of their subscriptions, and the simple rules that foretell it (D2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.evidence import Floats, Ids, PurchaseDays, Repeats
from kith_platform.predict.fits import staying
from kith_platform.predict.fits.clv import DAYS_PER_MONTH
from kith_platform.predict.value.subscriptions import Bound, Subscriptions, placed

if TYPE_CHECKING:
    from kith_platform.frames import Frames

YEAR = 365
LEAST_OF_A_PLAN = 100  # subscribers, ever, from which a plan has a curve of its own


@dataclass(frozen=True)
class Brought:
    """Purchase days and subscriptions as they are known at some day."""

    purchases: PurchaseDays
    subscriptions: Subscriptions

    @staticmethod
    def known(frames: Frames, cutoff: dt.date) -> Brought:
        """What was known before `cutoff`. Orders that repeat the bills of a subscription are left out, or they counted twice."""
        subscriptions = Subscriptions.known(frames, cutoff)
        return Brought(without_bills(PurchaseDays.known(frames, cutoff), subscriptions), subscriptions)

    def customers(self, history: Repeats, day: int) -> tuple[Ids, Bound]:
        """Of whom a value is told at `day`: everybody who bought or pays for a subscription; ids ascending."""
        bound = self.subscriptions.at(day)
        return np.union1d(history.customer, bound.customer), bound

    def between(self, start: int, days: int, customers: Ids) -> Floats:
        """Net of purchases in the `days` from day `start` on, and the fees of the whole months among them, (n,)."""
        money = self.purchases.between(start, start + days).totals(customers)[1]
        return money + self.subscriptions.paid(start, whole_months(days), customers) if len(self.subscriptions) else money


def whole_months(days: int) -> int:
    """How many months end within `days`."""
    return int((days + 0.5) / DAYS_PER_MONTH)


def without_bills(purchases: PurchaseDays, subscriptions: Subscriptions) -> PurchaseDays:
    """Without the purchase days whose net is one of the customer's own monthly fees, where most of what subscribers buy is so."""
    if not len(subscriptions) or not len(purchases):
        return purchases
    told = ~np.isnan(subscriptions.fee)
    fees = _amounts(subscriptions.customer[told], subscriptions.fee[told])
    bills = np.isin(_amounts(purchases.customer, np.nan_to_num(purchases.net)), fees)
    bought = np.isin(purchases.customer, subscriptions.customer)
    return purchases.where(~bills) if 2 * bills.sum() > bought.sum() else purchases


def _amounts(customers: Ids, money: Floats) -> NDArray[np.complex128]:
    """Whose and how much, in hundredths, as one value that can be looked up."""
    return customers + 1j * np.round(money * 100.0)


def by_plan(subscriptions: Subscriptions, bound: Bound, day: int, months: int) -> Floats:
    """P(still there after month h), (n, months), by Kaplan–Meier over all who had subscribed before `day` with the same plan, or
    over everybody where too few had: the rule of contracts, and the start of a company that cannot train yet.
    """
    lasted, over, plans = subscriptions.spells(day)
    steps = np.arange(1, months + 1) * DAYS_PER_MONTH
    age = day - bound.since
    stays = staying.Curve.of(lasted, over).stays(age, steps)
    for plan in np.unique(bound.plan):
        same, mine = plans == plan, bound.plan == plan
        if same.sum() >= LEAST_OF_A_PLAN:
            stays[mine] = staying.Curve.of(lasted[same], over[same]).stays(age[mine], steps)
    return with_notice(bound, stays)


def with_notice(bound: Bound, stays: Floats) -> Floats:
    """Of who gave notice nothing is asked: what is paid is paid."""
    told = staying.until(np.nan_to_num(bound.paid_months), stays.shape[1])
    return np.where(bound.free[:, None], stays, told)


def rules(brought: Brought, history: Repeats, customers: Ids, bound: Bound, day: int, days: int) -> Mapping[str, Floats]:
    """D2's baselines of the `days` from `day` on, (n,) each, by name: the last twelve months' money, the mean of all, and the
    last twelve months times the share of customers who came back (of who pays for a subscription: who still does)."""
    purchases = brought.purchases
    last, amount = purchases.between(day - YEAR, day).totals(customers)
    ages = placed(customers, history.customer, history.T * 7.0 + 1.0)
    own = amount * days / np.clip(ages, 30.0, float(YEAR))
    before, _ = purchases.between(day - 2 * YEAR, day - YEAR).totals(customers)
    stayed = float((last[before > 0] > 0).mean()) if (before > 0).any() else 1.0
    found = {"last_year": own, "last_year_times_retention": own * stayed}
    if bound.customer.size:
        paying = placed(customers, bound.customer, bound.fee) > 0
        since = np.clip((day - placed(customers, bound.customer, bound.since)) / DAYS_PER_MONTH, 1.0, 12.0)
        fees = brought.subscriptions.paid(day, -12, customers) / since * whole_months(days)
        fees = np.where(paying, fees, 0.0)
        former = brought.subscriptions.at(day - YEAR).customer
        kept = float(np.isin(former, bound.customer).mean()) if former.size else 1.0
        found = {"last_year": own + fees, "last_year_times_retention": own * stayed + fees * kept}
    whole = found["last_year"]
    found["mean"] = np.full(whole.size, float(whole.mean()) if whole.size else 0.0)
    return {name: found[name] for name in ("last_year", "mean", "last_year_times_retention")}
