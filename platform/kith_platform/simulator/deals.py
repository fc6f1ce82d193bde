"""Opportunities from qualified leads and from customers who want more: their stages, how they end, and through whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.accounts import Accounts
from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, dates, moments, money, numbers, texts, times
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.leads import HOUSES
from kith_platform.simulator.seasons import Floats
from kith_platform.simulator.staff import Staff

STAGES = ("qualified", "needs", "proposal", "negotiation")
_PROBABILITY = np.array([0.15, 0.3, 0.5, 0.75])
_GOES_ON = np.array([0.75, 0.68, 0.62, 0.78])  # from each stage to the next, the last one to won
_DAYS = np.array([6.0, 9.0, 14.0, 10.0])  # mean time in each stage
_REASONS = ("price", "competitor", "no_decision", "timing", "product_gap")
_REASON_ODDS = [0.28, 0.24, 0.22, 0.14, 0.12]
COMPETITORS = ("Lantern Lane", "Jade & Co", "Northwind Home")
PARTNERS = ("Bright Events", "Cove Interiors", "Delta Hospitality", "Ember Travel")


@dataclass(frozen=True)
class _Courses:
    """How each opportunity goes: when each stage is entered (NaN: never), when and whether it is won; NaN still open."""

    entered: Floats  # opportunities × stages
    closed: Floats
    won: NDArray[np.bool_]

    @property
    def stage(self) -> Ints:
        return np.asarray(np.isfinite(self.entered).sum(axis=1) - 1, dtype=np.int64)


def opportunities(firm: Firm, crew: Staff, accounts: Accounts) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The opportunities and the history of their stages, both within the data."""
    rng, found = firm.stream("opportunities"), firm.tables["leads"]
    asked = found.filter(pl.col("qualified_at").is_not_null())
    wanted = firm.often(rng, 9.0)
    more = firm.living(rng, wanted)
    opened = np.concatenate([np.minimum(moments(firm.start, asked["qualified_at"]) + 0.02, firm.days - 1e-4), wanted])
    size, by_lead = opened.size, np.arange(opened.size) < asked.height
    bought = np.concatenate([moments(firm.start, asked["converted_at"]), np.full(wanted.size, np.nan)])
    course = _run(firm, rng, opened, bought)
    customer = pl.concat([asked["customer_id"], pl.Series("customer_id", firm.ids[more])])
    rep = np.concatenate([asked["rep"].to_numpy().astype(str), crew.sellers[accounts.owner[more]]])
    channel = np.concatenate([asked["channel"].to_numpy().astype(str), np.full(wanted.size, "account")])
    amount = money(rng.lognormal(np.log(1100.0), 0.7, size))
    partner = rng.integers(0, len(PARTNERS), size)
    open_ = ~np.isfinite(course.closed)
    lost = ~open_ & ~course.won
    reason = rng.choice(len(_REASONS), size, p=_REASON_ODDS)
    table = pl.DataFrame(
        {
            "opportunity_id": codes("OP", size),
            "customer_id": customer,
            "opened_at": times(firm.start, opened),
            "name": [f"{HOUSES[number % len(HOUSES)]}: request {number + 1}" for number in range(size)],
            "amount": amount,
            "currency": np.full(size, firm.currency),
            "rep": rep,
            "channel": channel,
            "unit": np.full(size, crew.units[0]),
            "product_id": firm.tables["products"]["product_id"].to_numpy()[rng.integers(0, firm.tables["products"].height, size)],
            "lead_id": pl.concat([asked["lead_id"], pl.Series("lead_id", [None] * wanted.size, dtype=pl.String)]),
            "partner": texts(PARTNERS, partner, rng.random(size) < 0.24),
            "stage": np.array(STAGES)[course.stage],
            "probability": _PROBABILITY[course.stage],
            "close_on": dates(
                firm.start, np.where(open_, np.maximum(opened + 45, firm.days + rng.integers(5, 60, size)), course.closed)
            ),
            "status": np.select([open_, course.won], ["open", "won"], "lost"),
            "closed_at": times(firm.start, course.closed),
            "won_amount": numbers(money(amount * rng.uniform(0.85, 1.0, size)), course.won),
            "loss_reason": texts(_REASONS, reason, lost & (rng.random(size) < 0.85)),
            "competitor": texts(COMPETITORS, rng.integers(0, len(COMPETITORS), size), lost & (reason == 1)),
            "duplicate": ~by_lead & lost & (rng.random(size) < 0.06),
        }
    )
    return table, _stages(firm, table, course)


def _run(firm: Firm, rng: np.random.Generator, opened: Floats, bought: Floats) -> _Courses:
    """Leads who `bought` at a moment (NaN: not) were won by then or soon after; of the others every stage loses some."""
    shape = (opened.size, len(STAGES))
    goes_on = np.cumprod(rng.random(shape) < _GOES_ON, axis=1).astype(bool) | np.isfinite(bought)[:, None]
    stays = np.maximum(rng.exponential(_DAYS, shape), 0.2)
    within = np.maximum(bought - opened, 0.4) / stays.sum(axis=1)
    stays *= np.where(np.isfinite(bought), within, 1.0)[:, None]
    ends = opened[:, None] + np.cumsum(stays, axis=1)
    entered = np.concatenate([opened[:, None], np.where(goes_on[:, :-1], ends[:, :-1], np.nan)], axis=1)
    last = np.isfinite(entered).sum(axis=1) - 1
    closed = ends[np.arange(opened.size), last]
    seen = closed < firm.days
    return _Courses(firm.only(entered), np.where(seen, closed, np.nan), goes_on[:, -1] & seen)


def _stages(firm: Firm, table: pl.DataFrame, course: _Courses) -> pl.DataFrame:
    """One row per stage entered; one that is won enters "won" too."""
    entered = np.concatenate([course.entered, np.where(course.won, course.closed, np.nan)[:, None]], axis=1)
    row, stage = np.nonzero(np.isfinite(entered))
    return pl.DataFrame(
        {
            "opportunity_stage_id": codes("OG", row.size),
            "customer_id": table["customer_id"].gather(row),
            "opportunity_id": table["opportunity_id"].gather(row),
            "entered_at": times(firm.start, entered[row, stage]),
            "stage": np.array([*STAGES, "won"])[stage],
            "position": stage + 1,
        }
    )


def partner_transactions(firm: Firm) -> pl.DataFrame:
    """What each opportunity won through a partner brought both of us, two days after it closed."""
    rng = firm.stream("partners")
    won = firm.tables["opportunities"].filter((pl.col("status") == "won") & pl.col("partner").is_not_null())
    at = moments(firm.start, won["closed_at"]) + 2.0
    won, at = won.filter(pl.Series(at < firm.days)), at[at < firm.days]
    amount = won["won_amount"].to_numpy()
    return pl.DataFrame(
        {
            "partner_tx_id": codes("PT", won.height),
            "happened_at": times(firm.start, at),
            "partner": won["partner"],
            "opportunity_id": won["opportunity_id"],
            "won_amount": amount,
            "our_margin": money(amount * rng.uniform(0.15, 0.3, won.height)),
            "their_margin": money(amount * rng.uniform(0.08, 0.2, won.height)),
            "currency": np.full(won.height, firm.currency),
        }
    )
