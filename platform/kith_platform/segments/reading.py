"""JSON → rule, against what the company's rules may speak of, and back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.segments.rules import (
    BARE,
    MEASURES,
    OPS,
    Attribute,
    Complaining,
    Condition,
    Consented,
    Field,
    Group,
    Happened,
    Inside,
    Part,
    Placed,
    Scored,
    Sort,
    Test,
    Where,
)
from kith_platform.segments.vocabulary import FIELDS, SCORE_PARTS, Vocabulary, filterable, parts_of, sort_of, summed

DEEPEST, MOST, LONGEST, MOST_VALUES = 4, 40, 200, 100
MODES = ("all", "any", "none")
CHANNEL_STATES = ("granted", "refused", "unknown")


class _Wrong(Exception):
    """One complaint, at a place of the rule."""

    def __init__(self, message: str, **params: object) -> None:
        self.message, self.params = message, params


def read(document: Any, words: Vocabulary) -> Group:
    """The rule. Raises Invalid with an error per wrong condition; `field` is the JSON path (`rule.all.0`)."""
    errors: list[FieldError] = []
    rule = _group(document, words, "rule", 1, errors)
    if errors:
        raise Invalid(fields=errors)
    return rule


def _group(document: Any, words: Vocabulary, path: str, depth: int, errors: list[FieldError]) -> Group:
    modes = [mode for mode in MODES if isinstance(document, Mapping) and mode in document]
    if len(modes) != 1 or len(document) != 1 or not isinstance(document[modes[0]], Sequence):
        errors.append(FieldError(path, N_("A group of conditions is written as all, any or none, with a list.")))
        return Group("all", ())
    if depth > DEEPEST or len(document[modes[0]]) > MOST:
        errors.append(
            FieldError(
                path,
                N_("This rule is too large: groups lie at most %(deep)s deep and hold at most %(most)s conditions."),
                {"deep": DEEPEST, "most": MOST},
            )
        )
        return Group("all", ())
    parts: list[Part] = []
    for place, part in enumerate(document[modes[0]]):
        where = f"{path}.{modes[0]}.{place}"
        if isinstance(part, Mapping) and set(part) & set(MODES):
            parts.append(_group(part, words, where, depth + 1, errors))
            continue
        try:
            parts.append(_condition(part, words))
        except _Wrong as wrong:
            errors.append(FieldError(where, wrong.message, wrong.params))
    return Group(modes[0], tuple(parts))


def _condition(part: Any, words: Vocabulary) -> Condition:
    if not isinstance(part, Mapping):
        raise _Wrong(N_("A condition is written as an object."))
    for key, make in _MAKERS.items():
        if key in part:
            made: Condition = make(part, words)
            return made
    raise _Wrong(N_("A condition names one of: %(known)s."), known=", ".join(_MAKERS))


def _field(part: Mapping[str, Any], _words: Vocabulary) -> Field:
    name = _one_of(part["field"], FIELDS)
    return Field(name, _test(part, FIELDS[name][1]))


def _attribute(part: Mapping[str, Any], words: Vocabulary) -> Attribute:
    key = _one_of(part["attribute"], words.attributes)
    kind = words.attributes[key][1]
    return Attribute(key, kind, _test(part, sort_of(kind)))


def _score(part: Mapping[str, Any], words: Vocabulary) -> Scored:
    task = _one_of(part["score"], words.scores)
    what = _one_of(part.get("part", "value"), dict.fromkeys(parts_of(words.scores[task])))
    return Scored(task, what, _test(part, SCORE_PARTS[what][1]))


def _placement(part: Mapping[str, Any], words: Vocabulary) -> Placed:
    return Placed(_one_of(part["placement"], words.placements), _test(part, Sort.TEXT))


def _consent(part: Mapping[str, Any], _words: Vocabulary) -> Consented:
    status = _one_of(part.get("status", "granted"), dict.fromkeys(CHANNEL_STATES))
    return Consented(_text(part["consent"]), status, _text(part.get("purpose", ""), empty=True))


def _complaint(part: Mapping[str, Any], _words: Vocabulary) -> Complaining:
    return Complaining(_truth(part["complaint"]))


def _inside(part: Mapping[str, Any], words: Vocabulary) -> Inside:
    try:
        segment = uuid.UUID(str(part["segment"]))
    except ValueError:
        segment = uuid.UUID(int=0)
    if segment not in words.segments:
        raise _Wrong(N_("The segment of this condition is not there any more. Choose another, or take the condition out."))
    return Inside(segment, _truth(part.get("inside", True)))


def _happened(part: Mapping[str, Any], words: Vocabulary) -> Happened:
    plural = _one_of(part["fact"], words.facts)
    fact = words.facts[plural]
    measure = _one_of(part.get("measure", "count"), dict.fromkeys(MEASURES))
    column = _one_of(part.get("column"), {one.name: one for one in summed(fact)}) if measure == "sum" else ""
    days, start, end = part.get("days"), part.get("from"), part.get("until")
    if days is not None and (start or end):
        raise _Wrong(N_("Give either a number of days or a first and last day, not both."))
    span = None if days is None else int(_number(days))
    if span is not None and not 1 <= span <= 36_500:
        raise _Wrong(N_("Give a number of days from 1 to 36,500."))
    first, last = (None if day is None else _day(day) for day in (start, end))
    if first and last and last < first:
        raise _Wrong(N_("The last day lies before the first. Exchange them."))
    sort = Sort.NUMBER if measure in ("count", "sum") else Sort.DAY
    test = _test(part, sort)
    if sort is Sort.NUMBER and test.op in ("known", "unknown"):
        raise _Wrong(N_("A number of rows or a sum is always known: compare it with a number."))
    columns = {one.name: one for one in filterable(fact)}
    where = tuple(_where(one, columns) for one in _list(part.get("where", ())))
    return Happened(plural, measure, test, column, span, first, last, where)


def _where(part: Any, columns: Mapping[str, Any]) -> Where:
    if not isinstance(part, Mapping):
        raise _Wrong(N_("A condition is written as an object."))
    column = columns[_one_of(part.get("column"), columns)]
    return Where(column.name, column.kind.value, _test(part, sort_of(column.kind)))


_MAKERS: dict[str, Any] = {
    "field": _field,
    "attribute": _attribute,
    "score": _score,
    "placement": _placement,
    "consent": _consent,
    "complaint": _complaint,
    "segment": _inside,
    "fact": _happened,
}


def _test(part: Mapping[str, Any], sort: Sort) -> Test:
    op = _one_of(part.get("op", OPS[sort][0]), dict.fromkeys(OPS[sort]))
    if op in BARE:
        return Test(sort, op)
    given = part.get("value")
    values = list(given) if isinstance(given, list | tuple) else [given]
    if op in ("last_days", "before_days"):
        bounds: list[Any] = [_whole(value) for value in values]
    else:
        bounds = [_BOUNDS[sort](value) for value in values]
    several = sort is Sort.TEXT and op in ("is", "is_not")
    wanted = 2 if op == "between" else 1
    if (several and not 1 <= len(bounds) <= MOST_VALUES) or (not several and len(bounds) != wanted):
        raise _Wrong(N_("This comparison needs another number of values: %(wanted)s."), wanted="1+" if several else wanted)
    if op == "between" and bounds[1] < bounds[0]:
        raise _Wrong(N_("The second value lies below the first. Exchange them."))
    return Test(sort, op, tuple(bounds))


def _one_of(given: Any, known: Mapping[str, Any]) -> str:
    if not isinstance(given, str) or given not in known:
        raise _Wrong(
            N_("'%(given)s' is none of these: %(known)s."), given="" if given is None else given, known=", ".join(known) or "–"
        )
    return given


def _text(given: Any, *, empty: bool = False) -> str:
    said = given.strip() if isinstance(given, str) else ""
    if not (said or empty) or len(said) > LONGEST or "\0" in said:
        raise _Wrong(N_("Give a text of at most %(most)s characters."), most=LONGEST)
    return said


def _number(given: Any) -> float:
    try:
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError
        found = float(given)
        if not abs(found) < 1e15:
            raise ValueError
    except ValueError:
        raise _Wrong(N_("'%(given)s' is not a number."), given="" if given is None else given) from None
    return found


def _whole(given: Any) -> int:
    found = _number(given)
    if found != int(found) or not 1 <= found <= 36_500:
        raise _Wrong(N_("Give a number of days from 1 to 36,500."))
    return int(found)


def _day(given: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(str(given))
    except ValueError:
        raise _Wrong(N_("'%(given)s' is not a day. Write it as 2026-03-31."), given="" if given is None else given) from None


_BOUNDS: dict[Sort, Any] = {Sort.TEXT: _text, Sort.NUMBER: _number, Sort.DAY: _day}


def _truth(given: Any) -> bool:
    if not isinstance(given, bool):
        raise _Wrong(N_("This is either true or false."))
    return given


def _list(given: Any) -> Sequence[Any]:
    if not isinstance(given, list | tuple) or len(given) > MOST:
        raise _Wrong(N_("A condition is written as an object."))
    return given


def write(part: Part) -> dict[str, Any]:
    """The rule as JSON; `read` gives it back."""
    if isinstance(part, Group):
        return {part.mode: [write(one) for one in part.parts]}
    return {**_WRITERS[type(part)](part), **_told(getattr(part, "test", None))}


def _told(test: Test | None) -> dict[str, Any]:
    if test is None:
        return {}
    if test.op in BARE:
        return {"op": test.op}
    plain = [bound.isoformat() if isinstance(bound, dt.date) else bound for bound in test.bounds]
    several = test.op == "between" or (test.sort is Sort.TEXT and test.op in ("is", "is_not"))
    return {"op": test.op, "value": plain if several else plain[0]}


def _tell_happened(one: Happened) -> dict[str, Any]:
    told = {
        "fact": one.fact,
        "measure": one.measure,
        "column": one.column or None,
        "days": one.days,
        "from": one.start.isoformat() if one.start else None,
        "until": one.end.isoformat() if one.end else None,
        "where": [{"column": where.column, **_told(where.test)} for where in one.where] or None,
    }
    return {key: value for key, value in told.items() if value is not None}


_WRITERS: dict[type, Any] = {
    Field: lambda one: {"field": one.name},
    Attribute: lambda one: {"attribute": one.key},
    Scored: lambda one: {"score": one.task, "part": one.part},
    Placed: lambda one: {"placement": one.key},
    Consented: lambda one: {"consent": one.channel, "status": one.status, **({"purpose": one.purpose} if one.purpose else {})},
    Complaining: lambda one: {"complaint": one.open},
    Inside: lambda one: {"segment": str(one.segment), "inside": one.inside},
    Happened: _tell_happened,
}
