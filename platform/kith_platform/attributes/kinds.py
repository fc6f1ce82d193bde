"""What a company's own attribute is: the kind of its values, whether they change, and where they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Attribute
from kith_platform.i18n import N_
from kith_platform.imports.formats import Format

TEXT, NUMBER, BOOLEAN, DATE, CHOICE = "text", "number", "boolean", "date", "choice"
KINDS: Mapping[str, str] = {
    TEXT: N_("Text"),
    NUMBER: N_("Number"),
    BOOLEAN: N_("Yes or no"),
    DATE: N_("Date"),
    CHOICE: N_("One of a list"),
}
FIXED, DATED, CURRENT = "fixed", "dated", "current"
TIMINGS: Mapping[str, str] = {
    FIXED: N_("Never changes"),
    DATED: N_("Changes, with history"),
    CURRENT: N_("As it is now"),
}
TIMING_HELP: Mapping[str, str] = {
    FIXED: N_("Such as a place of birth. Models may use it."),
    DATED: N_("Kith keeps when it learnt of each change. Models see the value as it was known at the time."),
    CURRENT: N_("Nobody knows since when it holds, so models cannot use it: today's value would tell them the future."),
}
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
PEOPLE, BY_HAND = "kith", "attribute:"  # the source of what people write, and what begins its name there
LABEL, CHOICES, CHOICE_LENGTH, ATTRIBUTES = 60, 50, 80, 100


@dataclass(frozen=True)
class Column:
    """A column of a source's customer files, as `customer_record.raw` names it, and how it writes its values."""

    source: str
    column: str
    format: Format = field(default_factory=Format)

    def to_json(self) -> dict[str, Any]:
        written = self.format.to_json()
        return {"source": self.source, "column": self.column, **({"format": written} if written else {})}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        return cls(data["source"], data["column"], Format.from_json(data.get("format", {})))


@dataclass(frozen=True)
class Definition:
    """An attribute as a plain value. The first of its columns that says anything gives a record's value."""

    key: str
    label: str
    kind: str
    timing: str = CURRENT
    sensitive: bool = False
    in_models: bool = True
    choices: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    purpose: str = ""
    consent: str = ""

    @property
    def learnable(self) -> bool:
        """Whether models may learn from it: a sensitive one only for a recorded purpose, with recorded consent."""
        return self.in_models and (not self.sensitive or bool(self.purpose and self.consent))

    @classmethod
    def of(cls, row: Attribute) -> Definition:
        columns = tuple(Column.from_json(one) for one in row.columns)
        return cls(
            row.key, row.label, row.kind, row.timing, row.sensitive, row.in_models, tuple(row.choices), columns,
            row.purpose, row.consent,
        )  # fmt: skip

    @property
    def places(self) -> tuple[Column, ...]:
        """Where its values come from: its columns, and what people write by hand."""
        return (*self.columns, Column(PEOPLE, BY_HAND + self.key))

    def reading(self, source: str, columns: Sequence[str]) -> tuple[Column, ...]:
        """Those of its places that records of that source with these columns have."""
        return tuple(one for one in self.places if one.source == source and one.column in columns)


def definitions(session: Session) -> list[Definition]:
    """The company's attributes, by label."""
    rows = session.execute(select(Attribute).order_by(Attribute.label, Attribute.key)).scalars()
    return [Definition.of(row) for row in rows]


def reading(session: Session, source: str, columns: Sequence[str]) -> tuple[Definition, ...]:
    """The attributes that a file of that source with these columns fills."""
    return tuple(one for one in definitions(session) if one.reading(source, columns)) if columns else ()
