"""Where each customer stands today: how healthy the relation is, and who gains by it (domain B4, csm.health and csm.balance)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.health import SIGNS, health
from kith_platform.sdk.rhythm import ONE_DAY
from kith_platform.sdk.types import N_, Placement, PlacementColumn, PlacementMap, PlacementScope
from kith_platform.sdk.windows import marks
from kith_plugins.analytics_csm.customer_value import STATES
from kith_plugins.analytics_csm.giving import EXTRACTIVE, LOSE_LOSE, SUBSIDISED, SYMBIOTIC, Books, gained
from kith_plugins.analytics_csm.health import COLOURS, NAMES, colour
from kith_plugins.analytics_csm.windows import UNIT

UNKNOWN = "unknown"


def _window(scope: PlacementScope, days: int = 0) -> ir.Table:
    return marks([scope.day + ONE_DAY], scope.tenant.timezone, days)


def healths(scope: PlacementScope) -> ir.Table:
    """Active customers of whom there is any sign."""
    rows = health(scope.tables, lambda days: _window(scope, days), scope.has)
    rows = rows.semi_join(scope.active(), "customer_id")
    return rows.select(
        "customer_id", "health", *SIGNS, known=rows.known, code=ibis.coalesce(colour(rows.health), ibis.literal(UNKNOWN))
    )


def balances(scope: PlacementScope) -> ir.Table:
    """Customers of whom both gains are known."""
    active = scope.active().mutate(place=ibis.literal(0, "int64")).select("place", "customer_id")
    costs = scope.tables.money(scope.tables["costs"], "amount")
    rows = gained(Books(scope.tables, scope.buying.ledger, costs, _window(scope), active))
    rows = rows.filter(rows.state.notnull())
    money = {name: rows[name] / UNIT for name in ("mutual", "cs", "fc")}
    return rows.select("customer_id", code="state", even="even", **money)


def _number(name: str, label: str, unit: str = "number") -> PlacementColumn:
    return PlacementColumn(name=name, label=label, kind="number", unit=unit)  # type: ignore[arg-type]


HEALTH = Placement(
    key="csm_health",
    label=N_("Health"),
    answers=N_("With whom is all well, and with whom is something going wrong?"),
    columns=(
        PlacementColumn(name="code", label=N_("Health"), kind="text", labels={**COLOURS, UNKNOWN: N_("Too few signs")}),
        _number("health", N_("Health, 0 to 100")),
        _number("known", N_("Weight of the signs known"), "percent"),
        *(_number(name, NAMES[name]) for name in SIGNS),
    ),
    needs=("events|entitlements|outcomes|survey_responses|tickets|invoices|payments|activities",),
    compute=healths,
    map=PlacementMap(
        cells=(*((code,) for code in COLOURS), (UNKNOWN,)),
        colours={"green": "good", "amber": "D", "red": "bad", UNKNOWN: "muted"},
    ),
)

BALANCE = Placement(
    key="csm_balance",
    label=N_("Balance of gains"),
    answers=N_("Do both sides gain by the relation, one of them, or nobody?"),
    columns=(
        PlacementColumn(name="code", label=N_("Who gains"), kind="text", labels=STATES),
        _number("even", N_("Balance, 0 to 1")),
        _number("mutual", N_("Mutual value"), "money"),
        _number("cs", N_("Value to the customer, twelve months"), "money"),
        _number("fc", N_("Value to us, twelve months"), "money"),
    ),
    needs=("orders", "outcomes"),
    compute=balances,
    map=PlacementMap(
        columns=(N_("The customer gains"), N_("The customer does not gain")),
        rows=(N_("We gain"), N_("We do not gain")),
        cells=((SYMBIOTIC, EXTRACTIVE), (SUBSIDISED, LOSE_LOSE)),
        colours={SYMBIOTIC: "good", EXTRACTIVE: "D", SUBSIDISED: "B", LOSE_LOSE: "bad"},
    ),
)

PLACEMENTS = (HEALTH, BALANCE)
