"""What the company's work costs: rows by month, pool, channel and kind of work, with the units they paid for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from kith_platform.simulator.accounts import Accounts
from kith_platform.simulator.columns import codes, dates, money, numbers, texts
from kith_platform.simulator.firm import Firm, Month
from kith_platform.simulator.initiatives import INITIATIVES, scale
from kith_platform.simulator.seasons import Floats
from kith_platform.simulator.staff import Staff

_CHEAPER = 0.93  # a unit of work costs this share of what it cost a year before
_SERVICE = {"delivery": 6.5, "product": 8.0, "question": 3.5}  # per ticket
_ACCOUNT_VISIT = 3.0  # per key account and month
_BY_CHANNEL = {  # per new customer, by the channel of the first order: marketing and sales
    "store": (14.0, 9.0),
    "online": (21.0, 3.0),
    "app": (13.0, 2.0),
}


@dataclass(frozen=True)
class _Row:
    """One row; "" and −1 stand for none."""

    month: Month
    pool: str
    amount: float
    volume: float = 0.0
    item: str = ""
    channel: str = ""
    unit: int = -1
    customer: int = -1
    initiative: str = ""


def costs(firm: Firm, crew: Staff, accounts: Accounts) -> pl.DataFrame:
    """Every pool in every month. Work grows with tickets, deliveries and new customers; what a unit costs falls slowly."""
    rng = firm.stream("costs")
    rows: list[_Row] = []
    for number, month in enumerate(firm.months):
        level = _CHEAPER ** (number / 12) * float(rng.normal(1.0, 0.03))
        rows += [*_service(firm, month, level), *_delivery(firm, month, level), *_acquired(firm, month, level)]
        rows += _general(firm, month)
        active = accounts.key[firm.alive(accounts.key, np.full(accounts.key.size, month.begins))]
        each = _ACCOUNT_VISIT * level * month.share
        rows += [_Row(month, "account", each, 1.0, "account visit", unit=0, customer=int(who)) for who in active]
    rows += _projects(firm)
    return _table(firm, crew, rows)


def _service(firm: Firm, month: Month, level: float) -> list[_Row]:
    table = firm.tables["tickets"].filter(pl.Series(_within(firm.moments("tickets", "opened_at"), month)))
    counted = table.group_by("topic", "channel").len().sort("topic", "channel")
    return [
        _Row(month, "service", _SERVICE[topic] * tickets * level, tickets, topic, channel, 1)
        for topic, channel, tickets in counted.iter_rows()
    ]


def _delivery(firm: Firm, month: Month, level: float) -> list[_Row]:
    arrived = _within(firm.moments("orders", "delivered_on"), month)
    count = int(arrived.sum())
    return [_Row(month, "delivery", 2.9 * count * level, count, "parcel", "online", 3)] if count else []


def _acquired(firm: Firm, month: Month, level: float) -> list[_Row]:
    """By the channel of each new customer's first order."""
    orders = firm.tables["orders"].filter(pl.col("status") != "cancelled").sort("ordered_at", "order_id")
    first = orders.unique("customer_id", keep="first", maintain_order=True)
    who = np.searchsorted(firm.ids, first["customer_id"].to_numpy().astype(str))
    new = first.filter(pl.Series(_within(firm.joined[who], month))).group_by("channel").len().sort("channel")
    return [
        _Row(month, f"acquisition_{pool}", each * count * level, count, pool, channel, unit)
        for channel, count in new.iter_rows()
        for pool, each, unit in zip(("marketing", "sales"), _BY_CHANNEL[channel], (2, 0), strict=True)
    ]


def _general(firm: Firm, month: Month) -> list[_Row]:
    """A thirtieth of the month's sales is paid directly for them (cards, packing); rent stays what it is."""
    inside = _within(firm.moments("orders", "ordered_at"), month)
    sales = float(firm.tables["orders"]["net"].to_numpy()[inside].sum())
    return [_Row(month, "direct", sales / 30, item="payment fees"), _Row(month, "other", 900.0 * month.share, item="rent")]


def _projects(firm: Firm) -> list[_Row]:
    """Each initiative costs most in its first month."""
    spent = []
    for plan in INITIATIVES:
        for age, month in enumerate(firm.months[plan.starts : plan.starts + plan.months]):
            share = 0.5 if age == 0 else 0.5 / (plan.months - 1)
            spent.append(_Row(month, "project", plan.cost * scale(firm) * share, item=plan.name, initiative=plan.key))
    return spent


def _within(at: Floats | np.ndarray[tuple[int], np.dtype[np.int64]], month: Month) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray((at >= month.begins) & (at < month.ends))


def _spread(row: _Row) -> list[tuple[_Row, int, float]]:
    """The row's days and the part that each pays: a visit or a project one day of the month, the rest four days, so that part
    of a month costs its part."""
    span = row.month.ends - row.month.begins
    if row.customer >= 0 or row.initiative:
        return [(row, row.month.begins + max(row.customer, 6) % span, 1.0)]
    return [(row, row.month.begins + span * quarter // 4, 0.25) for quarter in range(4)]


def _table(firm: Firm, crew: Staff, rows: list[_Row]) -> pl.DataFrame:
    spread = [each for row in rows for each in _spread(row) if each[0].amount * each[2] >= 0.005]
    rows, days, parts = [row for row, _, _ in spread], [day for _, day, _ in spread], np.array([part for *_, part in spread])
    customer, unit = (np.array([getattr(row, name) for row in rows]) for name in ("customer", "unit"))
    volume = np.array([row.volume for row in rows]) * parts
    return pl.DataFrame(
        {
            "cost_id": codes("CO", len(rows)),
            "customer_id": texts(firm.ids, np.maximum(customer, 0), customer >= 0),
            "spent_on": dates(firm.start, days),
            "pool": [row.pool for row in rows],
            "amount": money(np.array([row.amount for row in rows]) * parts),
            "currency": np.full(len(rows), firm.currency),
            "volume": numbers(volume, volume > 0),
            **{name: [getattr(row, name) or None for row in rows] for name in ("item", "channel", "initiative")},
            "unit": texts(crew.units, np.maximum(unit, 0), unit >= 0),
        },
        schema_overrides=dict.fromkeys(("item", "channel", "initiative"), pl.String),
    )
