"""How likely somebody who showed interest becomes a customer (domain C2 M5, D8): a card of weights of evidence from own leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope
from kith_plugins.analytics_cem.buyers import history

WITHIN, LOOK_BACK = 90, 30  # days to the first purchase, days of visits before the lead
FEWEST, CARD = 30, 50  # leads whose time is over, and buyers among them, for a rate and for a card
PSEUDO = 20.0  # κ of the posterior mean
OFTEN = 3  # days with a visit
HIGH, LOW = 1.5, 2 / 3  # of the company's own rate
SIGNS = ("channel", "campaign", "visits", "company")

BANDS = {"high": N_("Likely to buy"), "medium": N_("As likely as usual"), "low": N_("Less likely")}
TIERS = {"card": N_("Card of channel, campaign, visits and company"), "channel": N_("Share of the channel's leads who bought")}


def _leads(scope: PlacementScope) -> ir.Table:
    """One row per customer and lead from before they bought: customer_id, lead_on, the signs as words, age, bought (within 90
    days, null while nobody can know), open. Nothing later than the day of the lead is a sign.
    """
    leads = scope.tables["leads"]
    leads = leads.filter(leads.customer_id.notnull())
    rows = leads.select(
        "customer_id",
        lead="id",
        lead_on="occurred_on",
        channel=leads.channel.fill_null(""),
        campaign=leads.campaign.fill_null(""),
        company=ibis.ifelse(leads.company.fill_null("") != "", "yes", "no"),
        given_up=leads.disqualified_at.notnull(),
    )
    buyers = history(scope)
    firsts = buyers.select(buyer="customer_id", first_on=buyers.days.mins())
    rows = rows.left_join(firsts, rows.customer_id == firsts.buyer).drop("buyer")
    rows = rows.filter(rows.first_on.isnull() | (rows.first_on >= rows.lead_on)).mutate(
        age=lambda one: ibis.literal(scope.day).delta(one.lead_on, unit="day"),
        bought=lambda one: (one.first_on < on_day(one.lead_on + ibis.interval(days=WITHIN))).fill_null(False),
    )
    return _visited(rows.view(), scope)


def _visited(rows: ir.Table, scope: PlacementScope) -> ir.Table:
    """With visits: none, some, or often, on days up to the lead's own."""
    if not scope.has("events"):
        return rows.mutate(visits=ibis.literal(""))
    events = scope.tables["events"].select(visitor="customer_id", seen_on="occurred_on")
    marks = rows.select("customer_id", "lead", "lead_on")
    back = on_day(marks.lead_on - ibis.interval(days=LOOK_BACK))
    marks = marks.mutate(since=back)
    seen = events.join(
        marks, [events.visitor == marks.customer_id, events.seen_on <= marks.lead_on, events.seen_on > marks.since]
    )
    days = seen.group_by(seen_lead="lead").aggregate(days=seen.seen_on.nunique())
    joined = rows.left_join(days, rows.lead == days.seen_lead).drop("seen_lead")
    band = ibis.cases((joined.days.isnull(), "none"), (joined.days < OFTEN, "some"), else_="often")
    return joined.mutate(visits=band).drop("days")


def place(scope: PlacementScope) -> ir.Table:
    """Who has an open lead, not older than 90 days, and never bought: the latest of them counts."""
    rows = scope.once("leads", lambda: _leads(scope))
    ripe = rows.age >= WITHIN
    cells = rows.group_by(*SIGNS).aggregate(
        n=ripe.cast("int64").sum(), k=(ripe & rows.bought).cast("int64").sum(), open=(~ripe).cast("int64").sum()
    )
    scores, tier, usual = chances(scope.rows(cells))
    kinds = pa.schema([*((f"sign_{name}", pa.string()) for name in SIGNS), ("chance", pa.float64())])
    columns = [[cell[name] for cell, _chance in scores] for name in SIGNS]
    told = ibis.memtable(pa.table([*columns, [chance for _cell, chance in scores]], schema=kinds))
    fresh = rows.filter(~ripe, rows.first_on.isnull(), ~rows.given_up)
    turn = ibis.row_number().over(group_by=fresh.customer_id, order_by=[fresh.lead_on.desc(), fresh.lead.desc()])
    latest = fresh.mutate(turn=turn)
    latest = latest.filter(latest.turn == 0)
    joined = latest.inner_join(told, [latest[name] == told[f"sign_{name}"] for name in SIGNS])
    band = ibis.cases((joined.chance >= HIGH * usual, "high"), (joined.chance < LOW * usual, "low"), else_="medium")
    return joined.select("customer_id", "chance", "lead_on", "channel", "visits", code=band, tier=ibis.literal(tier))


Cell = Mapping[str, Any]


def chances(cells: Sequence[Cell]) -> tuple[list[tuple[Cell, float]], str, float]:
    """The chance of each cell's leads, what it was told by, and the company's own rate; no cells where too few leads are over.

    `cells` have the signs, n leads whose time is over and k of them who bought. From 50 buyers on a card: logistic regression
    on the weights of evidence of the signs; below, the posterior mean of the channel, (k + κ·rate)/(n + κ).
    """
    n, k = sum(cell["n"] for cell in cells), sum(cell["k"] for cell in cells)
    if n < FEWEST or not 0 < k < n:
        return [], "", 0.0
    usual = k / n
    if k < CARD:
        rates = _rates(cells, "channel", usual)
        return [(cell, rates[cell["channel"]]) for cell in cells], "channel", usual
    return list(zip(cells, _card(cells, usual), strict=True)), "card", usual


def _rates(cells: Sequence[Cell], sign: str, usual: float) -> dict[str, float]:
    """Posterior mean of each value of a sign."""
    n: dict[str, float] = {}
    k: dict[str, float] = {}
    for cell in cells:
        n[cell[sign]] = n.get(cell[sign], 0.0) + cell["n"]
        k[cell[sign]] = k.get(cell[sign], 0.0) + cell["k"]
    return {value: (k[value] + PSEUDO * usual) / (n[value] + PSEUDO) for value in n}


def _card(cells: Sequence[Cell], usual: float) -> list[float]:
    """Logistic regression by Newton's method on log odds over the company's own, one column per sign; a little ridge."""
    import numpy as np
    from scipy.special import expit, logit

    evidence = [{value: logit(rate) - logit(usual) for value, rate in _rates(cells, sign, usual).items()} for sign in SIGNS]
    matrix = np.array([[1.0, *(told[cell[sign]] for sign, told in zip(SIGNS, evidence, strict=True))] for cell in cells])
    n, k = np.array([cell["n"] for cell in cells], float), np.array([cell["k"] for cell in cells], float)
    weights = np.array([logit(usual), *([1.0] * len(SIGNS))])
    # Weights of evidence count once each where signs are independent; the ridge holds them there where the data say little.
    ridge, centre = np.diag([0.0, *([1.0] * len(SIGNS))]), weights.copy()
    for _step in range(25):
        chance = expit(matrix @ weights)
        slope = matrix.T @ (k - n * chance) - ridge @ (weights - centre)
        bend = (matrix * (n * chance * (1 - chance))[:, None]).T @ matrix + ridge
        step = np.linalg.solve(bend, slope)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return [float(chance) for chance in expit(matrix @ weights)]


LEAD_CHANCE = Placement(
    key="lead_chance",
    label=N_("Chance of leads"),
    answers=N_("Who of those who showed interest will buy within 90 days?"),
    columns=(
        PlacementColumn(name="code", label=N_("Chance against your usual one"), kind="text", labels=BANDS),
        PlacementColumn(name="chance", label=N_("Chance to buy within 90 days"), kind="number", unit="percent"),
        PlacementColumn(name="tier", label=N_("Told by"), kind="text", labels=TIERS),
        PlacementColumn(name="lead_on", label=N_("Lead of"), kind="day"),
        PlacementColumn(name="channel", label=N_("Channel of the lead"), kind="text"),
    ),
    needs=("leads", "orders"),
    compute=place,
    map=PlacementMap(cells=tuple((code,) for code in BANDS), colours={"high": "good", "medium": "B", "low": "muted"}),
)
