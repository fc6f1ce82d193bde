"""What is in work now: open deals by their chance of winning, and customers per person (domain B2 2b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, MetricScope, Reading, Rows
from kith_plugins.analytics_cim.book import UNIT
from kith_plugins.analytics_cim.deals import is_open

MODEL = "opportunities"  # domain D8
CLOSED_ENOUGH = 10  # closed deals that passed a stage, before its history says anything


def history(deals: ir.Table, stages: ir.Table) -> ir.Table:
    """of_stage, chance: of the closed deals that stood in a stage, the share won, where there are at least ten."""
    over = deals.filter(~deals.duplicate.fill_null(False), deals.status.isin(("won", "lost")), deals.closed_at.notnull())
    stood = stages.select(deal="opportunity_id", of_stage="stage").union(over.select(deal="id", of_stage="stage"))
    stood = stood.filter(stood.of_stage.notnull()).distinct()
    ends = over.select("id", won=(over.status == "won").cast("float64"))
    joined = stood.inner_join(ends, stood.deal == ends.id)
    found = joined.group_by("of_stage").aggregate(closed=joined.count(), chance=joined.won.mean())
    return found.filter(found.closed >= CLOSED_ENOUGH).select("of_stage", "chance")


def chances(open_deals: ir.Table, known: ir.Table, scores: ir.Table | None) -> ir.Table:
    """Open deals with `chance`, by the model, else their own, else their stage's; `scored` and `guessed`, 1 where it is the
    model's, or their stage's.
    """
    own = ibis.ifelse(open_deals.probability.between(0.0, 1.0), open_deals.probability, ibis.null("float64"))
    rows = open_deals.mutate(own=own)
    if scores is None:
        rows = rows.mutate(said=ibis.null("float64"))
    else:
        said = scores.select(of_deal="row_id", said="value")
        rows = rows.left_join(said, rows.id == said.of_deal).drop("of_deal")
    rows = rows.left_join(known, rows.stage == known.of_stage)
    return rows.mutate(
        chance=ibis.coalesce(rows.said, rows.own, rows.chance),
        scored=rows.said.notnull().cast("int64"),
        guessed=(rows.said.isnull() & rows.own.isnull() & rows.chance.notnull()).cast("int64"),
    ).drop("said", "own", "of_stage")


def _open(scope: MetricScope) -> ir.Table:
    """Deals open at the end of each period, with their chance: place, rep, amount, had_amount, chance, scored, guessed.

    Both metrics know the present alone, so the newest scores are of no later day than the deals.
    """
    tables = scope.frames.at(scope.today)
    rows = scope.known("opportunities")
    known = history(rows, tables["opportunity_stages"])
    marks = scope.days.select("place", "ends_at")
    rows = rows.filter(~rows.duplicate.fill_null(False)).inner_join(marks, rows.occurred_at < marks.ends_at)
    rows = rows.filter(is_open(rows).fill_null(False))
    found = chances(rows, known, scope.row_scores(MODEL))
    return found.select("place", "rep", "amount", "had_amount", "chance", "scored", "guessed")


OPEN = Rows(key="pipeline", make=_open)
WEIGHED = Measure(
    key="weighed",
    fact=OPEN,
    aggregate=lambda rows: (rows.amount.cast("float64") * rows.chance).sum(),
    money="amount",
)
AMOUNT = Measure(key="amount", fact=OPEN, aggregate=lambda rows: rows.amount.sum())
DEALS = Measure(key="deals", fact=OPEN, aggregate=lambda rows: rows.count())
SCORED = Measure(key="scored", fact=OPEN, aggregate=lambda rows: rows.scored.sum())
GUESSED = Measure(key="guessed", fact=OPEN, aggregate=lambda rows: rows.guessed.sum())
BLIND = Measure(key="blind", fact=OPEN, aggregate=lambda rows: rows.chance.isnull().cast("int64").sum())


def weighted(values: Mapping[str, Any]) -> Reading:
    """Σ amount × chance; deals without any chance are left out and counted apart. Without open deals the pipeline is empty: 0."""
    deals, blind = int(values["deals"] or 0), int(values["blind"] or 0)
    if deals and deals == blind:
        return Reading.none()
    rows = [
        {"name": N_("Open deals"), "count": deals, "what": "deals"},
        {"name": N_("Amount of all open deals"), "money": (values["amount"] or 0.0) / UNIT, "what": "amount"},
    ]
    if values["scored"]:
        rows.append({"name": N_("Deals with the chance of the model"), "count": int(values["scored"])})
    if values["guessed"]:
        rows.append({"name": N_("Deals with the chance of their stage"), "count": int(values["guessed"])})
    if blind:
        rows.append({"name": N_("Deals without a chance, left out"), "count": blind})
    flags = ("provisional",) if values["guessed"] or blind else ()
    return Reading(value=(values["weighed"] or 0.0) / UNIT, n=deals - blind, flags=flags, rows=tuple(rows))


def _owned(scope: MetricScope) -> ir.Table:
    """Active customers by owner, shared equally where sources name several; and open deals: place, rep, share, deal, chance."""
    records = scope.frames.at(scope.today).records
    owners = records.filter(records.customer_id.notnull(), records.owner_email.notnull())
    owners = owners.select("customer_id", rep="owner_email").distinct()
    owners = owners.mutate(share=1.0 / owners.count().over(group_by=owners.customer_id).cast("float64"))
    active = scope.active()
    active = active.select("place", active_id="customer_id")
    owned = active.inner_join(owners, active.active_id == owners.customer_id)
    owned = owned.select("place", "rep", "share", deal=ibis.literal(0, type="int64"), chance=ibis.null("float64"))
    deals = _open(scope)
    deals = deals.filter(deals.rep.notnull()).select(
        "place", "rep", share=ibis.literal(0.0), deal=ibis.literal(1, type="int64"), chance=deals.chance
    )
    return owned.union(deals)


OWNED = Rows(key="owned", make=_owned)
PER_REP = (
    Measure(key="customers", fact=OWNED, aggregate=lambda rows: rows.share.sum()),
    Measure(key="reps", fact=OWNED, aggregate=lambda rows: rows.rep.nunique(where=rows.share > 0)),
    Measure(key="deals", fact=OWNED, aggregate=lambda rows: rows.deal.sum()),
    Measure(key="chances", fact=OWNED, aggregate=lambda rows: rows.chance.sum()),
)


def per_rep(values: Mapping[str, Any]) -> Reading:
    """Active customers per person who owns any."""
    reps = values["reps"]
    if not reps:
        return Reading.none()
    rows = (
        {"name": N_("People who own active customers"), "count": int(reps)},
        {"name": N_("Open deals per person"), "number": (values["deals"] or 0.0) / reps},
        {"name": N_("Expected wins per person"), "number": (values["chances"] or 0.0) / reps},
    )
    return Reading(value=values["customers"] / reps, n=round(values["customers"]), rows=rows)


METRICS = (
    Metric(
        key="cim.sal.weighted_pipeline",
        name=N_("Weighted pipeline"),
        unit="money",
        better="info",
        kind="process",
        words=N_(
            "Sum over open deals of amount × chance of winning: by the model where one serves, else as stated with the deal, "
            "else the share won of at least ten closed deals that stood in the same stage. Deals with none of these are left "
            "out. Amounts at the rate of the day they were opened."
        ),
        code="Σ amount·p(win)",
        needs=("opportunities",),
        grains=("tenant", "rep"),
        measures=(WEIGHED, AMOUNT, DEALS, SCORED, GUESSED, BLIND),
        formula=weighted,
        latest_only=True,
    ),
    Metric(
        key="cim.sal.cust_per_rep",
        name=N_("Customers per person"),
        unit="count",
        better="band",
        kind="process",
        words=N_(
            "Active customers with an owner at the end of the period, divided by owners. A customer whom sources give to several "
            "people is shared equally. Behind it: open deals and expected wins. Usual: 0.7 to 1.3 times the team's median."
        ),
        code="Σ share of active owned customers/owners",
        needs=("customers", "orders|subscription_events"),
        grains=("tenant", "rep"),
        measures=PER_REP,
        formula=per_rep,
        latest_only=True,
    ),
)
