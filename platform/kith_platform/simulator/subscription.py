"""What a subscription business has beside customers and single purchases: titles, plans, contracts, bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.baskets import Catalogue
from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, dates, money, texts, times
from kith_platform.simulator.lives import CAUSES, Lives, Matrix
from kith_platform.simulator.seasons import Floats

PLANS = ("Basic", "Standard", "Premium")
_PRICES = np.array([7.99, 11.99, 16.99])
_MONTH = 30.4375
_GONE_CANCELS = 0.8  # who has left cancels at a bill with this chance: some go on paying without watching
_NON_PAYMENT = CAUSES.index("non_payment")
_STARTED, _RENEWED, _UP, _DOWN, _FAILED, _CANCELLED = range(6)
_KINDS = ("started", "renewed", "upgraded", "downgraded", "payment_failed", "cancelled")
_TITLES = (
    "Moonlit Harbour 月光港|Paper Mountain 纸山|The Last Ferry 末班渡轮|Tea House Nights 茶馆夜话|Red Kite 红鸢|Snow Line 雪线"
)
_TITLES += "|River of Lamps 灯河|Nine Bridges 九桥|Autumn Letters 秋信|The Clockmaker 钟表匠|Silent Orchard 静园|Blue Lotus 青莲"
_FORMATS = (("Rent", 4.5, "rental"), ("Buy", 13.0, "purchase"), ("Live", 19.0, "event"))


def catalogue(rng: np.random.Generator) -> Catalogue:
    """Twelve titles, each to rent, to buy, or as a live evening."""
    rows = [(f"{title} ({name})", kind, price) for title in _TITLES.split("|") for name, price, kind in _FORMATS]
    price = money(np.array([row[2] for row in rows]) * rng.uniform(0.8, 1.25, len(rows)))
    cost = money(price * rng.uniform(0.35, 0.55, len(rows)))
    table = pl.DataFrame(
        {
            "product_id": codes("P", len(rows)),
            "name": [row[0] for row in rows],
            "family": [row[1] for row in rows],
            "subcategory": [row[0].rsplit(" (", 1)[0] for row in rows],
            "list_price": price,
            "cost": cost,
        }
    )
    return Catalogue(table, price, cost)


@dataclass(frozen=True)
class Contracts:
    """Per account: whether it subscribes, when it starts (days), and where the regime draws leaving by chance alone, the
    chance to cancel at each bill (None: leaving follows the hidden lives)."""

    subscribes: NDArray[np.bool_]
    begins: Floats
    cancel_chance: Floats | None


@dataclass(frozen=True)
class Happenings:
    """Subscription events in columns: account, moment, kind, plan, reason (−1 none) and plan price."""

    who: Ints
    at: Floats
    kind: Ints
    plan: Ints
    reason: Ints
    price: Floats


def contracts(rng: np.random.Generator, joined: Floats, cancel_chance: Floats | None) -> Contracts:
    """Nine in ten accounts subscribe within three weeks of their first purchase."""
    return Contracts(rng.random(joined.size) < 0.9, joined + rng.uniform(0.01, 21.0, joined.size), cancel_chance)


def happen(
    rng: np.random.Generator, signed: Contracts, lives: Lives | None, level: Floats, days: int, evidence: Matrix | None
) -> Happenings:
    """Bill after bill until the data end; adds to `evidence` what a renewal or a cancellation tells."""
    rows: list[tuple[NDArray[np.float64], ...]] = []
    plan = rng.choice(3, signed.begins.size, p=[0.4, 0.4, 0.2])
    runs = signed.subscribes & (signed.begins < days)

    def note(who: Ints, at: Floats, kind: int, reason: Ints | int = -1) -> None:
        seen = at < days
        who, at = who[seen], at[seen]
        reasons = np.broadcast_to(reason, seen.shape)[seen]
        price = money(_PRICES[plan[who]] * level[np.floor(at).astype(np.int64)])
        rows.append(
            (who.astype(float), at, np.full(who.size, float(kind)), plan[who].astype(float), reasons.astype(float), price)
        )

    note(np.nonzero(runs)[0], signed.begins[runs], _STARTED)
    for month in range(1, int(days / _MONTH) + 1):
        due = signed.begins + month * _MONTH
        who = np.nonzero(runs & (due < days))[0]
        at = due[who]
        ends, reason = _ends(rng, signed, lives, who, at)
        broke = ends & (reason == _NON_PAYMENT)
        if evidence is not None:
            evidence[who, np.floor(at).astype(np.int64)] += np.where(ends, 60.0, np.log(1 - _GONE_CANCELS)).astype(np.float32)
        for retry in (0.0, 3.0, 7.0):
            note(who[broke], at[broke] + retry, _FAILED)
        note(who[ends], at[ends] + np.where(broke[ends], 14.0, 0.0), _CANCELLED, reason[ends])
        hiccup = ~ends & (rng.random(who.size) < 0.02)
        note(who[hiccup], at[hiccup], _FAILED)
        runs[who[ends]] = False
        who, at = who[~ends], at[~ends]
        changes = rng.random(who.size)
        up, down = (changes < 0.012) & (plan[who] < 2), (changes > 0.992) & (plan[who] > 0)
        plan[who[up]] += 1
        plan[who[down]] -= 1
        note(who[up], at[up] + 0.001, _UP)
        note(who[down], at[down] + 0.001, _DOWN)
        note(who, at + 0.002, _RENEWED)
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    who, at, kind, plans, reasons, price = (column[order] for column in columns)
    whole = [column.astype(np.int64) for column in (who, kind, plans, reasons)]
    return Happenings(whole[0], at, whole[1], whole[2], whole[3], price)


def _ends(
    rng: np.random.Generator, signed: Contracts, lives: Lives | None, who: Ints, at: Floats
) -> tuple[NDArray[np.bool_], Ints]:
    """Which accounts end at this bill, and why."""
    drawn = rng.random(who.size)
    if signed.cancel_chance is not None or lives is None:
        chance = signed.cancel_chance[who] if signed.cancel_chance is not None else np.zeros(who.size)
        return drawn < chance, rng.integers(0, _NON_PAYMENT, who.size)
    gone, reason = lives.left[who] <= at, lives.cause[who]
    return gone & ((drawn < _GONE_CANCELS) | (reason == _NON_PAYMENT)), np.where(gone, reason, -1)


def subscription_events(seen: Happenings, ids: NDArray[np.str_], start: date, currency: str) -> pl.DataFrame:
    """One row per event. A cancellation for non-payment is involuntary; the others give the reason in four of five cases."""
    size = seen.who.size
    known = (seen.reason >= 0) & ((seen.reason == _NON_PAYMENT) | (np.arange(size) % 5 != 0))
    cancelled = seen.kind == _CANCELLED
    return pl.DataFrame(
        {
            "subscription_event_id": codes("SE", size),
            "customer_id": ids[seen.who],
            "subscription_id": np.char.add("SUB-", ids[seen.who]),
            "happened_at": times(start, seen.at),
            "kind": np.array(_KINDS)[seen.kind],
            "plan": np.array(PLANS)[seen.plan],
            "mrr": np.where(cancelled, 0.0, seen.price),
            "currency": np.full(size, currency),
            "reason": texts(CAUSES, np.maximum(seen.reason, 0), known),
            "voluntary": pl.Series(seen.reason != _NON_PAYMENT).zip_with(
                pl.Series(cancelled), pl.Series([None], dtype=pl.Boolean)
            ),
        }
    )


def bills(
    rng: np.random.Generator,
    seen: Happenings,
    ids: NDArray[np.str_],
    start: date,
    days: int,
    currency: str,
    tax: float,
    broke: Floats,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Invoices for each month begun, and their payments: at once, late where money is short (`broke`, per account), or
    failed where the account ends for non-payment."""
    billed = np.isin(seen.kind, (_STARTED, _RENEWED)) | ((seen.kind == _CANCELLED) & (seen.reason == _NON_PAYMENT))
    who, at, price = seen.who[billed], seen.at[billed], seen.price[billed]
    unpaid = seen.kind[billed] == _CANCELLED
    at = np.where(unpaid, at - 14.0, at)
    delay = np.where(rng.random(who.size) < np.minimum(0.1 * broke[who], 0.6), rng.exponential(18.0, who.size), 0.0)
    numbers, amount = codes("I", who.size), money(price + money(price * tax))
    invoices = pl.DataFrame(
        {
            "invoice_id": numbers,
            "customer_id": ids[who],
            "subscription_id": np.char.add("SUB-", ids[who]),
            "issued_at": times(start, at),
            "due_on": dates(start, at + 14.0),
            "net": price,
            "tax": money(price * tax),
            "amount": amount,
            "currency": np.full(who.size, currency),
        }
    )
    paid = at + 0.01 + delay
    row = np.nonzero(unpaid | (paid < days))[0]
    payments = pl.DataFrame(
        {
            "payment_id": codes("PB", row.size),
            "customer_id": ids[who[row]],
            "invoice_id": numbers[row],
            "paid_at": times(start, np.where(unpaid, at + 0.01, paid)[row]),
            "amount": amount[row],
            "currency": np.full(row.size, currency),
            "method": np.full(row.size, "card"),
            "succeeded": ~unpaid[row],
        }
    )
    return invoices, payments
