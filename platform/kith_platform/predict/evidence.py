"""Purchase days as arrays: the one reading of history that rhythm, churn labels and CLV share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kith_platform.frames import Frames, Tables

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
EPOCH = dt.date(1970, 1, 1)
TEN_THOUSANDTHS = 10_000.0


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: float) -> dt.date:
    return EPOCH + dt.timedelta(days=int(number))


@dataclass(frozen=True)
class PurchaseDays:
    """One row per customer and purchase day, sorted by both: ids, day numbers, net in the tenant's currency (n,)."""

    customer: Ids
    day: Ids
    net: Floats

    @staticmethod
    def of(table: Any) -> PurchaseDays:
        """From an Arrow table with customer_id, day (date32) and net (int64 ten-thousandths, null where no rate is known)."""
        import pyarrow as pa

        customer = table["customer_id"].to_numpy().astype(np.int64)
        day = table["day"].cast(pa.int32()).to_numpy().astype(np.int64)
        net = table["net"].cast(pa.float64()).to_numpy(zero_copy_only=False) / TEN_THOUSANDTHS
        order = np.lexsort((day, customer))
        return PurchaseDays(customer[order], day[order], net[order])

    @staticmethod
    def all(frames: Frames) -> PurchaseDays:
        """All there is, with what is known now: an order that came back later was none."""
        tables = frames.at(frames.last_day)
        return PurchaseDays.of(tables.run(tables.purchases))

    @staticmethod
    def known(frames: Frames, cutoff: dt.date) -> PurchaseDays:
        """What was known before `cutoff`: an order that came back later was a purchase then."""
        return PurchaseDays.of(frames.known(_purchases, cutoff))

    def before(self, day: int) -> PurchaseDays:
        return self.where(self.day < day)

    def between(self, start: int, end: int) -> PurchaseDays:
        """Days in [start, end)."""
        return self.where((self.day >= start) & (self.day < end))

    def where(self, rows: NDArray[np.bool_]) -> PurchaseDays:
        """These rows."""
        return PurchaseDays(self.customer[rows], self.day[rows], self.net[rows])

    def __len__(self) -> int:
        return int(self.customer.size)

    def totals(self, customers: Ids) -> tuple[Floats, Floats]:
        """Purchase days and net of each of `customers` (ascending ids), zeros for those without; (n,) each."""
        if not customers.size:
            return np.zeros(0), np.zeros(0)
        place = np.searchsorted(customers, self.customer)
        found = (place < customers.size) & (customers[np.minimum(place, customers.size - 1)] == self.customer)
        days = np.bincount(place[found], minlength=customers.size).astype(np.float64)
        money = np.bincount(place[found], np.nan_to_num(self.net[found]), minlength=customers.size)
        return days, money.astype(np.float64)


def _purchases(tables: Tables, _cutoff: ir.DateScalar) -> ir.Table:
    return tables.purchases


@dataclass(frozen=True)
class Repeats:
    """BG/NBD's statistics at a cutoff, one row per customer: ids, x repeat days, t_x and T in weeks, mean net of repeat days.

    Ages run in whole days up to the last day counted in, so T = (cutoff − 1 − first day) / 7.
    """

    customer: Ids
    x: Floats
    t_x: Floats
    T: Floats
    mean_net: Floats

    @staticmethod
    def at(purchases: PurchaseDays, cutoff: int) -> Repeats:
        past = purchases.before(cutoff)
        ids, first_row, counts = np.unique(past.customer, return_index=True, return_counts=True)
        first, last = past.day[first_row], past.day[first_row + counts - 1]
        net = np.nan_to_num(past.net)
        total = np.add.reduceat(net, first_row) if ids.size else np.zeros(0)
        x = (counts - 1).astype(np.float64)
        mean = np.divide(total - net[first_row], x, out=np.full(ids.size, np.nan), where=x > 0)
        return Repeats(ids, x, (last - first) / 7.0, (cutoff - 1 - first) / 7.0, mean)
