"""The page on which a person says which column of a file goes where: what it shows, and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext

from kith_platform.i18n import N_
from kith_platform.imports.formats import AFTER, Format
from kith_platform.imports.guessing import completed
from kith_platform.imports.mapping import Field, Mapping, Source, sources
from kith_platform.imports.models import Import
from kith_platform.imports.preview import Preview
from kith_platform.imports.problems import note, reason
from kith_platform.imports.targets import CUSTOMER, Target, places
from kith_platform.sdk.facts import Fact, Kind

EXAMPLES = 3
WORDS = 8  # of a column's own words that can be given a meaning
ORDERS = {
    "ymd": N_("year, month, day"),
    "dmy": N_("day, month, year"),
    "mdy": N_("month, day, year"),
    "unix": N_("seconds since 1970"),
    "unix_ms": N_("milliseconds since 1970"),
    "seconds": N_("seconds after the start"),
    "minutes": N_("minutes after the start"),
    "hours": N_("hours after the start"),
    "days": N_("days after the start"),
}
_SPECIAL = {
    "external_id": N_("Number in the source"),
    "customer": N_("Customer number"),
    "subscription": N_("Subscription number"),
    "currency": N_("Currency"),
    "known_at": N_("Known since"),
}


def label(target: str, facts: Dictionary[str, Fact]) -> str:
    """A target in words, without its fact."""
    name, _, column = target.partition(".")
    known = next((item.label for item in facts[name].columns if item.name == column), None)
    return str(gettext(known or _SPECIAL.get(column, column)))


@dataclass(frozen=True)
class Row:
    """One column of the file. `words`: its own words that are no choice of the target, with the choice they stand for."""

    at: int
    source: Source
    examples: tuple[str, ...]
    target: str
    format: Format
    kind: Kind | None
    choices: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    problem: str


class Sheet:
    """A draft's columns as the page shows them."""

    def __init__(self, row: Import, seen: Preview, facts: Dictionary[str, Fact]) -> None:
        self.row, self.facts, self.seen = row, facts, seen
        self.places = places(row.table_name, facts)
        self.mapping = seen.guess.mapping
        self.fields = {item.source: item for item in self.mapping.fields}

    @property
    def keeps(self) -> bool:
        """Whether a column without a place is kept all the same: with the customers whom the file lists."""
        return self.row.table_name == self.facts[CUSTOMER].plural

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Targets with their labels, by fact."""
        found: dict[str, list[tuple[str, str]]] = {}
        for place in self.places:
            fact = self.facts[place.name.partition(".")[0]]
            found.setdefault(gettext(fact.label), []).append((place.name, label(place.name, self.facts)))
        return list(found.items())

    def orders(self, row: Row) -> list[tuple[str, str]]:
        """How a column of dates may be written; a length of time only where it leads from the line's own time to another."""
        fact, _, column = row.target.partition(".")
        whole = row.kind is Kind.TIME and column not in ("known_at", self.facts[fact].occurred)
        return [(key, gettext(words)) for key, words in ORDERS.items() if whole or key not in AFTER]

    @property
    def rows(self) -> list[Row]:
        return [self._row(at, source) for at, source in enumerate(sources(self.seen.dialect))]

    @property
    def missing(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """What no column gives: target, label, choices for one value that holds for all lines."""
        lacking = [*self.seen.guess.missing_required, *(target for target, _ in self.mapping.constants)]
        return [(target, label(target, self.facts), self._choices(target)) for target in lacking]

    @property
    def constants(self) -> dict[str, str]:
        return dict(self.mapping.constants)

    @property
    def notes(self) -> list[str]:
        return [note(kept["code"], **kept["params"]).text(gettext) for kept in self.row.notes]

    def _row(self, at: int, source: Source) -> Row:
        field = self.fields.get(source)
        texts = [cells[at] for cells in self.seen.raw]
        examples = tuple(dict.fromkeys(text for text in texts if text))[:EXAMPLES]
        target = field.target if field else ""
        place = next((item for item in self.places if item.name == target), None)
        form = field.format if field else Format()
        choices = self._choices(target)
        known = dict(form.values)
        own = [text.strip() for text in texts if text and text.strip()]
        plain = {choice.lower() for choice in choices}
        strange = [text for text in own if choices and text.lower().replace(" ", "_").replace("-", "_") not in plain]
        words = tuple((word, known.get(word, "")) for word in list(dict.fromkeys([*known, *strange]))[:WORDS])
        kind = place.kind if place and not place.identifier else None
        return Row(at, source, examples, target, form, kind, choices, words, self._problem(source))

    def _choices(self, target: str) -> tuple[str, ...]:
        return next((place.choices for place in self.places if place.name == target), ())

    def _problem(self, source: Source) -> str:
        found = next((item for item in self.seen.problems if item.source == source), None)
        if found is None:
            return ""
        words = reason(found.reason, dict(found.example), translate=gettext)
        return str(gettext("%(count)s of %(sampled)s: %(reason)s", count=found.count, sampled=self.seen.sampled, reason=words))


def chosen(form: Any, row: Import, seen: Preview, facts: Dictionary[str, Fact]) -> Mapping:
    """The mapping that a posted page describes. A target chosen twice goes to the first column that has it."""
    known = {place.name: place for place in places(row.table_name, facts)}
    former = {item.source: item for item in seen.guess.mapping.fields}
    fields: dict[str, Field] = {}
    for at, source in enumerate(sources(seen.dialect)):
        target = form.get(f"target.{at}", "")
        if target in known and target not in fields:
            same = former.get(source)
            base = same.format if same and same.target == target else Format()
            fields[target] = Field(source, target, _format(form, at, known[target], base))
    constants = {
        target: value.strip()
        for target in known
        if target not in fields and (value := form.get(f"constant.{target}", "")).strip()
    }
    mapping = replace(seen.guess.mapping, fields=tuple(fields.values()), constants=tuple(constants.items()))
    return completed(mapping, seen.dialect)


def _format(form: Any, at: int, place: Target, base: Format) -> Format:
    order, decimal = form.get(f"order.{at}", base.order), form.get(f"decimal.{at}", base.decimal)
    words = {
        word: value
        for turn in range(WORDS)
        if (word := form.get(f"word.{at}.{turn}", "")) and (value := form.get(f"value.{at}.{turn}", "")) in place.choices
    }
    return replace(
        base,
        order=order if order in ORDERS else base.order,
        decimal=decimal if decimal in {".", ","} else base.decimal,
        values=tuple(words.items()),
    )
