"""What was promised to customers, what they want to reach with us, and whether they speak for us."""

from __future__ import annotations

import numpy as np
import polars as pl

from kith_platform.simulator.accounts import Accounts, yearly_spend
from kith_platform.simulator.columns import codes, dates, money, numbers, texts, times
from kith_platform.simulator.desk import Desk
from kith_platform.simulator.firm import RECENT, Firm
from kith_platform.simulator.initiatives import INITIATIVES
from kith_platform.simulator.staff import Staff

_GOALS = {  # goal, measure, baseline, target
    "retailer": (
        ("Gifts ordered without errands", "hours a month", 10.0, 4.0),
        ("Guests who come again", "per cent", 40.0, 55.0),
    ),
    "subscription": (("Evenings together", "evenings a month", 2.0, 6.0), ("Waiting room reviews", "stars", 3.4, 4.2)),
}
_KINDS = ("reference", "case_study", "review")


def commitments(firm: Firm, crew: Staff, seen: Desk) -> pl.DataFrame:
    """One for every third ticket of the last sixteen months: a fix or a call back. Five of six are kept in time."""
    rng = firm.stream("commitments")
    row = np.nonzero((seen.opened >= firm.days - RECENT) & np.isfinite(seen.replied) & (rng.random(seen.who.size) < 0.33))[0]
    promised = seen.replied[row] + 0.01
    due = promised + rng.choice([1.0, 3.0, 7.0], row.size)
    done = np.where(rng.random(row.size) < 0.83, due - rng.uniform(0.05, 0.8, row.size), due + rng.exponential(2.0, row.size))
    off = rng.random(row.size) < 0.02
    kind = rng.choice(3, row.size, p=[0.5, 0.3, 0.2])
    keeps = (rng.random(row.size) < 0.97) & ~off
    return pl.DataFrame(
        {
            "commitment_id": codes("CM", row.size),
            "customer_id": firm.ids[seen.who[row]],
            "promised_at": times(firm.start, np.minimum(promised, firm.days - 1e-4)),
            "what": np.array(["Mend it", "Call back", "Send it again"])[kind],
            "kind": np.array(["fix", "call_back", "delivery"])[kind],
            "rep": crew.agents[seen.agent[row]],
            "unit": np.full(row.size, crew.units[1]),
            "due_at": times(firm.start, due),
            "done_at": times(firm.start, firm.only(np.where(keeps, np.maximum(done, promised + 0.01), np.nan))),
            "ticket_id": firm.tables["tickets"]["ticket_id"].to_numpy()[row],
            "cancelled": off,
        }
    )


def outcomes(firm: Firm, accounts: Accounts) -> pl.DataFrame:
    """Goals of planned customers while they are customers, the first in their first two months, measured when they are due if
    they still are customers; worth about what they spend here in a year. The price is in the orders; training and installing
    are the customer's own cost."""
    rng, goals = firm.stream("outcomes"), _GOALS[firm.kind]
    who, first = np.repeat(accounts.planned, 3), np.arange(3 * accounts.planned.size) % 3 == 0
    later = np.maximum(firm.joined[who], firm.since) + rng.uniform(60.0, 800.0, who.size)
    at = firm.office(np.where(first, firm.joined[who] + rng.uniform(5.0, 60.0, who.size), later))
    kept = (at < firm.days) & firm.alive(who, at)
    who, at = who[kept], at[kept]
    size, goal = who.size, rng.integers(0, len(goals), who.size)
    baseline, target = (np.array([each[part] for each in goals])[goal] for part in (2, 3))
    due = np.floor(at) + rng.choice([60, 90, 120, 180], size)
    measured = due + rng.uniform(-6.0, 4.0, size)
    measured = np.where(firm.alive(who, measured) & (rng.random(size) < 0.93), firm.only(measured), np.nan)
    confirmed = np.where(rng.random(size) < 0.82, firm.only(measured + rng.uniform(0.2, 6.0, size)), np.nan)
    reached = np.clip(rng.normal(0.85, 0.35, size) - 0.2 * firm.mood(who, np.floor(at).astype(np.int64)), -0.2, 1.4)
    known = np.isfinite(measured)
    spend = yearly_spend(firm)[who]
    value = money(spend * np.maximum(reached, 0.05) * rng.uniform(0.7, 2.2, size))
    return pl.DataFrame(
        {
            "outcome_id": codes("OU", size),
            "customer_id": firm.ids[who],
            "set_at": times(firm.start, at),
            "goal": np.array([each[0] for each in goals])[goal],
            "measure": np.array([each[1] for each in goals])[goal],
            "baseline": baseline,
            "target": target,
            "due_on": dates(firm.start, due),
            "actual": numbers((baseline + reached * (target - baseline)).round(2), known),
            "measured_at": times(firm.start, measured),
            "confirmed_by": texts(["customer", "customer's manager"], rng.integers(0, 2, size), np.isfinite(confirmed)),
            "confirmed_at": times(firm.start, confirmed),
            "value": numbers(value, known),
            "verified": numbers(rng.random(size) < 0.6, known),
            "own_cost": numbers(money(spend * rng.uniform(0.05, 0.35, size)), known),
            "currency": np.full(size, firm.currency),
            "initiative": texts([INITIATIVES[2].key], np.zeros(size, dtype=np.int64), np.isin(who, accounts.key)),
        }
    )


def advocacies(firm: Firm) -> pl.DataFrame:
    """Twenty a month are asked to speak for the company; the more content, the likelier they do."""
    rng = firm.stream("advocacies")
    at = firm.often(rng, 20.0)
    who = firm.living(rng, at)
    says = rng.random(at.size) < 0.45 * np.exp(-firm.mood(who, np.floor(at).astype(np.int64)))
    return pl.DataFrame(
        {
            "advocacy_id": codes("AD", at.size),
            "customer_id": firm.ids[who],
            "asked_at": times(firm.start, at),
            "kind": np.array(_KINDS)[rng.choice(3, at.size, p=[0.3, 0.1, 0.6])],
            "given_at": times(firm.start, firm.only(np.where(says, at + rng.exponential(8.0, at.size), np.nan))),
        }
    )


def referrals(firm: Firm) -> pl.DataFrame:
    """Forty a month: contented customers invite one to five others; a third of it converts, a few invite themselves."""
    rng = firm.stream("referrals")
    at = np.sort(rng.uniform(firm.since, firm.days, rng.poisson(80.0 * firm.size * (firm.days - firm.since) / 30.4)))
    who = firm.living(rng, at)
    tells = rng.random(at.size) < 0.55 * np.exp(-firm.mood(who, np.floor(at).astype(np.int64)))
    at, who = at[tells], who[tells]
    void = rng.random(at.size) < 0.04
    converted = np.where(rng.random(at.size) < 0.33, at + rng.exponential(12.0, at.size), np.nan)
    return pl.DataFrame(
        {
            "referral_id": codes("RF", at.size),
            "customer_id": firm.ids[who],
            "made_at": times(firm.start, at),
            "invited": [f"friend.{number + 1}@example.net" for number in range(at.size)],
            "channel": np.array(["link", "card"])[rng.integers(0, 2, at.size)],
            "invites": 1 + rng.poisson(0.9, at.size).clip(0, 4),
            "void": void,
            "converted_at": times(firm.start, firm.only(converted)),
        }
    )


def leavings(firm: Firm) -> pl.DataFrame:
    """Leaving as far as the company knows: on the day of an exit interview, or of a cancellation, with the reason if given."""
    competitor = pl.when(pl.col("reason") == "competitor").then(pl.lit("Northwind Home"))
    told = firm.tables["activities"].filter(pl.col("subject") == "exit interview")
    heard = told.select("customer_id", left_on=pl.col("started_at").dt.date(), kind=pl.lit("voluntary"), reason="outcome")
    if "subscription_events" in firm.tables:
        ended = firm.tables["subscription_events"].filter(pl.col("kind") == "cancelled")
        kind = pl.when("voluntary").then(pl.lit("voluntary")).otherwise(pl.lit("involuntary"))
        said = ended.select("customer_id", left_on=pl.col("happened_at").dt.date(), kind=kind, reason="reason")
        heard = pl.concat([said, heard.filter(~pl.col("customer_id").is_in(said["customer_id"].implode()))])
    heard = heard.with_columns(
        kind=pl.when(pl.col("reason") == "non_payment").then(pl.lit("involuntary")).otherwise("kind"), competitor=competitor
    )
    return heard.select(
        pl.Series("leaving_id", codes("LV", heard.height)), "customer_id", "left_on", "kind", "reason", "competitor"
    )
