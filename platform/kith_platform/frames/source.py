"""The snapshot's live rows, each with the customer it belongs to now. Private to frames: rows here know no cut-off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache, cached_property

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames.duck import Duck
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.snapshots.manifest import Manifest
from kith_platform.snapshots.shape import CUSTOMER, Shape, customer_shape, fact_shape

RECORD = "customer_record"


class Source:
    """Tables of one snapshot. Merged customers are followed to the one that remains; rows of test customers are left out."""

    def __init__(self, manifest: Manifest, catalogue: FactCatalogue, engine: Duck) -> None:
        self.manifest, self.catalogue, self.engine = manifest, catalogue, engine
        self.live = cache(self._live)
        self.fact = cache(self._fact)

    def any(self, name: str) -> bool:
        """Whether the snapshot may hold rows of the table."""
        table = self.manifest.tables.get(name)
        return table is not None and table.rows > 0

    def lowest(self, name: str, column: str) -> float | None:
        """The least value in the table, in rows of whomever: one column read, no join."""
        rows = self.live(name)
        found = self.engine.run(rows.aggregate(lowest=rows[column].min()))["lowest"][0].as_py()
        return None if found is None else float(found)

    def _live(self, name: str) -> ir.Table:
        shape = self._shape(name)
        files = self.manifest.tables.get(name)
        if files is None:
            return self.engine.empty(name, shape.schema)
        rows = self.engine.rows(name, files)
        wanted = ibis.schema(shape.schema)
        # A column that came with an upgrade is empty until the next snapshot.
        return rows.select(**{column: rows[column] if column in rows.columns else ibis.null(wanted[column]) for column in wanted})

    def _shape(self, name: str) -> Shape:
        if name == CUSTOMER:
            return customer_shape(self.manifest.attributes)
        return fact_shape(self.catalogue[name], self.manifest.timezone)

    def _fact(self, name: str) -> ir.Table:
        rows = self.live(name)
        if name == RECORD:
            rows = rows.drop("customer_id").rename(record_id="id")
        elif not self.catalogue[name].of_customer:
            return rows
        people = self.people
        joined = rows.left_join(people, rows.record_id == people.person_record)
        kept = joined.filter(~joined.person_is_test.fill_null(False)) if self._tests else joined
        return kept.drop("person_record", "person_is_test")

    @cached_property
    def people(self) -> ir.Table:
        """person_record → customer_id (the one that remains), person_is_test."""
        record = self.live(RECORD)
        rows = record.select(person_record=record.id, customer_id=record.customer_id)
        survivors = self.survivors
        if survivors:
            pairs = ibis.memtable(pa.table({"merged": list(survivors), "survivor": list(survivors.values())}))
            rows = rows.left_join(pairs, rows.customer_id == pairs.merged)
            rows = rows.select("person_record", customer_id=ibis.coalesce(rows.survivor, rows.customer_id))
        is_test = rows.customer_id.isin(self._tests) if self._tests else ibis.literal(False)
        return self.engine.keep("people", rows.mutate(person_is_test=is_test))

    @cached_property
    def survivors(self) -> dict[int, int]:
        """Merged customer → the one that remains at the end of the chain."""
        customer = self.live(CUSTOMER)
        found = self.engine.run(customer.filter(customer.merged_into.notnull()).select("id", "merged_into"))
        into: dict[int, int] = dict(zip(found["id"].to_pylist(), found["merged_into"].to_pylist(), strict=True))
        return {merged: _end(into, merged) for merged in into}

    @cached_property
    def _tests(self) -> list[int]:
        customer = self.live(CUSTOMER)
        found: list[int] = self.engine.run(customer.filter(customer.is_test).select("id"))["id"].to_pylist()
        return found

    @cached_property
    def first_seen(self) -> ir.Table:
        """Per customer_id: `occurred`, when the first thing happened, and `known`, when the first was known; both UTC."""
        parts = [
            rows.filter(rows.customer_id.notnull())
            .group_by("customer_id")
            .aggregate(occurred=rows.occurred_at.min(), known=ibis.greatest(rows.occurred_at, rows.known_at).min())
            for rows in (self.fact(fact.name) for fact in self.catalogue if self._starts(fact))
        ]
        if not parts:
            nobody = {"customer_id": "int64", "occurred": "timestamp('UTC')", "known": "timestamp('UTC')"}
            return self.engine.empty("first_seen", ibis.schema(nobody).to_pyarrow())
        every = ibis.union(*parts) if len(parts) > 1 else parts[0]
        first = every.group_by("customer_id").aggregate(occurred=every.occurred.min(), known=every.known.min())
        return self.engine.keep("first_seen", first)

    @cached_property
    def appearances(self) -> ir.Table:
        """customer_id, since, and when the customer first appeared, `occurred` and `known` as `first_seen` means them (UTC)."""
        record, first = self.fact(RECORD), self.first_seen.rename(seen_id="customer_id")
        own = record.filter(record.customer_id.notnull()).group_by("customer_id")
        rows = own.aggregate(since=record.since.min(), recorded=record.known_at.min())
        rows = rows.left_join(first, rows.customer_id == first.seen_id)
        told = {name: ibis.least(rows.recorded, rows[name]) for name in ("occurred", "known")}
        return self.engine.keep("appearances", rows.select("customer_id", "since", **told))

    def last_day(self, until: dt.date) -> dt.date | None:
        """The last day, up to `until`, on which anything happened with a customer; None where nothing did."""
        found = [self.engine.run(day.max(where=day <= ibis.literal(until)).name("day"))["day"][0].as_py() for day in self._days()]
        return max((day for day in found if day is not None), default=None)

    def _days(self) -> Iterator[ir.Column]:
        """The days of each fact's rows on which something happened with a customer: what is only due, or is of nobody where
        that is usual (a project's cost, a signal of the market), is no sign that the data reach that far."""
        for fact in self.catalogue:
            due = fact.occurred and fact.column(fact.occurred).may_be_future
            if fact.of_customer and fact.occurred and not due and self.any(fact.name):
                rows = self.live(fact.name)
                yield (rows.filter(rows.record_id.notnull()) if fact.customer_optional else rows).occurred_on

    def _starts(self, fact: Fact) -> bool:
        """Whether a customer's first trace may be such a row. A part of an order comes no earlier than its order."""
        part = any(column.kind is Kind.REFERENCE and column.required for column in fact.columns)
        return fact.of_customer and fact.occurred is not None and not part and self.any(fact.name)


def _end(into: dict[int, int], start: int) -> int:
    """The last of a chain of merges. A circle, which merging refuses, ends where it closes."""
    seen = {start}
    here = into[start]
    while here in into and here not in seen:
        seen.add(here)
        here = into[here]
    return here
