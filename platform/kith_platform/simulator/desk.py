"""The service desk: who took a ticket, how often one had to speak, what was promised, and how its status went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, numbers, texts, times
from kith_platform.simulator.firm import RECENT, Firm
from kith_platform.simulator.seasons import Floats
from kith_platform.simulator.staff import Staff

_HOURS = {"low": 72.0, "medium": 48.0, "high": 24.0}  # to solve a ticket
_STATES = ("new", "open", "waiting", "solved", "closed")
_NEW, _OPEN, _WAITING, _SOLVED, _CLOSED = range(5)


@dataclass(frozen=True)
class Desk:
    """One value per ticket, in the order of the table; moments in days since the start, NaN for what did not happen."""

    who: Ints
    opened: Floats
    replied: Floats
    solved: Floats
    reopened: Floats
    waits: Floats  # when the answer was left to the customer
    agent: Ints
    contacts: Ints
    severity: NDArray[np.str_]


def desk(firm: Firm, crew: Staff) -> Desk:
    """Tickets that took long need more contacts and come back more often."""
    rng, table = firm.stream("desk"), firm.tables["tickets"]
    opened, replied, solved = (firm.moments("tickets", name) for name in ("opened_at", "first_reply_at", "resolved_at"))
    slow = solved - opened > 2.0
    back = rng.random(table.height) < np.where(slow, 0.09, 0.04)
    reopened = firm.only(np.where(back, solved + rng.uniform(0.4, 9.0, table.height), np.nan))
    waits = np.where(rng.random(table.height) < 0.35, replied + 0.2 * (solved - replied), np.nan)
    agent = rng.integers(0, crew.agents.size, table.height)
    contacts = 1 + rng.poisson(np.where(slow, 0.9, 0.25), table.height)
    return Desk(firm.who("tickets"), opened, replied, solved, reopened, waits, agent, contacts, table["severity"].to_numpy())


def tickets(firm: Firm, crew: Staff, seen: Desk) -> pl.DataFrame:
    """The tickets, with unit, agent, contacts, status, what is due when, and the first product of the order they speak of."""
    table = firm.tables["tickets"]
    first = firm.tables["order_lines"].unique("order_id", keep="first", maintain_order=True)
    product = table.join(first.select("order_id", "product_id"), on="order_id", how="left", maintain_order="left")
    history = _changes(firm, seen)
    last = np.zeros(table.height, dtype=np.int64)
    last[history[0]] = history[2]  # in order of time: the last one stays
    hours = np.array([_HOURS[each] for each in seen.severity.tolist()])
    return table.with_columns(
        product_id=product["product_id"],
        rep=pl.Series(crew.agents[seen.agent]),
        unit=pl.lit(str(crew.units[1])),
        contacts=numbers(seen.contacts, np.isfinite(seen.solved)),
        status=texts(_STATES, last, np.ones(table.height, dtype=bool)),
        reply_due_at=times(firm.start, seen.opened + 0.6),
        sla_due_at=times(firm.start, seen.opened + hours / 24.0),
        reopened_at=times(firm.start, seen.reopened),
    )


def ticket_statuses(firm: Firm, seen: Desk) -> pl.DataFrame:
    """Every change of status of the tickets of the last sixteen months."""
    ticket, at, status = _changes(firm, seen)
    recent = seen.opened[ticket] >= firm.days - RECENT
    ticket, at, status = ticket[recent], at[recent], status[recent]
    return pl.DataFrame(
        {
            "ticket_status_id": codes("TS", ticket.size),
            "ticket_id": firm.tables["tickets"]["ticket_id"].to_numpy()[ticket],
            "changed_to_at": times(firm.start, at),
            "status": np.array(_STATES)[status],
        }
    )


def _changes(firm: Firm, seen: Desk) -> tuple[Ints, Floats, Ints]:
    """Ticket, moment and status of each change within the data, by ticket in order of time."""
    again = seen.reopened + 1.5
    done = np.where(np.isfinite(seen.reopened), again, seen.solved)
    goes_on = np.where(np.isfinite(seen.waits), seen.waits + 0.5 * (seen.solved - seen.waits), np.nan)
    steps = (
        (seen.opened, _NEW),
        (seen.replied, _OPEN),
        (seen.waits, _WAITING),
        (goes_on, _OPEN),
        (seen.solved, _SOLVED),
        (seen.reopened, _OPEN),
        (again, _SOLVED),
        (done + 7.0, _CLOSED),
    )
    at = np.stack([step[0] for step in steps], axis=1)
    ticket, step = np.nonzero(at < firm.days)
    found = at[ticket, step]
    order = np.lexsort((step, found, ticket))
    return ticket[order], found[order], np.array([kind for _, kind in steps])[step[order]]
