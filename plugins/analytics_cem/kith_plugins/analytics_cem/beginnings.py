"""First behaviour (domain C8): what customers did in their first days, and which of it goes with staying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from kith_platform.sdk.rhythm import on_day
from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementFigure, PlacementScope
from kith_plugins.analytics_cem.buyers import history

UNIT = 10_000.0
WINDOWS = (1, 7, 14, 30)  # days after the first purchase, that day included
STAY_FROM, STAY_UNTIL = 31, 120  # stayed: bought in the 90 days after the first thirty
SUPPORT, FALSE_SHARE, FEWEST = 0.05, 0.05, 30
MOST = 5
VISITS, COMPLAINTS = 7, 30  # days
DEEP, LARGE = 0.2, 3  # share of the price given away, units in a basket

ONCE, AGAIN, REGULAR = "once", "again", "regular"
STARTS = {ONCE: N_("Bought once"), AGAIN: N_("Came back in the first 30 days"), REGULAR: N_("Three or more days in the first 30")}


def place(scope: PlacementScope) -> ir.Table:
    """Every customer who ever bought: purchase days and net of the first 1, 7, 14 and 30 days, the first order's traits."""
    rows = history(scope)
    rows = rows.mutate(start=rows.days.mins()).view()
    columns: dict[str, ir.Value] = {}
    for days in WINDOWS:
        end = _after(rows["start"], days)
        columns[f"days_{days}"] = rows.days.filter(lambda day, end=end: day < end).length()
        net = rows.bought.map(lambda one, end=end: ibis.ifelse(one.day < end, one.net, 0)).sums()
        columns[f"net_{days}"] = net.fill_null(0).cast("float64") / UNIT
    later, end = _after(rows["start"], STAY_FROM), _after(rows["start"], STAY_UNTIL)
    back = rows.days.filter(lambda day: (day >= later) & (day < end)).length() > 0
    ripe = ibis.literal(scope.day).delta(rows["start"], unit="day") >= STAY_UNTIL
    found = rows.select("customer_id", "start", stayed=back, ripe=ripe, **columns).view()
    first = _first_orders(scope)
    joined = found.left_join(first, found.customer_id == first.first_id).drop("first_id")
    contacts = _contacts(scope, found)
    for name in ("visits", "complained"):
        if name in contacts:
            joined = joined.left_join(contacts[name], joined.customer_id == contacts[name].joined_id).drop("joined_id")
            joined = joined.mutate(**{name: joined[name].cast("float64").fill_null(0.0)})
        else:
            joined = joined.mutate(**{name: ibis.null("float64")})
    code = ibis.cases((joined.days_30 >= 3, REGULAR), (joined.days_30 == 2, AGAIN), else_=ONCE)
    stayed = ibis.ifelse(joined.ripe, joined.stayed.cast("float64"), ibis.null("float64"))
    names = [column.name for column in BEGINNINGS.columns if column.name not in ("code", "stayed")]
    return joined.mutate(code=code, stayed=stayed).select("customer_id", "code", "stayed", *names)


def _after(day: ir.Value, days: int) -> ir.Value:
    return on_day(day + ibis.interval(days=days))


def _first_orders(scope: PlacementScope) -> ir.Table:
    """first_id and the traits of each customer's first order."""
    orders = scope.tables["orders"]
    orders = orders.filter(orders.customer_id.notnull(), (orders.net >= 0).fill_null(True))
    turn = ibis.row_number().over(group_by=orders.customer_id, order_by=[orders.occurred_at, orders.id])
    rows = orders.mutate(turn=turn)
    rows = rows.filter(rows.turn == 0)
    kept = rows.promised_on.notnull() & rows.delivered_on.notnull()
    rows = rows.select(
        "channel",
        "campaign",
        order_id="id",
        first_id="customer_id",
        basket="quantity",
        weekday=rows.occurred_on.day_of_week.index().cast("float64"),
        hour=ibis.ifelse(rows.day_only, ibis.null("float64"), rows.occurred_local.hour().cast("float64")),
        discounted=(rows.discount > 0).fill_null(False).cast("float64"),
        depth=rows.discount / (rows.net + rows.discount).nullif(0),
        punctual=ibis.ifelse(kept, (rows.delivered_on <= rows.promised_on).cast("float64"), ibis.null("float64")),
    )
    if not scope.has("order_lines") or not scope.has("products"):
        return rows.mutate(family=ibis.null("string")).drop("order_id")
    lines, products = scope.tables["order_lines"], scope.tables["products"]
    family = _largest(lines, products)
    return rows.left_join(family, rows.order_id == family.line_order).drop("order_id", "line_order")


def _largest(lines: ir.Table, products: ir.Table) -> ir.Table:
    """line_order, family: of each order the product family of its largest line."""
    known = products.select(sold="id", family="family").filter(products.family.notnull())
    rows = lines.join(known, lines.product_id == known.sold)
    return rows.group_by(line_order="order_id").aggregate(family=rows.family.argmax(rows.net.fill_null(0)))


def _contacts(scope: PlacementScope, rows: ir.Table) -> dict[str, ir.Table]:
    """What happened beside buying in the first days of `rows` (customer_id, start): a table by trait where there are facts."""
    starts = rows.select(starter="customer_id", start="start")
    found: dict[str, ir.Table] = {}
    if scope.has("events"):
        events = scope.tables["events"]
        seen = events.join(starts, events.customer_id == starts.starter)
        age = seen.occurred_on.delta(seen["start"], unit="day")
        seen = seen.filter((age >= 0) & (age < VISITS)).group_by(joined_id="starter")
        found["visits"] = seen.aggregate(visits=_.occurred_on.nunique())
    if scope.has("tickets"):
        tickets = scope.tables["tickets"]
        told = tickets.join(starts, tickets.customer_id == starts.starter)
        age = told.occurred_on.delta(told["start"], unit="day")
        told = told.filter((age >= 0) & (age < COMPLAINTS))
        told = told.group_by(joined_id="starter")
        found["complained"] = told.aggregate(complained=_.is_complaint.fill_null(False).any().cast("float64"))
    return found


@dataclass(frozen=True)
class Trait:
    """A thing that can be said of somebody's first days; `words` is put between "who" and "stay"."""

    name: str
    least: float
    words: str


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
)
SENTENCE = N_(
    "Customers who %(does)s stay for the next 90 days at %(share)s in 100 against %(others)s (later customers: %(later)s against "
    "%(later_others)s)."
)


def factors(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """Key retention factors: traits with support and a lift that survives Benjamini–Hochberg at 5 %, seen again later.

    The earlier half of the customers whose time is over finds them, the later half confirms; an experiment alone would prove.
    """
    import numpy as np
    from scipy import stats

    rows = scope.once("beginnings", lambda: place(scope).left_join(_starts(scope), "customer_id"))
    ripe = rows.filter(rows.stayed.notnull()).order_by("start", "customer_id")
    table = {name: np.array(values, dtype=np.float64) for name, values in _columns(scope, ripe).items()}
    half = table["stayed"].size // 2
    if half < FEWEST:
        return []
    early = {name: values[:half] for name, values in table.items()}
    late = {name: values[half:] for name, values in table.items()}
    found = [(trait, _lift(early, trait)) for trait in TRAITS]
    tested = [(trait, lift) for trait, lift in found if lift is not None]
    if not tested:
        return []
    q = stats.false_discovery_control([lift.p for _, lift in tested])
    told = []
    for (trait, lift), value in zip(tested, q, strict=True):
        confirmed = _lift(late, trait)
        if value < FALSE_SHARE and lift.share > lift.others and confirmed and confirmed.share > confirmed.others:
            told.append((lift.share - lift.others, trait, lift, confirmed))
    return [_said(trait, lift, later) for _, trait, lift, later in sorted(told, key=lambda one: -one[0])[:MOST]]


@dataclass(frozen=True)
class Lift:
    """The share who stay among those with a trait and among the others, with Fisher's exact p of the difference."""

    share: float
    others: float
    p: float


def _lift(table: Mapping[str, Any], trait: Trait) -> Lift | None:
    import numpy as np
    from scipy import stats

    known = ~np.isnan(table[trait.name])
    if known.sum() < FEWEST:
        return None
    has, stayed = (table[trait.name] >= trait.least)[known], (table["stayed"] > 0)[known]
    support = has.mean()
    if support < SUPPORT or support > 1 - SUPPORT:
        return None
    cells = [[int((has & stayed).sum()), int((has & ~stayed).sum())], [int((~has & stayed).sum()), int((~has & ~stayed).sum())]]
    return Lift(stayed[has].mean(), stayed[~has].mean(), float(stats.fisher_exact(cells).pvalue))


def _columns(scope: PlacementScope, rows: ir.Table) -> dict[str, list[float]]:
    names = sorted({"stayed", *(trait.name for trait in TRAITS)})
    table = scope.tables.run(rows.select(*names))
    return {name: table[name].to_pylist() for name in names}


def _starts(scope: PlacementScope) -> ir.Table:
    rows = history(scope)
    return rows.select("customer_id", start=rows.days.mins())


def _said(trait: Trait, lift: Lift, later: Lift) -> dict[str, Any]:
    shares = {"share": lift.share, "others": lift.others, "later": later.share, "later_others": later.others}
    return {
        "text": SENTENCE,
        "say": {"does": trait.words},
        "params": {name: round(100 * value) for name, value in shares.items()},
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
        _number("complained", N_("Complaint in the first 30 days (1 yes, 0 no)")),
        PlacementColumn(name="family", label=N_("Family of the first product"), kind="text"),
        PlacementColumn(name="channel", label=N_("Channel of the first order"), kind="text"),
        PlacementColumn(name="campaign", label=N_("Campaign of the first order"), kind="text"),
    ),
    needs=("orders",),
    compute=place,
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
