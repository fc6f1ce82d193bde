"""The tables of one cut, as Ibis expressions."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.frames import money as amounts
from kith_platform.frames.customers import customers, people
from kith_platform.frames.cut import BeforeEach, Cut, Period
from kith_platform.frames.purchases import bought, by_day
from kith_platform.frames.source import RECORD, Source

if TYPE_CHECKING:
    import polars as pl


class Tables:
    """Facts by their plural: `tables.orders` or `tables["order_lines"]`; `customers`, `records`, `purchases` are derived.

    Each fact has its id, customer_id (the customer that remains; null where nobody is known; test customers' rows are left
    out), occurred_at (UTC), occurred_on and occurred_local (the tenant's day and clock), known_at, day_only, and its declared
    columns; money is int64 ten-thousandths of the row's `currency`.
    """

    def __init__(self, source: Source, cut: Cut, *, views: bool = True) -> None:
        self._source, self._cut, self._views = source, cut, views
        self._table = cache(self._cut_table)

    def __getitem__(self, plural: str) -> ir.Table:
        """Raises KeyError where no fact is called so."""
        if plural in {"customers", "records", "purchases"}:
            derived: ir.Table = getattr(self, plural)
            return derived
        return self._table(self._source.catalogue.by_plural(plural).name)

    def __getattr__(self, plural: str) -> ir.Table:
        if plural.startswith("_"):
            raise AttributeError(plural)
        try:
            return self[plural]
        except KeyError:
            raise AttributeError(f"no fact is called {plural}") from None

    def _cut_table(self, name: str) -> ir.Table:
        rows = self._source.fact(name)
        kept = self._cut.rows(self._source.catalogue[name], rows)
        seen = kept.drop("record_id") if self._source.catalogue[name].of_customer else kept
        return self.view(name, seen)

    @property
    def looks(self) -> ir.Table:
        """look, look_at: the days of `before_each`. Raises TypeError for another cut."""
        if not isinstance(self._cut, BeforeEach):
            raise TypeError("These tables are not of several days.")
        return self._cut.looks

    @property
    def currency(self) -> str:
        """The tenant's currency, which `money` gives amounts in."""
        return self._source.manifest.currency

    @cached_property
    def customers(self) -> ir.Table:
        """One row per remaining customer seen before the cut; see `frames.customers`."""
        return customers(self._source, self._cut, self["attribute_changes"])

    @cached_property
    def records(self) -> ir.Table:
        """What each source says of a customer: record_id, source, external_id, customer_id and the declared columns."""
        return self._table(RECORD)

    @cached_property
    def people(self) -> ir.Table:
        """customer_id and since of the customers seen before the cut, and nothing else of them."""
        return people(self._source, self._cut)

    @cached_property
    def purchases(self) -> ir.Table:
        """customer_id, day, orders, net: the days a customer bought. A period counts what later came back as not bought."""
        return by_day(self.bought)

    @cached_property
    def refunds(self) -> bool:
        """Whether there may be orders of a negative amount."""
        return (self._source.lowest("sales_order", "net") or 0.0) < 0

    @cached_property
    def bought(self) -> ir.Table:
        """customer_id, day, net: what `purchases` adds up, one row per order."""
        known = self if self._cut.history else Tables(self._source, Period(None, None, None), views=self._views)
        orders, returns = self["orders"], self._source.any("return_line")
        return bought(
            orders,
            known["order_statuses"] if self._source.any("order_status") else None,
            known["returns"] if returns else None,
            known["order_lines"] if returns and self._source.any("order_line") else None,
            lambda rows: self.money(rows, "net"),
        )

    def padded(self) -> Tables:
        """The same tables with all declared columns: null where a column may change without saying when, so that nobody knows
        what it was before the cut.
        """
        return Padded(self._source, self._cut, views=self._views)

    @property
    def timezone(self) -> str:
        """The tenant's, in which days begin."""
        return self._source.manifest.timezone

    def any(self, plural: str) -> bool:
        """Whether there may be rows of the fact, on whatever day. Raises KeyError where no fact is called so."""
        return self._source.any(self._source.catalogue.by_plural(plural).name)

    def money(self, table: ir.Table, *columns: str) -> ir.Table:
        """`table`, which has occurred_on and currency, with these columns in the tenant's currency (int64 ten-thousandths).

        Null where the day has no rate of its own and none within 7 days before. The column `currency` goes.
        """
        return amounts.in_currency(table, columns, self.currency, self._rates)

    def coverage(self, table: ir.Table, column: str) -> ir.Table:
        """One row: how many `rows` of the table have an amount, and how many of them a rate (`covered`)."""
        return amounts.coverage(table, column, self.money(table, column))

    @cached_property
    def _rates(self) -> ir.Table | None:
        if not self._source.any("fx_rate"):
            return None
        # Rates of the days before the period still count on its first days.
        known = self if self._cut.history else Tables(self._source, Period(None, None, None), views=self._views)
        return self.view("daily_rates", amounts.daily_rates(known["fx_rates"]))

    def run(self, expression: ir.Expr) -> pa.Table:
        """The expression's rows as Arrow."""
        return self._source.engine.run(expression)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute once, in the engine, what several expressions read: it may go to disk. `name` once per frames."""
        return self._source.engine.keep(name, expression)

    def view(self, name: str, expression: ir.Table) -> ir.Table:
        """Write once, in the engine, what several expressions are built on, and let them name it. Computes nothing itself."""
        return self._source.engine.view(name, expression) if self._views else expression

    def frame(self, expression: ir.Expr) -> pl.DataFrame:
        """The expression's rows as a Polars frame. In a job's child only."""
        import polars as pl

        frame = pl.from_arrow(self.run(expression))
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table gives a frame
        return frame


class Told(Tables):
    """Tables whose day is told when the rows are asked for: there is nothing to run before that."""

    def run(self, expression: ir.Expr) -> pa.Table:  # noqa: ARG002
        raise TypeError("These tables have no day yet: give back the expression instead of running it.")

    def keep(self, name: str, expression: ir.Table) -> ir.Table:  # noqa: ARG002
        raise TypeError("These tables have no day yet: nothing can be kept of them.")


class Padded(Tables):
    """Tables that have the columns a cut leaves out, empty."""

    def __getitem__(self, plural: str) -> ir.Table:
        rows = super().__getitem__(plural)
        if plural in {"customers", "records", "purchases"}:
            return rows
        whole = self._source.fact(self._source.catalogue.by_plural(plural).name).schema()
        left_out = [name for name in whole if name not in rows.columns and name != "record_id"]
        return rows.mutate(**{name: ibis.null(whole[name]) for name in left_out})
