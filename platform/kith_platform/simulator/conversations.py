"""Who spoke with whom: what came in and was answered, planned contacts, and the sellers' days with prospects and customers."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.accounts import Accounts
from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, moments, texts, times
from kith_platform.simulator.desk import Desk
from kith_platform.simulator.firm import RECENT, Firm
from kith_platform.simulator.seasons import Floats
from kith_platform.simulator.staff import Staff

_CAPTURED = ("automatic", "manual", "missed")
_KIND_OF = {"phone": "call", "email": "mail", "chat": "chat"}


def activities(firm: Firm, crew: Staff, accounts: Accounts, seen: Desk) -> pl.DataFrame:
    """Follow-up calls and exit interviews as they are, then everything else that was said; nothing here follows from leaving."""
    parts = [_known(firm, crew), _about_tickets(firm, crew, seen), _letters(firm, crew), _planned(firm, crew, accounts)]
    return pl.concat([*parts, _selling(firm, crew)], how="diagonal")


def _known(firm: Firm, crew: Staff) -> pl.DataFrame:
    rng, table = firm.stream("calls"), firm.tables["activities"]
    return table.with_columns(
        channel=pl.lit("phone"),
        rep=pl.Series(crew.agents[rng.integers(0, crew.agents.size, table.height)]),
        unit=pl.lit(str(crew.units[1])),
        department=pl.lit("service"),
        captured=pl.lit("manual"),
    )


def _about_tickets(firm: Firm, crew: Staff, seen: Desk) -> pl.DataFrame:
    """The contact a ticket of the last sixteen months began with, answered when the ticket was."""
    rng = firm.stream("ticket contacts")
    row = np.nonzero(seen.opened >= firm.days - RECENT)[0]
    ticket = firm.tables["tickets"][row]
    table = _table(firm, rng, "AT", firm.ids[seen.who[row]], seen.opened[row], 12.0, crew.agents[seen.agent[row]], (0.7, 0.2))
    return table.with_columns(
        kind=ticket["channel"].replace_strict(_KIND_OF),
        direction=pl.lit("in"),
        channel=ticket["channel"],
        subject=ticket["topic"],
        unit=pl.lit(str(crew.units[1])),
        department=pl.lit("service"),
        replied_at=times(firm.start, seen.replied[row]),
        ticket_id=ticket["ticket_id"],
    )


def _letters(firm: Firm, crew: Staff) -> pl.DataFrame:
    """Mails and chats that come in without becoming a ticket; three in a hundred stay unanswered."""
    rng = firm.stream("letters")
    at = firm.often(rng, 90.0, firm.days - RECENT)
    who = firm.living(rng, at)
    chat = rng.random(at.size) < 0.4
    agent = crew.agents[rng.integers(0, crew.agents.size, at.size)]
    hours = rng.lognormal(np.log(2.5), 1.0, at.size) / 15.0
    replied = firm.only(np.where(rng.random(at.size) < 0.97, at + hours, np.nan))
    return _table(firm, rng, "AL", firm.ids[who], at, 8.0, agent, (0.75, 0.1)).with_columns(
        kind=texts(["mail", "chat"], chat, np.ones(at.size, dtype=bool)),
        direction=pl.lit("in"),
        channel=texts(["email", "chat"], chat, np.ones(at.size, dtype=bool)),
        subject=pl.lit("question"),
        unit=pl.lit(str(crew.units[1])),
        department=pl.lit("service"),
        replied_at=times(firm.start, replied),
    )


def _planned(firm: Firm, crew: Staff, accounts: Accounts) -> pl.DataFrame:
    """Four of five planned contacts are made near their day; key accounts hear from two departments by turns."""
    rng, plans = firm.stream("planned contacts"), firm.tables["contact_plans"]
    begins, every = moments(firm.start, plans["starts_on"]), plans["every_days"].to_numpy()
    most = int(firm.days / every.min()) + 1 if every.size else 0
    due = begins[:, None] + every[:, None] * np.arange(1, most + 1)[None, :]
    plan, turn = np.nonzero((due < firm.days) & (rng.random(due.shape) < 0.8))
    at = firm.office(due[plan, turn] - rng.uniform(0.0, 6.0, plan.size))
    who = np.searchsorted(firm.ids, plans["customer_id"].to_numpy().astype(str))[plan]
    served = np.isin(who, accounts.key) & (turn % 2 == 1)
    rep = np.where(served, crew.agents[who % crew.agents.size], crew.sellers[accounts.owner[who]])
    return _table(firm, rng, "AP", firm.ids[who], at, 25.0, rep, (0.5, 0.45)).with_columns(
        kind=texts(["call", "meeting"], rng.random(plan.size) < 0.2, np.ones(plan.size, dtype=bool)),
        direction=pl.lit("out"),
        channel=pl.lit("phone"),
        subject=pl.lit("planned contact"),
        unit=texts(crew.units, served, np.ones(plan.size, dtype=bool)),
        department=texts(["sales", "service"], served, np.ones(plan.size, dtype=bool)),
    )


def _selling(firm: Firm, crew: Staff) -> pl.DataFrame:
    """What fills the sellers' working days: talks on open opportunities, else with any customer."""
    rng, worked = firm.stream("selling"), firm.tables["work_days"].filter(pl.col("minutes") > 0)
    day = np.repeat(moments(firm.start, worked["day"]), 2)
    seller = np.repeat(np.searchsorted(np.sort(crew.sellers), worked["rep"].to_numpy().astype(str)), 2)
    seller = np.argsort(crew.sellers)[seller]
    kept = rng.random(day.size) < 0.8 * firm.size
    day, seller = day[kept], seller[kept]
    at = day + np.where(np.arange(day.size) % 2 == 0, 0.16, 0.42) + rng.uniform(0.0, 0.12, day.size)
    deal = _open_deal(firm, rng, crew.sellers[seller], at)
    about = deal >= 0
    deals = firm.tables["opportunities"]
    theirs, keys = (np.array([*deals[name], None], dtype=object)[deal] for name in ("customer_id", "opportunity_id"))
    customer = pl.Series(np.where(about, theirs, firm.ids[firm.living(rng, at)]).tolist(), dtype=pl.String)
    table = _table(firm, rng, "AS", customer, at, 85.0, crew.sellers[seller], (0.45, 0.45))
    return table.with_columns(
        kind=pl.Series(np.array(["call", "meeting", "visit"])[rng.choice(3, at.size, p=[0.5, 0.3, 0.2])]),
        direction=pl.lit("out"),
        channel=pl.lit("phone"),
        subject=texts(["advice", "offer"], about, np.ones(at.size, dtype=bool)),
        unit=pl.lit(str(crew.units[0])),
        department=pl.lit("sales"),
        opportunity_id=pl.Series(keys.tolist(), dtype=pl.String),
    )


def _open_deal(firm: Firm, rng: np.random.Generator, rep: NDArray[np.str_], at: Floats) -> Ints:
    """For each talk one of the seller's opportunities that was open then, −1 where there was none."""
    deals = firm.tables["opportunities"]
    opened, closed = firm.moments("opportunities", "opened_at"), firm.moments("opportunities", "closed_at")
    closed = np.where(np.isfinite(closed), closed, np.inf)
    owners = deals["rep"].to_numpy().astype(str)
    found = np.full(at.size, -1, dtype=np.int64)
    for each in np.unique(rep):
        mine, talks = np.nonzero(owners == each)[0], np.nonzero(rep == each)[0]
        runs = (opened[mine][None, :] < at[talks][:, None]) & (at[talks][:, None] < closed[mine][None, :])
        drawn = np.where(runs, rng.random(runs.shape), -1.0)
        if mine.size:
            found[talks] = np.where(runs.any(axis=1), mine[drawn.argmax(axis=1)], -1)
    return found


def _table(
    firm: Firm,
    rng: np.random.Generator,
    prefix: str,
    customer: NDArray[np.str_] | pl.Series,
    at: Floats,
    minutes: float,
    rep: NDArray[np.str_],
    captured: tuple[float, float],
) -> pl.DataFrame:
    """`minutes` is the median length; `captured` the shares recorded by themselves and by hand (the rest was missed)."""
    lasted = np.minimum(rng.lognormal(np.log(minutes), 0.4, at.size), 200.0) / 900.0
    ended = np.minimum(at + lasted, np.floor(at) + 0.9999)
    how = rng.choice(3, at.size, p=[*captured, 1 - sum(captured)])
    return pl.DataFrame(
        {
            "activity_id": codes(prefix, at.size),
            "customer_id": customer,
            "started_at": times(firm.start, at),
            "ended_at": times(firm.start, ended),
            "rep": rep,
            "captured": np.array(_CAPTURED)[how],
        }
    )
