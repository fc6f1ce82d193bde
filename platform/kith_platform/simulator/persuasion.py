"""Campaigns that work, as an option: whom a message makes buy, whom it keeps from buying, and the truth about both."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator import outreach
from kith_platform.simulator.buying import Ints, Purchases
from kith_platform.simulator.columns import moments
from kith_platform.simulator.experiences import Experiences, Quality, experience
from kith_platform.simulator.lives import Matrix
from kith_platform.simulator.seasons import Floats

WINDOW_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class Persuasion:
    """How strongly campaigns work: the chance that a message makes the most open buy once more, the chance that it keeps the
    most annoyed from what they would have bought in WINDOW_DAYS, and the share held back as control."""

    strength: float = 0.35
    annoyance: float = 0.6
    control: float = 0.1


@dataclass(frozen=True)
class Sway:
    """The truth, per customer: chance that a message brings a purchase, chance that it drives purchases away, and what would
    have been bought without any message. Who opens much and buys seldom is swayed, the opposite kind is annoyed."""

    wins: Floats
    loses: Floats
    natural: Purchases

    def uplift(self, buys: Floats, alive: NDArray[np.bool_]) -> Floats:
        """What a message adds to the chance to buy in the window, given the chance to buy without it."""
        return np.asarray(self.wins * alive * (1.0 - buys) - self.loses * buys)


@dataclass(frozen=True)
class Campaigned:
    """A history with its campaigns: their tables, and purchases and experiences as they became."""

    touches: pl.DataFrame
    consents: pl.DataFrame
    bought: Purchases
    lived: Experiences
    sway: Sway


def campaigned(
    rng: np.random.Generator,
    how: Persuasion,
    audience: outreach.Audience,
    start: date,
    days: int,
    rate: Floats,
    lived: Experiences,
    quality: Quality,
    region: Ints,
    evidence: Matrix | None,
) -> Campaigned:
    """Send the campaigns, and let them work on what was going to be bought. `rate` is each customer's own pace of buying."""
    natural = Purchases(lived.who, lived.at)
    touches, consents = outreach.campaigns(rng, audience, start, days, evidence, control_share=how.control)
    sway = _sway(rng, how, audience, rate, natural)
    reached = touches.filter(pl.col("arm") == "treated")
    who, sent = np.searchsorted(audience.ids, reached["customer_id"].to_numpy().astype(str)), moments(start, reached["sent_at"])
    driven_away = rng.random(who.size) < sway.loses[who]
    kept = lived.where(~_within(natural, who[driven_away], sent[driven_away]))
    at = sent + rng.uniform(0.5, WINDOW_DAYS - 1, who.size)
    won = (rng.random(who.size) < sway.wins[who]) & (at < np.minimum(audience.left[who], days))
    more = experience(rng, quality, Purchases(who[won].astype(np.int64), at[won]), region)
    both = _in_order(kept, more)
    return Campaigned(touches, consents, Purchases(both.who, both.at), both, sway)


def _sway(rng: np.random.Generator, how: Persuasion, audience: outreach.Audience, rate: Floats, natural: Purchases) -> Sway:
    """Half visible (how often one buys and opens), half nobody's to see."""
    opens, pace = np.log(audience.opens / (1.0 - audience.opens)), np.log(rate)
    lean = [(each - each.mean()) / max(float(each.std()), 1e-9) for each in (opens, pace)]
    leans = 0.6 * lean[0] - lean[1] + rng.normal(0.0, 0.5, rate.size)
    return Sway(how.strength * np.maximum(np.tanh(leans), 0.0), how.annoyance * np.maximum(np.tanh(-leans - 0.5), 0.0), natural)


def _within(bought: Purchases, who: Ints, sent: Floats) -> NDArray[np.bool_]:
    """Purchases that come within the window of a message to the same customer. Messages' windows do not overlap."""
    order = np.lexsort((sent, who))
    who, sent = who[order], sent[order]
    scale = float(max(bought.at.max(initial=0.0), sent.max(initial=0.0)) + 1.0)
    place = np.searchsorted(who * scale + sent, bought.who * scale + bought.at, side="right") - 1
    last = np.maximum(place, 0)
    if not who.size:
        return np.zeros(bought.who.size, dtype=np.bool_)
    waited = bought.at - np.floor(sent[last])
    return np.asarray((place >= 0) & (who[last] == bought.who) & (waited < WINDOW_DAYS))


def _in_order(kept: Experiences, more: Experiences) -> Experiences:
    """Both in order of customer and time, at most one purchase a day: what was coming anyway stays."""
    both = Experiences(*(np.concatenate([getattr(part, field.name) for part in (kept, more)]) for field in fields(kept)))
    _, first = np.unique(np.stack([both.who, np.floor(both.at).astype(np.int64)]), axis=1, return_index=True)
    one = np.zeros(both.who.size, dtype=np.bool_)
    one[first] = True
    both = both.where(one)
    order = np.lexsort((both.at, both.who))
    return replace(both, **{field.name: getattr(both, field.name)[order] for field in fields(both)})
