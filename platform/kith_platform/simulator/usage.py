"""What is used and by whom: modules and users of each visit, visits of strangers and machines, licences, first steps."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.accounts import Accounts
from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, dates, moments, numbers, texts, times
from kith_platform.simulator.firm import RECENT, Firm
from kith_platform.simulator.seasons import Floats
from kith_platform.simulator.staff import Staff

_MODULES = {
    "retailer": ("Shop", "Wish list", "Gift finder", "Member card"),
    "subscription": ("Films", "Series", "Live evenings", "Watch party", "Kids", "Downloads"),
}
_STEPS = ("profile", "first list", "second device", "first evening")
_STEP_DUE = np.array([3.0, 10.0, 20.0, 29.0])
_MOST_USERS = 12
SINCE_STEPS = 600  # days for which first steps are told


def events(firm: Firm, accounts: Accounts) -> pl.DataFrame:
    """The visits as they are, each with module and user, then further users of key accounts on days of visits, and visits of
    nobody known, a quarter of them by machines."""
    rng, table = firm.stream("events"), firm.tables["events"]
    modules = np.array(_MODULES[firm.kind])
    who = firm.who("events")
    liked = rng.integers(0, modules.size, firm.ids.size)[who]
    module = np.where(rng.random(who.size) < 0.55, liked, rng.integers(0, modules.size, who.size))
    known = table.with_columns(module=pl.Series(modules[module]), user=pl.lit("1"), bot=pl.Series(np.zeros(who.size, dtype=bool)))
    parts = [known, _strangers(firm, modules.size)]
    if firm.kind == "subscription":
        parts.append(_colleagues(firm, accounts))
    return pl.concat(parts, how="diagonal")


def _colleagues(firm: Firm, accounts: Accounts) -> pl.DataFrame:
    """Key accounts share their screens: on a day somebody came by, others did too. No day of use is added."""
    rng, modules = firm.stream("colleagues"), np.array(_MODULES[firm.kind])
    at, who = firm.moments("events", "happened_at"), firm.who("events")
    row = np.nonzero(np.isin(who, accounts.key) & (at >= firm.days - RECENT))[0]
    row = np.repeat(row, rng.poisson(1.2, row.size))
    moment = np.minimum(at[row] + rng.uniform(0.001, 0.2, row.size), np.floor(at[row]) + 0.9999)
    return pl.DataFrame(
        {
            "event_id": codes("EC", row.size),
            "customer_id": firm.ids[who[row]],
            "happened_at": times(firm.start, moment),
            "name": firm.tables["events"]["name"].to_numpy()[row],
            "channel": np.array(["app", "web"])[rng.integers(0, 2, row.size)],
            "amount": np.ones(row.size, dtype=np.int64),
            "minutes": np.round(rng.lognormal(np.log(9.0), 0.7, row.size), 1),
            "module": modules[rng.integers(0, modules.size, row.size)],
            "user": rng.integers(1, _seats(firm)[who[row]] + 1).astype(str),
            "bot": np.zeros(row.size, dtype=bool),
        }
    )


def _strangers(firm: Firm, modules: int) -> pl.DataFrame:
    rng = firm.stream("strangers")
    at = np.sort(rng.uniform(firm.since, firm.days, int(140 * firm.size * len(firm.months))))
    bot = rng.random(at.size) < 0.25
    return pl.DataFrame(
        {
            "event_id": codes("EX", at.size),
            "customer_id": pl.Series([None] * at.size, dtype=pl.String),
            "happened_at": times(firm.start, at),
            "name": np.full(at.size, firm.tables["events"]["name"][0] if firm.tables["events"].height else "visit"),
            "channel": np.full(at.size, "web"),
            "amount": np.where(bot, rng.integers(20, 200, at.size), 1),
            "minutes": np.where(bot, 0.5, np.round(rng.lognormal(np.log(4.0), 0.7, at.size), 1)),
            "module": np.array(_MODULES[firm.kind])[rng.integers(0, modules, at.size)],
            "bot": bot,
        }
    )


def _seats(firm: Firm) -> Ints:
    """Seats each customer would take: two to a dozen."""
    return firm.stream("seats").integers(2, _MOST_USERS, firm.ids.size)


def entitlements(firm: Firm, accounts: Accounts) -> pl.DataFrame:
    """Planned customers have seats for the whole and three to all of the modules: those that subscribe from the start of the
    subscription on, those of a shop from soon after they joined."""
    rng = firm.stream("entitlements")
    who, begins, contract = _contracts(firm, accounts)
    modules = np.array(_MODULES[firm.kind])
    holds = rng.random((who.size, modules.size)).argsort(axis=1) < rng.integers(3, modules.size + 1, who.size)[:, None]
    row, module = np.nonzero(np.concatenate([np.ones((who.size, 1), dtype=bool), holds], axis=1))
    return pl.DataFrame(
        {
            "entitlement_id": codes("EN", row.size),
            "customer_id": firm.ids[who[row]],
            "starts_on": dates(firm.start, begins[row]),
            "module": texts(np.concatenate([[""], modules]), module, module > 0),
            "seats": numbers(_seats(firm)[who[row]], module == 0),
            "subscription": contract[row],
        }
    )


def _contracts(firm: Firm, accounts: Accounts) -> tuple[Ints, Floats, NDArray[np.str_]]:
    """Customer, begin and name of each contract with seats."""
    if "subscription_events" not in firm.tables:
        who = accounts.planned[firm.joined[accounts.planned] + 3 < firm.days]
        return who, np.asarray(firm.joined[who] + 3.0, dtype=np.float64), np.char.add("DESK-", firm.ids[who])
    started = _started(firm).filter(pl.col("customer_id").is_in(firm.ids[accounts.planned].tolist()))
    who = np.searchsorted(firm.ids, started["customer_id"].to_numpy().astype(str))
    return who, moments(firm.start, started["happened_at"]), started["subscription_id"].to_numpy().astype(str)


def onboarding_steps(firm: Firm, crew: Staff, accounts: Accounts) -> pl.DataFrame:
    """Four steps in the first month of each new subscription; five of six are done, most of them in time."""
    rng, started = firm.stream("onboarding"), _started(firm)
    begins = moments(firm.start, started["happened_at"])
    recent = begins >= firm.days - SINCE_STEPS
    started, begins = started.filter(pl.Series(recent)), begins[recent]
    row, step = (each.ravel() for each in np.indices((begins.size, len(_STEPS))))
    due = begins[row] + _STEP_DUE[step]
    done = firm.only(np.where(rng.random(row.size) < 0.84, due + rng.normal(-1.5, 1.8, row.size).clip(-2.5, 12.0), np.nan))
    who = np.searchsorted(firm.ids, started["customer_id"].to_numpy().astype(str))[row]
    return pl.DataFrame(
        {
            "onboarding_step_id": codes("OS", row.size),
            "customer_id": firm.ids[who],
            "due_at": times(firm.start, due),
            "step": np.array(_STEPS)[step],
            "subscription": started["subscription_id"].to_numpy()[row],
            "rep": crew.sellers[accounts.owner[who]],
            "done_at": times(firm.start, done),
        }
    )


def _started(firm: Firm) -> pl.DataFrame:
    return firm.tables["subscription_events"].filter(pl.col("kind") == "started")
