"""People who ask before they buy, and those who do not come back: leads, and what became of them."""

from __future__ import annotations

import numpy as np
import polars as pl

from kith_platform.simulator.columns import codes, money, texts, times
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.staff import Staff

CHANNELS = ("web", "phone", "fair", "partner", "referral")
_REASONS = ("no_budget", "no_need", "unreachable", "competitor")
_STATES = ("new", "contacted", "qualified", "converted", "disqualified")
_NEW, _CONTACTED, _QUALIFIED, _CONVERTED, _DISQUALIFIED = range(5)
_NAMES = "Ada Lowe|Ben Hart|Cai Ming|Dana Pike|Elif Kaya|Fei Yan|Gus Moor|Hana Mori|Igor Pale|Jia Wen|Kim Dorn|Leo Marsh"
HOUSES = (
    "Harbour Hotel", "Lotus Clinic", "Pine School", "Old Town Cafe", "River Offices", "East Gate Gym", "Moon Theatre",
    "Hill Library",
)  # fmt: skip


def leads(firm: Firm, crew: Staff) -> pl.DataFrame:
    """Fifty a month who did not buy (yet), and one new customer in seven, who had asked up to two months before.

    A seller calls after minutes or hours, now and then never; qualified ones are worth an opportunity.
    """
    rng = firm.stream("leads")
    new = np.nonzero((firm.joined >= firm.since + 60) & (rng.random(firm.ids.size) < 0.15))[0]
    asked = firm.office(firm.joined[new] - rng.uniform(1.0, 60.0, new.size))
    lost = firm.often(rng, 50.0)
    created = np.concatenate([lost, asked])
    who = np.concatenate([np.full(lost.size, -1), new])
    order = np.argsort(created, kind="stable")
    created, who = created[order], who[order]
    bought = np.where(who >= 0, firm.joined[who] + 0.3, np.nan)
    minutes = rng.lognormal(np.log(38.0), 1.3, created.size)
    first = firm.only(np.where((rng.random(created.size) < 0.94) | (who >= 0), created + minutes / 900.0, np.nan))
    first = np.where(first < bought, first, np.where(who >= 0, created + 0.002, first))
    fit = np.isfinite(first) & ((rng.random(created.size) < 0.4) | (who >= 0))
    qualified = np.where(fit, np.fmin(first + rng.exponential(2.0, created.size), bought), np.nan)
    refused = np.where(~fit & (rng.random(created.size) < 0.7), created + rng.uniform(2.0, 30.0, created.size), np.nan)
    qualified, refused = firm.only(qualified), firm.only(refused)
    state = np.select(
        [who >= 0, np.isfinite(refused), np.isfinite(qualified), np.isfinite(first)],
        [_CONVERTED, _DISQUALIFIED, _QUALIFIED, _CONTACTED],
        _NEW,
    )
    number, seller = np.arange(created.size), rng.integers(0, crew.sellers.size, created.size)
    return pl.DataFrame(
        {
            "lead_id": codes("LE", created.size),
            "customer_id": texts(firm.ids, np.maximum(who, 0), who >= 0),
            "created_at": times(firm.start, created),
            "name": rng.choice(_NAMES.split("|"), created.size),
            "company": np.array(HOUSES)[rng.integers(0, len(HOUSES), created.size)],
            "email": [f"lead.{each + 1}@example.org" for each in number],
            "channel": np.array(CHANNELS)[rng.choice(len(CHANNELS), created.size, p=[0.45, 0.2, 0.1, 0.15, 0.1])],
            "rep": crew.sellers[seller],
            "unit": np.full(created.size, crew.units[0]),
            "status": np.array(_STATES)[state],
            "first_contact_at": times(firm.start, first),
            "qualified_at": times(firm.start, qualified),
            "converted_at": times(firm.start, bought),
            "disqualified_at": times(firm.start, refused),
            "reason": texts(_REASONS, rng.integers(0, len(_REASONS), created.size), np.isfinite(refused)),
            "estimate": money(rng.lognormal(np.log(900.0), 0.6, created.size)),
            "currency": np.full(created.size, firm.currency),
        }
    )
