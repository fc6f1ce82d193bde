"""What a company's rules may speak of: its fields, attributes, scores, placements, facts and segments, with their kinds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.attributes.shown import hidden
from kith_platform.customers import placed
from kith_platform.customers.models import Attribute
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.i18n import N_
from kith_platform.labelled import shown as questions
from kith_platform.plugins import Plugins
from kith_platform.predict.service import TASKS, of_customers, tasks
from kith_platform.predict.tasks import Kinds, Task
from kith_platform.sdk.facts import Column, Fact, Kind
from kith_platform.segments.models import Segment
from kith_platform.segments.rules import Sort
from kith_tenants.context import Actor

FIELDS: Mapping[str, tuple[str, Sort]] = {
    "country": (N_("Country"), Sort.TEXT),
    "city": (N_("City"), Sort.TEXT),
    "kind": (N_("Person or company"), Sort.TEXT),
    "name": (N_("Name"), Sort.TEXT),
    "email": (N_("E-mail"), Sort.TEXT),
    "phone": (N_("Phone"), Sort.TEXT),
    "created": (N_("Known since"), Sort.DAY),
    "held_back": (N_("Held back from campaigns"), Sort.TRUTH),
}
# What can be asked of a model's score, with words about what the score is called.
SCORE_PARTS: Mapping[str, tuple[str, Sort]] = {
    "value": ("%(what)s", Sort.NUMBER),
    "band": (N_("%(what)s: tenth, 1 is the highest"), Sort.NUMBER),
    "tier": (N_("%(what)s: kind of model"), Sort.TEXT),
    "kind": ("%(what)s", Sort.TEXT),  # of models that say one of several; they name what it is called
}
_SORTS: Mapping[Kind, Sort] = {
    Kind.TEXT: Sort.TEXT,
    Kind.INTEGER: Sort.NUMBER,
    Kind.NUMBER: Sort.NUMBER,
    Kind.MONEY: Sort.NUMBER,
    Kind.RATE: Sort.NUMBER,
    Kind.BOOLEAN: Sort.TRUTH,
    Kind.DATE: Sort.DAY,
}
SUMMED = (Kind.MONEY, Kind.NUMBER, Kind.INTEGER)


@dataclass(frozen=True)
class Scoring:
    """What rules need to know of whatever scores customers. `value` is what a score means, probability or money; `chance` what it
    is called, a msgid; `kinds` as of its task. Of a company's own question `chance` is the outcome in the company's own words,
    and `of` the table it is asked of, "" for customers; None for models."""

    chance: str
    value: str = "probability"
    kinds: Kinds | None = None
    of: str | None = None


def models(known: Mapping[str, Task]) -> dict[str, Scoring]:
    """Tasks that score customers, by key."""
    return {key: Scoring(task.chance, task.value, task.kinds) for key, task in of_customers(known).items()}


@dataclass(frozen=True)
class Vocabulary:
    """`attributes`: key → (label, kind); `choices`: values of those that are one of a list; `placements`: key → (label, codes);
    `segments`: public id → (id, name); `scores`: by task the models, core's and those of modules that are on, and the
    company's own questions of customers."""

    facts: Mapping[str, Fact]
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    placements: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    segments: Mapping[uuid.UUID, tuple[int, str]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scores: Mapping[str, Scoring] = field(default_factory=lambda: models(TASKS))


def parts_of(scoring: Scoring) -> tuple[str, ...]:
    """What can be asked of its scores."""
    return tuple(part for part in SCORE_PARTS if part != "kind" or scoring.kinds)


def sort_of(kind: str) -> Sort:
    """How values of a kind are compared; times and whatever else by their text."""
    return _SORTS.get(Kind(kind), Sort.TEXT) if kind in set(Kind) else Sort.TEXT


def filterable(fact: Fact) -> list[Column]:
    """The columns of a fact that conditions may narrow it by."""
    return [column for column in fact.stored if column.kind in _SORTS and column.kind is not Kind.RATE]


def summed(fact: Fact) -> list[Column]:
    """The columns of a fact that can be summed."""
    return [column for column in fact.stored if column.kind in SUMMED]


def countable(catalogue: FactCatalogue) -> dict[str, Fact]:
    """Facts that happen to customers, by plural."""
    return {fact.plural: fact for fact in catalogue if fact.of_customer and fact.occurred}


def of_company(session: Session, catalogue: FactCatalogue, plugins: Plugins, actor: Actor | None = None) -> Vocabulary:
    """What this company's rules may speak of now; where an actor asks, without the sensitive attributes it may not see, and
    without own questions where it may not see scores."""
    known = session.execute(select(Attribute).order_by(Attribute.label)).scalars().all()
    secret = hidden(session, actor) if actor else frozenset()
    seen = [row for row in known if row.key not in secret]
    places = placed.filterable(session, plugins)
    segments = session.execute(select(Segment.public_id, Segment.id, Segment.name).order_by(Segment.name))
    return Vocabulary(
        countable(catalogue),
        {row.key: (row.label, row.kind) for row in seen},
        {place.key: (place.label, place.codes) for place in places if place.codes},
        {public_id: (number, name) for public_id, number, name in segments},
        {row.key: {one: one for one in row.choices} for row in seen if row.choices},
        models(tasks(session, plugins)) | _own(session, actor),
    )


def _own(session: Session, actor: Actor | None) -> dict[str, Scoring]:
    if actor is not None and not actor.can("models:read"):
        return {}
    secret = questions.hidden(session, actor) if actor else frozenset()
    return {
        row.task: Scoring(questions.outcome(row), of=table.name if table is not None else "")
        for row, table in questions.scoring(session)
        if row.task not in secret
    }
