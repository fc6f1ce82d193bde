"""Counting days back from a cutoff in Ibis. The cutoff is the first day not known; ages are whole days up to the day before."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

TEN_THOUSANDTHS = 10_000.0


def age(day: ir.DateColumn, cutoff: ir.DateScalar) -> ir.IntegerColumn:
    """Whole days from `day` to the last known day (cutoff − 1)."""
    return ibis.date(cutoff - dt.timedelta(days=1)).delta(day, unit="day")


def within(day: ir.DateColumn, cutoff: ir.DateScalar, days: int) -> ir.BooleanColumn:
    """Whether `day` is one of the last `days` known days."""
    return day >= ibis.date(cutoff - dt.timedelta(days=days))


def fading(day: ir.DateColumn, cutoff: ir.DateScalar, half_life: int = 60) -> ir.IntegerColumn:
    """What happened on `day` in thousandths of its weight: half of it is left after `half_life` days.

    Whole numbers, whose sums do not depend on the order of rows.
    """
    return (1000.0 * ibis.literal(2.0).pow(-age(day, cutoff).cast("float64") / half_life)).round().cast("int64")


def faded(weight: ir.IntegerColumn) -> ir.FloatingColumn:
    """A sum of `fading` as a number of fresh happenings."""
    return weight.cast("float64") / 1000.0


def currency(amount: ir.Column) -> ir.FloatingColumn:
    """Ten-thousandths as currency units, for features only. Sums are made before: those of floats depend on the order of rows."""
    return amount.cast("float64") / TEN_THOUSANDTHS
