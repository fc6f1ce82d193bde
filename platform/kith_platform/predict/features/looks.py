"""Counting over tables of several looks (`frames.before_each`): ages at a look, shares as they were known at each."""

from __future__ import annotations

import ibis.expr.types as ir

KAPPA = 20.0  # rates of few are drawn towards the rate of all (domain.md D0)


def age_at(rows: ir.Table, day: str = "occurred_on") -> ir.IntegerColumn:
    """Whole days from a day to the last one known at the row's look."""
    return rows.look.delta(rows[day], unit="day") - 1


def beside(rows: ir.Table, others: ir.Table, *columns: str) -> ir.Table:
    """`rows` with what `others` tell of the same values of `columns`; null where they tell nothing."""
    joined = rows.left_join(others, list(columns))
    return joined.drop(*(name for name in (f"{column}_right" for column in columns) if name in joined.columns))


def shares(rows: ir.Table, of_all: ir.Table, column: str, name: str) -> ir.Table:
    """look, `column` and `name`: the share of `rows` with this value that `came` (0 or 1), (k + κ·p)/(n + κ), p that of all."""
    every = of_all.group_by("look").aggregate(all_came=of_all.came.sum().cast("float64"), all_of=of_all.count().cast("float64"))
    told = rows.filter(rows[column].notnull())
    by = told.group_by("look", column).aggregate(n=told.count(), k=told.came.sum()).inner_join(every, "look")
    return by.select("look", column, **{name: (by.k + KAPPA * by.all_came / by.all_of) / (by.n + KAPPA)})
