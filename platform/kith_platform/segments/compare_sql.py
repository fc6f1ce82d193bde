"""A comparison of a rule as a truth in SQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_

from kith_platform.segments.rules import Sort, Test

_LAST = "\U0010ffff"


def tested(value: ColumnElement[Any], test: Test, today: dt.date) -> ColumnElement[bool]:
    """As `Test.meets` has it, for a value that may be null (or '' for text)."""
    text = test.sort is Sort.TEXT
    present = and_(value.is_not(None), value != "") if text else value.is_not(None)
    if test.op in ("known", "unknown"):
        return present if test.op == "known" else not_(present)
    if test.op == "is_not":
        return or_(value.is_(None), value.not_in(test.bounds))
    return and_(value.is_not(None), _compared(value, test.op, test.days(today)))


def tested_once(value: ColumnElement[Any], test: Test, today: dt.date) -> ColumnElement[bool]:
    """As `tested`, for a value no index holds: it costs more to compute than to compare, so it is computed once."""
    if test.op in ("known", "unknown"):
        present = func.coalesce(value, "") != "" if test.sort is Sort.TEXT else value.is_not(None)
        return present if test.op == "known" else not_(present)
    if test.op == "is_not":
        return func.coalesce(value.not_in(test.bounds), True)
    if test.op == "starts":
        return func.coalesce(func.starts_with(value, test.bounds[0]), False)
    return func.coalesce(_compared(value, test.op, test.days(today)), False)


def _compared(value: Any, op: str, bounds: tuple[Any, ...]) -> ColumnElement[bool]:
    found: ColumnElement[bool]
    if op == "is":
        found = value.in_(bounds)
    elif op == "starts":
        found = and_(value >= bounds[0], value < bounds[0] + _LAST)
    elif op == "between":
        found = and_(value >= bounds[0], value <= bounds[1])
    elif op in ("yes", "no"):
        found = value.is_(op == "yes")
    elif op in ("at_least", "from"):
        found = value >= bounds[0]
    elif op in ("at_most", "until", "before_days"):
        found = value <= bounds[0]
    else:  # more, last_days; less
        found = value < bounds[0] if op == "less" else value > bounds[0]
    return found


def absent(test: Test) -> bool:
    """Whether a value that is not there fulfils the test."""
    return test.meets(None, dt.date.min)
