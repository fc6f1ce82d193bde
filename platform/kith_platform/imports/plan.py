"""Which rows of the staging table become rows of which fact: one Load per fact, coarse before fine.

A wide file (a line per order line with customer and product columns) has four loads: records, products, orders, lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, DateTime, Table, and_, case, cast, func, literal, or_

from kith_platform.facts.table import row_class
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.staging import targets
from kith_platform.imports.typed import CONTENT, DAY_ONLY
from kith_platform.sdk.facts import Fact, Kind

CUSTOMER, PRODUCT, ORDER, ORDER_LINE, RETURN_LINE = "customer_record", "product", "sales_order", "order_line", "return_line"
_TIMESTAMP = DateTime(timezone=False)
# known_at of what has no date: a source's list of customers has been known for ever.
BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Load:
    """Rows of one fact: their external id, the values of its columns, and the staging rows that count.

    `values` maps table columns to expressions over staging and the joined `references`. `finest` is set on loads whose rows
    are the file's lines; the others happen beside.
    """

    fact: Fact
    key: ColumnElement[Any]
    values: Dictionary[str, ColumnElement[Any]]
    where: ColumnElement[bool] | None = None
    references: Dictionary[str, tuple[Table, ColumnElement[Any]]] = field(default_factory=dict)
    finest: bool = False

    @property
    def table(self) -> Table:
        found: Table = row_class(self.fact).__table__
        return found


@dataclass(frozen=True)
class Context:
    """Whose file it is: tenant and source, the company's zone and currency."""

    tenant_id: int
    import_id: int
    source: str
    zone: str
    currency: str


def loads(staging: Table, mapping: Mapping, facts: Dictionary[str, Fact], context: Context) -> list[Load]:
    """The loads of a chunk, in the order in which they must run."""
    return _Planner(targets(staging), mapping, facts, context).plan()


class _Planner:
    def __init__(
        self, staged: Dictionary[str, Column[Any]], mapping: Mapping, facts: Dictionary[str, Fact], context: Context
    ) -> None:
        self.staged, self.mapping, self.facts, self.context = staged, mapping, facts, context
        self.root = next(fact for fact in facts.values() if fact.plural == mapping.table)
        names = set(mapping.facts)
        self.wide = ORDER_LINE in names and ORDER in names
        self.finest = ORDER_LINE if self.wide else self.root.name

    def plan(self) -> list[Load]:
        found = [*self._customers(), *self._products(), *self._orders()]
        returns = self._returned()
        if self.finest == CUSTOMER:
            found = [self._load(self.facts[CUSTOMER], finest=True)]
        elif self.finest == PRODUCT:
            found = [self._load(self.facts[PRODUCT], finest=True)]
        elif self.finest != ORDER or self.wide:
            found.append(self._load(self.facts[self.finest], finest=True, where=None if returns is None else ~returns))
        if returns is not None:
            found.append(self._return_load(returns))
        return found

    def _returned(self) -> ColumnElement[bool] | None:
        """Which staging rows are returns: those with a quantity below zero, where the mapping says so."""
        quantity = self.staged.get(f"{self.finest}.quantity")
        if self.mapping.negative_quantity != "return" or quantity is None:
            return None
        return func.coalesce(quantity, literal(0)) < 0

    def _customer(self) -> Column[Any] | None:
        """The staging column with the customer's id in the source."""
        owner = ORDER if self.wide else self.root.name
        return self.staged.get(f"{owner}.customer")

    def _customers(self) -> list[Load]:
        customer = self._customer()
        if customer is None:
            return []
        values = self._values(self.facts[CUSTOMER])
        return [Load(self.facts[CUSTOMER], customer, values | {"known_at": cast(literal(BEGINNING), DateTime(timezone=True))})]

    def _products(self) -> list[Load]:
        key = self.staged.get(f"{self.finest}.product")
        if key is None or self.finest == PRODUCT:
            return []
        product = self.facts[PRODUCT]
        return [
            Load(
                product,
                key,
                self._values(product) | self._money(product) | {"known_at": cast(literal(BEGINNING), DateTime(timezone=True))},
            )
        ]

    def _orders(self) -> list[Load]:
        if self.finest == ORDER:
            return [self._load(self.facts[ORDER], finest=True)]
        key = self.staged.get(f"{ORDER}.external_id") if self.wide else self.staged.get(f"{self.finest}.order")
        if key is None:
            return []
        if not self.wide:  # a line or ticket may name an order that this file does not describe: it is joined, not made
            return []
        returns = self._returned()
        return [self._load(self.facts[ORDER], where=None if returns is None else ~returns, key=key)]

    def _load(
        self,
        fact: Fact,
        *,
        finest: bool = False,
        where: ColumnElement[bool] | None = None,
        key: ColumnElement[Any] | None = None,
    ) -> Load:
        references = self._references(fact)
        values = self._values(fact) | self._money(fact) | self._times(fact)
        values |= {column: table.c.id for column, (table, _on) in references.items()}
        return Load(fact, key if key is not None else self._key(fact), values, where, references, finest)

    def _return_load(self, returns: ColumnElement[bool]) -> Load:
        """Lines with a negative quantity: goods that came back, with positive quantity and amount."""
        fact = self.facts[RETURN_LINE]
        line = self._load(self.facts[self.finest])
        kept = {"occurred_at", "occurred_on", "day_only", "known_at", "currency", "order_id", "product_id", "record_id"}
        values = {name: value for name, value in line.values.items() if name in kept}
        for name in ("quantity", "net"):
            if name in line.values:
                values[name] = func.abs(line.values[name])
        return Load(fact, line.key, values, returns, line.references, finest=True)

    def _key(self, fact: Fact) -> ColumnElement[Any]:
        """The row's own id in the source; where the file has none, the declared key, or its content."""
        own = self.staged.get(f"{fact.name}.external_id")
        if own is not None:
            return func.coalesce(own, self.staged[CONTENT]) if fact.name == self.finest else own
        parts = [self.staged.get(f"{fact.name}.{name}") for name in fact.key]
        if fact.key and all(part is not None for part in parts):
            return func.concat_ws("|", *parts)
        return self.staged[CONTENT]

    def _values(self, fact: Fact) -> dict[str, ColumnElement[Any]]:
        """Declared columns that the file fills, but for references."""
        found: dict[str, ColumnElement[Any]] = {}
        for column in fact.stored:
            staged = self.staged.get(f"{fact.name}.{column.name}")
            if staged is not None and column.kind is not Kind.REFERENCE:
                found[column.stored_as] = staged
        raw = self.staged.get("raw")
        if fact.name == CUSTOMER and raw is not None and self.finest == CUSTOMER:
            found["raw"] = cast(raw, row_class(fact).__table__.c.raw.type)
        return found

    def _money(self, fact: Fact) -> dict[str, ColumnElement[Any]]:
        if not fact.money:
            return {}
        given = self.staged.get(f"{fact.name}.currency", self.staged.get(f"{ORDER}.currency"))
        own = literal(self.context.currency)
        return {"currency": own if given is None else func.upper(func.coalesce(func.nullif(given, ""), own))}

    def _times(self, fact: Fact) -> dict[str, ColumnElement[Any]]:
        """occurred_at, occurred_on and day_only by the company's zone; known_at, never before occurred_at."""
        known = self.staged.get(f"{fact.name}.known_at")
        if fact.occurred is None:
            since = self.staged.get(f"{fact.name}.since")
            return {"known_at": known if known is not None else _start_of(since, self.context.zone)}
        name = f"{ORDER}.ordered_at" if fact.name in (ORDER_LINE, RETURN_LINE) and self.wide else f"{fact.name}.{fact.occurred}"
        moment = self.staged[name]
        zone = literal(self.context.zone)
        if isinstance(moment.type, Date):
            at = func.timezone(zone, cast(moment, _TIMESTAMP))
            times: dict[str, ColumnElement[Any]] = {"occurred_at": at, "occurred_on": moment, "day_only": literal(True)}
        else:
            at = moment
            day_only = self.staged.get(name + DAY_ONLY)
            times = {"occurred_at": at, "occurred_on": cast(func.timezone(zone, at), Date)}
            if day_only is not None:
                times["day_only"] = func.coalesce(day_only, literal(False))
        return {**times, "known_at": at if known is None else func.greatest(known, at)}

    def _references(self, fact: Fact) -> dict[str, tuple[Table, ColumnElement[Any]]]:
        """Joins that turn ids of the source into ids of the tenant: column → (table alias, condition)."""
        found: dict[str, tuple[Table, ColumnElement[Any]]] = {}
        customer = self._customer()
        if fact.of_customer and customer is not None:
            found["record_id"] = self._join(CUSTOMER, customer)
        for column in fact.columns:
            if column.kind is not Kind.REFERENCE:
                continue
            named = self.staged.get(f"{fact.name}.{column.name}")
            if named is None and self.wide and column.to == ORDER:
                named = self.staged.get(f"{ORDER}.external_id")
            if named is not None:
                found[column.stored_as] = self._join(column.to, named)
        return found

    def _join(self, name: str, key: ColumnElement[Any]) -> tuple[Any, ColumnElement[Any]]:
        other = row_class(self.facts[name]).__table__.alias()
        on = and_(other.c.tenant_id == self.context.tenant_id, other.c.source == self.context.source, other.c.external_id == key)
        return other, on


def _start_of(since: Column[Any] | None, zone: str) -> ColumnElement[Any]:
    """Midnight of the day since when a customer is one, in the company's zone; else the beginning of time."""
    beginning = cast(literal(BEGINNING), DateTime(timezone=True))
    if since is None:
        return beginning
    return case((since.is_(None), beginning), else_=func.timezone(literal(zone), cast(since, _TIMESTAMP)))


def differs(table: Table, source: Any, columns: list[str]) -> ColumnElement[bool]:
    """Whether any of the columns has another value in the file than in the table."""
    return or_(*(table.c[name].is_distinct_from(source.c[name]) for name in columns))
