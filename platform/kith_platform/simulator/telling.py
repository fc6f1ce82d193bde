"""A company whose leads, opportunities and bills foretell how they end, by laws that are known: what a model can find at best.

It takes the place of these tables in a company made before, and of nothing else; without it every company stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.columns import codes, dates, money, texts, times
from kith_platform.simulator.company import Company
from kith_platform.simulator.seasons import Floats

CHANNELS = ("web", "phone", "fair", "partner", "referral")
OF_CHANNEL = np.array([-1.4, -0.5, 0.0, 0.6, 1.6])  # log-odds
BASE, OF_RESPONSE, USUAL_MINUTES = -0.6, -0.6, 40.0
CONVERTS, GIVEN_UP, MOST_GIVEN_UP = (5.0, 60.0), (10.0, 80.0), 0.7  # days after it came; share of the others given up
STAGES = ("qualified", "needs", "proposal", "negotiation")
GOES_ON = np.array([0.9, 0.5, 0.5, 1.2])  # log-odds from each stage to the next for a seller of middling strength
SELLERS, STRENGTH, STAGE_DAYS = 8, 1.1, 8.0
TERMS = np.array([14.0, 30.0, 60.0])
LATE_BASE, OF_PAYER, OF_TERMS = -3.2, 1.6, 0.5


@dataclass(frozen=True)
class Law:
    """What decides: log-odds of leads and whether each converts, the seller's strength of opportunities, log-odds of bills."""

    leads: Floats
    opportunities: Floats
    bills: Floats

    def lead_chance(self, row: NDArray[np.int64], age: Floats) -> Floats:
        """That leads (rows of the table) convert which are open at `age` days."""
        came = 1.0 / (1.0 + np.exp(-self.leads[row]))
        left = np.clip((CONVERTS[1] - age) / (CONVERTS[1] - CONVERTS[0]), 0.0, 1.0)
        kept = 1.0 - MOST_GIVEN_UP * np.clip((age - GIVEN_UP[0]) / (GIVEN_UP[1] - GIVEN_UP[0]), 0.0, 1.0)
        return np.asarray(came * left / (came * left + (1.0 - came) * kept))

    def deal_chance(self, row: NDArray[np.int64], position: NDArray[np.int64]) -> Floats:
        """That opportunities which stand in the stage at `position` (1 …) are won: each stage's chance, whatever their age."""
        on = 1.0 / (1.0 + np.exp(-(GOES_ON[None, :] + self.opportunities[row][:, None])))
        return np.array([np.prod(each[place - 1 :]) for each, place in zip(on, position, strict=True)])

    def bill_chance(self, row: NDArray[np.int64]) -> Floats:
        """That bills are paid more than 30 days late."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.bills[row])))


def telling(company: Company, *, leads: int = 7_000, opportunities: int = 5_000, bills: int = 30_000) -> tuple[Company, Law]:
    """The company with so many telling leads, opportunities and bills over its whole time, and their law.

    The same company gives the same rows.
    """
    rng = np.random.default_rng([company.seed, 7_411])
    days = float((company.ends_on - company.starts_on).days + 1)
    tables, of_leads = _leads(company, rng, days, leads)
    more, of_deals = _deals(company, rng, days, opportunities)
    owed, of_bills = _bills(company, rng, days, bills)
    return replace(company, tables={**company.tables, **tables, **more, **owed}), Law(of_leads, of_deals, of_bills)


def _leads(company: Company, rng: np.random.Generator, days: float, count: int) -> tuple[dict[str, pl.DataFrame], Floats]:
    created = np.sort(rng.uniform(0.0, days, count))
    channel = rng.integers(0, len(CHANNELS), count)
    minutes = rng.lognormal(np.log(USUAL_MINUTES), 1.2, count)
    odds = BASE + OF_CHANNEL[channel] + OF_RESPONSE * np.log(minutes / USUAL_MINUTES)
    came = rng.random(count) < 1.0 / (1.0 + np.exp(-odds))
    converted = np.where(came, created + rng.uniform(*CONVERTS, count), np.nan)
    up = ~came & (rng.random(count) < MOST_GIVEN_UP)
    given_up = np.where(up, created + rng.uniform(*GIVEN_UP, count), np.nan)
    converted, given_up = (np.where(moment < days, moment, np.nan) for moment in (converted, given_up))
    first = created + minutes / 1_440.0
    who = rng.integers(0, company.truth.customer_ids.size, count)
    table = pl.DataFrame(
        {
            "lead_id": codes("LE", count),
            "customer_id": texts(company.truth.customer_ids, who, np.isfinite(converted)),
            "created_at": times(company.starts_on, created),
            "channel": np.array(CHANNELS)[channel],
            "first_contact_at": times(company.starts_on, np.where(first < days, first, np.nan)),
            "converted_at": times(company.starts_on, converted),
            "disqualified_at": times(company.starts_on, given_up),
            "currency": np.full(count, company.currency),
        }
    )
    return {"leads": table}, odds


def _deals(company: Company, rng: np.random.Generator, days: float, count: int) -> tuple[dict[str, pl.DataFrame], Floats]:
    opened = np.sort(rng.uniform(0.0, days, count))
    seller = rng.integers(0, SELLERS, count)
    strength = np.linspace(-STRENGTH, STRENGTH, SELLERS)[seller]
    on = rng.random((count, len(STAGES))) < 1.0 / (1.0 + np.exp(-(GOES_ON[None, :] + strength[:, None])))
    passed = np.cumprod(on, axis=1).astype(bool)
    stays = np.maximum(rng.exponential(STAGE_DAYS, on.shape), 0.2)
    ends = opened[:, None] + np.cumsum(stays, axis=1)
    entered = np.concatenate([opened[:, None], np.where(passed[:, :-1], ends[:, :-1], np.nan)], axis=1)
    last = np.isfinite(entered).sum(axis=1) - 1
    closed = ends[np.arange(count), last]
    over, won = closed < days, passed[:, -1]
    entered = np.where(entered < days, entered, np.nan)
    number = codes("OP", count)
    table = pl.DataFrame(
        {
            "opportunity_id": number,
            "customer_id": texts(company.truth.customer_ids, rng.integers(0, company.truth.customer_ids.size, count), over & won),
            "opened_at": times(company.starts_on, opened),
            "rep": [f"seller{each + 1}@example.org" for each in seller],
            "currency": np.full(count, company.currency),
            "status": np.select([over & won, over], ["won", "lost"], "open"),
            "closed_at": times(company.starts_on, np.where(over, closed, np.nan)),
        }
    )
    row, stage = np.nonzero(np.isfinite(entered))
    stages = pl.DataFrame(
        {
            "opportunity_stage_id": codes("OG", row.size),
            "customer_id": table["customer_id"].gather(row),
            "opportunity_id": table["opportunity_id"].gather(row),
            "entered_at": times(company.starts_on, entered[row, stage]),
            "stage": np.array(STAGES)[stage],
            "position": stage + 1,
        }
    )
    return {"opportunities": table, "opportunity_stages": stages}, strength


def _bills(company: Company, rng: np.random.Generator, days: float, count: int) -> tuple[dict[str, pl.DataFrame], Floats]:
    people = company.truth.customer_ids
    payer = rng.normal(size=people.size)
    issued = np.sort(rng.uniform(0.0, days, count))
    who, terms = rng.integers(0, people.size, count), TERMS[rng.integers(0, TERMS.size, count)]
    odds = LATE_BASE + OF_PAYER * payer[who] + OF_TERMS * (terms - 30.0) / 30.0
    late = rng.random(count) < 1.0 / (1.0 + np.exp(-odds))
    usual = np.clip(rng.normal(4.0 + 7.0 * payer[who], 4.0), -10.0, 29.0)
    paid = issued + np.maximum(terms + np.where(late, 31.0 + rng.exponential(40.0, count), usual), 0.5)
    amount = money(rng.lognormal(np.log(400.0), 0.6, count))
    numbers = codes("I", count)
    invoices = pl.DataFrame(
        {
            "invoice_id": numbers,
            "customer_id": people[who],
            "issued_at": times(company.starts_on, issued),
            "due_on": dates(company.starts_on, issued + terms),
            "amount": amount,
            "currency": np.full(count, company.currency),
        }
    )
    row = np.nonzero(paid < days)[0]
    payments = pl.DataFrame(
        {
            "payment_id": codes("PB", row.size),
            "customer_id": people[who[row]],
            "invoice_id": invoices["invoice_id"].gather(row),
            "paid_at": times(company.starts_on, paid[row]),
            "amount": amount[row],
            "currency": np.full(row.size, company.currency),
            "succeeded": np.full(row.size, fill_value=True),
        }
    )
    return {"invoices": invoices, "payments": payments}, odds
