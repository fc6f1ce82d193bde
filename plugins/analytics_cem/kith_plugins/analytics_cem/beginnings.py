"""First behaviour (domain C8): what customers did in their first days, and which of it goes with staying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementFigure, PlacementScope
from kith_plugins.analytics_cem.first_days import AGAIN, ONCE, REGULAR, place

SUPPORT, FALSE_SHARE, FEWEST = 0.05, 0.05, 30
MOST = 5
DEEP, LARGE = 0.2, 3  # share of the price given away, units in a basket

STARTS = {ONCE: N_("Bought once"), AGAIN: N_("Came back in the first 30 days"), REGULAR: N_("Three or more days in the first 30")}


def beginnings(scope: PlacementScope) -> ir.Table:
    """`place`, computed once for the columns and the figure."""
    return scope.once("beginnings", lambda: place(scope))


@dataclass(frozen=True)
class Trait:
    """A thing that can be said of somebody's first days: a column from `least` to `most`, or that holds `value`. `words` is put
    between "who" and "stay". Where the column `known` is missing nothing can be said.
    """

    name: str
    least: float
    words: str
    most: float = float("inf")
    known: str = ""
    value: str = ""

    def has(self, table: Mapping[str, Any]) -> Any:
        """Of each customer whether it is so; unknown counts as not."""
        values = table[self.name]
        return values == self.value if self.value else (values >= self.least) & (values <= self.most)

    def told(self, table: Mapping[str, Any]) -> Any:
        """Of each customer whether it can be said at all."""
        values = table[self.known or self.name]
        return values != "" if self.value else values == values  # missing is what differs from itself


TRAITS = (
    Trait("days_7", 2, N_("buy again in the first 7 days")),
    Trait("days_14", 2, N_("buy again in the first 14 days")),
    Trait("days_30", 2, N_("buy again in the first 30 days")),
    Trait("days_30", 3, N_("buy on three days of the first 30")),
    Trait("discounted", 1, N_("begin with a discount")),
    Trait("depth", DEEP, N_("begin with a discount of a fifth or more")),
    Trait("basket", LARGE, N_("begin with three units or more")),
    Trait("punctual", 1, N_("get their first order on the promised day")),
    Trait("complained", 1, N_("complain in the first 30 days")),
    Trait("visits", 3, N_("come on three days of the first 7")),
    Trait("second_visit", 1, N_("come again within three days"), most=3, known="visits"),
    Trait("sessions", 3, N_("come three times in the first 7 days")),
    Trait("modules", 3, N_("try three modules in the first 30 days")),
    Trait("onboarded", 2, N_("finish two steps of onboarding in the first 30 days")),
    Trait("invitees", 1, N_("invite somebody in the first 30 days")),
    Trait("contacts", 1, N_("are in contact with you in the first 30 days")),
    Trait("price_third", 3, N_("begin with a product of the dearest third")),
)
NAMED = {
    "channel": N_("begin through %(value)s"),
    "campaign": N_("come by the campaign %(value)s"),
    "family": N_("begin with %(value)s"),
    "payment": N_("pay first by %(value)s"),
}
SENTENCE = N_(
    "Customers who %(does)s stay for the next 90 days at %(share)s in 100 against %(others)s (later customers: %(later)s against "
    "%(later_others)s)."
)


def factors(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """Key retention factors: traits with support and a lift that survives Benjamini–Hochberg at 5 %, seen again later.

    The earlier half of the customers whose time is over finds them, the later half confirms; an experiment alone would prove.
    """
    from scipy import stats

    rows = beginnings(scope)
    ripe = rows.filter(rows.stayed.notnull()).order_by("start", "customer_id")
    table = _columns(scope, ripe)
    half = table["stayed"].size // 2
    if half < FEWEST:
        return []
    early = {name: values[:half] for name, values in table.items()}
    late = {name: values[half:] for name, values in table.items()}
    tested = [(trait, lift) for trait in (*TRAITS, *_named(early)) if (lift := _lift(early, trait)) is not None]
    if not tested:
        return []
    q = stats.false_discovery_control([lift.p for _, lift in tested])
    told = []
    for (trait, lift), value in zip(tested, q, strict=True):
        confirmed = _lift(late, trait)
        if value < FALSE_SHARE and lift.share > lift.others and confirmed and confirmed.share > confirmed.others:
            told.append((lift.share - lift.others, trait, lift, confirmed))
    return [_said(trait, lift, later) for _, trait, lift, later in sorted(told, key=lambda one: -one[0])[:MOST]]


def _named(table: Mapping[str, Any]) -> list[Trait]:
    """A trait for each word that is frequent enough."""
    import numpy as np

    found = []
    for name, words in NAMED.items():
        values, times = np.unique(table[name], return_counts=True)
        often = times >= SUPPORT * table[name].size
        found += [Trait(name, 0, words, value=str(value)) for value in values[often] if value]
    return found


@dataclass(frozen=True)
class Lift:
    """The share who stay among those with a trait and among the others, with Fisher's exact p of the difference."""

    share: float
    others: float
    p: float


def _lift(table: Mapping[str, Any], trait: Trait) -> Lift | None:
    from scipy import stats

    known = trait.told(table)
    if known.sum() < FEWEST:
        return None
    has, stayed = trait.has(table)[known], (table["stayed"] > 0)[known]
    support = has.mean()
    if support < SUPPORT or support > 1 - SUPPORT:
        return None
    cells = [[int((has & stayed).sum()), int((has & ~stayed).sum())], [int((~has & stayed).sum()), int((~has & ~stayed).sum())]]
    return Lift(stayed[has].mean(), stayed[~has].mean(), float(stats.fisher_exact(cells).pvalue))


def _columns(scope: PlacementScope, rows: ir.Table) -> dict[str, Any]:
    """Numbers, missing ones as nan, and words, missing ones empty."""
    import numpy as np

    numbers = sorted({"stayed", *(trait.name for trait in TRAITS)})
    table = scope.tables.run(rows.select(*numbers, *NAMED))
    found = {name: np.array(table[name].to_pylist(), dtype=np.float64) for name in numbers}
    return found | {name: np.array([word or "" for word in table[name].to_pylist()], dtype=np.str_) for name in NAMED}


def _said(trait: Trait, lift: Lift, later: Lift) -> dict[str, Any]:
    shares = {"share": lift.share, "others": lift.others, "later": later.share, "later_others": later.others}
    return {
        "text": SENTENCE,
        "say": {"does": trait.words},
        "params": {name: round(100 * value) for name, value in shares.items()} | ({"value": trait.value} if trait.value else {}),
    }


def _number(name: str, label: str, unit: Any = "number") -> PlacementColumn:
    return PlacementColumn(name=name, label=label, kind="number", unit=unit)


BEGINNINGS = Placement(
    key="beginning",
    label=N_("First days"),
    answers=N_("What did customers do in their first days, and what of it goes with staying?"),
    columns=(
        PlacementColumn(name="code", label=N_("First 30 days"), kind="text", labels=STARTS),
        _number("stayed", N_("Bought again between day 31 and 120 (1 yes, 0 no)")),
        _number("days_1", N_("Purchase days, first day")),
        _number("days_7", N_("Purchase days, first 7")),
        _number("days_14", N_("Purchase days, first 14")),
        _number("days_30", N_("Purchase days, first 30")),
        _number("net_1", N_("Net, first day"), "money"),
        _number("net_7", N_("Net, first 7 days"), "money"),
        _number("net_14", N_("Net, first 14 days"), "money"),
        _number("net_30", N_("Net, first 30 days"), "money"),
        _number("weekday", N_("Weekday of the first order (0 is Monday)")),
        _number("discounted", N_("First order with a discount (1 yes, 0 no)")),
        _number("hour", N_("Hour of the first order")),
        _number("depth", N_("Discount of the first order"), "percent"),
        _number("basket", N_("Units in the first order")),
        _number("punctual", N_("First order on the promised day (1 yes, 0 no)")),
        _number("visits", N_("Days with a visit, first 7")),
        _number("sessions", N_("Sessions, first 7 days")),
        _number("second_visit", N_("Days to the next visit, of the first 30"), "days"),
        _number("modules", N_("Modules tried, first 30 days")),
        _number("onboarded", N_("Steps of onboarding done, first 30 days")),
        _number("invitees", N_("People invited, first 30 days")),
        _number("contacts", N_("Contacts with you, first 30 days")),
        _number("price_third", N_("Price of the first product (1 lowest third, 3 dearest)")),
        _number("complained", N_("Complaint in the first 30 days (1 yes, 0 no)")),
        PlacementColumn(name="family", label=N_("Family of the first product"), kind="text"),
        PlacementColumn(name="channel", label=N_("Channel of the first order"), kind="text"),
        PlacementColumn(name="campaign", label=N_("Campaign of the first order"), kind="text"),
        PlacementColumn(name="payment", label=N_("First paid by"), kind="text"),
    ),
    needs=("orders",),
    compute=beginnings,
    figures=(
        PlacementFigure(
            key="factors",
            title=N_("What goes with staying"),
            shape="list",
            compute=factors,
            note=N_("Found among earlier customers and seen again among later ones. Try it out before you call it a cause."),
        ),
    ),
)
