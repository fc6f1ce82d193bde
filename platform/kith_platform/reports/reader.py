"""A reader: the language, currency and zone in which numbers, days and reasons of a report are said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from kith_platform import i18n
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.i18n import N_, translate
from kith_platform.metrics.periods import month
from kith_platform.predict.service import TASKS
from kith_platform.reports.report import Amount, Finding, Omitted, Phrase, distance
from kith_platform.scorecards.words import DIGITS, IMPORT, REASONS, TRAIN
from kith_platform.sdk.metrics import Period, Unit

UNITS: Mapping[str, str] = {
    "list": N_("customers"),
    "days": N_("days"),
    "hours": N_("hours"),
    "minutes": N_("minutes"),
    "months": N_("months"),
    "points": N_("points"),
    "per_1000": N_("per 1,000"),
    "money_per_day": N_("a day"),
}
WHY: Mapping[str, str] = {
    "few": N_("Too few cases to tell, now or before."),
    "not_compared": N_("Nothing to compare with yet."),
    "steady": N_("No change that matters."),
    "not_asked": N_("Looked at only where the period was computed by product."),
    "fine": N_("Better than before, and nothing to do."),
}
PART = N_("%(whole)s: %(part)s")


@dataclass(frozen=True)
class Reader:
    """Who reads: the language, the company's currency and zone, and the names of facts."""

    language: str
    currency: str
    timezone: str
    facts: FactCatalogue

    def say(self, message: str, **params: object) -> str:
        """A marked message in the reader's language."""
        return translate(message, self.language, **params)

    def amount(self, value: float, unit: Unit | str) -> str:
        """A number with what stands after it."""
        if unit == "ratio":
            return i18n.percent(value, self.language)
        if unit in {"money", "money_per_day"}:
            size = abs(value)
            written = i18n.money(value, self.currency, self.language, short=size >= 1_000_000, whole=size >= 1_000)
        else:
            whole = unit == "count" and float(value).is_integer()
            written = i18n.number(value, self.language, digits=0 if whole else DIGITS.get(unit, 1))
        return f"{written} {self.say(UNITS[unit])}" if unit in UNITS else written

    def day(self, day: dt.date) -> str:
        return i18n.day(day, self.language)

    def period(self, period: Period) -> str:
        """October 2026, the quarter or the year as such, or both days."""
        first, last = period.start, period.end - dt.timedelta(days=1)
        months = (period.end.year - first.year) * 12 + period.end.month - first.month
        if (first.day, period.end.day) == (1, 1):
            if months == 1:
                return i18n.day(first, self.language, style="month")
            if months == 3 and first.month % 3 == 1:
                return self.say("Quarter %(number)s of %(year)s", number=last.month // 3, year=last.year)
            if months == 12 and first.month == 1:
                return self.say("Year %(year)s", year=last.year)
        return f"{self.day(first)} – {self.day(last)}"

    def phrase(self, phrase: Phrase) -> str:
        given = {
            name: self.amount(one.value, one.unit) if isinstance(one, Amount) else one for name, one in phrase.params.items()
        }
        return self.say(phrase.words, **given)

    def change(self, unit: Unit, now: float, then: float) -> str:
        """How far a value moved, with its sign: +3.1 pts, −12.0%."""
        moved = distance(unit, now, then)
        if moved is None:
            return ""
        sign = "+" if moved > 0 else "−" if moved < 0 else ""
        if unit == "ratio":
            return f"{sign}{i18n.number(100 * abs(moved), self.language, digits=1)} {self.say('pts')}"
        if unit in {"points", "score", "coefficient"}:
            return sign + self.amount(abs(moved), unit)
        return sign + i18n.percent(abs(moved), self.language)

    def against(self, name: str, period: Period) -> str:
        """What it is compared with."""
        if name == "yoy":
            return self.say(N_("on the year before"))
        if name == "baseline":
            return self.say(N_("on the baseline"))
        by_month = period == month(period.start) or ((period.start.day, period.end.day) != (1, 1) and period.days not in {1, 7})
        return self.say(N_("on the month before") if by_month else N_("on the period before"))

    def name(self, one: Finding | Omitted) -> str:
        """What it is called, with what it is a part of."""
        name = self.say(one.name)
        if isinstance(one, Finding) and one.label:
            return self.say(PART, whole=name, part=one.label)
        return self.say(PART, whole=self.say(one.whole), part=name) if one.whole else name

    def needs(self, code: str) -> str:
        """The facts that would have to be imported; empty where something else is missing."""
        kind, _, what = code.removeprefix("none:").partition(":")
        if kind != "import":
            return ""
        return self.say(" or ").join(self.say(self.facts.by_plural(plural).label_plural) for plural in what.split("|"))

    def reason(self, code: str) -> str:
        """Why something was left out, and what to do about it."""
        if code in WHY:
            return self.say(WHY[code])
        kind, _, what = code.removeprefix("none:").partition(":")
        if needs := self.needs(code):
            return self.say(IMPORT, what=needs)
        if kind == "train":
            return self.say(TRAIN, model=self.say(TASKS[what].label) if what in TASKS else what)
        return self.say(REASONS.get(kind, REASONS["not_computed"]))
