"""How customers are looked after: key accounts, owners, contact plans, hand-offs, and what they spend elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, dates, money, texts, times
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.seasons import Floats
from kith_platform.simulator.staff import Staff

_KEY_SHARE, _KEY_MOST = 0.05, 100
_ENTRY = ("search", "friends", "event", "partner", "walk-in")
_BASIS = ("procurement", "survey", "estimate")


@dataclass(frozen=True)
class Accounts:
    """`owner` numbers a seller for each customer; `key` are the key accounts, `planned` all who have a contact plan."""

    owner: Ints
    key: Ints
    planned: Ints


def accounts(firm: Firm, crew: Staff) -> Accounts:
    """Key accounts are those who buy most often by nature among all who joined early; it says nothing of who leaves."""
    rng = firm.stream("accounts")
    odds = np.linspace(1.3, 0.7, crew.sellers.size)
    owner = rng.choice(crew.sellers.size, firm.ids.size, p=odds / odds.sum())
    early = np.nonzero(firm.joined < 0.8 * firm.days)[0]
    most = max(min(int(_KEY_SHARE * early.size), _KEY_MOST), 1)
    key = np.sort(early[np.argsort(-firm.zeal[early], kind="stable")[:most]])
    others = np.setdiff1d(early, key)
    more = rng.choice(others, min(key.size, others.size), replace=False) if others.size else others
    return Accounts(owner, key, np.sort(np.concatenate([key, more])))


def described(firm: Firm, crew: Staff, accounts: Accounts) -> pl.DataFrame:
    """The customers, with what the company itself adds: key accounts, owners, where from, how they came, when verified."""
    rng = firm.stream("customers")
    size = firm.ids.size
    key = np.zeros(size, dtype=bool)
    key[accounts.key] = True
    verified = np.where(rng.random(size) < 0.5, rng.uniform(firm.joined, firm.days), np.nan)
    return firm.tables["customers"].with_columns(
        country=texts(
            ["Singapore" if firm.kind == "retailer" else "Canada"], np.zeros(size, dtype=np.int64), rng.random(size) < 0.96
        ),
        entry_channel=pl.Series(np.array(_ENTRY)[rng.choice(len(_ENTRY), size, p=[0.35, 0.25, 0.1, 0.1, 0.2])]),
        owner_email=pl.Series(crew.sellers[accounts.owner]),
        verified_at=times(firm.start, verified),
        key_account=pl.Series(key),
    )


def sold_by(firm: Firm, crew: Staff, accounts: Accounts) -> pl.DataFrame:
    """The orders, with the sales person where one took part: the customer's own in six of ten purchases in person."""
    rng, orders = firm.stream("orders"), firm.tables["orders"]
    in_person = orders["channel"].to_numpy() != "online"
    helped = in_person & (rng.random(orders.height) < 0.6)
    owner = accounts.owner[firm.who("orders")]
    taken = np.where(rng.random(orders.height) < 0.8, owner, rng.integers(0, crew.sellers.size, orders.height))
    return orders.with_columns(rep=texts(crew.sellers, taken, helped))


def contact_plans(firm: Firm, crew: Staff, accounts: Accounts) -> pl.DataFrame:
    """Every thirty days for key accounts, two or three months for the others, from soon after they joined."""
    rng, who = firm.stream("contact plans"), accounts.planned
    starts = np.maximum(firm.joined[who] + rng.integers(5, 40, who.size), firm.since)
    kept = starts < firm.days
    who, starts = who[kept], starts[kept]
    every = np.where(np.isin(who, accounts.key), 30, rng.choice([60, 90], who.size))
    return pl.DataFrame(
        {
            "contact_plan_id": codes("CPL", who.size),
            "customer_id": firm.ids[who],
            "starts_on": dates(firm.start, starts),
            "every_days": every,
            "rep": crew.sellers[accounts.owner[who]],
        }
    )


def handoffs(firm: Firm, crew: Staff, accounts: Accounts) -> pl.DataFrame:
    """A customer's matter goes from one unit to another, which is to accept it within two days and mostly does."""
    rng = firm.stream("handoffs")
    at = firm.often(rng, 22.0)
    who = firm.living(rng, at)
    route = rng.choice(3, at.size, p=[0.5, 0.3, 0.2])
    accepted = at + rng.lognormal(np.log(0.6), 0.8, at.size)
    return pl.DataFrame(
        {
            "handoff_id": codes("HO", at.size),
            "customer_id": firm.ids[who],
            "handed_at": times(firm.start, at),
            "from_unit": crew.units[np.array([0, 1, 0])[route]],
            "to_unit": crew.units[np.array([1, 3, 3])[route]],
            "rep": crew.sellers[accounts.owner[who]],
            "due_at": times(firm.start, at + 2.0),
            "accepted_at": times(firm.start, firm.only(accepted)),
        }
    )


def yearly_spend(firm: Firm) -> Floats:
    """Each customer's net per year as a customer, from the orders that stand."""
    orders = firm.tables["orders"]
    net = np.where(orders["status"].to_numpy() == "cancelled", 0.0, orders["net"].to_numpy())
    total = np.bincount(firm.who("orders"), net, minlength=firm.ids.size)
    return np.asarray(total / np.maximum(np.minimum(firm.left, firm.days) - firm.joined, 90) * 365.25)


def wallets(firm: Firm, accounts: Accounts) -> pl.DataFrame:
    """What planned customers spend in the category, as measured once a year: more than here, by more or less reliable means."""
    rng, spend = firm.stream("wallets"), yearly_spend(firm)
    who = np.tile(accounts.planned, 3)
    day = np.repeat(firm.days - np.array([760, 400, 40]), accounts.planned.size) + rng.integers(-25, 26, who.size)
    seen = firm.alive(who, day) & (day >= 0) & (rng.random(who.size) < 0.8)
    who, day = who[seen], day[seen]
    basis = rng.choice(3, who.size, p=[0.2, 0.5, 0.3])
    return pl.DataFrame(
        {
            "wallet_id": codes("WA", who.size),
            "customer_id": firm.ids[who],
            "measured_on": dates(firm.start, day),
            "amount": money(spend[who] * (1.1 + rng.gamma(1.5, 0.5, who.size)) + 1.0),
            "currency": np.full(who.size, firm.currency),
            "basis": np.array(_BASIS)[basis],
            "confidence": np.array([0.95, 0.7, 0.4])[basis],
            "category": np.full(who.size, "home and gifts" if firm.kind == "retailer" else "film and series"),
        }
    )
