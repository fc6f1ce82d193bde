"""Counting days back from a cutoff in Ibis. The cutoff is the first day not known; ages are whole days up to the day before."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir

TEN_THOUSANDTHS = 10_000.0


def age(day: ir.DateColumn, cutoff: dt.date) -> ir.IntegerColumn:
    """Whole days from `day` to the last known day (cutoff − 1)."""
    return ibis.date(cutoff - dt.timedelta(days=1)).delta(day, unit="day")


def within(day: ir.DateColumn, cutoff: dt.date, days: int) -> ir.BooleanColumn:
    """Whether `day` is one of the last `days` known days."""
    return day >= ibis.date(cutoff - dt.timedelta(days=days))


def currency(amount: ir.Column) -> ir.FloatingColumn:
    """Ten-thousandths as currency units, for features only. Sums are made before: those of floats depend on the order of rows."""
    return amount.cast("float64") / TEN_THOUSANDTHS
