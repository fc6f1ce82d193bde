"""From what happened to the tables that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from kith_platform.simulator import baskets, care, ledger, outreach, retail, subscription
from kith_platform.simulator.baskets import Catalogue, Lines, Tastes
from kith_platform.simulator.buying import Ints, Purchases
from kith_platform.simulator.columns import dates
from kith_platform.simulator.company import CompanyKind, Regime
from kith_platform.simulator.experiences import Experiences
from kith_platform.simulator.lives import Lives, Matrix
from kith_platform.simulator.markets import Market
from kith_platform.simulator.people import People
from kith_platform.simulator.persuasion import Campaigned
from kith_platform.simulator.processes import Process, RenewalProcess
from kith_platform.simulator.seasons import Calendar, Floats

Tables = dict[str, pl.DataFrame]

# Gamma-Gamma of well_specified: an order is Gamma(SHAPE, rate ν), ν ~ Gamma(TRAIT, rate γ); its mean is SHAPE·γ/(TRAIT − 1).
SPEND_SHAPE, SPEND_TRAIT = 6.0, 4.0
COST_SHARE = 0.6


@dataclass(frozen=True)
class Behaviour:
    """What the purchase process of a regime gives: real purchases and what they brought, first day gone, how to foresee,
    hidden lives where there are any, visits per day, and the chance to cancel at a bill where leaving does not decide it."""

    bought: Purchases
    lived: Experiences
    left: Ints
    process: Process
    lives: Lives | None
    visits: Floats
    cancel_chance: Floats | None


@dataclass(frozen=True)
class Stage:
    """All that the tables are written from; `joined` in days since the start, `level` the price level by day."""

    rng: np.random.Generator
    kind: CompanyKind
    market: Market
    regime: Regime
    calendar: Calendar
    folk: People
    joined: Floats
    acted: Behaviour
    level: Floats
    campaigned: Campaigned | None = None

    @property
    def joined_on(self) -> Ints:
        return np.floor(self.joined).astype(np.int64)

    @property
    def evidence(self) -> Matrix | None:
        """Where traces note what they tell about leaving."""
        return self.acted.process.evidence if isinstance(self.acted.process, RenewalProcess) else None


def perform(stage: Stage) -> tuple[Tables, Floats, Floats]:
    """All tables; the net of each purchase; each customer's true mean net at price level 1."""
    rng, start, days = stage.rng, stage.calendar.start, stage.calendar.days
    catalogue = retail.catalogue(rng) if stage.kind == "retailer" else subscription.catalogue(rng)
    shops = retail.stores(start) if stage.kind == "retailer" else None
    taste = baskets.tastes(rng, stage.joined.size, alike=stage.regime == "no_signal")
    lines, mean_spend = _filled(stage, catalogue, taste)
    stores = None if shops is None else shops["store_id"].to_numpy()
    books = ledger.Books(
        start, days, stage.market.currency, stage.market.tax_rate, stage.folk.ids, stage.acted.lived, lines, stores
    )
    tables = {
        "customers": stage.folk.table.with_columns(since=dates(start, stage.joined_on)),
        "products": catalogue.table.with_columns(currency=pl.lit(stage.market.currency)),
        **_shop(stage, books),
        **_relations(stage, books),
    }
    if shops is None:
        tables |= _contracts(stage, tables["payments"])
    else:
        tables |= _loyalty(stage, tables, taste, shops)
    return tables, ledger.spent(books), mean_spend


def _filled(stage: Stage, catalogue: Catalogue, taste: Tastes) -> tuple[Lines, Floats]:
    rng, bought, count = stage.rng, stage.acted.bought, stage.joined.size
    shaped = stage.regime == "misspecified"
    lines = baskets.baskets(rng, catalogue, taste, bought, stage.level, shaped)
    if shaped:
        return lines, taste.mean_spend(catalogue)
    mean = np.full(count, stage.market.mean_spend)
    if stage.regime == "well_specified":
        scale = stage.market.mean_spend * (SPEND_TRAIT - 1) / SPEND_SHAPE
        mean = SPEND_SHAPE / rng.gamma(SPEND_TRAIT, 1.0 / scale, count)
    net = mean[bought.who] * rng.gamma(SPEND_SHAPE, 1.0 / SPEND_SHAPE, bought.who.size)
    return baskets.priced_to(lines, net, COST_SHARE), mean


def _shop(stage: Stage, books: ledger.Books) -> Tables:
    """Nothing comes back and nothing is called off in well_specified: its books are the process and nothing else."""
    pure = stage.regime == "well_specified"
    return {
        "orders": ledger.orders(stage.rng, books, 0.0 if pure else 0.01),
        "order_lines": ledger.order_lines(books),
        "returns": ledger.returns(stage.rng, books, 0.0 if pure else 0.02),
        "payments": ledger.payments(stage.rng, books),
    }


def _relations(stage: Stage, books: ledger.Books) -> Tables:
    rng, acted, start, days = stage.rng, stage.acted, stage.calendar.start, stage.calendar.days
    lives = acted.lives
    audience = audience_of(rng, stage.folk, stage.joined_on, acted)

    def mood(who: Ints, day: Ints) -> Floats:
        return np.zeros(who.size) if lives is None else lives.resentment[who, day].astype(np.float64)

    told = stage.campaigned
    touches, consents = (
        outreach.campaigns(rng, audience, start, days, stage.evidence) if told is None else (told.touches, told.consents)
    )
    cause = np.full(acted.left.size, -1, dtype=np.int64) if lives is None else lives.cause
    return {
        "tickets": care.tickets(rng, books),
        "survey_responses": care.survey_responses(rng, books, mood),
        "activities": care.activities(rng, books, acted.left, cause, stage.evidence),
        "events": outreach.visits(rng, audience, start, days, stage.market.visit_name, stage.evidence),
        "touches": touches,
        "consents": consents,
    }


def audience_of(rng: np.random.Generator, folk: People, joined_on: Ints, acted: Behaviour) -> outreach.Audience:
    """Whom the company writes to; some open more messages than others."""
    resentment = None if acted.lives is None else acted.lives.resentment
    return outreach.Audience(folk.ids, joined_on, acted.left, acted.visits, rng.beta(3.0, 5.0, joined_on.size), resentment)


def _loyalty(stage: Stage, tables: Tables, taste: Tastes, shops: pl.DataFrame) -> Tables:
    start, end = stage.calendar.start, stage.calendar.start + timedelta(days=stage.calendar.days)
    coupons = ledger.coupons(stage.rng, tables["touches"], end)
    return {
        "stores": shops,
        "member_cards": retail.member_cards(stage.rng, stage.folk, stage.joined_on, taste, shops, start),
        "coupons": coupons,
        "coupon_redemptions": ledger.coupon_redemptions(coupons, tables["orders"], tables["order_lines"]),
    }


def _contracts(stage: Stage, single: pl.DataFrame) -> Tables:
    """Subscription events, invoices, and the payments of invoices after those of single purchases."""
    rng, start, days, market = stage.rng, stage.calendar.start, stage.calendar.days, stage.market
    signed = subscription.contracts(rng, stage.joined, stage.acted.cancel_chance)
    seen = subscription.happen(rng, signed, stage.acted.lives, stage.level, days, stage.evidence)
    events = subscription.subscription_events(seen, stage.folk.ids, start, market.currency)
    lives = stage.acted.lives
    broke = rng.gamma(0.5, 2.0, stage.joined.size) if lives is None else lives.broke
    if stage.regime == "no_signal":
        broke = np.ones_like(broke)  # everybody pays alike
    invoices, paid = subscription.bills(rng, seen, stage.folk.ids, start, days, market.currency, market.tax_rate, broke)
    return {
        "subscription_events": events,
        "invoices": invoices,
        "payments": pl.concat([single, paid], how="diagonal"),
    }
