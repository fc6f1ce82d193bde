"""Expressions of the metrics of customer interaction: small cases that files need not tell, and that all of them run on Spark."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames.portable import spark_sql
from kith_platform.metrics.scope import days_of
from kith_platform.sdk.types import Period
from kith_platform.snapshots.shape import fact_shape
from kith_plugins.analytics_cim import (
    attainment,
    book,
    costs,
    funnel,
    growth,
    market,
    newcomers,
    pipeline,
    productivity,
    products,
    service,
    solving,
)

FACTS = FactCatalogue()
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
END = ibis.literal(NOW, type="timestamp('UTC')")
MAY = days_of([Period(dt.date(2026, 5, 1), dt.date(2026, 6, 1))])


def fact(plural: str, *rows: dict[str, Any]) -> ir.Table:
    """Rows of a fact as frames have them; what is not given is empty."""
    shape = fact_shape(FACTS.by_plural(plural), "UTC").schema
    extra = [pa.field(name, pa.int64()) for name in ("customer_id",) if name not in shape.names]
    extra += [pa.field("place", pa.int64())]
    schema = pa.schema([*shape, *extra])
    return ibis.memtable(pa.table({one.name: pa.array([row.get(one.name) for row in rows], one.type) for one in schema}))


def at(day: int, hour: int = 9) -> dt.datetime:
    """A time in May 2026."""
    return dt.datetime(2026, 5, day, hour, tzinfo=dt.UTC)


def money(plural: str, *rows: dict[str, Any]) -> ir.Table:
    """The same with what `happened` and `known` add."""
    table = fact(plural, *rows)
    names = [column.stored_as for column in FACTS.by_plural(plural).money]
    return table.mutate(**{f"had_{name}": table[name].notnull() for name in names})


def ticket(number: int, **given: Any) -> dict[str, Any]:
    return {"id": number, "occurred_at": at(1), **given}


def test_a_wait_that_kith_noted_has_moved_what_is_due_and_one_from_a_file_has_not() -> None:
    rows = fact("tickets", ticket(1, resolved_at=at(20)), ticket(2, resolved_at=at(20)), ticket(3))

    def state(of: int, name: str, day: int, *, noted: bool) -> dict[str, Any]:
        said = at(day) + dt.timedelta(milliseconds=3 if noted else 0)
        return {"id": of * 10 + day, "ticket_id": of, "status": name, "occurred_at": at(day), "known_at": said}

    states = fact(
        "ticket_statuses",
        *(state(1, name, day, noted=True) for name, day in (("waiting", 4), ("open", 6))),
        *(state(2, name, day, noted=False) for name, day in (("waiting", 4), ("open", 6))),
        state(3, "waiting", 4, noted=True),
    )
    found = service.stood(rows, states, END).order_by("of_ticket").to_pyarrow().to_pylist()
    assert [(row["of_ticket"], row["to_end"]) for row in found] == [(2, at(6)), (3, NOW)]


def test_a_ticket_solved_twice_came_back_after_the_first_time() -> None:
    rows = fact("tickets", ticket(1, resolved_at=at(20), reopened_at=at(10)))
    states = fact("ticket_statuses", {"id": 1, "ticket_id": 1, "status": "solved", "occurred_at": at(2), "known_at": at(2)})
    [found] = solving.solved(rows, states).to_pyarrow().to_pylist()
    assert found["at"] == at(2)


def test_nine_closed_deals_say_nothing_of_their_stage_yet() -> None:
    nine = ({"id": number, "status": "won", "closed_at": at(9), "stage": "s"} for number in range(9))
    deals = fact("opportunities", *nine)
    assert pipeline.history(deals, fact("opportunity_stages")).count().to_pyarrow().as_py() == 0


def test_a_cost_that_names_nobody_is_shared_by_minutes() -> None:
    pool = fact("costs", {"place": 0, "amount": 300})
    work = ibis.memtable(pa.table({"place": [0, 0], "customer_id": [1, 2], "minutes": [10.0, 20.0]}))
    found = costs.shared(pool, work).order_by("customer_id").to_pyarrow().to_pylist()
    assert [(row["customer_id"], row["cost"]) for row in found] == [(1, pytest.approx(100)), (2, pytest.approx(200))]
    [nobody] = costs.shared(pool, work.filter(work.minutes < 0)).to_pyarrow().to_pylist()
    assert (nobody["customer_id"], nobody["cost"]) == (None, 300)


def test_a_state_of_the_staff_holds_until_the_next() -> None:
    """8 for the first ten days of May, 4 for the other 21: (80 + 84)/31."""
    rows = fact(
        "employee_snapshots",
        {"id": 1, "occurred_on": dt.date(2026, 4, 1), "fte": 8.0, "customer_facing": True},
        {"id": 2, "occurred_on": dt.date(2026, 4, 1), "fte": 5.0, "customer_facing": False},
        {"id": 3, "occurred_on": dt.date(2026, 5, 11), "fte": 4.0, "customer_facing": True},
        {"id": 4, "occurred_on": dt.date(2026, 5, 11), "fte": 9.0, "customer_facing": True, "left_on": dt.date(2026, 5, 2)},
    )
    found = productivity.heads(rows, MAY).to_pyarrow().to_pylist()
    assert sum(row["fte"] * row["weight"] for row in found) / sum(row["weight"] for row in found) == pytest.approx(164 / 31)


def sold() -> ir.Table:
    """One line, as `book.lines` has them, with what `sales` has too."""
    columns = {"product_id": 1, "customer_id": 1, "raw": 10, "net": 10, "amount": 1, "cost": 4, "costed": 1, "known": 1}
    table = {name: pa.array([value], pa.int64()) for name, value in columns.items()}
    table |= {"day": pa.array([dt.date(2026, 5, 2)]), "outlet": pa.array([""]), "ccy": pa.array(["EUR"])}
    table |= {"quantity": pa.array([1.0]), "home": pa.array([True])}
    return ibis.memtable(pa.table(table))


def test_every_expression_compiles_for_spark() -> None:
    deals, stages, leads = money("opportunities"), fact("opportunity_stages"), fact("leads")
    scored = ibis.table({"row_id": "int64", "value": "float64"}, name="scored")
    tickets, states, talks = fact("tickets"), fact("ticket_statuses"), fact("activities")
    bought = fact("orders").select("customer_id", "channel", "net", day="occurred_on", at="occurred_at")
    first, rows = newcomers.firsts(bought), book.compared(sold(), MAY)
    counted = talks.group_by(of_ticket=talks.ticket_id).aggregate(talks=talks.count())
    for expression in (
        funnel.passed(funnel.reached(stages, deals), MAY, END),
        pipeline.chances(deals, pipeline.history(deals, stages), scored),
        attainment.newest(fact("targets")),
        growth.alike(growth.steady(rows, MAY, fact("fx_rates"))),
        products.mixed(rows),
        products.classes(sold(), MAY),
        service.stood(tickets, states, END),
        solving.judged(solving.solved(tickets, states), counted, END),
        costs.cells(money("costs"), MAY),
        newcomers.fresh(first, MAY, ibis.literal(dt.date(2026, 6, 1))),
        newcomers.converted(leads, first, END),
        market.contacted(leads, talks, END),
        market.lost(deals, fact("leavings")),
        productivity.heads(fact("employee_snapshots"), MAY),
    ):
        assert "SELECT" in spark_sql(expression)
