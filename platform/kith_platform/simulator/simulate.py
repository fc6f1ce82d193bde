"""One call makes a demo company: `simulate`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from kith_platform.simulator import buying
from kith_platform.simulator.business import at_work
from kith_platform.simulator.buying import NEVER, BgNbd, Ints
from kith_platform.simulator.company import Company, CompanyKind, Regime
from kith_platform.simulator.experiences import Quality, experience
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.lives import CAUSES, Lives, World, live
from kith_platform.simulator.markets import MARKETS, Market
from kith_platform.simulator.people import REGIONS, People, people
from kith_platform.simulator.persuasion import Campaigned, Persuasion, campaigned
from kith_platform.simulator.processes import BgNbdProcess, RenewalProcess
from kith_platform.simulator.seasons import Calendar, Floats, flat, seasonal
from kith_platform.simulator.tables import Behaviour, Stage, Tables, audience_of, perform
from kith_platform.simulator.truth import Truth

NO_SIGNAL_GAP = 60.0  # days: a window of 90 stays empty for e^(−1.5) = 22 % of all, whoever they are
CANCEL_CHANCE = 0.03  # per bill, in no_signal
CANCEL_LAW = (1.2, 30.0)  # per bill and customer ~ Beta, in well_specified: a shifted beta-geometric


def simulate(
    kind: CompanyKind,
    *,
    regime: Regime,
    customers: int,
    years: float,
    seed: int,
    ends_on: date | None = None,
    persuasion: Persuasion | None = None,
) -> Company:
    """Make a company of `customers` customers over `years` years that end with the day `ends_on` (default: yesterday, UTC).

    The same arguments give the same tables, byte by byte.
    well_specified: purchases as BG/NBD, spend as Gamma-Gamma, cancellation with a constant chance per customer.
    misspecified: seasons, feasts, sales, trend, heavy tails, gaps more regular than Poisson, leaving from experiences;
    and the company's own work (staff, leads, costs, promises, …), which the other two do without.
    no_signal: everybody buys by one memoryless process for ever, likes and pays alike and cancels by one chance: nothing
    foretells anything.
    Campaigns change nothing unless `persuasion` says how they work; then truth tells what each message adds.
    Raises ValueError for fewer than 1 customer or less than a quarter of a year.
    """
    if customers < 1 or years < 0.25:
        raise ValueError("A simulated company needs at least one customer and a quarter of a year.")
    market = MARKETS[kind]
    days = round(years * 365.25)
    end = (datetime.now(UTC).date() - timedelta(days=1) if ends_on is None else ends_on) + timedelta(days=1)
    start = end - timedelta(days=days)
    rng = np.random.default_rng([seed, sorted(MARKETS).index(kind)])
    folk = people(rng, customers, market.prefix, market.chinese)
    shaped = regime == "misspecified"
    calendar = (
        seasonal(start, days, feasts=market.feasts, weekend=market.weekend, trend=market.trend) if shaped else flat(start, days)
    )
    world = _world(days) if shaped else World((), np.full(len(REGIONS), NEVER))
    joined = buying.joining(rng, customers, days)
    acted = _behave(rng, market, regime, calendar, world, folk, joined)
    level = _level(calendar, world, market.price_rise)
    told = None if persuasion is None else _campaigned(persuasion, seed, kind, market, regime, calendar, folk, joined, acted)
    acted = acted if told is None else replace(acted, bought=told.bought, lived=told.lived)
    stage = Stage(rng, kind, market, regime, calendar, folk, joined, acted, level, told)
    tables, spent, mean_spend = perform(stage)
    if acted.lives is not None:
        tables = at_work(_firm(stage, acted.lives, seed, tables))
    cause = tuple(CAUSES[each] if each >= 0 else None for each in acted.lives.cause) if acted.lives else (None,) * customers
    chance = acted.cancel_chance
    truth = Truth(
        folk.ids,
        calendar,
        acted.bought,
        spent,
        mean_spend,
        level,
        acted.left,
        cause,
        acted.process,
        chance,
        None if told is None else told.sway,
    )
    return Company(
        kind=kind,
        names=market.names,
        industry=market.industry,
        currency=market.currency,
        time_zone=market.time_zone,
        language=market.language,
        seed=seed,
        regime=regime,
        starts_on=start,
        ends_on=end - timedelta(days=1),
        tables=tables,
        truth=truth,
    )


def _campaigned(
    how: Persuasion,
    seed: int,
    kind: CompanyKind,
    market: Market,
    regime: Regime,
    calendar: Calendar,
    folk: People,
    joined: Floats,
    acted: Behaviour,
) -> Campaigned:
    """Drawn apart from all else, so that a company without persuasion stays what it was."""
    rng = np.random.default_rng([seed, sorted(MARKETS).index(kind), 14])
    audience = audience_of(rng, folk, np.floor(joined).astype(np.int64), acted)
    process = acted.process
    evidence = process.evidence if isinstance(process, RenewalProcess) else None
    quality = _quality(market, calendar.days, regime == "misspecified")
    return campaigned(
        rng, how, audience, calendar.start, calendar.days, process.rate, acted.lived, quality, folk.region, evidence
    )


def _firm(stage: Stage, lives: Lives, seed: int, tables: Tables) -> Firm:
    def mood(who: Ints, day: Ints) -> Floats:
        return lives.resentment[who, day].astype(np.float64)

    start, days, zeal = stage.calendar.start, stage.calendar.days, stage.acted.visits / stage.market.visits
    return Firm(
        stage.kind, seed, start, days, stage.market.currency, stage.folk.ids, stage.joined_on, lives.left, zeal, mood, tables
    )


def _world(days: int) -> World:
    competitor = np.full(len(REGIONS), NEVER)
    competitor[[0, 2, 3]] = [int(days * 0.2), int(days * 0.45), int(days * 0.7)]
    return World((int(days * 0.25), int(days * 0.5)), competitor)


def _quality(market: Market, days: int, shaped: bool) -> Quality:
    """Good on the whole; where things are shaped, one region or other has a bad two months now and then."""
    spans = [(number * 5 % len(REGIONS), int(days * part), int(days * part) + 60) for number, part in enumerate(_CRISES)]
    return Quality(
        delivers=market.delivers,
        online=market.online if market.delivers else 0.5,
        late=0.1,
        late_in_crisis=0.55,
        fault=0.035 if market.delivers else 0.1,
        complains=0.6,
        solved=0.65,
        crises=tuple(spans) if shaped else (),
    )


_CRISES = (0.08, 0.17, 0.26, 0.35, 0.44, 0.53, 0.62, 0.71, 0.8, 0.89)


def _behave(
    rng: np.random.Generator, market: Market, regime: Regime, calendar: Calendar, world: World, folk: People, joined: Floats
) -> Behaviour:
    count, days = joined.size, calendar.days
    quality = _quality(market, days, regime == "misspecified")
    usual = np.full(count, market.usual_visits)
    if regime == "well_specified":
        law = BgNbd()
        bought, left, rate, drop = buying.bgnbd(rng, calendar, joined, law)
        lived = experience(rng, quality, bought, folk.region)
        return Behaviour(bought, lived, left, BgNbdProcess(law, rate, drop), None, usual, rng.beta(*CANCEL_LAW, count))
    if regime == "no_signal":
        rate = np.full(count, 1.0 / NO_SIGNAL_GAP)
        bought = buying.renewals(rng, calendar, joined, rate, 1)
        lived = experience(rng, quality, bought, folk.region)
        chance = np.full(count, CANCEL_CHANCE)
        return Behaviour(bought, lived, np.full(count, NEVER), RenewalProcess(calendar, rate, 1), None, usual, chance)
    rate = 1.0 / np.clip(market.gap * rng.lognormal(0.0, market.spread, count), 6.0, 180.0)
    wanted = buying.renewals(rng, calendar, joined, rate, market.shape)
    lived = experience(rng, quality, wanted, folk.region)
    lives = live(rng, market.temper, world, folk.region, np.floor(joined).astype(np.int64), days, wanted, lived)
    real = wanted.day < lives.left[wanted.who]
    evidence = np.zeros(lives.resentment.shape, dtype=np.float32)
    process = RenewalProcess(calendar, rate, market.shape, lives, evidence)
    return Behaviour(wanted.where(real), lived.where(real), lives.left, process, lives, market.visits * rate, None)


def _level(calendar: Calendar, world: World, rise: float) -> Floats:
    """Price level by day."""
    day = np.arange(calendar.pace.size)
    return (1.0 + rise) ** sum((day >= each).astype(np.float64) for each in world.price_rises) * np.ones(day.size)
