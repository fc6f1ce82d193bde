"""Which rows of the staging table become rows of which fact: one Load per fact, coarse before fine.

A wide file (a line per order line with customer and product columns) has four loads: records, products, orders, lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    DateTime,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from kith_platform.facts.table import row_class
from kith_platform.imports import layouts
from kith_platform.imports.further import present, renamed
from kith_platform.imports.loads import Context, Load
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.staging import targets
from kith_platform.imports.typed import CONTENT, DAY_ONLY, LINE, PUBLIC
from kith_platform.sdk.facts import Fact, Kind

CUSTOMER, PRODUCT, ORDER, ORDER_LINE, RETURN_LINE = "customer_record", "product", "sales_order", "order_line", "return_line"
_TIMESTAMP = DateTime(timezone=False)
# known_at of what has no date: a source's list of customers has been known for ever.
BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class _Reference:
    """The id in the file, the other fact's table, how the two join, and what it gives."""

    named: ColumnElement[Any]
    other: Any
    on: ColumnElement[bool]
    given: ColumnElement[Any]


@dataclass(frozen=True)
class Unknown:
    """Lines whose row cannot stand without the row of another fact, which is not there: their numbers and that row's id."""

    column: str
    lines: Select[Any]


def loads(staging: Table, mapping: Mapping, facts: Dictionary[str, Fact], context: Context) -> list[Load]:
    """The loads of a chunk, in the order in which they must run, once those beside have run."""
    return _Planner(targets(staging), mapping, facts, context).plan()


def beside(staging: Table, mapping: Mapping, facts: Dictionary[str, Fact], context: Context) -> list[Load]:
    """The loads of customers and products that a file of something else names."""
    return _Planner(targets(staging), mapping, facts, context).beside()


def is_beside(target: str) -> bool:
    """Whether loads beside read a staging column."""
    return target.startswith((f"{CUSTOMER}.", f"{PRODUCT}.")) or target.endswith((".customer", ".product", ".currency"))


def unknown(staging: Table, mapping: Mapping, facts: Dictionary[str, Fact], context: Context) -> list[Unknown]:
    """What to refuse before the loads run: lines of orders that nobody has imported."""
    return _Planner(targets(staging), mapping, facts, context).unknown(staging)


def independent(mapping: Mapping, facts: Dictionary[str, Fact]) -> bool:
    """Whether the customers and products that a file names may be made before its lines are looked at: none of these can be
    refused for what the tables hold, and they are not its lines themselves."""
    root = next(fact for fact in facts.values() if fact.plural == mapping.table)
    finest = facts[ORDER_LINE] if is_wide(mapping.facts) else root
    required = (column for column in finest.columns if column.kind is Kind.REFERENCE and column.required)
    return finest.name not in (CUSTOMER, PRODUCT) and not any(f"{finest.name}.{one.name}" in mapping.targets for one in required)


class _Planner:
    def __init__(
        self, staged: Dictionary[str, Column[Any]], mapping: Mapping, facts: Dictionary[str, Fact], context: Context
    ) -> None:
        self.staged, self.mapping, self.facts, self.context = staged, mapping, facts, context
        self.root = next(fact for fact in facts.values() if fact.plural == mapping.table)
        self.wide = is_wide(mapping.facts)
        self.finest = ORDER_LINE if self.wide else self.root.name

    def beside(self) -> list[Load]:
        return [] if self.finest in (CUSTOMER, PRODUCT) else [*self._customers(), *self._products()]

    def plan(self) -> list[Load]:
        finest = self.facts[self.finest]
        if self.finest in (CUSTOMER, PRODUCT):
            return [self.load(finest, finest=True)]
        if layouts.is_layout(finest):
            return self._further()
        returns = self._returned()
        sold = None if returns is None else ~returns
        found = []
        if self.wide:
            found.append(self.load(self.facts[ORDER], where=sold))
        found.append(self.load(finest, finest=True, where=sold))
        if returns is not None:
            found.append(self._return_load(returns))
        return [*found, *self._further()]

    def unknown(self, staging: Table) -> list[Unknown]:
        found = []
        line = self.staged[LINE]
        for column in self.facts[self.finest].columns:
            named = self.staged.get(f"{self.finest}.{column.name}")
            if column.kind is Kind.REFERENCE and column.required and named is not None:
                other, on = self._join(column.to, named)
                lines = select(line, named).select_from(staging.outerjoin(other, on)).where(other.c.id.is_(None))
                found.append(Unknown(column.label, lines))
        return found

    def _returned(self) -> ColumnElement[bool] | None:
        """Which staging rows are returns: those with a quantity below zero, where the mapping says so."""
        quantity = self.staged.get(f"{ORDER_LINE}.quantity")
        if self.mapping.negative_quantity != "return" or quantity is None or self.finest != ORDER_LINE:
            return None
        return func.coalesce(quantity, literal(0)) < 0

    def _customer(self) -> Column[Any] | None:
        """The staging column with the customer's id in the source."""
        owner = ORDER if self.wide else self.root.name
        return self.staged.get(f"{owner}.customer")

    def _customers(self) -> list[Load]:
        """A record for every customer that the file names, known or not."""
        customer = self._customer()
        return [] if customer is None else [self._beside(self.facts[CUSTOMER], customer)]

    def _products(self) -> list[Load]:
        """A product for every product that the file names, known or not: a line is worth keeping before the catalogue comes."""
        key = self.staged.get(f"{self.finest}.product")
        return [] if key is None else [self._beside(self.facts[PRODUCT], key)]

    def _beside(self, fact: Fact, key: ColumnElement[Any]) -> Load:
        values = self._values(fact)
        money, fixed = self._money(fact, values)
        known = {"known_at": cast(literal(BEGINNING), DateTime(timezone=True))}
        return Load(fact, key, values | money | known, fixed=fixed | {"known_at"})

    def load(self, fact: Fact, *, finest: bool = False, where: ColumnElement[bool] | None = None) -> Load:
        joined = self._references(fact)
        values = self._values(fact)
        money, fixed = self._money(fact, values)
        order = joined.get("order_id")
        values |= money | self._times(fact, order.other if order else None)
        values |= {column: reference.given for column, reference in joined.items()}
        if fact.of_customer and "record_id" not in joined:
            # The file does not name the customer, but something that is the customer's.
            through = next((found.other.c.record_id for found in joined.values() if "record_id" in found.other.c), None)
            values |= {} if through is None else {"record_id": through}
        joins = tuple((reference.other, reference.on) for reference in joined.values())
        named = {column: reference.named for column, reference in joined.items()} if finest else {}
        public_id = self.staged[PUBLIC] if fact.has_url else None
        merged = {"attributes": self.context.attributes} if "attributes" in values else {}
        return Load(fact, self._key(fact), values, where, joins, finest, fixed, named, public_id, merged)

    def _further(self) -> list[Load]:
        """Rows of other facts that the lines make too: loads of those facts, to which the staging columns go by other names."""
        line, found = self._key(self.root), list[Load]()
        for row in layouts.rows_of(self.root, self.mapping.targets):
            fact = self.facts[row.fact]
            named = renamed(self.staged, self.root, row, fact, line, self.context.zone)
            load = _Planner({**self.staged, **named}, self.mapping, self.facts, self.context).load(fact, finest=True)
            load = replace(load, key=line.op("||")(literal(row.suffix)))
            further = bool(row.when) or not layouts.is_layout(self.root)
            found.append(replace(load, further=True, where=present(self.staged, row), named={}) if further else load)
        return found

    def _return_load(self, returns: ColumnElement[bool]) -> Load:
        """Lines with a negative quantity: goods that came back, with positive quantity and amount."""
        line = self.load(self.facts[self.finest], finest=True)
        kept = {"occurred_at", "occurred_on", "day_only", "known_at", "currency", "order_id", "product_id", "record_id"}
        values = {name: value for name, value in line.values.items() if name in kept}
        for name in ("quantity", "net"):
            if name in line.values:
                values[name] = func.abs(line.values[name])
        return replace(line, fact=self.facts[RETURN_LINE], values=values, where=returns, named={})

    def _order_key(self) -> ColumnElement[Any]:
        """The order's id; without one, what a customer buys at one time is one order."""
        own, customer = self.staged.get(f"{ORDER}.external_id"), self._customer()
        at = cast(self.staged[f"{ORDER}.ordered_at"], Text)
        buyer = self.staged[CONTENT] if customer is None else func.coalesce(customer, self.staged[CONTENT])
        made = func.concat("~", buyer, "|", at)
        return made if own is None else func.coalesce(own, made)

    def _key(self, fact: Fact) -> ColumnElement[Any]:
        """The row's own id in the source; where the file has none, the declared key, or its content."""
        content = self.staged[CONTENT]
        if fact.name == ORDER and self.wide:
            return self._order_key()
        own: ColumnElement[Any] | None = self.staged.get(f"{fact.name}.external_id")
        if fact.name == ORDER_LINE and own is not None:  # lines are often numbered within their order
            order = self._order_key() if self.wide else self.staged.get(f"{ORDER_LINE}.order")
            own = own if order is None else order.op("||")("|").op("||")(own)
        if fact.name == CUSTOMER and own is None and f"{CUSTOMER}.email" in self.staged:
            own = func.lower(self.staged[f"{CUSTOMER}.email"])
        if own is not None:
            return func.coalesce(own, content)
        parts = [part for name in fact.key if (part := self.staged.get(f"{fact.name}.{name}")) is not None]
        if fact.key and len(parts) == len(fact.key):
            return case((func.num_nulls(*parts) > 0, content), else_=func.concat_ws("|", *parts))
        return content

    def _values(self, fact: Fact) -> dict[str, ColumnElement[Any]]:
        """Declared columns that the file fills, but for references."""
        found: dict[str, ColumnElement[Any]] = {}
        for column in fact.stored:
            staged = self.staged.get(f"{fact.name}.{column.name}")
            if staged is not None and column.kind is not Kind.REFERENCE:
                found[column.stored_as] = staged
        for name in ("raw", "attributes") if fact.name == CUSTOMER and self.finest == CUSTOMER else ():
            if (kept := self.staged.get(name)) is not None:
                found[name] = cast(kept, JSONB)
        return found

    def _money(
        self, fact: Fact, values: Dictionary[str, ColumnElement[Any]]
    ) -> tuple[dict[str, ColumnElement[Any]], frozenset[str]]:
        """The currency, and whether it only goes with a new row: a file without amounts says nothing about their currency."""
        if not fact.money and all(column.name != "currency" for column in fact.columns):
            return {}, frozenset()
        # One currency column of a file with orders and their lines is of both, whichever it was taken for.
        named = (f"{one}.currency" for one in dict.fromkeys((fact.name, ORDER, ORDER_LINE)))
        given = next((self.staged[name] for name in named if name in self.staged), None)
        own = literal(self.context.currency)
        amounts = any(column.name in values for column in fact.money)
        currency = own if given is None or (fact.name == PRODUCT and not amounts) else func.coalesce(given, own)
        return {"currency": currency}, frozenset() if amounts else frozenset({"currency"})

    def _times(self, fact: Fact, order: Any) -> dict[str, ColumnElement[Any]]:
        """occurred_at, occurred_on and day_only by the company's zone; known_at, never before occurred_at. A line without a
        time of its own has its order's."""
        known = self.staged.get(f"{fact.name}.known_at")
        if fact.occurred is None:
            start = _start_of(self.staged.get(f"{fact.name}.since"), self.context.zone)
            return {"known_at": start if known is None else func.coalesce(known, start)}
        name = f"{ORDER}.ordered_at" if fact.name == ORDER_LINE and self.wide else f"{fact.name}.{fact.occurred}"
        moment = self.staged.get(name)
        if moment is None:
            times = {column: order.c[column] for column in ("occurred_at", "occurred_on", "day_only")}
            return {**times, "known_at": times["occurred_at"]}
        zone = literal(self.context.zone)
        if isinstance(moment.type, Date):
            at: ColumnElement[Any] = func.timezone(zone, cast(moment, _TIMESTAMP))
            times = {"occurred_at": at, "occurred_on": moment, "day_only": literal(True)}
        else:
            at = moment
            day_only = self.staged.get(name + DAY_ONLY)
            times = {"occurred_at": at, "occurred_on": cast(func.timezone(zone, at), Date)}
            if day_only is not None:
                times["day_only"] = func.coalesce(day_only, literal(False))
        return {**times, "known_at": at if known is None else func.greatest(known, at)}

    def _references(self, fact: Fact) -> dict[str, _Reference]:
        """Joins that turn ids of the source into ids of the tenant, by the column that holds them."""
        found: dict[str, _Reference] = {}
        customer = self._customer()
        if fact.of_customer and customer is not None:
            found["record_id"] = self._reference(CUSTOMER, customer)
        through = self.staged.get(f"{fact.name}.{layouts.THROUGH}")
        if fact.of_customer and customer is None and through is not None:
            found["record_id"] = self._through(through)
        for column in fact.columns:
            if column.kind is not Kind.REFERENCE:
                continue
            named: ColumnElement[Any] | None = self.staged.get(f"{fact.name}.{column.name}")
            if self.wide and column.to == ORDER:
                named = self._order_key()
            if named is not None:
                found[column.stored_as] = self._reference(column.to, named)
        return found

    def _reference(self, name: str, key: ColumnElement[Any]) -> _Reference:
        other, on = self._join(name, key)
        return _Reference(key, other, on, other.c.id)

    def _through(self, named: ColumnElement[Any]) -> _Reference:
        """Whose the subscription is, by the last that was told of it."""
        events = row_class(self.facts["subscription_event"]).__table__
        told = select(events.c.subscription, events.c.record_id).where(
            events.c.tenant_id == self.context.tenant_id, events.c.source == self.context.source, events.c.record_id.is_not(None)
        )
        last = told.ext(distinct_on(events.c.subscription)).order_by(events.c.subscription, events.c.id.desc()).subquery()
        return _Reference(named, last, last.c.subscription == named, last.c.record_id)

    def _join(self, name: str, key: ColumnElement[Any]) -> tuple[Any, ColumnElement[Any]]:
        other = row_class(self.facts[name]).__table__.alias()
        on = and_(other.c.tenant_id == self.context.tenant_id, other.c.source == self.context.source, other.c.external_id == key)
        return other, on


def is_wide(facts: Iterable[str]) -> bool:
    """Whether a mapping of these facts describes orders and their lines in one file."""
    return {ORDER, ORDER_LINE} <= set(facts)


def _start_of(since: Column[Any] | None, zone: str) -> ColumnElement[Any]:
    """Midnight of the day since when a customer is one, in the company's zone; else the beginning of time."""
    beginning = cast(literal(BEGINNING), DateTime(timezone=True))
    if since is None:
        return beginning
    return case((since.is_(None), beginning), else_=func.timezone(literal(zone), cast(since, _TIMESTAMP)))
