"""What placements look at beside the facts: what each customer bought, one row each, on all days that are computed together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kith_platform.calendar.business import BusinessCalendar
    from kith_platform.frames import Tables


@dataclass(frozen=True, kw_only=True)
class Histories:
    """What customers bought up to `until` (the last day counted in), as all know it now: one row each.

    `rows`: customer_id; days, the purchase days in order; gaps, the days from each to the next; bought, {day, net} of every
    order; and where `ledger`, moved: {day, net, margin} of every day on which money moved, less returns on the day they came
    back and, where `has_cost`, less the cost of what was sold. Without a ledger what was bought is all that moved, and margin is
    net. Money is int64 ten-thousandths of the tenant's currency; net is null where the day has no exchange rate.
    """

    until: dt.date
    rows: ir.Table
    ledger: bool
    has_cost: bool


@dataclass(frozen=True, kw_only=True)
class PlacementTurns:
    """The days that are computed together, in order: a turn each, or the eve of a quarter for its limits.

    What many days have in common is computed in one expression with a row per customer and day, for `PlacementScope.together`.
    `tables` holds everything up to the last of the days: take only what had happened by each row's `turn`. When closed days
    of the `calendar` change, all is computed again; when hours change, it is not.
    """

    days: tuple[dt.date, ...]
    tables: Tables
    tenant: TenantContext
    settings: Mapping[str, Any]
    histories: Histories
    has: Callable[[str], bool]
    keep: Callable[[str, Callable[[], ir.Table]], ir.Table]
    calendar: BusinessCalendar

    def spread(self, rows: ir.Table) -> ir.Table:
        """A copy of the rows for each day, which stands in the new column `turn`."""
        import ibis
        import pyarrow as pa

        if len(self.days) == 1:
            return rows.mutate(turn=ibis.literal(self.days[0]))
        return rows.cross_join(ibis.memtable(pa.table({"turn": pa.array(self.days, pa.date32())})))

    def turn(self, rows: ir.Table) -> ir.Value:
        """The day of each row of a spread table; a literal where there is but one."""
        import ibis

        return ibis.literal(self.days[0]) if len(self.days) == 1 else rows.turn

    def told(self, rows: ir.Table, values: Mapping[dt.date, Any]) -> ir.Value:
        """Of each row of a spread table the value that belongs to its day."""
        import ibis

        if len(self.days) == 1:
            return ibis.literal(values[self.days[0]])
        return ibis.cases(*((rows.turn == ibis.literal(day), ibis.literal(values[day])) for day in self.days))

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The expression's rows."""
        found: list[dict[str, Any]] = self.tables.run(expression).to_pylist()
        return found
