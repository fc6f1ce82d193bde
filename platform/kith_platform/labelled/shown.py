"""What the company's own questions say of customers, in words: for their pages, and for lists of scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import format_timedelta
from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform import i18n
from kith_platform.attributes.kinds import definitions
from kith_platform.attributes.service import SEE
from kith_platform.i18n import N_
from kith_platform.labelled import events, service
from kith_platform.labelled.columns import ATTRIBUTE, CATEGORY, DAY, TEXT, YESNO, kind_of
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.predict import versions
from kith_platform.predict.evidence import day_of
from kith_platform.predict.listing import OWN
from kith_platform.predict.models import CHAMPION, RETIRED, ModelVersion, Score
from kith_platform.predict.sentences import NOT_SO, UNKNOWN, Because, sentence
from kith_platform.sdk.types import Feature
from kith_tenants.context import Actor

CUSTOMERS = N_("Customers")
LATER = N_("Customers, in the next %(days)s days")
TYPICAL = N_("Typical of “%(what)s”:")
WITHOUT = N_("Typical of those without “%(what)s”:")
IS = N_("%(what)s: %(value)s.")
IS_NOT = N_("%(what)s: not %(value)s.")
SO = N_("%(what)s: yes.")
BEFORE = N_("%(what)s: %(days)s before the day of the line.")
AFTER = N_("%(what)s: %(days)s after the day of the line.")
NOTHING = Because("", ())


@dataclass(frozen=True)
class Said:
    """A question as its page calls it: the `outcome`, and what it is asked `of`."""

    row: OwnQuestion
    outcome: str
    of: str


def asked(session: Session, task: str) -> OwnQuestion | None:
    """The question of a task; None where it is no question of the company's own."""
    if not task.startswith(OWN):
        return None
    return session.execute(select(OwnQuestion).where(OwnQuestion.task == task)).scalar_one_or_none()


def outcome(row: OwnQuestion) -> str:
    """What is asked for, as people read it: a column or attribute with its test, or the name of an event."""
    return row.outcome.removeprefix(events.PREFIX) if row.outcome.startswith(events.PREFIX) else f"{row.outcome}{row.test}"


def said(row: OwnQuestion, table: LabelledSet | None, language: str) -> Said:
    """A question in words."""
    if row.outcome.startswith(events.PREFIX):
        return Said(row, outcome(row), i18n.translate(LATER, language, days=events.HORIZON))
    return Said(row, outcome(row), table.name if table is not None else i18n.translate(CUSTOMERS, language))


@dataclass(frozen=True)
class Serving:
    """A question whose model serves. `kinds` says what the columns that it learnt from hold, by name."""

    said: Said
    version: ModelVersion
    kinds: Mapping[str, str]

    @property
    def yes(self) -> str:
        """What the chance is of."""
        return self._case("yes") or self.said.outcome

    def lead(self, effect: float, language: str) -> str:
        """What stands before reasons of a chance above (`effect` > 0) or below the mean."""
        if effect >= 0 or not (no := self._case("no")):
            return i18n.translate(TYPICAL if effect >= 0 else WITHOUT, language, what=self.yes)
        return i18n.translate(TYPICAL, language, what=no)

    def _case(self, side: str) -> str:
        value = str(self.version.report.get(side, ""))
        if not value or self.said.row.outcome.startswith(events.PREFIX):
            return ""
        return f"{self.said.row.outcome} {value}" if value[0] in "><≠" else f"{self.said.row.outcome} = {value}"


@dataclass(frozen=True)
class Shown:
    """What a question says of one customer: `score.value` is the chance of a yes. `because` is empty for who may not see it."""

    question: Serving
    score: Score
    because: Because


def scoring(session: Session) -> list[tuple[OwnQuestion, LabelledSet | None]]:
    """The questions whose models score customers, or did before a training that was no better; each with its table."""
    served = select(ModelVersion.task).where(ModelVersion.state.in_((CHAMPION, RETIRED)), ModelVersion.task.startswith(OWN))
    rows = session.execute(select(OwnQuestion).where(OwnQuestion.task.in_(served)).order_by(OwnQuestion.id)).scalars().all()
    sets = {row.id: row for row in service.listing(session)} if rows else {}
    found = [(row, sets.get(row.set_id or 0)) for row in rows]
    return [(row, table) for row, table in found if table is None or table.customer_column]


def hidden(session: Session, actor: Actor) -> frozenset[str]:
    """Tasks of the questions whose scores the actor may not see: of a sensitive column or attribute a chance tells nearly as much
    as the value.
    """
    if actor.can(SEE):
        return frozenset()
    rows = session.execute(select(OwnQuestion)).scalars().all()
    sets = {row.id: row for row in service.listing(session)} if rows else {}
    secret = {one.key for one in definitions(session) if one.sensitive} if rows else set()
    return frozenset(row.task for row in rows if row.outcome in _secret(sets.get(row.set_id or 0), secret))


def _secret(table: LabelledSet | None, attributes: Collection[str]) -> Collection[str]:
    return attributes if table is None else {one.name for one in service.columns_of(table) if one.sensitive}


def serving(session: Session, tasks: Collection[str], language: str) -> dict[str, Serving]:
    """By task, those of the company's own questions among `tasks` that a model answers."""
    own = [task for task in tasks if task.startswith(OWN)]
    if not own:
        return {}
    rows = session.execute(select(OwnQuestion).where(OwnQuestion.task.in_(own)).order_by(OwnQuestion.id)).scalars().all()
    told = versions.telling(session, [row.task for row in rows])
    sets = {row.id: row for row in service.listing(session)}
    attributes = {f"{ATTRIBUTE}{one.label}": kind_of(one.kind) for one in definitions(session)}
    found = {}
    for row in rows:
        version, table = told.get(row.task), sets.get(row.set_id or 0)
        if version is not None and version.state == CHAMPION:
            kinds = {one.name: one.kind for one in service.columns_of(table)} if table is not None else attributes
            found[row.task] = Serving(said(row, table, language), version, kinds)
    return found


def of_customers(
    session: Session,
    actor: Actor,
    scored: Mapping[int, Mapping[str, Score]],
    known: Mapping[str, Feature],
    language: str,
    currency: str,
) -> dict[int, tuple[Shown, ...]]:
    """By customer what own questions say, the oldest question first; `scored` is what `scores.of_customers` gave. A score of
    another version than the one that serves says nothing.

    Reasons are for who may see what is sensitive: they name columns that nobody can tell from sensitive ones afterwards.
    """
    asked = serving(session, {task for mine in scored.values() for task in mine} - hidden(session, actor), language)
    clear = actor.can(SEE)

    def of_one(mine: Mapping[str, Score]) -> tuple[Shown, ...]:
        told = ((one, mine[task]) for task, one in asked.items() if task in mine and mine[task].version == one.version.version)
        return tuple(
            Shown(one, score, because(one, score.reasons, known, language, currency) if clear else NOTHING) for one, score in told
        )

    return {customer: of_one(mine) for customer, mine in scored.items()}


def because(
    one: Serving, stored: Sequence[Mapping[str, Any]], known: Mapping[str, Feature], language: str, currency: str
) -> Because:
    """A score's stored reasons as sentences; columns and features no longer known are left out."""
    told = [(reason, _sentence(one, reason, known, language, currency)) for reason in stored]
    kept = [(reason, words) for reason, words in told if words]
    if not kept:
        return NOTHING
    return Because(one.lead(float(kept[0][0].get("effect") or 0), language), tuple(words for _reason, words in kept))


def _sentence(one: Serving, reason: Mapping[str, Any], known: Mapping[str, Feature], language: str, currency: str) -> str:
    """One reason in words: "plan: basic."; "" for one that cannot be said."""
    feature, value = str(reason["feature"]), reason["value"]
    name, level = _parted(feature, one.kinds)
    if name not in one.kinds:
        return sentence(known[feature], value, language, currency) if feature in known else ""
    what = name.removeprefix(ATTRIBUTE) if one.said.row.set_id is None else name
    if value is None:
        return i18n.translate(UNKNOWN, language, what=what)
    if level:
        return i18n.translate(IS if value else IS_NOT, language, what=what, value=level)
    return _valued(one, what, one.kinds[name], float(value), language)


def _parted(feature: str, kinds: Mapping[str, str]) -> tuple[str, str]:
    """(column, value) of what `table.Encoder.name` wrote; the value is "" where the feature is the column itself."""
    if feature in kinds and kinds[feature] not in (CATEGORY, TEXT):
        return feature, ""
    found = [name for name, kind in kinds.items() if kind in (CATEGORY, TEXT) and feature.startswith(f"{name} = ")]
    name = max(found, key=len, default="")
    return name, feature.removeprefix(f"{name} = ")


def _valued(one: Serving, what: str, kind: str, value: float, language: str) -> str:
    if kind == YESNO:
        return i18n.translate(SO if value else NOT_SO, language, what=what)
    if kind == DAY and "relative" not in one.version.report:
        return ""  # trained before Kith wrote down from where it counts days
    if kind == DAY and one.version.report["relative"]:
        days = format_timedelta(dt.timedelta(days=abs(round(value))), granularity="day", threshold=1e9, locale=language)
        return i18n.translate(BEFORE if value >= 0 else AFTER, language, what=what, days=days)
    if kind == DAY:
        return i18n.translate(IS, language, what=what, value=i18n.day(day_of(value), language))
    digits = None if not value or abs(value) >= 0.1 else 4
    return i18n.translate(IS, language, what=what, value=i18n.number(value, language, digits=digits))
