"""Customers who cost more than they bring (domain C6, S68): among the dearest fifth to serve, at a loss for two quarters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementFigure, PlacementMap, PlacementScope
from kith_plugins.analytics_cim.book import UNIT
from kith_plugins.analytics_cim.costs import SERVING, minutes, shared

FIFTHS = 5
WRONG, LOSS, DEAR, SOUND = "wrong", "loss", "dear", "sound"
STATES = {
    WRONG: N_("At a loss, and dear"),
    LOSS: N_("At a loss, not dear"),
    DEAR: N_("Dear, and worth it"),
    SOUND: N_("Sound"),
}
ADVICE = N_(
    "Dear to serve and at a loss: %(customers)s of your customers, who cost %(loss)s %(currency)s more than they brought in two "
    "quarters. Set new prices, let them serve themselves, or stop discounts: people decide, one by one."
)


def quarters(day: dt.date) -> list[tuple[dt.date, dt.date]]:
    """First day and end (exclusive) of the last two quarters that are over by the end of the day, the earlier first.

    >>> quarters(dt.date(2025, 9, 29))[0]
    (datetime.date(2025, 1, 1), datetime.date(2025, 4, 1))
    >>> quarters(dt.date(2025, 9, 30))[1]
    (datetime.date(2025, 7, 1), datetime.date(2025, 10, 1))
    """
    last = (day + ONE_DAY).year * 4 + ((day + ONE_DAY).month - 1) // 3
    starts = [dt.date(number // 4, number % 4 * 3 + 1, 1) for number in range(last - 2, last + 1)]
    return [(starts[0], starts[1]), (starts[1], starts[2])]


def place(scope: PlacementScope) -> ir.Table:
    """Customers with sales or cost of serving in the two quarters."""
    spans = quarters(scope.day)
    kinds = pa.schema([("place", pa.int64()), ("start", pa.date32()), ("end", pa.date32())])
    marks = ibis.memtable(pa.table([[0, 1], [start for start, _end in spans], [end for _start, end in spans]], schema=kinds))
    ledger = scope.buying.ledger
    sold = ledger.inner_join(marks, [ledger.day >= marks.start, ledger.day < marks.end])
    brought = sold.select("place", "customer_id", margin=sold.margin.cast("float64"), cost=ibis.literal(0.0))
    costs = _costs(scope, marks)
    rows = brought.union(costs.select("place", "customer_id", margin=ibis.literal(0.0), cost="cost"))
    left = (rows.margin - rows.cost) / UNIT
    own = rows.group_by("customer_id").aggregate(
        cost=rows.cost.sum() / UNIT,
        before=left.sum(where=rows.place == 0).fill_null(0.0),
        lately=left.sum(where=rows.place == 1).fill_null(0.0),
    )
    dearer, everybody = ibis.rank().over(order_by=own.cost.desc()), own.count().over()
    own = own.mutate(dear=(own.cost > 0) & (dearer * FIFTHS < everybody), loss=(own.before < 0) & (own.lately < 0))
    code = ibis.cases((own.dear & own.loss, WRONG), (own.loss, LOSS), (own.dear, DEAR), else_=SOUND)
    return own.select("customer_id", "cost", "before", "lately", code=code, result=own.before + own.lately)


def _costs(scope: PlacementScope, marks: ir.Table) -> ir.Table:
    """place, customer_id, cost of serving; what names nobody goes by minutes of activities, as in the metric cost to serve."""
    tables = scope.tables
    spent = tables.money(tables["costs"], "amount")
    spent = _within(spent.filter(spent.pool.isin(SERVING)).select("customer_id", "amount", "occurred_on"), marks)
    work = tables["activities"]
    work = work.filter(work.customer_id.notnull(), work.ended_at > work.occurred_at)
    work = _within(work.select("customer_id", "occurred_on", minutes=minutes(work)), marks)
    loose = shared(spent.filter(spent.customer_id.isnull()), work)
    named = spent.filter(spent.customer_id.notnull()).select("place", "customer_id", cost=ibis._.amount.cast("float64"))
    return named.union(loose.filter(loose.customer_id.notnull()).select("place", "customer_id", "cost"))


def _within(rows: ir.Table, marks: ir.Table) -> ir.Table:
    return rows.inner_join(marks, [rows.occurred_on >= marks.start, rows.occurred_on < marks.end])


def advice(scope: PlacementScope) -> Sequence[Mapping[str, Any]]:
    """In words: how many wrong customers there are, and what they cost."""
    rows = scope.once("wrong", lambda: place(scope))
    rows = rows.filter(rows.code == WRONG)
    (found,) = scope.rows(rows.aggregate(customers=rows.count(), loss=-rows.result.sum()))
    if not found["customers"]:
        return []
    told = {"customers": found["customers"], "loss": round(found["loss"]), "currency": scope.tenant.currency}
    return [{"text": ADVICE, "params": told}]


WRONG_CUSTOMERS = Placement(
    key="wrong_customers",
    label=N_("Wrong customers"),
    answers=N_("Who is among the dearest fifth to serve and has brought a loss for two quarters?"),
    columns=(
        PlacementColumn(name="code", label=N_("Cost and result"), kind="text", labels=STATES),
        PlacementColumn(name="result", label=N_("Margin less cost of serving, two quarters"), kind="number", unit="money"),
        PlacementColumn(name="lately", label=N_("Of these, the last quarter"), kind="number", unit="money"),
        PlacementColumn(name="before", label=N_("Of these, the quarter before"), kind="number", unit="money"),
        PlacementColumn(name="cost", label=N_("Cost of serving, two quarters"), kind="number", unit="money"),
    ),
    needs=("orders", "costs"),
    compute=lambda scope: scope.once("wrong", lambda: place(scope)),
    map=PlacementMap(cells=tuple((code,) for code in STATES), colours={WRONG: "bad", LOSS: "D", DEAR: "B", SOUND: "good"}),
    figures=(
        PlacementFigure(
            key="advice",
            title=N_("What to do"),
            shape="list",
            compute=advice,
            note=N_("The last two quarters that are over. Costs that name no customer are shared by minutes of activities."),
        ),
    ),
)
