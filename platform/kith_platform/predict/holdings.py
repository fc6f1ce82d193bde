"""What customers hold and might buy next: families as known before a cutoff, and the features of each customer's candidates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kith_platform.frames import Tables
from kith_platform.predict.evidence import Floats, Ids, day_number
from kith_platform.predict.fits import ranking

MOST_FAMILIES = 150
STOCKED_DAYS = 90  # what nobody bought for so long is not offered
ACTIVE_DAYS = 365
LEAST_PAIRS = 5  # customers who hold both, for a lift to count
SEGMENTS = (1, 3, 8)  # purchase days up to which customers make a segment of their own; the last has the rest
MONEY = 10_000.0

FEATURES = (
    "lift_best",
    "lift_mean",
    "peers",
    "popularity",
    "popularity_in_segment",
    "trend",
    "season",
    "nearest_pause",
    "price_fit",
    "families_held",
    "purchase_days",
    "pause",
)
# The more of these, the likelier: without it a few thousand customers teach the opposite by chance.
RISING = ("lift_best", "lift_mean", "peers", "popularity", "popularity_in_segment", "season")


@dataclass(frozen=True)
class Bought:
    """What was bought before a cutoff, one row per customer, family (as a number) and day: net of the lines and their number."""

    families: tuple[str, ...]
    customer: Ids
    family: Ids
    day: Ids
    net: Floats
    lines: Floats


def bought(tables: Tables) -> Bought:
    """Of the tables of a cut; families in the order of their names. Returns and lines of unknown products are left out."""
    products, lines = tables.products, tables.order_lines
    told = products.filter(products.family.notnull()).select(product_id="id", family="family")
    rows = lines.filter(lines.customer_id.notnull(), (lines.quantity > 0).fill_null(True), (lines.net >= 0).fill_null(True))
    rows = rows.join(told, "product_id")
    grouped = rows.group_by("customer_id", "family", day=rows.occurred_on.epoch_days()).aggregate(
        net=rows.net.sum(), lines=rows.count()
    )
    found = tables.run(grouped.order_by("customer_id", "family", "day"))
    names, family = np.unique(np.asarray(found["family"].to_pylist(), dtype=np.str_), return_inverse=True)
    customer, day, lines_ = (found[name].to_numpy().astype(np.int64) for name in ("customer_id", "day", "lines"))
    net = found["net"].cast("double").to_numpy(zero_copy_only=False)
    return Bought(
        tuple(names.tolist()), customer, family.astype(np.int64), day, np.nan_to_num(net) / MONEY, lines_.astype(np.float64)
    )


@dataclass(frozen=True)
class Holdings:
    """The state at a cutoff: customers ascending (n,), families (f,), what is held (n, f), last day of each held, and the rest
    that features are made of."""

    customers: Ids
    families: tuple[str, ...]
    held: NDArray[np.bool_]
    last: Ids
    stocked: NDArray[np.bool_]
    lift: Floats
    shares: Floats
    popularity: Floats
    recent: Floats
    season: Floats
    price: Floats
    usual_price: Floats
    purchase_days: Floats
    pause: Floats

    @property
    def segment(self) -> Ids:
        return np.searchsorted(np.array(SEGMENTS), self.purchase_days).astype(np.int64)

    def by_segment(self) -> Floats:
        """The share of each segment that holds each family, (segments, f)."""
        segments, size = self.segment, len(SEGMENTS) + 1
        total = np.zeros((size, len(self.families)))
        np.add.at(total, segments, self.held)
        return np.asarray(total / np.maximum(np.bincount(segments, minlength=size), 1)[:, None])

    def candidates(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of customers and numbers of families, for each family that is stocked and was never held."""
        which, family = np.nonzero(~self.held[rows] & self.stocked[None, :])
        return rows[which], family

    def matrix(self, rows: NDArray[np.int64], family: NDArray[np.int64]) -> Floats:
        """FEATURES of the candidates, (m, k)."""
        customers, place = np.unique(rows, return_inverse=True)
        held = self.held[customers].astype(np.float64)
        count = np.maximum(held.sum(axis=1), 1.0)
        lift_sum, peer_sum = held @ self.lift, held @ self.shares
        best, nearest = self._best(customers)
        columns = (
            best[place, family],
            lift_sum[place, family] / count[place],
            peer_sum[place, family] / count[place],
            self.popularity[family],
            self.by_segment()[self.segment[rows], family],
            self.recent[family],
            self.season[family],
            nearest[place, family],
            np.abs(np.log(self.price[family] / self.usual_price[rows])),
            count[place],
            self.purchase_days[rows],
            self.pause[rows],
        )
        return np.column_stack(columns)

    def _best(self, customers: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Of each customer and family the highest lift with a family held, and the days since that one was bought last."""
        best = np.zeros((customers.size, len(self.families)))
        pause = np.full(best.shape, np.nan)
        for held in range(len(self.families)):
            has = self.held[customers, held]
            better = has[:, None] & (self.lift[held][None, :] > best)
            best = np.where(better, self.lift[held][None, :], best)
            pause = np.where(better, self.last[customers, held][:, None].astype(np.float64), pause)
        return best, pause

    def partner(self, row: int, family: int) -> str:
        """The held family with which this one is bought most often beyond chance; empty where none is."""
        lifts = np.where(self.held[row], self.lift[:, family], 0.0)
        return self.families[int(lifts.argmax())] if lifts.max(initial=0.0) > 1.0 else ""


def holdings(rows: Bought, cutoff: dt.date) -> Holdings:
    """The state at a cutoff from what was known before it."""
    end = day_number(cutoff)
    kept, families, number = _largest(rows)
    rows = Bought(families, rows.customer[kept], number[kept], rows.day[kept], rows.net[kept], rows.lines[kept])
    customers, row = np.unique(rows.customer, return_inverse=True)
    shape = (customers.size, len(rows.families))
    held, last = np.zeros(shape, dtype=np.bool_), np.full(shape, -1, dtype=np.int64)
    held[row, rows.family] = True
    np.maximum.at(last, (row, rows.family), rows.day)
    days = np.unique(np.stack([row, rows.day]), axis=1)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.bincount(rows.family, rows.net, shape[1]) / np.bincount(rows.family, rows.lines, shape[1])
        usual = np.bincount(row, rows.net, shape[0]) / np.bincount(row, rows.lines, shape[0])
    return Holdings(
        customers=customers,
        families=rows.families,
        held=held,
        last=end - 1 - last,
        stocked=np.bincount(rows.family[rows.day >= end - STOCKED_DAYS], minlength=shape[1]) > 0,
        lift=ranking.lift(held, least=LEAST_PAIRS),
        shares=ranking.together(held),
        popularity=held.mean(axis=0) if shape[0] else np.zeros(shape[1]),
        recent=_trend(rows, end, shape[1]),
        season=_season(rows, end, shape[1]),
        price=np.where(price > 0, price, np.nan),
        usual_price=np.where(usual > 0, usual, np.nan),
        purchase_days=np.bincount(days, minlength=shape[0]).astype(np.float64),
        pause=(end - 1 - last.max(axis=1, initial=-1)).astype(np.float64),
    )


def _largest(rows: Bought) -> tuple[NDArray[np.bool_], tuple[str, ...], Ids]:
    """Which rows are of the MOST_FAMILIES families with most rows, their names, and each row's new family number."""
    size = np.bincount(rows.family, minlength=len(rows.families))
    chosen = np.sort(np.argsort(-size, kind="stable")[:MOST_FAMILIES])
    number = np.full(len(rows.families), -1, dtype=np.int64)
    number[chosen] = np.arange(chosen.size)
    return number[rows.family] >= 0, tuple(rows.families[each] for each in chosen), number[rows.family]


def _trend(rows: Bought, end: int, families: int) -> Floats:
    """Sales days of the last 60 days over those of the 60 before, 1 more of each."""
    now = np.bincount(rows.family[rows.day >= end - 60], minlength=families)
    before = np.bincount(rows.family[(rows.day >= end - 120) & (rows.day < end - 60)], minlength=families)
    return np.asarray((now + 1.0) / (before + 1.0))


def _season(rows: Bought, end: int, families: int) -> Floats:
    """Share of a year's sales that came in the 60 days from this day on a year ago, times 365/60; NaN before a year is known."""
    if not rows.day.size or rows.day.min() > end - 365:
        return np.full(families, np.nan)
    year = rows.day >= end - 365
    total = np.bincount(rows.family[year], minlength=families)
    ahead = np.bincount(rows.family[year & (rows.day < end - 305)], minlength=families)
    return np.asarray((ahead + 1.0) / (total + 365 / 60) * (365 / 60))
