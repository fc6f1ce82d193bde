"""A rule and the values of its conditions, as people read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from kith_platform.customers.phrases import word
from kith_platform.i18n import N_
from kith_platform.sdk.facts import Kind
from kith_platform.segments.rules import (
    Attribute,
    Complaining,
    Condition,
    Consented,
    Field,
    Happened,
    Inside,
    Placed,
    Scored,
    Sort,
    Test,
    Where,
)
from kith_platform.segments.vocabulary import FIELDS, SCORE_PARTS, Scoring, Vocabulary
from kith_platform.web import locale

OPS: Mapping[str, str] = {
    "is": N_("is"),
    "is_not": N_("is not"),
    "starts": N_("begins with"),
    "known": N_("is known"),
    "unknown": N_("is not known"),
    "at_least": N_("is at least"),
    "at_most": N_("is at most"),
    "more": N_("is more than"),
    "less": N_("is less than"),
    "between": N_("is between"),
    "last_days": N_("is within the last … days"),
    "before_days": N_("is … days ago or longer"),
    "from": N_("is on or after"),
    "until": N_("is on or before"),
    "yes": N_("is so"),
    "no": N_("is not so"),
}
SAID: Mapping[str, str] = {
    "is": N_("%(what)s is %(value)s"),
    "is_not": N_("%(what)s is not %(value)s"),
    "starts": N_("%(what)s begins with %(value)s"),
    "known": N_("%(what)s is known"),
    "unknown": N_("%(what)s is not known"),
    "at_least": N_("%(what)s: at least %(value)s"),
    "at_most": N_("%(what)s: at most %(value)s"),
    "more": N_("%(what)s: more than %(value)s"),
    "less": N_("%(what)s: less than %(value)s"),
    "between": N_("%(what)s: from %(value)s to %(to)s"),
    "last_days": N_("%(what)s: within the last %(value)s days"),
    "before_days": N_("%(what)s: %(value)s days ago or longer"),
    "from": N_("%(what)s: on or after %(value)s"),
    "until": N_("%(what)s: on or before %(value)s"),
    "yes": N_("%(what)s: yes"),
    "no": N_("%(what)s: no"),
}
MEASURES: Mapping[str, str] = {
    "count": N_("how many"),
    "sum": N_("sum of"),
    "first": N_("the first day"),
    "last": N_("the last day"),
}
CONSENTS: Mapping[str, str] = {
    "granted": N_("has agreed"),
    "refused": N_("has refused"),
    "unknown": N_("was never asked"),
}


def sentence(one: Condition, words: Vocabulary) -> str:
    """One condition, as people read it."""
    if isinstance(one, Consented):
        return str(gettext("%(channel)s: %(status)s", channel=word(one.channel), status=gettext(CONSENTS[one.status])))
    if isinstance(one, Complaining):
        told: str = gettext("Has an unsolved complaint") if one.open else gettext("Has no unsolved complaint")
        return told
    if isinstance(one, Inside):
        name = words.segments.get(one.segment, (0, "?"))[1]
        known = N_("Is in “%(name)s”") if one.inside else N_("Is not in “%(name)s”")
        return str(gettext(known, name=name))
    return _compared(_subject(one, words), one.test, _codes(one, words), share=_is_share(one, words), money=_is_money(one, words))


def _subject(one: Field | Attribute | Scored | Placed | Happened, words: Vocabulary) -> str:
    if isinstance(one, Field):
        return str(gettext(FIELDS[one.name][0]))
    if isinstance(one, Attribute):
        return words.attributes.get(one.key, (one.key, ""))[0]
    if isinstance(one, Scored):
        return score(one.task, one.part, words)
    if isinstance(one, Placed):
        told: str = gettext(words.placements[one.key][0]) if one.key in words.placements else one.key
        return told
    return _happened(one, words)


def _happened(one: Happened, words: Vocabulary) -> str:
    fact = words.facts[one.fact]
    what = gettext(fact.label_plural)
    if one.measure == "count":
        said = gettext("Number of %(facts)s", facts=what)
    elif one.measure == "sum":
        said = gettext("Sum of %(column)s over %(facts)s", column=gettext(fact.column(one.column).label), facts=what)
    else:
        said = (
            gettext("First day of %(facts)s", facts=what)
            if one.measure == "first"
            else gettext("Last day of %(facts)s", facts=what)
        )
    if one.days:
        said = gettext("%(what)s in the last %(days)s days", what=said, days=locale.number(one.days))
    elif one.start or one.end:
        days = gettext("%(start)s to %(end)s", start=_day(one.start), end=_day(one.end))
        said = gettext("%(what)s, %(days)s", what=said, days=days)
    narrowed = gettext("; ").join(_where(where, one, words) for where in one.where)
    told: str = gettext("%(what)s (%(where)s)", what=said, where=narrowed) if narrowed else said
    return told


def _where(where: Where, one: Happened, words: Vocabulary) -> str:
    column = words.facts[one.fact].column(where.column)
    return _compared(gettext(column.label), where.test, {}, money=column.kind is Kind.MONEY)


def _codes(one: Condition, words: Vocabulary) -> Mapping[str, str]:
    if isinstance(one, Scored):
        return kinds(one.task, one.part, words)
    return words.placements.get(one.key, ("", {}))[1] if isinstance(one, Placed) else {}


def kinds(task: str, part: str, words: Vocabulary) -> Mapping[str, str]:
    """The kinds that may be chosen of a score's part, code → label; empty for parts that are not one of several."""
    known = words.scores[task].kinds if task in words.scores else None
    return known.words if known and part == "kind" else {}


def score(task: str, part: str, words: Vocabulary) -> str:
    """What can be asked of a model's score, in the reader's language."""
    known = words.scores.get(task)
    if known and known.kinds and part == "kind":
        return str(gettext(known.kinds.label))
    return str(gettext(SCORE_PARTS[part][0], what=_called(known) if known else task))


def _called(known: Scoring) -> str:
    if known.of is None:
        return str(gettext(known.chance))
    return str(gettext("Chance of “%(what)s” (%(of)s)", what=known.chance, of=known.of or gettext("Customers")))


def _meant(one: Condition, words: Vocabulary) -> str:
    """What a score's value means; empty for anything else."""
    if not isinstance(one, Scored) or one.part != "value" or one.task not in words.scores:
        return ""
    return words.scores[one.task].value


def _is_share(one: Condition, words: Vocabulary) -> bool:
    return _meant(one, words) == "probability"


def _is_money(one: Condition, words: Vocabulary) -> bool:
    if isinstance(one, Happened) and one.measure == "sum":
        return words.facts[one.fact].column(one.column).kind is Kind.MONEY
    return _meant(one, words) == "money"


def _compared(what: str, test: Test, codes: Mapping[str, str], *, share: bool = False, money: bool = False) -> str:
    told = [_bound(bound, codes, share=share, money=money) for bound in test.bounds]
    if test.op in ("is", "is_not"):
        told = [gettext(" or ").join(told)]
    said: str = gettext(SAID[test.op], what=what, value=told[0] if told else "", to=told[-1] if told else "")
    return said


def _bound(bound: Any, codes: Mapping[str, str], *, share: bool = False, money: bool = False) -> str:
    if bound is None or bound == "":
        return str(gettext("none"))
    if isinstance(bound, bool):
        told: str = gettext("yes") if bound else gettext("no")
        return told
    if isinstance(bound, int | float):
        return str(locale.percent(bound) if share else locale.money(bound) if money else locale.number(bound))
    if isinstance(bound, dt.date):
        return str(locale.day(bound))
    return str(gettext(codes[bound])) if bound in codes else word(bound)


def _day(day: dt.date | None) -> str:
    return "…" if day is None else str(locale.day(day))


def value(one: Condition, found: Any, words: Vocabulary) -> str:
    """A value of a condition, stored as JSON or fresh from the database, as people read it."""
    if isinstance(one, Consented):
        return str(gettext(CONSENTS.get(found or "unknown", found)))
    if isinstance(one, Complaining | Inside):
        told: str = gettext("yes") if found else gettext("no")
        return told
    if isinstance(one, Happened) and one.test.sort is Sort.NUMBER:
        found = found or 0
    if one.test.sort is Sort.DAY and isinstance(found, str):
        found = dt.date.fromisoformat(found)
    return _bound(found, _codes(one, words), share=_is_share(one, words), money=_is_money(one, words))


def from_json(wanted: Sequence[Condition], stored: Sequence[Any]) -> list[Any]:
    """Values as a move keeps them, with days as days."""
    return [
        dt.date.fromisoformat(found)
        if isinstance(found, str) and not isinstance(one, Consented | Complaining | Inside) and one.test.sort is Sort.DAY
        else found
        for one, found in zip(wanted, stored, strict=True)
    ]
