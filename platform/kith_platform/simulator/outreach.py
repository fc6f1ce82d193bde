"""Visits and campaigns: traces of whether someone is a customer still, and what they tell about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, only, texts, times
from kith_platform.simulator.lives import Matrix
from kith_platform.simulator.seasons import Floats

_GONE_VISITS = 0.06  # a leaver still looks in, at this share of his former visits
_GONE_OPENS = 0.15
_CHANNELS = ("email", "sms")


@dataclass(frozen=True)
class Audience:
    """Per customer: id, day of joining, first day gone (NEVER for none), visits per day, chance to open a message; and
    resentment by customer and day (None: nobody has any, and nothing tells who has left)."""

    ids: NDArray[np.str_]
    joined: Ints
    left: Ints
    visits: Floats
    opens: Floats
    resentment: Matrix | None

    def gone(self, day: int) -> NDArray[np.bool_]:
        return self.left <= day

    def mood(self, day: int) -> Floats:
        if self.resentment is None:
            return np.zeros(self.ids.size)
        return self.resentment[:, day].astype(np.float64)


def visits(
    rng: np.random.Generator, audience: Audience, start: date, days: int, name: str, evidence: Matrix | None
) -> pl.DataFrame:
    """Days on which somebody came by, with the number of visits and their minutes; adds to `evidence` what each day tells."""
    usual = np.repeat(audience.visits[:, None], days, axis=1).astype(np.float32)
    if audience.resentment is not None:
        usual *= np.exp(-0.35 * audience.resentment)
    day = np.arange(days)[None, :]
    usual[day < audience.joined[:, None]] = 0.0
    rate = np.where(day >= audience.left[:, None], np.float32(_GONE_VISITS), np.float32(1.0)) if _tells(audience) else 1.0
    count = rng.poisson(usual * rate)
    if evidence is not None:
        evidence += (count * np.log(_GONE_VISITS) + (1 - _GONE_VISITS) * usual).astype(np.float32)
    who, when = np.nonzero(count)
    sessions = count[who, when]
    return pl.DataFrame(
        {
            "event_id": codes("E", who.size),
            "customer_id": audience.ids[who],
            "happened_at": times(start, when + rng.random(who.size)),
            "name": np.full(who.size, name),
            "channel": np.array(["app", "web"])[rng.integers(0, 2, who.size)],
            "amount": sessions,
            "minutes": np.round(sessions * rng.lognormal(np.log(9.0), 0.7, who.size), 1),
        }
    )


def campaigns(
    rng: np.random.Generator,
    audience: Audience,
    start: date,
    days: int,
    evidence: Matrix | None,
    *,
    control_share: float = 0.1,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A message every three weeks to half of those who agree to be written to, a share of them held back as control;
    touches and consents. Adds to `evidence` what opening tells."""
    agreed = rng.random(audience.ids.size) < 0.8
    withdrawn = np.full(audience.ids.size, np.nan)
    sends = [
        _send(rng, audience, number, day, days, agreed & np.isnan(withdrawn), withdrawn, evidence, control_share)
        for number, day in enumerate(range(30, days, 21))
    ]
    columns = [np.concatenate(column) for column in zip(*sends, strict=True)]
    sent, opened, clicked, left_list = columns[2], *columns[4:]
    who, number = columns[0].astype(np.int64), columns[1].astype(np.int64)
    control = columns[3] > 0
    touches = pl.DataFrame(
        {
            "touch_id": codes("T", who.size),
            "customer_id": audience.ids[who],
            "campaign": np.char.add("campaign-", np.char.zfill(number.astype(str), 3)),
            "channel": np.array(_CHANNELS)[(number % 4 == 3).astype(np.int64)],
            "arm": np.array(["treated", "control"])[control.astype(np.int64)],
            "sent_at": times(start, sent),
            "delivered_at": times(start, only(sent + 0.001, ~control)),
            "opened_at": times(start, opened),
            "clicked_at": times(start, clicked),
            "unsubscribed_at": times(start, left_list),
        }
    )
    return touches, _consents(audience, start, agreed, withdrawn)


def _send(
    rng: np.random.Generator,
    audience: Audience,
    number: int,
    day: int,
    days: int,
    willing: NDArray[np.bool_],
    withdrawn: Floats,
    evidence: Matrix | None,
    control_share: float,
) -> tuple[NDArray[np.float64], ...]:
    """One campaign's touches, as columns; notes who unsubscribes in `withdrawn`."""
    who = np.nonzero(willing & (audience.joined < day) & (rng.random(willing.size) < 0.5))[0]
    sent = day + 0.3 + 0.2 * rng.random(who.size)
    control = rng.random(who.size) < control_share
    chance = audience.opens[who] * np.exp(-0.4 * audience.mood(day)[who])
    now = np.where(audience.gone(day)[who], _GONE_OPENS, 1.0) if _tells(audience) else 1.0
    opened = ~control & (rng.random(who.size) < chance * now)
    if evidence is not None:
        told = np.where(opened, np.log(_GONE_OPENS), np.log((1 - _GONE_OPENS * chance) / (1 - chance)))
        evidence[who, day] += np.where(control, 0.0, told).astype(np.float32)
    at = sent + rng.uniform(0.01, 0.45, who.size)
    clicked = opened & (rng.random(who.size) < 0.2)
    leaves = opened & (rng.random(who.size) < 0.006 * (1 + audience.mood(day)[who]))
    withdrawn[who[leaves]] = at[leaves] + 0.01
    return (
        who.astype(np.float64),
        np.full(who.size, float(number)),
        sent,
        control.astype(np.float64),
        only(at, opened & (at < days)),
        only(at + 0.005, clicked & (at + 0.005 < days)),
        only(at + 0.01, leaves & (at + 0.01 < days)),
    )


def _consents(audience: Audience, start: date, agreed: NDArray[np.bool_], withdrawn: Floats) -> pl.DataFrame:
    """Consent to marketing as given at joining, and as withdrawn later."""
    everyone = np.arange(audience.ids.size)
    gone = np.nonzero(np.isfinite(withdrawn))[0]
    who = np.concatenate([everyone, gone])
    granted = np.concatenate([agreed, np.zeros(gone.size, dtype=bool)])
    return pl.DataFrame(
        {
            "customer_id": audience.ids[who],
            "channel": np.full(who.size, "email"),
            "purpose": np.full(who.size, "marketing"),
            "status": texts(["refused", "granted"], granted, np.ones(who.size, dtype=bool)),
            "given_at": times(start, np.concatenate([audience.joined + 0.99, withdrawn[gone]])),
        }
    )


def _tells(audience: Audience) -> bool:
    return audience.resentment is not None
