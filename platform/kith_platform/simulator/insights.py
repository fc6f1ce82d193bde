"""What the company learned and did with it: insights, reports handed over, signals from the market."""

from __future__ import annotations

import numpy as np
import polars as pl

from kith_platform.simulator.columns import codes, dates, money, texts, times
from kith_platform.simulator.deals import COMPETITORS
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.staff import Staff

_FINDINGS = (
    ("churn", "Customers with a late delivery leave more often"),
    ("cross_sell", "Buyers of one family take the next"),
    ("complaints", "One topic grows faster than sales"),
    ("price", "Few notice the last price rise"),
)
_SEGMENTS = ("best", "frequent", "spender", "new")
_REPORTS = (("Sales of the week", 7, 1), ("Service of the week", 7, 2), ("Customers of the month", 28, 4))
_RESULTS = ("campaign made", "price changed", "process changed")
_KINDS = ("competitor_offer", "demand_break", "price_change", "other")


def insights(firm: Firm, crew: Staff) -> pl.DataFrame:
    """Seven a month, a third about one customer; three in five are acted on, mostly within two weeks, one in eight dismissed."""
    rng = firm.stream("insights")
    at = firm.often(rng, 7.0)
    kind = rng.integers(0, len(_FINDINGS), at.size)
    fate = rng.choice(3, at.size, p=[0.6, 0.13, 0.27])
    done = at + rng.gamma(2.0, 4.0, at.size)
    acted, dismissed = firm.only(np.where(fate == 0, done, np.nan)), firm.only(np.where(fate == 1, done, np.nan))
    return pl.DataFrame(
        {
            "insight_id": codes("IN", at.size),
            "customer_id": texts(firm.ids, firm.living(rng, at), rng.random(at.size) < 0.3),
            "issued_at": times(firm.start, at),
            "kind": np.array([code for code, _ in _FINDINGS])[kind],
            "title": np.array([title for _, title in _FINDINGS])[kind],
            "rep": crew.address[rng.integers(0, crew.address.size, at.size)],
            "segment": np.array(_SEGMENTS)[rng.integers(0, len(_SEGMENTS), at.size)],
            "amount": money(rng.lognormal(np.log(1500.0), 0.7, at.size)),
            "currency": np.full(at.size, firm.currency),
            "due_on": dates(firm.start, at + 14.0),
            "grade": np.array(["A", "B", "C", "D"])[rng.choice(4, at.size, p=[0.15, 0.25, 0.35, 0.25])],
            "acted_at": times(firm.start, acted),
            "dismissed_at": times(firm.start, dismissed),
            "reason": texts(["too_few", "known_already"], rng.integers(0, 2, at.size), np.isfinite(dismissed)),
            "result": texts(_RESULTS, rng.integers(0, 3, at.size), np.isfinite(acted)),
        }
    )


def report_deliveries(firm: Firm) -> pl.DataFrame:
    """Three reports at their weekday's noon; one in fifty is late, one in sixty called off. The next one is planned already."""
    rng = firm.stream("reports")
    rows = [
        (name, day + 0.4)
        for name, every, weekday in _REPORTS
        for day in range(firm.since, firm.days + every)
        if (day + firm.start.weekday()) % 7 == weekday and (day - firm.since) // 7 % (every // 7) == 0
    ]
    due = np.array([at for _, at in rows])
    off = rng.random(due.size) < 1 / 60
    given = due + np.where(rng.random(due.size) < 0.02, rng.uniform(0.1, 2.0, due.size), -rng.uniform(0.01, 0.3, due.size))
    return pl.DataFrame(
        {
            "report_delivery_id": codes("RD", due.size),
            "due_at": times(firm.start, due),
            "report": [name for name, _ in rows],
            "delivered_at": times(firm.start, firm.only(np.where(off, np.nan, given))),
            "cancelled": off,
        }
    )


def market_signals(firm: Firm) -> pl.DataFrame:
    """Five a month, two of five told by a customer; met after some days, one in nine never."""
    rng = firm.stream("market signals")
    at = firm.often(rng, 5.0)
    kind = rng.choice(len(_KINDS), at.size, p=[0.5, 0.2, 0.2, 0.1])
    acted = np.where(rng.random(at.size) < 0.89, at + rng.lognormal(np.log(2.2), 0.8, at.size), np.nan)
    products = firm.tables["products"]["product_id"].to_numpy()
    every = np.ones(at.size, dtype=bool)
    return pl.DataFrame(
        {
            "market_signal_id": codes("MS", at.size),
            "customer_id": texts(firm.ids, firm.living(rng, at), rng.random(at.size) < 0.4),
            "seen_at": times(firm.start, at),
            "kind": texts(_KINDS, kind, every),
            "competitor": texts(COMPETITORS, rng.integers(0, len(COMPETITORS), at.size), kind == 0),
            "product_id": texts(products, rng.integers(0, products.size, at.size), rng.random(at.size) < 0.5),
            "first_action_at": times(firm.start, firm.only(acted)),
        }
    )
