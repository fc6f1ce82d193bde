"""Rule → Ibis: aggregates over facts from a snapshot's frames, joined with what SQL says of everything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Tables
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.segments.rules import Group, Happened, Part, Sort, Test, conditions, facts_of
from kith_platform.snapshots.shape import MONEY_SCALE


class Stored(Protocol):
    """What SQL knows of a rule's customers."""

    def __call__(self, part: Part) -> pa.Array:
        """Ids of the customers who count and fulfil a part that counts no facts."""

    def gone(self) -> pa.Array | None:
        """Ids of the few customers who do not count; None where it takes more to tell who does, such as row rights."""


def members(rule: Part, stored: Stored, tables: Tables, catalogue: FactCatalogue, today: dt.date) -> ir.Table:
    """customer_id of everybody who fulfils the rule. `tables` must be `frames.at(today)`."""
    whole = Group("all", rule.parts if isinstance(rule, Group) and rule.mode == "all" else (rule,))
    counted = [part for part in whole.parts if facts_of(part)]
    happened = _Happened(whole, tables, catalogue, today)
    truths = _Truths(stored, happened, today)
    wanted = [truths.of(part) for part in counted]
    rows, others = _start(Group("all", tuple(part for part in whole.parts if not facts_of(part))), counted, stored, happened)
    for place, more in enumerate([*others, *truths.marks]):
        named = more.rename(**{f"k{place}": "customer_id"})
        rows = rows.left_join(named, rows.customer_id == named[f"k{place}"])
    kept = rows.filter(*(truth(rows) for truth in wanted)) if wanted else rows
    return kept.select("customer_id")


def _start(plain: Group, counted: Sequence[Part], stored: Stored, happened: _Happened) -> tuple[ir.Table, list[ir.Table]]:
    """The rows to begin with, and the aggregates that are still to be joined.

    Where a condition asks that something happened, nobody else's id is needed: only those who do not count are taken off.
    """
    needed = next((one for one in counted if isinstance(one, Happened) and not _held_by_nothing(one)), None)
    gone = stored.gone() if needed is not None and not plain.parts else None
    if needed is None or gone is None:
        return _ids(stored(plain)), list(happened.tables.values())
    first = happened.tables[needed.fact]
    others = [table for plural, table in happened.tables.items() if plural != needed.fact]
    return (first.anti_join(_ids(gone), "customer_id") if len(gone) else first), others


def _held_by_nothing(one: Happened) -> bool:
    """Whether a customer to whom it never happened fulfils the condition."""
    return one.test.meets(0 if one.test.sort is Sort.NUMBER else None, dt.date.min)


def _ids(ids: pa.Array) -> ir.Table:
    return ibis.memtable(pa.table({"customer_id": ids.cast(pa.int64())}))


class _Happened:
    """The aggregates a rule asks for: per fact one table with a column for each, so that a fact is read once."""

    def __init__(self, rule: Part, tables: Tables, catalogue: FactCatalogue, today: dt.date) -> None:
        self._tables, self._catalogue, self._today = tables, catalogue, today
        asked = list(dict.fromkeys(one for one in conditions(rule) if isinstance(one, Happened)))
        self.names = {one: f"happened{place}" for place, one in enumerate(asked)}
        self.tables = {
            plural: self._table(plural, [one for one in asked if one.fact == plural]) for plural in sorted(facts_of(rule))
        }

    def _table(self, plural: str, asked: Sequence[Happened]) -> ir.Table:
        """customer_id, and per condition its value."""
        fact, rows = self._catalogue.by_plural(plural), self._tables[plural]
        windows = [one.window(self._today) for one in asked]
        rows = rows.filter(rows.customer_id.notnull(), rows.occurred_on <= ibis.literal(max(last for _first, last in windows)))
        firsts = [first for first, _last in windows if first is not None]
        if len(firsts) == len(asked):
            rows = rows.filter(rows.occurred_on >= ibis.literal(min(firsts)))
        # Whether a row counts is settled before its money is changed into the company's.
        counts = {f"counts{place}": self._counts(one, rows) for place, one in enumerate(asked)}
        sums = {one.column for one in asked if one.column}
        money = sorted(name for name in sums if fact.column(name).kind is Kind.MONEY)
        kept = {name: rows[name] for name in ("customer_id", "occurred_on", *sorted(sums), *(("currency",) if money else ()))}
        rows = rows.select(**kept, **counts)
        rows = self._tables.money(rows, *money) if money else rows
        values = {self.names[one]: _measured(one, fact, rows, rows[f"counts{place}"]) for place, one in enumerate(asked)}
        return rows.group_by("customer_id").aggregate(**values)

    def _counts(self, one: Happened, rows: ir.Table) -> Any:
        first, last = one.window(self._today)
        wanted = [rows.occurred_on <= ibis.literal(last)]
        if first is not None:
            wanted.append(rows.occurred_on >= ibis.literal(first))
        for where in one.where:
            # Money is ten-thousandths here.
            column = rows[where.column] / MONEY_SCALE if where.kind == Kind.MONEY else rows[where.column]
            wanted.append(_tested(column, where.test, self._today))
        return ibis.and_(*wanted)


def _measured(one: Happened, fact: Fact, rows: ir.Table, counts: Any) -> Any:
    if one.measure == "count":
        return rows.count(where=counts)
    if one.measure in ("first", "last"):
        return rows.occurred_on.min(where=counts) if one.measure == "first" else rows.occurred_on.max(where=counts)
    total = rows[one.column].sum(where=counts)
    return total / MONEY_SCALE if fact.column(one.column).kind is Kind.MONEY else total


Truth = Callable[[ir.Table], Any]


class _Truths:
    """Each counted part as a truth over the joined rows; `marks` are tables to join for what SQL answers within it."""

    def __init__(self, stored: Stored, happened: _Happened, today: dt.date) -> None:
        self._stored, self._happened, self._today = stored, happened, today
        self.marks: list[ir.Table] = []

    def of(self, part: Part) -> Truth:
        if isinstance(part, Happened):
            return self._of_happened(part)
        if not facts_of(part):
            return self._marked(part)
        assert isinstance(part, Group)  # noqa: S101 - whatever else has no facts
        plain = [one for one in part.parts if not facts_of(one)]
        counted = [self.of(one) for one in part.parts if facts_of(one)]
        # What SQL answers, it answers in one question for the group.
        together = [self._marked(Group(part.mode, tuple(plain)))] if plain else []
        return _group(part.mode, counted, together)

    def _marked(self, part: Part) -> Truth:
        name = f"in{len(self.marks)}"
        self.marks.append(_ids(self._stored(part)).mutate(**{name: ibis.literal(True)}))
        return lambda rows: rows[name].notnull()

    def _of_happened(self, one: Happened) -> Truth:
        name, number = self._happened.names[one], one.test.sort is Sort.NUMBER
        return lambda rows: _tested(rows[name].fill_null(0) if number else rows[name], one.test, self._today)


def _group(mode: str, counted: list[Truth], together: list[Truth]) -> Truth:
    """The counted parts as `mode` has them, with one truth that already stands for the mode over all other parts."""

    def truth(rows: ir.Table) -> Any:
        own = [one(rows) for one in counted]
        if mode == "none":
            own = [~one for one in own]
        other = [one(rows) for one in together]
        return ibis.or_(*own, *other) if mode == "any" else ibis.and_(*own, *other)

    return truth


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
