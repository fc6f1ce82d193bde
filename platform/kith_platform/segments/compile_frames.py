"""Rule → Ibis: aggregates over facts from a snapshot's frames, joined with what SQL says of everything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Tables
from kith_platform.sdk.facts import Kind
from kith_platform.segments.rules import Group, Happened, Part, Sort, Test, facts_of
from kith_platform.snapshots.shape import MONEY_SCALE

Stored = Callable[[Part], pa.Array]  # ids of the customers who fulfil a part that counts no facts


def members(rule: Part, stored: Stored, tables: Tables, catalogue: FactCatalogue, today: dt.date) -> ir.Table:
    """customer_id of everybody who fulfils the rule. `tables` must be `frames.at(today)`."""
    whole = Group("all", rule.parts if isinstance(rule, Group) and rule.mode == "all" else (rule,))
    # What SQL can answer narrows first; only the rest is joined.
    everybody = stored(Group("all", tuple(part for part in whole.parts if not facts_of(part))))
    compiler = _Compiler(stored, tables, catalogue, today)
    truths = [compiler.truth(part) for part in whole.parts if facts_of(part)]
    rows: ir.Table = ibis.memtable(pa.table({"customer_id": everybody}))
    for place, more in enumerate(compiler.columns):
        named = more.rename(**{f"k{place}": "customer_id"})
        rows = rows.left_join(named, rows.customer_id == named[f"k{place}"])
    kept = rows.filter(*(truth(rows) for truth in truths)) if truths else rows
    return kept.select("customer_id")


Truth = Callable[[ir.Table], Any]


class _Compiler:
    """Each part becomes a column to join, and a truth over the joined rows."""

    def __init__(self, stored: Stored, tables: Tables, catalogue: FactCatalogue, today: dt.date) -> None:
        self._stored, self._tables, self._catalogue, self._today = stored, tables, catalogue, today
        self.columns: list[ir.Table] = []

    def truth(self, part: Part) -> Truth:
        if not facts_of(part):
            name = self._joined(_marked(self._stored(part)), "in")
            return lambda rows: rows[name].notnull()
        if isinstance(part, Happened):
            return self._happened(part)
        assert isinstance(part, Group)  # noqa: S101 - whatever else has no facts
        plain = [one for one in part.parts if not facts_of(one)]
        counted = [self.truth(one) for one in part.parts if facts_of(one)]
        # What SQL answers, it answers in one question for the group.
        together = [self.truth(Group(part.mode, tuple(plain)))] if plain else []
        return _group(part.mode, counted, together)

    def _joined(self, rows: ir.Table, what: str) -> str:
        name = f"{what}{len(self.columns)}"
        self.columns.append(rows.rename(**{name: "value"}))
        return name

    def _happened(self, one: Happened) -> Truth:
        name = self._joined(self._aggregate(one), "happened")
        number = one.test.sort is Sort.NUMBER
        return lambda rows: _tested(rows[name].fill_null(0) if number else rows[name], one.test, self._today)

    def _aggregate(self, one: Happened) -> ir.Table:
        """customer_id, value."""
        fact = self._catalogue.by_plural(one.fact)
        rows = self._tables[one.fact]
        first, last = one.window(self._today)
        wanted = [rows.customer_id.notnull(), rows.occurred_on <= ibis.literal(last)]
        if first is not None:
            wanted.append(rows.occurred_on >= ibis.literal(first))
        for where in one.where:
            # Money is ten-thousandths here.
            column = rows[where.column] / MONEY_SCALE if where.kind == Kind.MONEY else rows[where.column]
            wanted.append(_tested(column, where.test, self._today))
        rows = rows.filter(*wanted)
        if one.measure == "sum" and fact.column(one.column).kind is Kind.MONEY:
            rows = rows.select("customer_id", "occurred_on", one.column, "currency")
            rows = self._tables.money(rows, one.column)
        return rows.group_by("customer_id").aggregate(
            value=_measured(one, rows, fact.column(one.column).kind if one.column else None)
        )


def _marked(ids: pa.Array) -> ir.Table:
    marks = pa.repeat(pa.scalar(True), len(ids))
    return ibis.memtable(pa.table({"customer_id": ids.cast(pa.int64()), "value": marks}))


def _group(mode: str, counted: list[Truth], together: list[Truth]) -> Truth:
    """The counted parts as `mode` has them, with one truth that already stands for the mode over all other parts."""

    def truth(rows: ir.Table) -> Any:
        own = [one(rows) for one in counted]
        if mode == "none":
            own = [~one for one in own]
        other = [one(rows) for one in together]
        return ibis.or_(*own, *other) if mode == "any" else ibis.and_(*own, *other)

    return truth


def _measured(one: Happened, rows: ir.Table, kind: Kind | None) -> Any:
    if one.measure == "count":
        return rows.count()
    if one.measure in ("first", "last"):
        return rows.occurred_on.min() if one.measure == "first" else rows.occurred_on.max()
    total = rows[one.column].sum()
    return total / MONEY_SCALE if kind is Kind.MONEY else total


def _tested(value: Any, test: Test, today: dt.date) -> Any:
    """As `Test.meets` has it: true or false, never null."""
    present = value.notnull() & (value != "") if test.sort is Sort.TEXT else value.notnull()
    if test.op in ("known", "unknown"):
        return present.fill_null(False) if test.op == "known" else ~present.fill_null(False)
    bounds = test.days(today)
    if test.op == "is_not":
        return value.notin(bounds).fill_null(True)
    return _COMPARED[test.op](value, bounds).fill_null(False)


_COMPARED: Mapping[str, Callable[[Any, tuple[Any, ...]], Any]] = {
    "is": lambda value, bounds: value.isin(bounds),
    "starts": lambda value, bounds: value.startswith(bounds[0]),
    "at_least": lambda value, bounds: value >= bounds[0],
    "at_most": lambda value, bounds: value <= bounds[0],
    "more": lambda value, bounds: value > bounds[0],
    "less": lambda value, bounds: value < bounds[0],
    "between": lambda value, bounds: (value >= bounds[0]) & (value <= bounds[1]),
    "from": lambda value, bounds: value >= bounds[0],
    "until": lambda value, bounds: value <= bounds[0],
    "last_days": lambda value, bounds: value > bounds[0],
    "before_days": lambda value, bounds: value <= bounds[0],
    "yes": lambda value, _bounds: value,
    "no": lambda value, _bounds: ~value,
}
