"""What customers and we gain by each other, and how evenly (domain B4: the core of symbiosis)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Measure, Metric, Reading, Rows
from kith_plugins.analytics_csm.giving import EXTRACTIVE, LOSE_LOSE, SUBSIDISED, SYMBIOTIC, gains
from kith_plugins.analytics_csm.windows import UNIT, counted

EVEN = 0.5  # the least balance of a customer relation that counts as symbiotic

STATES = {
    SYMBIOTIC: N_("Both gain"),
    EXTRACTIVE: N_("Only we gain"),
    SUBSIDISED: N_("Only the customer gains"),
    LOSE_LOSE: N_("Nobody gains"),
}
GAINS = Rows(key="gains", make=gains, keep=True)


def _sum(key: str, column: str, *, where: str = "") -> Measure:
    """The sum of a column over customers, of those with another column only."""

    def add(rows: ir.Table) -> ir.Value:
        return rows[column].sum(where=rows[where].notnull() if where else None).cast("float64")

    return Measure(key=key, fact=GAINS, aggregate=add)


def _count(key: str, state: str = "", *, column: str = "state") -> Measure:
    """How many customers have a value in the column, or the state."""

    def count(rows: ir.Table) -> ir.Value:
        return (rows[column] == state).fill_null(False).cast("int64").sum() if state else rows[column].count()

    return Measure(key=key, fact=GAINS, aggregate=count)


CS, FC = _sum("cs", "cs"), _sum("fc", "fc")
WITH_CS, WITH_FC, WITH_BOTH = _count("with_cs", column="cs"), _count("with_fc", column="fc"), _count("with_both")
PRICE, OWN_COST = _sum("price", "price", where="cs"), _sum("own_cost", "own_cost")
VERIFIED, UNVERIFIED = _sum("verified", "verified"), _sum("unverified", "unverified")
MUTUAL, EVENNESS = _sum("mutual", "mutual"), _sum("even", "even")
BOTH_CS, BOTH_FC = _sum("both_cs", "cs", where="state"), _sum("both_fc", "fc", where="state")
STATE = tuple(_count(state, state) for state in STATES)
FAIR = Measure(key="fair", fact=GAINS, aggregate=lambda rows: (rows.even >= EVEN).fill_null(False).cast("int64").sum())
EVERYBODY = Measure(key="everybody", fact=GAINS, aggregate=lambda rows: rows.count())
AMOUNTS, COVERED = _sum("amounts", "amounts"), _sum("covered", "covered")
RATES = AMOUNTS, COVERED


def _coverage(values: Mapping[str, Any]) -> float | None:
    return values["covered"] / values["amounts"] if values["amounts"] else None


def _flags(values: Mapping[str, Any]) -> tuple[str, ...]:
    return ("unverified",) if values["unverified"] else ()


def customer_value(values: Mapping[str, Any]) -> Reading:
    """The sum over customers whose value was measured."""
    if not values["with_cs"]:
        return Reading.none("no_value" if values["everybody"] else "empty_denominator")
    parts = {
        N_("Verified value"): values["verified"],
        N_("Value nobody verified, which counts half"): values["unverified"],
        N_("Price paid"): values["price"],
        N_("Customers' own cost"): values["own_cost"],
    }
    rows = tuple({"name": name, "money": amount / UNIT} for name, amount in parts.items())
    return Reading(
        value=values["cs"] / UNIT, n=int(values["with_cs"]), flags=_flags(values), rows=rows, coverage=_coverage(values)
    )


def customer_return(values: Mapping[str, Any]) -> Reading:
    """What customers gain for what they pay and spend."""
    if not values["with_cs"]:
        return Reading.none("no_value" if values["everybody"] else "empty_denominator")
    given = values["price"] + values["own_cost"]
    return counted(values["cs"] / given if given > 0 else None, values["with_cs"], coverage=_coverage(values))


def firm_value(values: Mapping[str, Any]) -> Reading:
    """The sum over customers with revenue or cost."""
    if not values["with_fc"]:
        return Reading.none()
    return Reading(value=values["fc"] / UNIT, n=int(values["with_fc"]), coverage=_coverage(values))


def mutual(values: Mapping[str, Any]) -> Reading:
    """√(CS·FC) added up over customers of whom both are known; 0 where one does not gain. Behind it CS + FC."""
    if not values["with_both"]:
        return Reading.none(_unknown(values))
    total = (values["both_cs"] + values["both_fc"]) / UNIT
    rows = ({"name": N_("Both sides' gain together"), "money": total}, *_unsaid(values))
    return Reading(value=values["mutual"] / UNIT, n=int(values["with_both"]), rows=rows, coverage=_coverage(values))


def evenness(values: Mapping[str, Any]) -> Reading:
    """The mean over customers with whom both gain; behind it how many are in which state."""
    if not values["with_both"]:
        return Reading.none(_unknown(values))
    both = values[SYMBIOTIC]
    return counted(values["even"] / both if both else None, both or values["with_both"], reason="one_sided", rows=_states(values))


def symbiotic(values: Mapping[str, Any]) -> Reading:
    """Customers with whom both gain and evenly, by all of whom both values are known."""
    if not values["with_both"]:
        return Reading.none(_unknown(values))
    return Reading.share(values["fair"], values["with_both"], rows=_states(values))


def _unknown(values: Mapping[str, Any]) -> str:
    return "one_unknown" if values["everybody"] else "empty_denominator"


def _unsaid(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    missing = int(values["everybody"] - values["with_both"])
    return ({"name": N_("Not known"), "count": missing},) if missing else ()


def _states(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return (*({"name": name, "count": int(values[state])} for state, name in STATES.items()), *_unsaid(values))


METRICS = (
    Metric(
        key="csm.cust_value",
        name=N_("Value to customers"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "What customers gained in the twelve months to the end of the period: value measured in their goals, less the price "
            "they paid and their own cost. Value nobody verified counts half. Customers without a measured value are left out; "
            "of the company, the sum over customers."
        ),
        code="CS = verified value + ½·unverified − price − own cost",
        needs=("outcomes",),
        grains=("tenant", "segment", "customer"),
        measures=(CS, WITH_CS, PRICE, OWN_COST, VERIFIED, UNVERIFIED, EVERYBODY, *RATES),
        formula=customer_value,
    ),
    Metric(
        key="csm.cust_roi",
        name=N_("Customers' return"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_("Value to customers in twelve months, divided by the price they paid and their own cost together."),
        code="CS / (price + own cost)",
        needs=("outcomes",),
        grains=("tenant", "segment", "customer"),
        measures=(CS, WITH_CS, PRICE, OWN_COST, EVERYBODY, *RATES),
        formula=customer_return,
    ),
    Metric(
        key="csm.firm_value",
        name=N_("Value to us"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "Net revenue less cost of goods and cost to serve (service, delivery, account) in the twelve months to the end of "
            "the period. Cost that names no customer is shared out by minutes of activity; of the company, the sum over "
            "customers."
        ),
        code="FC = net − COGS − cost to serve",
        needs=("orders",),
        grains=("tenant", "segment", "customer"),
        measures=(FC, WITH_FC, *RATES),
        formula=firm_value,
    ),
    Metric(
        key="csm.mutual",
        name=N_("Mutual value"),
        unit="money",
        better="up",
        kind="outcome",
        words=N_(
            "The geometric mean of value to the customer and value to us where both gain, otherwise 0; of the company and of "
            "segments, the sum over customers of whom both are known."
        ),
        code="√(CS·FC) if both > 0 else 0",
        needs=("orders", "outcomes"),
        grains=("tenant", "segment", "customer"),
        measures=(MUTUAL, WITH_BOTH, BOTH_CS, BOTH_FC, EVERYBODY, *RATES),
        formula=mutual,
    ),
    Metric(
        key="csm.balance",
        name=N_("Balance of gains"),
        unit="ratio",
        better="band",
        kind="outcome",
        target=0.50,
        words=N_(
            "How evenly gains are shared with the customers with whom both gain: 1 where alike, 0 where one side has it all; the "
            "mean over these customers. Beside it how many relations leave one side, or both, without gain."
        ),
        code="1 − |2s − 1|, s = CS / (CS + FC), if both > 0",
        needs=("orders", "outcomes"),
        grains=("tenant", "segment", "customer"),
        measures=(EVENNESS, WITH_BOTH, EVERYBODY, *STATE),
        formula=evenness,
    ),
    Metric(
        key="csm.symbiotic_share",
        name=N_("Symbiotic customers"),
        unit="ratio",
        better="up",
        kind="outcome",
        words=N_(
            "Customers with whom both gain and the balance is 0.5 or more, divided by customers of whom both values are known. "
            "Beside it those of whom one is not known."
        ),
        code="symbiotic with balance ≥ 0.5 / both values known",
        needs=("orders", "outcomes"),
        grains=("tenant", "segment"),
        measures=(FAIR, WITH_BOTH, EVERYBODY, *STATE),
        formula=symbiotic,
    ),
)
