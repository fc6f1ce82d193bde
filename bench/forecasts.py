"""Demand forecasts of 5,000 products sold for three years: seasons, every candidate from twelve former days, bands.

Sales are drawn in the process; reading them from facts is the snapshot's bench. Budget: 5 minutes on 2 cores.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from rows import SCALE, Row, say, seconds, size

from kith_platform.forecasts.classes import abc, variation, xyz
from kith_platform.forecasts.make import forecasts
from kith_platform.forecasts.series import DAY, Calendar, Sales, quarterly, whole_months, whole_weeks
from kith_platform.jobs.resources import cores

SERIES, FAMILIES = 5_000, 40
FIRST, AS_OF = dt.date(2023, 1, 2), dt.date(2026, 1, 4)
BUDGET = 300.0


def drawn(count: int) -> Sales:
    """Products of different size and season: three fifths even, a fifth uneven, a fifth rare."""
    random = np.random.default_rng(11)
    days = (AS_OF - FIRST).days + 1
    day = np.arange(days)
    level = random.lognormal(-0.5, 1.2, count)
    place, height = random.uniform(0, 365, count), random.uniform(0, 0.6, count)
    kind = random.choice(3, count, p=[0.6, 0.2, 0.2])
    weeks, months = whole_weeks(FIRST, AS_OF), whole_months(FIRST - DAY, AS_OF)
    weekly, monthly = np.zeros((count, len(weeks.starts))), np.zeros((count, len(months.starts)))
    for one in range(count):
        season = 1 + height[one] * np.sin(2 * np.pi * (day - place[one]) / 365.25)
        units = random.poisson(level[one] * season).astype(float)
        if kind[one]:
            units *= random.random(days) < (0.2, 0.02)[kind[one] - 1]
        running = np.concatenate([[0.0], np.cumsum(units)])
        for rows, calendar in ((weekly, weeks), (monthly, months)):
            rows[one] = np.diff(running[edges(calendar)])
    margin = (weekly[:, -52:].sum(axis=1) * 10_000 * random.uniform(1, 20, count)).astype(np.int64)
    products = np.arange(1, count + 1)
    codes = [a + x for a, x in zip(abc(margin, products), xyz(variation(monthly)), strict=True)]
    families = [f"Family {one}" for one in random.integers(0, FAMILIES, count)]
    return Sales(
        AS_OF, FIRST, products, families, codes, quarterly(monthly, months), margin / 10_000, np.full(count, np.nan),
        weeks, months, weekly, monthly, 0,
    )  # fmt: skip


def edges(calendar: Calendar) -> list[int]:
    """Where each period begins, and where the last ends, in days from FIRST."""
    return [(one - FIRST).days for one in (*calendar.starts, calendar.end)]


def measure() -> list[Row]:
    count, use = size(SERIES, least=100), min(2, cores())
    say(f"drawing {count} products")
    sales = drawn(count)
    forecasts(drawn(20), seed=1, threads=use)  # a worker has imported its libraries before a job begins
    say(f"forecasting with {use} threads")
    found: list[int] = []
    took = seconds(lambda: found.append(len(forecasts(sales, seed=1, threads=use))))
    return [
        Row(
            name=f"demand forecasts, {found[0]} series of 3 years",
            value=took,
            unit="s",
            budget="≤ 300 s on 2 cores" if SCALE == 1 else f"≤ {BUDGET * count / SERIES:.0f} s, in proportion",
            met=took <= BUDGET * count / SERIES,
        )
    ]
