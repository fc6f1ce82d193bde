"""What each customer gains by us and what we gain by it, over twelve months (domain B4). Money is ten-thousandths.

A value shows once or twice a year and a price every month, so only a year's sums compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.types import MetricScope
from kith_plugins.analytics_csm.windows import windows

if TYPE_CHECKING:
    from kith_platform.sdk.types import Tables
from kith_platform.sdk.windows import within, within_at

UNVERIFIED = 0.5  # what a value weighs that nobody verified
SERVING = ("service", "delivery", "account")  # pools of cost that serve customers

SYMBIOTIC, EXTRACTIVE, SUBSIDISED, LOSE_LOSE = "symbiotic", "extractive", "subsidised", "lose_lose"


@dataclass(frozen=True)
class Books:
    """What gains are read from: all facts, the ledger, costs with money in the company's currency, the windows (see `windows`),
    and place, customer_id of those who count although nothing is known of them.
    """

    tables: Tables
    ledger: ir.Table
    costs: ir.Table
    window: ir.Table
    active: ir.Table


def gains(scope: MetricScope) -> ir.Table:
    """`gained` of a metric's periods."""
    tables, active = scope.frames.at(scope.today), scope.active().select("place", "customer_id")
    return gained(Books(tables, scope.buying.ledger, scope.known("costs"), windows(scope), active))


def gained(books: Books) -> ir.Table:
    """place, customer_id of everybody who is active, or whose value, revenue or cost is known, with

    cs: verified value − price − own cost, null where no value was measured; fc: net − cost of goods − cost to serve, null where
    neither revenue nor cost is known; price, own_cost, verified, unverified (of the value), fits and covered (amounts, and those
    with a rate), even (balance), mutual and state, where both are known.
    """
    parts = (("worth", _worth(books)), ("revenue", _revenue(books)), ("cost", serving(books)))
    keys = [books.active, *(rows.select("place", "customer_id") for _name, rows in parts)]
    rows = ibis.union(*keys, distinct=True)
    for name, more in parts:
        named = more.rename(**{f"{name}_place": "place", f"{name}_id": "customer_id"})
        rows = rows.left_join(named, [rows.place == named[f"{name}_place"], rows.customer_id == named[f"{name}_id"]])
    price = rows.net.fill_null(0).cast("float64")
    value = rows.verified + rows.unverified * UNVERIFIED
    rows = rows.select(
        "place",
        "customer_id",
        "verified",
        "unverified",
        "own_cost",
        price=price,
        cs=value - price - rows.own_cost,
        fc=ibis.ifelse(
            rows.net.isnull() & rows.cost.isnull(), ibis.null("float64"), rows.margin.fill_null(0) - rows.cost.fill_null(0)
        ),
        amounts=rows.amounts.fill_null(0) + rows.worth_amounts.fill_null(0),
        covered=rows.covered.fill_null(0) + rows.worth_covered.fill_null(0),
    )
    return judged(rows)


def judged(rows: ir.Table) -> ir.Table:
    """Rows with cs and fc, and what follows: even, mutual, and the state."""
    both = (rows.cs > 0) & (rows.fc > 0)
    share = rows.cs / (rows.cs + rows.fc)
    state = ibis.cases(
        (rows.cs.isnull() | rows.fc.isnull(), ibis.null("string")),
        (both, SYMBIOTIC),
        (rows.fc > 0, EXTRACTIVE),
        (rows.cs > 0, SUBSIDISED),
        else_=LOSE_LOSE,
    )
    none = ibis.null("float64")
    known = rows.cs.notnull() & rows.fc.notnull()
    return rows.mutate(
        even=ibis.ifelse(both.fill_null(False), 1 - (2 * share - 1).abs(), none),
        mutual=ibis.ifelse(
            known, ibis.ifelse(both, (ibis.greatest(rows.cs, 0.0) * ibis.greatest(rows.fc, 0.0)).sqrt(), 0.0), none
        ),
        state=state,
    )


def _worth(books: Books) -> ir.Table:
    """verified, unverified, own_cost of values measured in the window, per customer with any."""
    goals = books.tables["outcomes"]
    told = goals.filter(goals.customer_id.notnull(), goals.value.notnull() | goals.own_cost.notnull())
    rows = within_at(told, books.window, "measured_at")
    # An amount counts at the rate of the day it was measured.
    rows = rows.mutate(
        occurred_on=rows.measured_at.cast("date"), proven=rows.verified.fill_null(False), had=rows.value.notnull().cast("int64")
    )
    rows = books.tables.money(rows, "value", "own_cost")
    own = rows.group_by("place", "customer_id").aggregate(
        verified=rows.value.sum(where=rows.proven).fill_null(0).cast("float64"),
        unverified=rows.value.sum(where=~rows.proven).fill_null(0).cast("float64"),
        own_cost=rows.own_cost.sum().fill_null(0).cast("float64"),
        worth_amounts=rows.had.sum(),
        worth_covered=rows.value.count(),
    )
    known, none = own.worth_covered > 0, ibis.null("float64")
    return own.mutate(**{name: ibis.ifelse(known, own[name], none) for name in ("verified", "unverified", "own_cost")})


def _revenue(books: Books) -> ir.Table:
    """net, margin, amounts and covered of the ledger per customer and window."""
    rows = within(books.ledger.mutate(occurred_on=books.ledger.day), books.window)
    return rows.group_by("place", "customer_id").aggregate(
        net=rows.net.sum().cast("float64"),
        margin=rows.margin.sum().cast("float64"),
        amounts=rows.amounts.sum().cast("int64"),
        covered=rows.covered.sum().cast("int64"),
    )


def serving(books: Books) -> ir.Table:
    """cost: what serving each customer cost. What names no customer is shared out by the minutes of activities with each."""
    costs = within(books.costs.filter(books.costs.pool.isin(SERVING)), books.window)
    own = costs.filter(costs.customer_id.notnull())
    own = own.select("place", "customer_id", cost=own.amount.cast("float64"))
    loose = costs.filter(costs.customer_id.isnull())
    loose = loose.group_by(loose_place="place").aggregate(loose=loose.amount.sum().cast("float64"))
    calls = books.tables["activities"]
    calls = within(calls.filter(calls.customer_id.notnull(), calls.ended_at > calls.occurred_at), books.window)
    spent = calls.ended_at.delta(calls.occurred_at, unit="second").cast("float64")
    calls = calls.group_by("place", "customer_id").aggregate(spent=spent.sum())
    shared = calls.inner_join(loose, calls.place == loose.loose_place)
    part = shared.spent / shared.spent.sum().over(group_by=shared.place)
    rows = own.union(shared.select("place", "customer_id", cost=shared.loose * part))
    return rows.group_by("place", "customer_id").aggregate(cost=rows.cost.sum())
