"""A segment's rule: groups of conditions, frozen, and its JSON.

    {"all": [{"field": "country", "op": "is", "value": ["CN"]},
             {"any": [{"score": "churn", "part": "value", "op": "at_least", "value": 0.5},
                      {"fact": "orders", "measure": "count", "days": 90, "op": "at_most", "value": 0,
                       "where": [{"column": "status", "op": "is_not", "value": ["cancelled", "returned"]}]}]}]}

Groups are `all`, `any` or `none` of their parts. `reading.py` makes a rule of JSON and refuses what does not fit.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Bound = str | float | bool | dt.date
Value = str | float | int | bool | dt.date | None


class Sort(StrEnum):
    """What kind of value is compared: it decides which comparisons there are."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    TRUTH = "truth"


OPS: dict[Sort, tuple[str, ...]] = {
    Sort.TEXT: ("is", "is_not", "starts", "known", "unknown"),
    Sort.NUMBER: ("at_least", "at_most", "more", "less", "is", "between", "known", "unknown"),
    Sort.DAY: ("last_days", "before_days", "from", "until", "between", "known", "unknown"),
    Sort.TRUTH: ("yes", "no", "known", "unknown"),
}
BARE = ("known", "unknown", "yes", "no")  # comparisons that need no value
MEASURES = ("count", "sum", "first", "last")


@dataclass(frozen=True)
class Test:
    """A comparison. `bounds` are its values: several texts, one or two numbers or days, a number of days, or none.

    A value that is not known fulfils `unknown` and `is_not` alone.
    """

    sort: Sort
    op: str
    bounds: tuple[Bound, ...] = ()

    def meets(self, value: Value, today: dt.date) -> bool:
        """Whether a value fulfils it. `today` is the company's day, which "the last 30 days" count back from and include."""
        if value is None or value == "":
            return self.op in ("unknown", "is_not")
        if self.op in ("known", "unknown"):
            return self.op == "known"
        return bool(_COMPARE[self.op](value, self.days(today)))

    def days(self, today: dt.date) -> tuple[Any, ...]:
        """The bounds as they are today: days ago become a day."""
        if self.op in ("last_days", "before_days"):
            return (today - dt.timedelta(days=int(self.bounds[0])),)  # type: ignore[arg-type]
        return self.bounds


_COMPARE: dict[str, Any] = {
    "is": lambda value, bounds: value in bounds,
    "is_not": lambda value, bounds: value not in bounds,
    "starts": lambda value, bounds: value.startswith(bounds[0]),
    "at_least": lambda value, bounds: value >= bounds[0],
    "at_most": lambda value, bounds: value <= bounds[0],
    "more": lambda value, bounds: value > bounds[0],
    "less": lambda value, bounds: value < bounds[0],
    "between": lambda value, bounds: bounds[0] <= value <= bounds[1],
    "from": lambda value, bounds: value >= bounds[0],
    "until": lambda value, bounds: value <= bounds[0],
    "last_days": lambda value, bounds: value > bounds[0],
    "before_days": lambda value, bounds: value <= bounds[0],
    "yes": lambda value, _bounds: bool(value),
    "no": lambda value, _bounds: not value,
}


@dataclass(frozen=True)
class Field:
    """What the customer's own row says: name, kind, city, country, email, phone, created (its day), held_back."""

    name: str
    test: Test


@dataclass(frozen=True)
class Attribute:
    """One of the company's own fields. `kind` is the catalogue's (sdk.facts.Kind), as it was read."""

    key: str
    kind: str
    test: Test


@dataclass(frozen=True)
class Scored:
    """What a model says: `part` is value, band (tenths, 1 the highest), tier or kind (a code of the task's kinds)."""

    task: str
    part: str
    test: Test


@dataclass(frozen=True)
class Placed:
    """The code a module's placement gives."""

    key: str
    test: Test


@dataclass(frozen=True)
class Consented:
    """The last word on a channel, whatever its purpose unless one is named: granted, refused, or unknown (never asked)."""

    channel: str
    status: str
    purpose: str = ""


@dataclass(frozen=True)
class Complaining:
    """Whether a complaint is not solved."""

    open: bool


@dataclass(frozen=True)
class Inside:
    """Whether the customer is in another segment."""

    segment: uuid.UUID
    inside: bool


@dataclass(frozen=True)
class Where:
    """A condition on the fact's own columns; `kind` is the column's (sdk.facts.Kind)."""

    column: str
    kind: str
    test: Test


@dataclass(frozen=True)
class Happened:
    """An aggregate over a fact's rows of the customer, at most today: how often, how much of a column, first or last day.

    `days`: within the last so many days, today counted in; else `start` and `end`, both counted in; all None is ever. Money is
    summed in the company's currency. Nothing counts and sums to 0; nothing has no first or last day.
    """

    fact: str  # its plural
    measure: str
    test: Test
    column: str = ""
    days: int | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    where: tuple[Where, ...] = ()

    def window(self, today: dt.date) -> tuple[dt.date | None, dt.date]:
        """First day (None: ever) and last day, both counted in."""
        if self.days is not None:
            return today - dt.timedelta(days=self.days - 1), today
        return self.start, min(self.end or today, today)


Condition = Field | Attribute | Scored | Placed | Consented | Complaining | Inside | Happened


@dataclass(frozen=True)
class Group:
    """`mode` is all, any or none of the parts."""

    mode: str
    parts: tuple[Condition | Group, ...]


Part = Condition | Group
EVERYBODY = Group("all", ())


def conditions(rule: Part) -> Iterator[Condition]:
    """All conditions of a rule, in the order they are written."""
    if isinstance(rule, Group):
        for part in rule.parts:
            yield from conditions(part)
    else:
        yield rule


def joined(mode: str, truths: Sequence[bool]) -> bool:
    """The truth of a group by the truths of its parts. An empty group holds."""
    if mode == "any":
        return any(truths) or not truths
    return all(truths) if mode == "all" else not any(truths)


def facts_of(rule: Part) -> frozenset[str]:
    """Plurals of the facts a rule counts."""
    return frozenset(one.fact for one in conditions(rule) if isinstance(one, Happened))


def segments_of(rule: Part) -> frozenset[uuid.UUID]:
    """The segments a rule asks for."""
    return frozenset(one.segment for one in conditions(rule) if isinstance(one, Inside))


def moves_with_time(rule: Part) -> bool:
    """Whether tomorrow somebody may come or go although nothing happened."""
    return any(_dated(one) for one in conditions(rule))


def _dated(one: Condition) -> bool:
    tests = [] if isinstance(one, Consented | Complaining | Inside) else [one.test]
    if isinstance(one, Happened):
        if one.days is not None:
            return True
        tests += [where.test for where in one.where]
    return any(test.op in ("last_days", "before_days") for test in tests)


def holds(part: Part, values: Sequence[Value], today: dt.date) -> bool:
    """Whether a customer with these values, one per condition in the order they are written, fulfils the rule."""
    truths = [meets(one, value, today) for one, value in zip(conditions(part), values, strict=True)]
    return _folded(part, iter(truths))


def _folded(part: Part, truths: Iterator[bool]) -> bool:
    if isinstance(part, Group):
        return joined(part.mode, [_folded(one, truths) for one in part.parts])
    return next(truths)


def meets(one: Condition, value: Value, today: dt.date) -> bool:
    """Whether a value fulfils one condition. A consent's value is its status, a complaint's and a segment's whether it is so."""
    if isinstance(one, Consented):
        return (value or "unknown") == one.status
    if isinstance(one, Complaining):
        return bool(value) == one.open
    if isinstance(one, Inside):
        return bool(value) == one.inside
    if isinstance(one, Happened) and one.test.sort is Sort.NUMBER:
        return one.test.meets(value or 0, today)
    return one.test.meets(value, today)
